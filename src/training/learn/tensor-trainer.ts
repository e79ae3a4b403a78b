/**
 * What trains networks, as those who train with it see it: rows, options, and a trainer that names no library.
 * `open-trainer.ts` opens the one there is.
 */
import type { Random } from "../../core/maths/random.ts";
import type { DenseLayer } from "./dense-network.ts";
import type { FitConfig } from "./student-recipe.ts";
import type { TiedNetwork } from "./tied-network.ts";

export interface FitRows {
  readonly rows: number;
  /** [rows × hypotheses × own inputs], standardised. */
  readonly own: Float32Array;
  /** [rows × shared inputs], standardised. */
  readonly shared: Float32Array;
  /** [rows × hypotheses], 0 or 1. */
  readonly targets: Float32Array;
  /** [rows], relative weights. */
  readonly weights: Float32Array;
  /** The teacher's logits [rows × hypotheses], or null when there is no teacher. */
  readonly teacherLogits: Float32Array | null;
}

export interface RegressionRows {
  readonly rows: number;
  /** [rows × inputs], standardised. */
  readonly features: Float32Array;
  /** [rows × outputs]. */
  readonly targets: Float32Array;
  /** [rows], relative weights; all outputs of a row share its weight. */
  readonly weights: Float32Array;
}

export interface FitOptions extends FitConfig {
  /** Draws batches and noise. */
  readonly random: Random;
  /** Temperature of the teacher's and the student's sigmoid in the soft part of the loss; > 0. */
  readonly temperature: number;
  /** Share of the soft part of the loss, 0 to 1; ignored without a teacher. */
  readonly softShare: number;
}

/** How to learn a regression. */
export interface RegressionOptions extends Omit<FitOptions, "temperature" | "softShare"> {
  /**
   * Huber's loss: squared up to this residual (in units of the targets), absolute beyond; infinity = squared everywhere.
   * Distilling needs no loss of its own: targets that are a blend of truth and teacher have the same gradient.
   */
  readonly huberDelta: number;
}

export interface TensorTrainer {
  /** Which library runs, for the log and the lineage: `tfjs-node` or `tfjs-wasm`. */
  readonly name: "tfjs-node" | "tfjs-wasm";
  readonly version: string;
  /** The packages that run, all of that version. */
  readonly packages: readonly string[];
  /** Continues the training of `network` on `rows`; the same arguments give the same weights. */
  fit(network: TiedNetwork, rows: FitRows, options: FitOptions): TiedNetwork;
  /** Continues the training of a plain network on a regression; the same arguments give the same weights. */
  fitRegression(
    network: readonly DenseLayer[],
    rows: RegressionRows,
    options: RegressionOptions,
  ): DenseLayer[];
}
