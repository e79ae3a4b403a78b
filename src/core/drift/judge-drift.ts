/** Says whether a sketch is like training day. Decides on calibrated thresholds only, never on a rule of thumb. */
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { computePsi, computeShares } from "./distances.ts";
import type { DriftReference } from "./drift-reference.ts";
import { countValues } from "./merge-sketches.ts";

/** `insufficient`: fewer values than the smallest calibrated sample; nothing is said. */
export type DriftLevel = "insufficient" | "stable" | "warning" | "drift";

/** The verdict on one feature. */
export interface DriftVerdict {
  readonly feature: number;
  readonly name: string;
  /** Finite values that the verdict rests on. */
  readonly values: number;
  readonly invalid: number;
  readonly psi: number;
  /** Calibrated for `values`; NaN when insufficient. */
  readonly warningPsi: number;
  readonly driftPsi: number;
  readonly level: DriftLevel;
}

/** The verdict on all features of a point together, at the rates of one test. */
export interface PointVerdict {
  readonly level: DriftLevel;
  /** Largest PSI / driftPsi of any feature, and its ratios of a warning and of drift; NaN when insufficient. */
  readonly ratio: number;
  readonly warningRatio: number;
  readonly driftRatio: number;
  readonly features: readonly DriftVerdict[];
}

/**
 * Judges one sketch.
 * @throws RangeError when the sketch is not of this reference (no such feature, other bins)
 */
export function judgeDrift(reference: DriftReference, sketch: FeatureSketch): DriftVerdict {
  const feature = reference.features[sketch.feature];
  if (feature === undefined || feature.counts.length !== sketch.counts.length) {
    throw new RangeError(`the reference has no feature ${sketch.feature} with ${sketch.counts.length} bins`);
  }
  const values = countValues(sketch);
  const psi = values === 0 ? 0 : computePsi(computeShares(feature.counts), computeShares(sketch.counts));
  const warningPsi = interpolate(reference, feature.warningPsi, values, "inverse");
  const driftPsi = interpolate(reference, feature.driftPsi, values, "inverse");
  const level = Number.isNaN(driftPsi)
    ? "insufficient"
    : psi > driftPsi
      ? "drift"
      : psi > warningPsi
        ? "warning"
        : "stable";
  return {
    feature: sketch.feature,
    name: feature.name,
    values,
    invalid: sketch.invalid,
    psi,
    warningPsi,
    driftPsi,
    level,
  };
}

/**
 * Judges all sketches of a point at once: with dozens of features a per-feature rate would mean nothing, so the
 * largest ratio is held against its own calibrated quantiles.
 */
export function judgePoint(reference: DriftReference, sketches: readonly FeatureSketch[]): PointVerdict {
  const features = sketches.map((sketch) => judgeDrift(reference, sketch));
  const judged = features.filter((verdict) => verdict.level !== "insufficient");
  const insufficient = Number.NaN;
  if (judged.length === 0) {
    return {
      level: "insufficient",
      ratio: insufficient,
      warningRatio: insufficient,
      driftRatio: insufficient,
      features,
    };
  }
  const ratio = Math.max(...judged.map((verdict) => verdict.psi / verdict.driftPsi));
  const values = Math.min(...judged.map((verdict) => verdict.values));
  const { familyWarningRatio, familyDriftRatio } = reference.calibration;
  const warningRatio = interpolate(reference, familyWarningRatio, values, "constant");
  const driftRatio = interpolate(reference, familyDriftRatio, values, "constant");
  const level = ratio > driftRatio ? "drift" : ratio > warningRatio ? "warning" : "stable";
  return { level, ratio, warningRatio, driftRatio, features };
}

/**
 * Value of a ladder at a sample size: linear in log–log between two rungs, NaN below the first. Beyond the last a PSI
 * shrinks with its variance, 1/n + 1/m (`inverse`); a ratio stays (`constant`).
 */
function interpolate(
  reference: DriftReference,
  ladder: readonly number[],
  values: number,
  beyond: "inverse" | "constant",
): number {
  const sizes = reference.calibration.sampleSizes;
  const first = sizes[0];
  if (first === undefined || values < first) return Number.NaN;
  const upper = sizes.findIndex((size) => size >= values);
  if (upper === -1) {
    const last = ladder.at(-1)!;
    if (beyond === "constant") return last;
    return (last * (1 / values + 1 / reference.rows)) / (1 / sizes.at(-1)! + 1 / reference.rows);
  }
  if (upper === 0) return ladder[0]!;
  const share = Math.log(values / sizes[upper - 1]!) / Math.log(sizes[upper]! / sizes[upper - 1]!);
  return Math.exp((1 - share) * Math.log(ladder[upper - 1]!) + share * Math.log(ladder[upper]!));
}
