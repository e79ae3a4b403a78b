/** Learns the drift reference from the rows that a model was trained on: bins, counts, moments, calibrated thresholds. */
import { AuroraError } from "../contract/aurora-error.ts";
import { findBin, fitBinEdges } from "./bins.ts";
import { type BinnedRows, calibratePsi } from "./calibrate-psi.ts";
import { type DriftReference, type FeatureReference, referenceLimits } from "./drift-reference.ts";

interface FitReferenceOptions {
  readonly seed: number;
  /** Quantile bins, 3 to 64; default 16. */
  readonly bins?: number;
  /** Resampled days; default 4,000. */
  readonly replicates?: number;
  /** Rows drawn together; default: six times the longest integrated autocorrelation time of any feature. */
  readonly blockRows?: number;
  /** Lengths of the runs of rows that are consecutive in time (one a recording); default: all rows are one run. */
  readonly segments?: readonly number[];
  /** Sample sizes of the ladder; default 30 … 2,000. */
  readonly sampleSizes?: readonly number[];
  /** Names of the output scores; default `score.0`, `score.1`, … */
  readonly scoreNames?: readonly string[];
  /** Default 0.01 and 0.001. */
  readonly warningRate?: number;
  readonly driftRate?: number;
}

/** The rows that a model was trained on, in their order in time; at least 32. */
interface ReferenceRows {
  /** Feature vectors (raw, not standardised), each as long as `featureNames`. */
  readonly rows: readonly ArrayLike<number>[];
  readonly featureNames: readonly string[];
  /** Output scores (logits) of the same rows, or null; each output becomes one pseudo-feature. */
  readonly scoreRows: readonly ArrayLike<number>[] | null;
}

/**
 * Fits the reference.
 * @throws AuroraError TRAINING when there are too few rows or their shapes do not fit
 */
export function fitReference(given: ReferenceRows, options: FitReferenceOptions): DriftReference {
  const { rows, featureNames, scoreRows } = given;
  const scores = scoreRows?.[0]?.length ?? 0;
  const names = [...featureNames];
  for (let output = 0; output < scores; output++) {
    names.push(options.scoreNames?.[output] ?? `score.${output}`);
  }
  const segments = options.segments ?? [rows.length];
  checkShapes(given, scores, segments);
  const binCount = options.bins ?? 16;
  const columns = names.map((_, index) => {
    const source = index < featureNames.length ? rows : scoreRows!;
    const column = index < featureNames.length ? index : index - featureNames.length;
    return Float32Array.from(source, (row) => row[column]!);
  });
  const edges = columns.map((values) => fitBinEdges(values, binCount));
  const data = binColumns(columns, edges, segments);
  const calibration = {
    seed: options.seed,
    replicates: options.replicates ?? 4_000,
    blockRows: options.blockRows ?? chooseBlockRows(data),
    warningRate: options.warningRate ?? 0.01,
    driftRate: options.driftRate ?? 0.001,
    sampleSizes: options.sampleSizes ?? [30, 60, 125, 250, 500, 1_000, 2_000],
  };
  const thresholds = calibratePsi(data, calibration);
  return {
    rows: rows.length,
    featureCount: featureNames.length,
    features: names.map(
      (name, index): FeatureReference => ({
        name,
        edges: edges[index]!,
        counts: data.counts[index]!,
        ...computeMoments(columns[index]!),
        warningPsi: thresholds.warning[index]!.map(Math.fround),
        driftPsi: thresholds.drift[index]!.map(Math.fround),
      }),
    ),
    calibration: {
      ...calibration,
      familyWarningRatio: thresholds.familyWarning.map(Math.fround),
      familyDriftRatio: thresholds.familyDrift.map(Math.fround),
    },
  };
}

/** Rows of a block: autocorrelated rows need long blocks, a short reference allows only short ones (an eighth). */
function chooseBlockRows(data: BinnedRows): number {
  let longest = 1;
  for (const bins of data.bins) longest = Math.max(longest, computeAutocorrelationTime(bins));
  return Math.max(1, Math.min(Math.ceil(6 * longest), Math.floor(data.rows / 8)));
}

/** 1 + 2 Σ ρ(k) over the lags before ρ first falls below 0.05, of the bin numbers (robust against outliers). */
function computeAutocorrelationTime(bins: Uint8Array): number {
  const count = bins.length;
  let mean = 0;
  for (const bin of bins) mean += bin / count;
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let index = lag; index < count; index++) sum += (bins[index]! - mean) * (bins[index - lag]! - mean);
    return sum;
  };
  const variance = covariance(0);
  if (variance === 0) return 1;
  let time = 1;
  for (let lag = 1; lag < count / 4; lag++) {
    const correlation = covariance(lag) / variance;
    if (correlation < 0.05) break;
    time += 2 * correlation;
  }
  return time;
}

function binColumns(
  columns: readonly Float32Array[],
  edges: readonly (readonly number[])[],
  segments: readonly number[],
): BinnedRows {
  const counts = edges.map((ofFeature) => new Array<number>(ofFeature.length + 1).fill(0));
  const bins = columns.map((values, feature) => {
    const ofFeature = edges[feature]!;
    return Uint8Array.from(values, (value) => {
      if (!Number.isFinite(value)) return 255;
      const bin = findBin(ofFeature, 0, ofFeature.length, value);
      counts[feature]![bin]!++;
      return bin;
    });
  });
  return { rows: columns[0]?.length ?? 0, bins, counts, segments };
}

function computeMoments(values: Float32Array): Pick<FeatureReference, "mean" | "sumSquares" | "min" | "max"> {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { mean: 0, sumSquares: 0, min: 0, max: 0 };
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return {
    mean,
    sumSquares: finite.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    min: finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  };
}

function checkShapes(given: ReferenceRows, scores: number, segments: readonly number[]): void {
  const { rows, featureNames, scoreRows } = given;
  const refuse = (message: string): never => {
    throw new AuroraError("TRAINING", message, { op: "fit drift reference" });
  };
  if (rows.length < 32) refuse(`a drift reference needs at least 32 rows, got ${rows.length}`);
  if (featureNames.length + scores > referenceLimits.maxFeatures) refuse("too many features for a reference");
  if (rows.some((row) => row.length !== featureNames.length)) {
    refuse(`every row must have ${featureNames.length} features`);
  }
  if (scoreRows !== null && scoreRows.length !== rows.length) {
    refuse(`${rows.length} rows but ${scoreRows.length} rows of scores`);
  }
  if (scoreRows?.some((row) => row.length !== scores)) refuse(`every row of scores must have ${scores}`);
  if (segments.reduce((sum, length) => sum + length, 0) !== rows.length) {
    refuse(`the segments must sum to ${rows.length} rows`);
  }
}
