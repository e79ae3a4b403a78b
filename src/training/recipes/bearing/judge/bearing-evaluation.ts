/**
 * `evaluation.json`: every figure that the model card speaks of, for machines, on bearings that nobody was trained on. Each
 * stands once; the deployed student's macro AUROC is a headline figure and a step's.
 */

import type { HealthyLogits } from "../../../../core/contract/bundle/baseline-spec.ts";
import type { ReliabilityBin } from "../../../../core/contract/bundle/reliability-bin.ts";
import { computeReliability } from "../../../judge/calibration-error.ts";
import { computeFigure, drawResamples } from "../../../judge/figure.ts";
import { createMeanBrier } from "../../../judge/metrics.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";
import { computeSliceFigures, type SliceFigures } from "../../../judge/slice-figures.ts";
import type { LabelledRows } from "../../../learn/train-student.ts";
import type { EvaluationDocument } from "../../recipe.ts";
import { type BearingConfig, decideThreshold, type PublishedFigures } from "../bearing-config.ts";
import type { OutOfFold, StudentCalibration } from "../learn/calibrate-student.ts";
import type { ContractReport } from "../learn/check-contract.ts";
import { type Contenders, scoreContenders } from "../learn/contenders.ts";
import { describeSet, joinRows, type WaveformRows } from "../learn/recorded-rows.ts";
import { crossCalibrate, judgeCalibration, toProbabilities } from "./cross-calibrate.ts";
import { type DecisionFigures, judgeDecision } from "./decision-figures.ts";
import { type AlertRule, evaluateHeldOut, type HeldOutEvaluation } from "./held-out-figures.ts";
import { type InventedFigures, judgeInvented } from "./invented-figures.ts";
import { judgeOutcomes, listHeldOut } from "./machine-outcomes.ts";
import {
  describeMicrocontroller,
  describeStudent,
  judgeSteps,
  type MicrocontrollerFigures,
  type PairedDifference,
  type StepFigures,
  type StudentFigures,
} from "./shrink-figures.ts";

/** The integers against their float parent, on held-out bearings. */
interface Parity {
  /** Faulty recordings that the decision rule raises rightly with the parent. */
  readonly floatDetected: number;
  /** Recordings, healthy ones included, on which both raise different modes. */
  readonly recordingsDecidedOtherwise: number;
}

export interface BearingEvaluation extends EvaluationDocument {
  readonly dataDescription: string;
  readonly trainingWindows: number;
  readonly heldOut: HeldOutEvaluation;
  readonly contract: ContractReport;
  readonly steps: readonly StepFigures[];
  readonly findings: readonly PairedDifference[];
  /** Probabilities against what happened; their errors are among the metrics. */
  readonly reliability: Readonly<Record<"heldOut" | "outOfFold", readonly ReliabilityBin[]>>;
  readonly decision: DecisionFigures;
  readonly parity: Parity;
  readonly slices: readonly SliceFigures[];
  /** Of the bearings that were trained on, each scored by a student that had not seen it. */
  readonly outOfFold: Pick<OutOfFold, "folds"> & Omit<StudentCalibration, "calibration">;
  readonly student: StudentFigures;
  readonly microcontroller: MicrocontrollerFigures;
  /** As the configuration states them; the protocol for reporting computes them. */
  readonly published?: PublishedFigures;
  /** On invented rigs that nobody learnt from; absent where none are invented. */
  readonly invented?: InventedFigures;
  readonly limitations: readonly string[];
}

interface BearingCase extends Contenders {
  readonly config: BearingConfig;
  readonly contract: ContractReport;
  readonly trainRows: LabelledRows;
  readonly heldOutSignals: readonly WaveformRows[];
  readonly folds: readonly ScoredSet[];
  /** Everybody's scores on invented rigs that nobody learnt from; may be empty. */
  readonly inventedSet: ScoredSet;
  readonly outOfFold: OutOfFold;
  readonly calibrated: StudentCalibration;
  /** As the bundle states it: a gateway decides by it. */
  readonly healthy: HealthyLogits;
  /** What the recordings are and whose. */
  readonly about: string;
  /** What the recordings cannot show, a sentence each. */
  readonly shortcomings: readonly string[];
}

/** The figures, and the scores that they were computed from. */
export interface JudgedBearing {
  readonly evaluation: BearingEvaluation;
  readonly heldOut: ScoredSet;
}

/** Judges the student and what it is compared with. */
export function judgeBearing(subject: BearingCase): JudgedBearing {
  const { config, student, calibrated, outOfFold, heldOutSignals, folds } = subject;
  const { hypotheses, seed } = config;
  const { calibration, falseWindowShare, detectedWindowShare } = calibrated;
  const failureModes = hypotheses.map((hypothesis) => hypothesis.failureMode);
  const threshold = decideThreshold(config);
  const thresholds = failureModes.map(() => threshold);
  const rule: AlertRule = { failureModes, calibration, thresholds, healthy: subject.healthy };
  const rows = joinRows(heldOutSignals, "served", failureModes);
  const scores = scoreContenders(subject, config, rows);
  const probability = toProbabilities(scores.int8!, calibration);
  const set = describeSet(heldOutSignals, failureModes, { ...scores, probability });
  const { macroAuroc: _, brier: __, ...heldOut } = evaluateHeldOut(heldOutSignals, scores.int8!, rule);
  const { steps, findings } = judgeSteps(subject, { heldOut: set, folds }, config);
  const calibratedSets = { heldOut: [set], outOfFold: crossCalibrate(folds, outOfFold.invented, config) };
  const squares = heldOut.recordings.map(({ windows, brier }) => ({ rows: windows, brier }));
  const brier = computeFigure(createMeanBrier(squares), drawResamples(set.signals, seed));
  const invented = judgeInvented(subject.inventedSet, folds, config);
  const outcomes = heldOut.recordings.map((recording) => ({
    id: recording.waveform,
    brier: recording.brier,
    raised: recording.raised === null ? null : failureModes.indexOf(recording.raised),
  }));
  const evaluation: BearingEvaluation = {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    metrics: {
      macroAuroc: steps.find(({ name }) => name === "int8")!.heldOut,
      brier,
      calibrationError: judgeCalibration(calibratedSets.heldOut, seed),
      calibrationErrorOutOfFold: judgeCalibration(calibratedSets.outOfFold, seed),
      ...judgeOutcomes(
        listHeldOut(
          heldOut,
          heldOutSignals.map(({ entry }) => entry),
        ),
      ),
    },
    dataDescription: subject.about,
    contract: subject.contract,
    trainingWindows: subject.trainRows.rows,
    heldOut,
    steps,
    findings,
    ...(invented === null ? {} : { invented }),
    outOfFold: { folds: outOfFold.folds, falseWindowShare, detectedWindowShare },
    reliability: {
      heldOut: computeReliability(calibratedSets.heldOut, "probability"),
      outOfFold: computeReliability(calibratedSets.outOfFold, "probability"),
    },
    decision: judgeDecision(folds, rule, config.costs),
    parity: judgeParity(heldOut, evaluateHeldOut(heldOutSignals, scores.float!, rule)),
    slices: computeSliceFigures({ set, model: "int8", outcomes }, seed),
    student: describeStudent(student, rows, rule),
    microcontroller: describeMicrocontroller(student, config, rule),
    ...(config.published === undefined ? {} : { published: config.published }),
    limitations: [...config.limitations, ...subject.shortcomings],
  };
  return { evaluation, heldOut: set };
}

function judgeParity(int8: HeldOutEvaluation, float: HeldOutEvaluation): Parity {
  const changed = int8.recordings.filter((each, index) => each.raised !== float.recordings[index]!.raised);
  return { floatDetected: float.detected.right, recordingsDecidedOtherwise: changed.length };
}
