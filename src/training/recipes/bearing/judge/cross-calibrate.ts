/** Probabilities of what their calibration was not fitted on, and how far they are from what happens. */
import type { Calibration } from "../../../../core/contract/bundle/manifest.ts";
import { computeProbability } from "../../../../core/decision/calibrate.ts";
import { createCalibrationError } from "../../../judge/calibration-error.ts";
import { computeFigure, drawResamples, type Figure } from "../../../judge/figure.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { type BearingConfig, decideThreshold } from "../bearing-config.ts";
import { calibrateStudent, joinFolds, type ScoredLogits } from "../learn/calibrate-student.ts";

/** Calibrated probabilities of logits [rows × outputs]. */
export function toProbabilities(logits: Float32Array, calibration: readonly Calibration[]): Float32Array {
  return logits.map((logit, index) => computeProbability(logit, calibration[index % calibration.length]!));
}

/** `set` with the probabilities that a calibration fitted on `folds` and `invented` gives. */
export function calibrateBy(
  set: ScoredSet,
  { folds, invented }: { readonly folds: readonly ScoredSet[]; readonly invented: ScoredLogits | null },
  config: Pick<BearingConfig, "costs" | "thresholds">,
): ScoredSet {
  const outOfFold = joinFolds(folds, invented);
  const { calibration } = calibrateStudent(outOfFold, set.outputs, decideThreshold(config));
  const probability = toProbabilities(set.scores.int8!, calibration);
  return { ...set, scores: { ...set.scores, probability } };
}

/** The folds with the probabilities that a calibration fitted on the other folds gives. */
export function crossCalibrate(
  folds: readonly ScoredSet[],
  invented: ScoredLogits | null,
  config: Pick<BearingConfig, "costs" | "thresholds">,
): ScoredSet[] {
  return folds.map((fold) =>
    calibrateBy(fold, { folds: folds.filter((other) => other !== fold), invented }, config),
  );
}

/** The expected calibration error of the sets' probabilities. */
export function judgeCalibration(sets: readonly ScoredSet[], seed: number): Figure {
  const signals = sets.flatMap((set) => set.signals);
  return computeFigure(createCalibrationError(sets, "probability"), drawResamples(signals, seed, 200));
}
