/** Logit → calibrated probability (Platt 1999). */
import type { Calibration } from "../contract/bundle/manifest.ts";

/** The calibrated logit: slope · logit + intercept; unlike the probability it does not saturate at 1. */
export function calibrateLogit(logit: number, calibration: Calibration): number {
  return calibration.slope * logit + calibration.intercept;
}

/** 1 / (1 + e^−x), without overflow at either end; 0 to 1. */
export function computeProbability(calibratedLogit: number): number {
  if (calibratedLogit >= 0) return 1 / (1 + Math.exp(-calibratedLogit));
  const power = Math.exp(calibratedLogit);
  return power / (1 + power);
}
