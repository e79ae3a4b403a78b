/** The figures of `evaluation.json`: the student and what it is compared with, on bearings that none of them has seen. */
import { encodeStudent } from "../../inference/onnx-codec.ts";
import type { TensorTrainer } from "../tensor-trainer.ts";
import type { Tying } from "../tied-network.ts";
import { type LabelledRows, runStudent, type TrainedStudent } from "../train-student.ts";
import type { BearingConfig } from "./bearing-config.ts";
import type { BearingEvaluation } from "./bearing-evaluation.ts";
import type { OutOfFold, StudentCalibration } from "./calibrate-student.ts";
import { joinRows, type WaveformRows } from "./cwru-rows.ts";
import { describeStudent } from "./describe-student.ts";
import { evaluateHeldOut } from "./evaluate-held-out.ts";
import { judgeLogistic, judgeStudent } from "./judge-student.ts";
import { seedStream } from "./seed-streams.ts";

/** What is judged, and on what. */
export interface BearingCase {
  readonly config: BearingConfig;
  readonly tying: Tying;
  readonly trainer: TensorTrainer;
  readonly trainRows: LabelledRows;
  readonly heldOutSignals: readonly WaveformRows[];
  readonly outOfFold: OutOfFold;
  readonly calibrated: StudentCalibration;
  readonly student: TrainedStudent;
}

/** Words about the data set. */
export const cwruDescription =
  "Case Western Reserve University Bearing Data Center, bearing recordings of a 2 hp motor rig (12 and 48 kHz), publicly downloadable, no licence text; cite the center";

/** Judges. */
export function judgeBearing(subject: BearingCase): BearingEvaluation {
  const { config, student, calibrated, outOfFold, heldOutSignals, trainRows } = subject;
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const thresholds = modes.map(() => config.thresholds);
  const { calibration } = calibrated;
  const heldOut = evaluateHeldOut(
    heldOutSignals,
    modes,
    (features, rows) => runStudent(student, features, rows),
    calibration,
    thresholds,
  );
  const heldOutRows = joinRows(heldOutSignals, "served", modes);
  const judgement = judgeStudent(student, heldOutRows, config.features, config.hypotheses);
  const logistic = judgeLogistic(
    trainRows,
    heldOutRows,
    subject.tying,
    config.recipe,
    subject.trainer,
    seedStream(config.seed, "logistic"),
  );
  return {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    metrics: { macroAuroc: { value: heldOut.macroAuroc, low: null, high: null } },
    dataDescription: cwruDescription,
    trainingWindows: trainRows.rows,
    heldOut,
    baselines: {
      float: judgement.float,
      teacher: judgement.teacher,
      logistic,
      physics: judgement.physics,
      alwaysHealthy: 0.5,
    },
    outOfFold: {
      folds: outOfFold.folds,
      macroAuroc: outOfFold.macroAuroc,
      falseWindowShare: calibrated.falseWindowShare,
      detectedWindowShare: calibrated.detectedWindowShare,
    },
    student: describeStudent(
      student,
      encodeStudent(student.quantised).length,
      heldOutRows,
      calibration,
      thresholds,
    ),
    limitations: config.limitations,
  };
}
