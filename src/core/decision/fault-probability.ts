/**
 * From the logits of all failure modes to one probability that there is any fault. The modes of a student share their
 * weights, so their raw logits say the same thing and may be compared; their own calibrations may not: that of a mode
 * which leaves a weak trace lifts it on every machine, healthy or not.
 */
import type { Calibration } from "../contract/bundle/manifest.ts";
import { calibrateLogit, computeProbability } from "./calibrate.ts";

/**
 * Probability, 0 to 1, of the highest of `logits` (one a failure mode), calibrated with the mean of the modes'
 * calibrations. Ranks machines as the highest raw logit does.
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
  return computeProbability(calibrateLogit(highest, mean));
}
