/**
 * The descent that trains every network: Adam, whose rate falls along a half cosine, over batches of shuffled
 * rows, with decoupled weight decay (Loshchilov & Hutter 2019). What a network is, it does not know.
 */
import { gatherRows } from "../../core/maths/gather-rows.ts";
import type { Random } from "../../core/maths/random.ts";
import type { FitRows, RegressionOptions } from "./tensor-trainer.ts";
import type { Optimizer, Scalar, Tensor, TensorLibrary, Variable } from "./tensorflow.ts";

/**
 * A network while it is trained: its weights as variables, and what it computes with them. `Inputs` are a batch's tensors,
 * `Network` is the form that it was opened from.
 */
export interface OpenNetwork<Inputs extends readonly Tensor[], Network> {
  /** To be disposed of by who opened it. */
  readonly variables: Variable[];
  /** Those of them that decay. */
  readonly decaying: readonly Variable[];
  /** Its outputs. */
  readonly run: (...inputs: Inputs) => Tensor;
  /** The network as it stands. */
  readonly read: () => Network;
}

/** Columns of a row's parts. */
interface RowShape {
  readonly ownColumns: number;
  readonly sharedColumns: number;
  /** Targets a row. */
  readonly outputs: number;
}

/** What is trained, and towards what. */
interface DescentSubject {
  readonly rows: FitRows;
  readonly shape: RowShape;
  readonly variables: Variable[];
  /** Those of them that decay. */
  readonly decaying: readonly Variable[];
  /** Takes a batch of so many rows; the loss is asked for once, and its gradients are followed. */
  readonly prepare: (batch: Batch, batchRows: number) => () => Scalar;
}

/** Takes all steps; `variables` are changed in place. The same arguments give the same values. */
export function descend(
  tf: TensorLibrary,
  { rows, shape, variables, decaying, prepare }: DescentSubject,
  options: Omit<RegressionOptions, "huberDelta">,
): void {
  const adam = tf.train.adam(options.learningRate);
  const batchRows = options.batchRows === 0 ? rows.rows : Math.min(options.batchRows, rows.rows);
  const sampler = createBatchSampler(rows, batchRows, shape);
  for (let step = 0; step < options.steps; step++) {
    const rate = options.learningRate * (0.55 + 0.45 * Math.cos((Math.PI * step) / options.steps));
    setLearningRate(adam, rate);
    const batch = sampler(options.random, options.inputNoise);
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

/** Copies of chosen rows. */
export interface Batch {
  readonly own: Float32Array;
  readonly shared: Float32Array;
  readonly targets: Float32Array;
  /** Normalised so that the loss is a mean over rows and hypotheses. */
  readonly weights: Float32Array;
  readonly teacher: Float32Array | null;
}

/**
 * Draws batches of `batchRows` rows, in an order that only `random` decides: without replacement while a whole batch is left;
 * then all rows are shuffled anew, and the last few may go without a turn. Adds normal noise of standard deviation
 * `inputNoise` to the inputs.
 */
function createBatchSampler(
  data: FitRows,
  batchRows: number,
  { ownColumns, sharedColumns, outputs }: RowShape,
): (random: Random, inputNoise: number) => Batch {
  const order = Array.from({ length: data.rows }, (_, index) => index);
  let next = data.rows;
  return (random, inputNoise) => {
    if (next + batchRows > data.rows) {
      random.shuffle(order);
      next = 0;
    }
    const rows = order.slice(next, next + batchRows);
    next += batchRows;
    const own = gatherRows(data.own, ownColumns, rows);
    const shared = gatherRows(data.shared, sharedColumns, rows);
    if (inputNoise > 0) {
      for (let index = 0; index < own.length; index++) own[index]! += inputNoise * random.normal();
      for (let index = 0; index < shared.length; index++) shared[index]! += inputNoise * random.normal();
    }
    const weights = gatherRows(data.weights, 1, rows);
    const total = weights.reduce((sum, weight) => sum + weight, 0) * outputs;
    return {
      own,
      shared,
      targets: gatherRows(data.targets, outputs, rows),
      // A batch without weight teaches nothing; it must not divide by zero.
      weights: total > 0 ? weights.map((weight) => weight / total) : weights,
      teacher: data.teacherLogits === null ? null : gatherRows(data.teacherLogits, outputs, rows),
    };
  };
}
