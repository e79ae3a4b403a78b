/** `evaluation.json`: every figure that the model card speaks of, for machines, on bearings that nobody was trained on. */
import type { Calibration } from "../../../../core/contract/bundle/manifest.ts";
import {
  computeReliability,
  createCalibrationError,
  type ReliabilityBin,
} from "../../../judge/calibration-error.ts";
import { computeFigure, computeShare, drawResamples, type Figure } from "../../../judge/figure.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { computeSliceFigures, type SliceFigures } from "../../../judge/slice-figures.ts";
import { applyCalibration } from "../../../learn/platt.ts";
import type { LabelledRows } from "../../../learn/train-student.ts";
import type { EvaluationDocument } from "../../recipe.ts";
import { type BearingConfig, decideThreshold } from "../bearing-config.ts";
import {
  calibrateStudent,
  joinFolds,
  type OutOfFold,
  type StudentCalibration,
} from "../learn/calibrate-student.ts";
import type { ContractReport } from "../learn/check-contract.ts";
import { type Contenders, scoreContenders } from "../learn/contenders.ts";
import { describeSet, joinRows, type WaveformRows } from "../learn/cwru-rows.ts";
import { type DecisionFigures, judgeDecision } from "./decision-figures.ts";
import { type AlertRule, evaluateHeldOut, type HeldOutEvaluation } from "./held-out-figures.ts";
import {
  describeStudent,
  type Finding,
  judgeSteps,
  type StepFigures,
  type StudentFigures,
} from "./shrink-figures.ts";

/** Probabilities against what happened. */
export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  readonly error: Figure;
}

/** The integers against their float parent, on held-out bearings. */
interface Parity {
  readonly floatMacroAuroc: number;
  readonly int8MacroAuroc: number;
  /** Points of AUC (hundredths) that quantisation costs. */
  readonly lostPoints: number;
  /** Faulty recordings that the decision rule raises rightly with either. */
  readonly floatDetected: number;
  readonly int8Detected: number;
  readonly of: number;
  /** Recordings, healthy ones included, on which both raise different modes. */
  readonly recordingsDecidedOtherwise: number;
}

export interface BearingEvaluation extends EvaluationDocument {
  readonly dataDescription: string;
  readonly trainingWindows: number;
  readonly heldOut: HeldOutEvaluation;
  readonly contract: ContractReport;
  readonly steps: readonly StepFigures[];
  readonly findings: readonly Finding[];
  readonly reliability: { readonly heldOut: Reliability; readonly outOfFold: Reliability };
  readonly decision: DecisionFigures;
  readonly parity: Parity;
  readonly slices: readonly SliceFigures[];
  /** Macro AUROC on the same held-out windows. */
  readonly baselines: {
    readonly float: number;
    readonly teacher: number | null;
    readonly logistic: number;
    readonly physics: number | null;
    readonly alwaysHealthy: 0.5;
  };
  /** Of the bearings that were trained on, each scored by a student that had not seen it. */
  readonly outOfFold: Pick<OutOfFold, "folds" | "macroAuroc"> & Omit<StudentCalibration, "calibration">;
  readonly student: StudentFigures;
  readonly limitations: readonly string[];
}

interface BearingCase extends Contenders {
  readonly config: BearingConfig;
  readonly contract: ContractReport;
  readonly trainRows: LabelledRows;
  readonly heldOutSignals: readonly WaveformRows[];
  readonly folds: readonly ScoredSet[];
  readonly outOfFold: OutOfFold;
  readonly calibrated: StudentCalibration;
}

/** The figures, and the scores that they were computed from. */
export interface JudgedBearing {
  readonly evaluation: BearingEvaluation;
  readonly heldOut: ScoredSet;
}

export const cwruDescription =
  "Case Western Reserve University Bearing Data Center, bearing recordings of a 2 hp motor rig (12 and 48 kHz), publicly downloadable, no licence text; cite the center";

/** Judges the student and what it is compared with. */
export function judgeBearing(subject: BearingCase): JudgedBearing {
  const { config, student, calibrated, outOfFold, heldOutSignals, folds } = subject;
  const { hypotheses, seed } = config;
  const { calibration, falseWindowShare, detectedWindowShare } = calibrated;
  const failureModes = hypotheses.map((hypothesis) => hypothesis.failureMode);
  const threshold = decideThreshold(config);
  const rule: AlertRule = { failureModes, calibration, thresholds: failureModes.map(() => threshold) };
  const rows = joinRows(heldOutSignals, "served", failureModes);
  const scores = scoreContenders(subject, config, rows);
  const probability = toProbabilities(scores.int8!, calibration);
  const set = describeSet(heldOutSignals, failureModes, { ...scores, probability });
  const heldOut = evaluateHeldOut(heldOutSignals, scores.int8!, rule);
  const { steps, findings } = judgeSteps(subject, { heldOut: set, folds }, seed);
  const reliability = {
    heldOut: judgeReliability([set], seed),
    outOfFold: judgeReliability(crossCalibrate(folds, config), seed),
  };
  const brier = computeFigure((counts) => meanBrier(heldOut, counts), drawResamples(set.signals, seed));
  const baselines = listBaselines(steps);
  const outcomes = heldOut.recordings.map((recording) => ({
    id: recording.waveform,
    brier: recording.brier,
    raised: recording.raised === null ? null : failureModes.indexOf(recording.raised),
  }));
  const evaluation: BearingEvaluation = {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    metrics: listMetrics({ steps, findings, heldOut, reliability }, brier),
    dataDescription: cwruDescription,
    contract: subject.contract,
    trainingWindows: subject.trainRows.rows,
    heldOut,
    baselines,
    steps,
    findings,
    outOfFold: {
      folds: outOfFold.folds,
      macroAuroc: outOfFold.macroAuroc,
      falseWindowShare,
      detectedWindowShare,
    },
    reliability,
    decision: judgeDecision(folds, rule, config.costs),
    parity: judgeParity(baselines.float, heldOut, evaluateHeldOut(heldOutSignals, scores.float!, rule)),
    slices: computeSliceFigures({ set, model: "int8", outcomes }, seed),
    student: describeStudent(student, rows, rule),
    limitations: config.limitations,
  };
  return { evaluation, heldOut: set };
}

function listMetrics(
  {
    steps,
    findings,
    heldOut: { detected, quiet },
    reliability,
  }: Pick<BearingEvaluation, "steps" | "findings" | "heldOut" | "reliability">,
  brier: Figure,
): BearingEvaluation["metrics"] {
  const int8 = steps.find(({ name }) => name === "int8")!;
  const gainOf = (gain: string): Figure | undefined => findings.find(({ name }) => name === gain)?.heldOut;
  const gainOverPhysics = gainOf("gainOverPhysics");
  return {
    macroAuroc: int8.heldOut,
    macroAurocOutOfFold: int8.outOfFold,
    ...(gainOverPhysics === undefined ? {} : { gainOverPhysics }),
    gainOverLogistic: gainOf("gainOverLogistic")!,
    brier,
    calibrationError: reliability.heldOut.error,
    calibrationErrorOutOfFold: reliability.outOfFold.error,
    detected: computeShare(detected.right, detected.of),
    quiet: computeShare(quiet.right, quiet.of),
  };
}

function listBaselines(steps: readonly StepFigures[]): BearingEvaluation["baselines"] {
  const figureOf = (step: string): number | null =>
    steps.find(({ name }) => name === step)?.heldOut.value ?? null;
  return {
    float: figureOf("float")!,
    teacher: figureOf("teacher"),
    logistic: figureOf("logistic")!,
    physics: figureOf("physics"),
    alwaysHealthy: 0.5,
  };
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

/** The expected calibration error of the sets' probabilities. */
export function judgeCalibration(sets: readonly ScoredSet[], seed: number): Figure {
  const signals = sets.flatMap((set) => set.signals);
  return computeFigure(createCalibrationError(sets, "probability"), drawResamples(signals, seed, 200));
}

function judgeReliability(sets: readonly ScoredSet[], seed: number): Reliability {
  return { bins: computeReliability(sets, "probability"), error: judgeCalibration(sets, seed) };
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
