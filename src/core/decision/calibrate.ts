/** From logits to calibrated probabilities (Platt 1999): of one failure mode, and of any fault at all. */
import type { Calibration } from "../contract/bundle/manifest.ts";
import { logistic } from "../maths/logistic.ts";

/** The calibrated logit: slope · logit + intercept; unlike the probability it does not saturate at 1. */
export function calibrateLogit(logit: number, calibration: Calibration): number {
  return calibration.slope * logit + calibration.intercept;
}

/** Probability, 0 to 1, of one failure mode. */
export function computeProbability(logit: number, calibration: Calibration): number {
  return logistic(calibrateLogit(logit, calibration));
}

/**
 * The same in single precision, as it is told to others: the last bit of e^x is not the same on every processor, where a
 * compiler may fuse products and sums.
 */
export function stateProbability(logit: number, calibration: Calibration): number {
  return Math.fround(computeProbability(logit, calibration));
}

/**
 * Probability, 0 to 1, that there is any fault: of the highest of `logits` (one a failure mode), calibrated with the mean
 * of the modes' calibrations. Ranks machines as the highest raw logit does. The modes of a student share their weights,
 * so their raw logits may be compared; their own calibrations may not: that of a mode which leaves a weak trace lifts it
 * on every machine, healthy or not.
 */
export function computeFaultProbability(
  logits: ArrayLike<number>,
  calibration: readonly Calibration[],
): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logits.length; index++) highest = Math.max(highest, logits[index]!);
  const count = calibration.length;
  const mean: Calibration = {
    slope: calibration.reduce((sum, { slope }) => sum + slope, 0) / count,
    intercept: calibration.reduce((sum, { intercept }) => sum + intercept, 0) / count,
  };
  return computeProbability(highest, mean);
}
