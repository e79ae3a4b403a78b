/** What the training of networks asks of a library, and how it is told to learn. Names no library: `open-tensor-trainer.ts` opens one. */
import type { Random } from "../../core/maths/random.ts";
import type { FitRows } from "./batch-sampler.ts";
import type { ActivationGrid } from "./quantise-network.ts";
import type { DenseLayer, TiedNetwork } from "./tied-network.ts";

/** How to learn. */
export interface FitOptions {
  /** Gradient steps. */
  readonly steps: number;
  /** Rows of a step, drawn without replacement; 0 = all. */
  readonly batchRows: number;
  /** Adam's step size at the start; it falls to a tenth along a half cosine. */
  readonly learningRate: number;
  /** Decoupled weight decay (AdamW), per step and unit of learning rate. */
  readonly weightDecay: number;
  /** Standard deviation of the noise that is added to standardised inputs. */
  readonly inputNoise: number;
  /** Temperature of the teacher's and the student's sigmoid in the soft part of the loss; > 0. */
  readonly temperature: number;
  /** Share of the soft part of the loss, 0 to 1; ignored without a teacher. */
  readonly softShare: number;
  /** Weight of the likeness of hidden layers beside the rest of the loss (`similarity-loss.ts`); ignored without a teacher's. */
  readonly similarityWeight?: number | undefined;
  /** Learn in the engine's integers on these grids (`layer-arithmetic.ts`); absent: in floats. */
  readonly grids?: readonly ActivationGrid[] | undefined;
}

/** How to learn a regression. */
export interface RegressionOptions extends Omit<FitOptions, "temperature" | "softShare"> {
  /**
   * Huber's loss: squared up to this residual (in units of the targets), absolute beyond; infinity = squared everywhere.
   * Distilling needs no loss of its own: targets that are a blend of truth and teacher have the same gradient.
   */
  readonly huberDelta: number;
}

/** Rows of a regression. */
export interface RegressionRows {
  readonly rows: number;
  /** [rows × inputs], standardised. */
  readonly features: Float32Array;
  /** [rows × outputs]. */
  readonly targets: Float32Array;
  /** [rows], relative weights; all outputs of a row share its weight. */
  readonly weights: Float32Array;
  /** As in {@link FitRows}. */
  readonly teacherHidden?: FitRows["teacherHidden"];
}

/** What trains networks. */
export interface TensorTrainer {
  /** Which library runs, for the log and the lineage: `tfjs-node` or `tfjs-wasm`. */
  readonly name: "tfjs-node" | "tfjs-wasm";
  readonly version: string;
  /** The packages that run, all of that version. */
  readonly packages: readonly string[];
  /** Continues the training of `network` on `rows`; the same arguments give the same weights. */
  fit(network: TiedNetwork, rows: FitRows, options: FitOptions, random: Random): TiedNetwork;
  /** Continues the training of a plain network on a regression; the same arguments give the same weights. */
  fitRegression(
    layers: readonly DenseLayer[],
    rows: RegressionRows,
    options: RegressionOptions,
    random: Random,
  ): DenseLayer[];
}
