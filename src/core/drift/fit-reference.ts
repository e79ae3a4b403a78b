/**
 * Learns the drift reference from the rows that a model was trained on: bins, counts, moments, calibrated thresholds. The
 * rows must come at the cadence at which they are served: rows that lie further apart are less alike than a day's.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { DriftRole } from "../contract/drift-verdict.ts";
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
  /** Default: feature; `condition` where the features only say under what conditions a machine runs. */
  readonly featureRole?: "feature" | "condition";
  /** Machines that the rows are of; default: not known. */
  readonly machines?: number;
}

/** The rows that a model was trained on, in their order in time; at least {@link leastReferenceRows}. */
interface ReferenceRows {
  /** Feature vectors (raw, not standardised), each as long as `featureNames`. */
  readonly rows: readonly ArrayLike<number>[];
  readonly featureNames: readonly string[];
  /** Output scores (logits) of the same rows, or null; each output becomes one pseudo-feature. */
  readonly scoreRows: readonly ArrayLike<number>[] | null;
  /** Absolute levels of the same rows in dB, NaN where not heard; their bins are {@link levelEdgesDb}. Absent: none. */
  readonly levels?: { readonly names: readonly string[]; readonly rows: readonly ArrayLike<number>[] };
}

/** Fewer say nothing of how rows scatter. */
export const leastReferenceRows = 32;

/**
 * Edges of a level's bins, dB: 3 dB wide from −66 to 27, on every machine and of every model, so that sketches of levels
 * can be compared over both.
 */
export const levelEdgesDb: readonly number[] = Array.from({ length: 32 }, (_, index) => 3 * index - 66);

/**
 * Fits the reference.
 * @throws AuroraError TRAINING when there are too few rows or their shapes do not fit
 */
export function fitReference(given: ReferenceRows, options: FitReferenceOptions): DriftReference {
  const { rows, featureNames } = given;
  const segments = options.segments ?? [rows.length];
  checkShapes(given, segments);
  const columns = listColumns(given, options);
  const edges = columns.map(({ role, values }) =>
    role === "level" ? levelEdgesDb : fitBinEdges(values, options.bins ?? 16),
  );
  const data = binColumns(
    columns.map(({ values }) => values),
    edges,
    segments,
  );
  const calibration = {
    seed: options.seed,
    replicates: options.replicates ?? 4_000,
    blockRows: options.blockRows ?? chooseBlockRows(data),
    warningRate: 0.01,
    driftRate: 0.001,
    sampleSizes: options.sampleSizes ?? defaultSampleSizes,
  };
  const familySize = columns.filter(({ role }) => role !== "level").length;
  const thresholds = calibratePsi(data, { ...calibration, familySize });
  return {
    rows: rows.length,
    ...(options.machines === undefined ? {} : { machines: options.machines }),
    featureCount: featureNames.length,
    features: columns.map(
      ({ name, role, values }, index): FeatureReference => ({
        name,
        role,
        edges: edges[index]!,
        counts: data.counts[index]!,
        ...computeMoments(values),
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

/** Sample sizes of the ladder, where no others are given. */
export const defaultSampleSizes: readonly number[] = [30, 60, 125, 250, 500, 1_000, 2_000];

interface Column {
  readonly name: string;
  readonly role: DriftRole;
  readonly values: Float32Array;
}

/** Features, then scores, then levels. */
function listColumns(
  { rows, featureNames, scoreRows, levels }: ReferenceRows,
  { featureRole = "feature", scoreNames }: FitReferenceOptions,
): readonly Column[] {
  const scores = Array.from(
    { length: countScores(scoreRows) },
    (_, output) => scoreNames?.[output] ?? `score.${output}`,
  );
  const list = (names: readonly string[], role: DriftRole, from: readonly ArrayLike<number>[]): Column[] =>
    names.map((name, at) => ({ name, role, values: Float32Array.from(from, (row) => row[at]!) }));
  return [
    ...list(featureNames, featureRole, rows),
    ...list(scores, "score", scoreRows ?? []),
    ...list(levels?.names ?? [], "level", levels?.rows ?? []),
  ];
}

function countScores(scoreRows: ReferenceRows["scoreRows"]): number {
  return scoreRows?.[0]?.length ?? 0;
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

function checkShapes(given: ReferenceRows, segments: readonly number[]): void {
  const { rows, featureNames, scoreRows, levels } = given;
  const scores = countScores(scoreRows);
  const refuse = (message: string): never => {
    throw new AuroraError("TRAINING", message, { op: "fit drift reference" });
  };
  if (rows.length < leastReferenceRows)
    refuse(`a drift reference needs at least ${leastReferenceRows} rows, got ${rows.length}`);
  const columns = featureNames.length + scores + (levels?.names.length ?? 0);
  if (columns > referenceLimits.maxFeatures) refuse("too many features for a reference");
  if (rows.some((row) => row.length !== featureNames.length)) {
    refuse(`every row must have ${featureNames.length} features`);
  }
  if (scoreRows !== null && scoreRows.length !== rows.length) {
    refuse(`${rows.length} rows but ${scoreRows.length} rows of scores`);
  }
  if (scoreRows?.some((row) => row.length !== scores)) refuse(`every row of scores must have ${scores}`);
  if (levels !== undefined && levels.rows.length !== rows.length) {
    refuse(`${rows.length} rows but ${levels.rows.length} rows of levels`);
  }
  if (levels?.rows.some((row) => row.length !== levels.names.length)) {
    refuse(`every row of levels must have ${levels.names.length}`);
  }
  if (segments.reduce((sum, length) => sum + length, 0) !== rows.length) {
    refuse(`the segments must sum to ${rows.length} rows`);
  }
}
