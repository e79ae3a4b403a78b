/**
 * Calibrations for recordings of a machine that nobody trained on: half the mode's own, half the mean of all modes'. A
 * mode's own says how weak a trace that fault leaves on the training rig, and lifts it there; on another machine it
 * makes every second healthy recording look like that fault (src/adr/0028). The gateway's decisions keep each mode's own.
 */
import type { Calibration } from "../../../core/contract/bundle/manifest.ts";

/** One a mode, in the same sequence. */
export function hedgeCalibrations(calibration: readonly Calibration[]): Calibration[] {
  const meanOf = (key: keyof Calibration): number =>
    calibration.reduce((sum, own) => sum + own[key], 0) / calibration.length;
  const mean = { slope: meanOf("slope"), intercept: meanOf("intercept") };
  return calibration.map(({ slope, intercept }) => ({
    slope: (slope + mean.slope) / 2,
    intercept: (intercept + mean.intercept) / 2,
  }));
}
