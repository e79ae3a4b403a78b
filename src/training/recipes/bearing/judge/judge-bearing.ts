/** The figures of `evaluation.json`: the student and what it is compared with, on bearings that none of them has seen. */
import type { Calibration } from "../../../../core/contract/bundle/manifest.ts";
import { encodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { computeFigure, drawResamples } from "../../../judge/bootstrap.ts";
import { computeReliability, createCalibrationError } from "../../../judge/calibration-error.ts";
import { computeShare } from "../../../judge/figure.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { computeSliceFigures } from "../../../judge/slice-figures.ts";
import { applyCalibration } from "../../../learn/platt.ts";
import type { LabelledRows, TrainedStudent } from "../../../learn/train-student.ts";
import { type BearingConfig, decideThreshold } from "../bearing-config.ts";
import type { ContractReport } from "../check-contract.ts";
import {
  calibrateStudent,
  joinFolds,
  type OutOfFold,
  type StudentCalibration,
} from "../learn/calibrate-student.ts";
import { type Rivals, scoreContenders } from "../learn/contenders.ts";
import { joinRows, type WaveformRows } from "../learn/cwru-rows.ts";
import { describeSet } from "../report/describe-signal.ts";
import { describeStudent } from "../report/describe-student.ts";
import type { BearingEvaluation, Parity, Reliability } from "./bearing-evaluation.ts";
import { evaluateHeldOut, type HeldOutEvaluation } from "./evaluate-held-out.ts";
import { judgeDecision } from "./judge-decision.ts";
import { judgeSteps } from "./judge-steps.ts";

/** What is judged, and on what. */
export interface BearingCase {
  readonly config: BearingConfig;
  readonly contract: ContractReport;
  readonly trainRows: LabelledRows;
  readonly heldOutSignals: readonly WaveformRows[];
  readonly folds: readonly ScoredSet[];
  readonly outOfFold: OutOfFold;
  readonly calibrated: StudentCalibration;
  readonly student: TrainedStudent;
  readonly rivals: Rivals;
}

/** The figures, and the scores that they were computed from. */
export interface JudgedBearing {
  readonly evaluation: BearingEvaluation;
  readonly heldOut: ScoredSet;
}

/** Words about the data set. */
export const cwruDescription =
  "Case Western Reserve University Bearing Data Center, bearing recordings of a 2 hp motor rig (12 and 48 kHz), publicly downloadable, no licence text; cite the center";

/** Judges. */
export function judgeBearing(subject: BearingCase): JudgedBearing {
  const { config, student, rivals, calibrated, outOfFold, heldOutSignals, folds } = subject;
  const { hypotheses, seed } = config;
  const modes = hypotheses.map((hypothesis) => hypothesis.failureMode);
  const threshold = decideThreshold(config);
  const thresholds = modes.map(() => threshold);
  const { calibration } = calibrated;
  const rows = joinRows(heldOutSignals, "served", modes);
  const scores = scoreContenders(student, rivals, config.features, hypotheses, rows.features, rows.rows);
  const set = describeSet(heldOutSignals, modes, {
    ...scores,
    probability: toProbabilities(scores.int8!, calibration),
  });
  const rule = (logits: Float32Array): HeldOutEvaluation =>
    evaluateHeldOut(heldOutSignals, modes, () => logits, calibration, thresholds);
  const heldOut = rule(scores.int8!);
  const { steps, findings } = judgeSteps(student, rivals, set, folds, seed);
  const stepOf = (name: string) => steps.find((step) => step.name === name) ?? null;
  const gainOf = (name: string) => findings.find((finding) => finding.name === name);
  const reliability = {
    heldOut: judgeReliability([set], "probability", seed),
    outOfFold: judgeReliability(crossCalibrate(folds, config), "probability", seed),
  };
  const [detected, quiet] = [heldOut.detected, heldOut.quiet];
  const resamples = drawResamples(set.signals, seed);
  const evaluation: BearingEvaluation = {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    metrics: {
      macroAuroc: stepOf("int8")!.heldOut,
      macroAurocOutOfFold: stepOf("int8")!.outOfFold,
      ...(gainOf("gainOverPhysics") && { gainOverPhysics: gainOf("gainOverPhysics")!.heldOut }),
      gainOverLogistic: gainOf("gainOverLogistic")!.heldOut,
      brier: computeFigure((counts) => meanBrier(heldOut, counts), resamples),
      calibrationError: reliability.heldOut.error,
      calibrationErrorOutOfFold: reliability.outOfFold.error,
      detected: computeShare(detected.right, detected.of),
      quiet: computeShare(quiet.right, quiet.of),
    },
    dataDescription: cwruDescription,
    contract: subject.contract,
    trainingWindows: subject.trainRows.rows,
    heldOut,
    baselines: {
      float: stepOf("float")!.heldOut.value,
      teacher: stepOf("teacher")?.heldOut.value ?? null,
      logistic: stepOf("logistic")!.heldOut.value,
      physics: stepOf("physics")?.heldOut.value ?? null,
      alwaysHealthy: 0.5,
    },
    steps,
    findings,
    outOfFold: {
      folds: outOfFold.folds,
      macroAuroc: outOfFold.macroAuroc,
      falseWindowShare: calibrated.falseWindowShare,
      detectedWindowShare: calibrated.detectedWindowShare,
    },
    reliability,
    decision: judgeDecision(folds, modes, calibration, threshold, config.costs),
    parity: judgeParity(stepOf("float")!.heldOut.value, heldOut, rule(scores.float!)),
    slices: computeSliceFigures(
      set,
      "int8",
      heldOut.recordings.map((recording) => ({
        id: recording.waveform,
        brier: recording.brier,
        raised: recording.raised === null ? null : modes.indexOf(recording.raised),
      })),
      seed,
    ),
    student: describeStudent(student, encodeStudent(student.quantised).length, rows, calibration, thresholds),
    limitations: config.limitations,
  };
  return { evaluation, heldOut: set };
}

/** Calibrated probabilities of logits [rows × outputs]. */
export function toProbabilities(logits: Float32Array, calibration: readonly Calibration[]): Float32Array {
  return logits.map((logit, index) => applyCalibration(calibration[index % calibration.length]!, logit));
}

/** The folds with the probabilities that a calibration fitted on the other folds gives. */
function crossCalibrate(folds: readonly ScoredSet[], config: BearingConfig): ScoredSet[] {
  return folds.map((fold) => {
    const others = folds.filter((other) => other !== fold);
    const outputs = config.hypotheses.length;
    const { calibration } = calibrateStudent(joinFolds(others), outputs, decideThreshold(config));
    const probability = toProbabilities(fold.scores.int8!, calibration);
    return { ...fold, scores: { ...fold.scores, probability } };
  });
}

function judgeReliability(sets: readonly ScoredSet[], model: string, seed: number): Reliability {
  const resamples = drawResamples(
    sets.flatMap((set) => set.signals),
    seed,
    200,
  );
  return {
    bins: computeReliability(sets, model),
    error: computeFigure(createCalibrationError(sets, model), resamples),
  };
}

function meanBrier(heldOut: HeldOutEvaluation, counts: Float64Array): number {
  let sum = 0;
  let windows = 0;
  for (const [index, recording] of heldOut.recordings.entries()) {
    sum += counts[index]! * recording.windows * recording.brier;
    windows += counts[index]! * recording.windows;
  }
  return sum / windows;
}

function judgeParity(floatAuroc: number, int8: HeldOutEvaluation, float: HeldOutEvaluation): Parity {
  const changed = int8.recordings.filter((each, index) => each.raised !== float.recordings[index]!.raised);
  return {
    floatMacroAuroc: floatAuroc,
    int8MacroAuroc: int8.macroAuroc,
    lostPoints: 100 * (floatAuroc - int8.macroAuroc),
    floatDetected: float.detected.right,
    int8Detected: int8.detected.right,
    of: int8.detected.of,
    recordingsDecidedOtherwise: changed.length,
  };
}
