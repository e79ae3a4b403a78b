/**
 * How like training day sketches are, on calibrated thresholds only, never on a rule of thumb. Says nothing of whether a machine has
 * drifted: that is held against its own days (`assess-day.ts`).
 */
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { computePsi, computeShares } from "./bins.ts";
import type { DriftReference } from "./drift-reference.ts";
import { countValues } from "./sketcher.ts";

/** `drift`: further from training day than chance takes it; `insufficient`: fewer values than the smallest calibrated sample. */
export type TrainingLikeness = "insufficient" | "stable" | "warning" | "drift";

interface FeatureLikeness {
  readonly feature: number;
  readonly name: string;
  /** Finite values that were compared. */
  readonly values: number;
  readonly invalid: number;
  readonly psi: number;
  /** Calibrated for `values`; NaN when insufficient. */
  readonly warningPsi: number;
  readonly driftPsi: number;
  readonly level: TrainingLikeness;
}

/** All features of a point together, at the false-alarm rates of one test. */
interface PointLikeness {
  readonly level: TrainingLikeness;
  readonly features: readonly FeatureLikeness[];
}

/**
 * Tests one sketch.
 * @throws RangeError when the reference lacks the sketch's feature or has other bins
 */
export function compareFeatureWithTraining(
  reference: DriftReference,
  sketch: FeatureSketch,
): FeatureLikeness {
  const feature = reference.features[sketch.feature];
  if (feature === undefined || feature.counts.length !== sketch.counts.length) {
    throw new RangeError(`the reference has no feature ${sketch.feature} with ${sketch.counts.length} bins`);
  }
  const values = countValues(sketch);
  const psi = values === 0 ? 0 : computePsi(computeShares(feature.counts), computeShares(sketch.counts));
  const warningPsi = interpolatePsi(reference, feature.warningPsi, values);
  const driftPsi = interpolatePsi(reference, feature.driftPsi, values);
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
 * Tests all sketches of a point at once: with dozens of features a per-feature rate would mean nothing, so the
 * largest ratio is held against its own calibrated quantiles. Absolute levels are left out: another machine, or another
 * place on it, has others.
 */
export function compareWithTraining(
  reference: DriftReference,
  sketches: readonly FeatureSketch[],
): PointLikeness {
  const features = sketches.map((sketch) => compareFeatureWithTraining(reference, sketch));
  const tested = features.filter(
    ({ feature, level }) => level !== "insufficient" && reference.features[feature]?.role !== "level",
  );
  if (tested.length === 0) return { level: "insufficient", features };
  const ratio = Math.max(...tested.map(({ psi, driftPsi }) => psi / driftPsi));
  const values = Math.min(...tested.map((feature) => feature.values));
  const { familyWarningRatio, familyDriftRatio, sampleSizes } = reference.calibration;
  const warningRatio = interpolate(sampleSizes, familyWarningRatio, values);
  const driftRatio = interpolate(sampleSizes, familyDriftRatio, values);
  const level = ratio > driftRatio ? "drift" : ratio > warningRatio ? "warning" : "stable";
  return { level, features };
}

/** As {@link interpolate}; beyond the last sample size a PSI shrinks with its variance, 1/n + 1/m. */
function interpolatePsi(reference: DriftReference, ladder: readonly number[], values: number): number {
  const sizes = reference.calibration.sampleSizes;
  const largest = sizes.at(-1);
  if (largest === undefined || values <= largest) return interpolate(sizes, ladder, values);
  return (ladder.at(-1)! * (1 / values + 1 / reference.rows)) / (1 / largest + 1 / reference.rows);
}

/** Value of a ladder at a sample size: linear in log–log between two rungs, NaN below the first, the last beyond it. */
function interpolate(sizes: readonly number[], ladder: readonly number[], values: number): number {
  const first = sizes[0];
  if (first === undefined || values < first) return Number.NaN;
  const upper = sizes.findIndex((size) => size >= values);
  if (upper === -1) return ladder.at(-1)!;
  if (upper === 0) return ladder[0]!;
  const share = Math.log(values / sizes[upper - 1]!) / Math.log(sizes[upper]! / sizes[upper - 1]!);
  return Math.exp((1 - share) * Math.log(ladder[upper - 1]!) + share * Math.log(ladder[upper]!));
}
