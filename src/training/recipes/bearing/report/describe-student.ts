/** The student in figures: its size, and what quantisation changed on rows that it was not trained on. */
import type { Calibration, Threshold } from "../../../../core/contract/bundle/manifest.ts";
import { describeNetwork } from "../../../bundle/describe-network.ts";
import { applyCalibration } from "../../../learn/platt.ts";
import { runDense } from "../../../learn/tied-network.ts";
import {
  type LabelledRows,
  runStudent,
  standardiseRows,
  type TrainedStudent,
} from "../../../learn/train-student.ts";
import type { BearingEvaluation } from "../judge/bearing-evaluation.ts";

/** Logits beyond this give the same probability to three digits: differences there are cut off. */
const logitBound = 8;

/** Describes `student`; `modelBytes` is the size of its ONNX file. */
export function describeStudent(
  student: TrainedStudent,
  modelBytes: number,
  heldOut: LabelledRows,
  calibration: readonly Calibration[],
  thresholds: readonly Threshold[],
): BearingEvaluation["student"] {
  const { layers } = student.quantised;
  const weights = layers.flatMap((layer) => [...layer.weights]);
  const standardised = standardiseRows(heldOut.features, heldOut.rows, student.scaler);
  const float = runDense(student.float, standardised, heldOut.rows);
  const int8 = runStudent(student, heldOut.features, heldOut.rows);
  const bounded = (logit: number): number => Math.max(-logitBound, Math.min(logitBound, logit));
  const raises = (logit: number, output: number): boolean =>
    applyCalibration(calibration[output]!, logit) >= thresholds[output]!.raise;
  let max = 0;
  let sum = 0;
  let changed = 0;
  for (const [index, logit] of float.entries()) {
    const difference = Math.abs(bounded(logit) - bounded(int8[index]!));
    max = Math.max(max, difference);
    sum += difference;
    const output = index % calibration.length;
    if (raises(logit, output) !== raises(int8[index]!, output)) changed++;
  }
  return {
    architecture: `${describeNetwork(student.quantised)}, weights tied over the failure modes`,
    weights: weights.length,
    nonZeroWeights: weights.filter((weight) => weight !== 0).length,
    modelBytes,
    maxLogitDifference: max,
    meanLogitDifference: sum / float.length,
    decisionsChanged: changed / float.length,
  };
}
