/**
 * What training day looked like: the fixed bins of every feature, score and level, and thresholds that were calibrated. It
 * is of other machines than the one that is watched: a day unlike it is worth knowing, and no alarm.
 */
import type { DriftRole } from "../contract/drift-verdict.ts";

/**
 * The reference of one column: a feature, an output score, or a level. A score of a normal-behaviour model is what it leaves
 * unexplained, measured less expected in the channel's unit, where its features are conditions; else it is the output itself.
 */
export interface FeatureReference {
  readonly name: string;
  /** Absent, in files of before: a feature or a score, by its place. */
  readonly role?: DriftRole;
  /** Interior edges, strictly increasing float32 values; there is one bin more than edges. */
  readonly edges: readonly number[];
  /** Reference rows in each bin. */
  readonly counts: readonly number[];
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly sumSquares: number;
  readonly min: number;
  readonly max: number;
  /** PSI that a day like the reference exceeds with probability `warningRate`; one a sample size of the ladder. */
  readonly warningPsi: readonly number[];
  /** The same for `driftRate`. */
  readonly driftPsi: readonly number[];
}

/** How the thresholds were calibrated, and the false-alarm budget that they keep. */
interface DriftCalibration {
  readonly seed: number;
  /** Resampled days. */
  readonly replicates: number;
  /** Consecutive rows that were drawn together, so that autocorrelation is respected. */
  readonly blockRows: number;
  /** Probability of a false warning, and of a false drift verdict, per feature and test. */
  readonly warningRate: number;
  readonly driftRate: number;
  /** Sample sizes for which thresholds were calibrated, increasing. */
  readonly sampleSizes: readonly number[];
  /**
   * For a verdict over all features of a point at once: the largest PSI / driftPsi of any feature stays below this
   * with probability 1 − warningRate, and 1 − driftRate. Features are resampled together, so their correlation counts.
   */
  readonly familyWarningRatio: readonly number[];
  readonly familyDriftRatio: readonly number[];
}

/** `reference.pb`. */
export interface DriftReference {
  readonly rows: number;
  /**
   * Machines that the rows are of; absent: not known. Rows of several scatter more than those of any one, and none of them
   * looks like all together.
   */
  readonly machines?: number;
  /** Features (or conditions); output scores follow them, then the levels of the manifest's baseline section. */
  readonly featureCount: number;
  readonly features: readonly FeatureReference[];
  readonly calibration: DriftCalibration;
}

/** Columns that are levels: the last ones. */
export function countLevels({ features }: Pick<DriftReference, "features">): number {
  return features.filter(({ role }) => role === "level").length;
}

/** Bounds that hold for every reference, when fitted and when read. */
export const referenceLimits = {
  maxBytes: 1_048_576,
  maxFeatures: 512,
  minBins: 3,
  maxBins: 64,
  maxSampleSizes: 32,
} as const;
