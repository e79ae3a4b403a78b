/**
 * The descent that trains every network: Adam, whose rate falls along a half cosine, over batches drawn without
 * replacement, with decoupled weight decay (Loshchilov & Hutter 2019). What a network is, it does not know.
 */
import type { Random } from "../../core/maths/random.ts";
import { type Batch, createBatchSampler, type FitRows } from "./batch-sampler.ts";
import type { RegressionOptions } from "./tensor-trainer.ts";
import type { Optimizer, Scalar, TensorLibrary, Variable } from "./tensorflow.ts";

/** Columns of a row's parts. */
export interface RowShape {
  readonly ownColumns: number;
  readonly sharedColumns: number;
  /** Targets a row. */
  readonly outputs: number;
}

/** What is trained, and towards what. */
export interface DescentSubject {
  readonly variables: Variable[];
  /** Those of them that decay. */
  readonly decaying: readonly Variable[];
  /** Takes a batch of so many rows; the loss is asked for once, and its gradients are followed. */
  readonly prepare: (batch: Batch, batchRows: number) => () => Scalar;
}

/** Takes all steps; `variables` are changed in place. The same arguments give the same values. */
export function descend(
  tf: TensorLibrary,
  data: FitRows,
  shape: RowShape,
  options: Omit<RegressionOptions, "huberDelta">,
  random: Random,
  { variables, decaying, prepare }: DescentSubject,
): void {
  const adam = tf.train.adam(options.learningRate);
  const batchRows = options.batchRows === 0 ? data.rows : Math.min(options.batchRows, data.rows);
  const sampler = createBatchSampler(data, batchRows, shape.ownColumns, shape.sharedColumns, shape.outputs);
  for (let step = 0; step < options.steps; step++) {
    const rate = options.learningRate * (0.55 + 0.45 * Math.cos((Math.PI * step) / options.steps));
    setLearningRate(adam, rate);
    const batch = sampler(random, options.inputNoise);
    tf.tidy(() => {
      adam.minimize(prepare(batch, batchRows), false, variables);
      for (const variable of decaying) {
        variable.assign(tf.mul(variable, 1 - rate * options.weightDecay));
      }
    });
  }
  adam.dispose();
}

/**
 * Its typings do not show where Adam keeps its rate.
 * @throws Error when a future version keeps it elsewhere: then this must be looked at, not silently skipped.
 */
function setLearningRate(adam: Optimizer, rate: number): void {
  if (!("learningRate" in adam)) throw new Error("TensorFlow's Adam keeps its learning rate elsewhere");
  Object.assign(adam, { learningRate: rate });
}
