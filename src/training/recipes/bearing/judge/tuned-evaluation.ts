/**
 * `evaluation.json` of a fine-tuned bundle: every figure that its card speaks of, on machines that were left out in turn, beside
 * the parent on the same ones; how much of the parent is left on invented rigs; what the evidence allows, and what is missing.
 */
import type { HealthyLogits } from "../../../../core/contract/bundle/baseline-spec.ts";
import type { Calibration } from "../../../../core/contract/bundle/manifest.ts";
import type { ReliabilityBin } from "../../../../core/contract/bundle/reliability-bin.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import type { JudgedCase } from "../../../gate/judgement.ts";
import { computeReliability } from "../../../judge/calibration-error.ts";
import { computeFigure, drawResamples, type Figure } from "../../../judge/figure.ts";
import { chooseLearningPath, type LearningPath } from "../../../judge/learning-path.ts";
import { computeBriers, createMacroAuroc, createMeanBrier } from "../../../judge/metrics.ts";
import { planNextRecordings, type RecordingAdvice } from "../../../judge/next-recordings.ts";
import { countRows, type ScoredSet, type Statistic } from "../../../judge/scored-set.ts";
import type { EvaluationDocument } from "../../recipe.ts";
import { decideThreshold } from "../bearing-config.ts";
import { calibrateStudent, joinFolds } from "../learn/calibrate-student.ts";
import { measureHealthyLogits } from "../learn/healthy-logits.ts";
import { isJudged } from "../learn/machine-folds.ts";
import { sayNamedKinds } from "../learn/name-kinds.ts";
import type { ParentBundle } from "../learn/parent-bundle.ts";
import type { WaveformRows } from "../learn/recorded-rows.ts";
import type { TunedConfig } from "../tuned-config.ts";
import { type BesideParent, compareWithParent, listRecordingCases } from "./beside-parent.ts";
import { crossCalibrate, judgeCalibration, toProbabilities } from "./cross-calibrate.ts";
import type { AlertRule } from "./held-out-figures.ts";
import { readInventedLogits } from "./invented-figures.ts";
import {
  countByMachine,
  countWrong,
  type DecidedRecording,
  decideRecordings,
  judgeOutcomes,
  type MachineOutcome,
  sayFailures,
} from "./machine-outcomes.ts";
import {
  type ContenderFigures,
  chooseHeadline,
  figureOf,
  type HeadlineName,
  joinScored,
  judgeContenders,
  sampleMachines,
} from "./tuned-figures.ts";

/** What the recordings allow, and what was accepted in its place. */
interface Evidence extends LearningPath {
  /** Is there too little of it, and did who trained accept that? */
  readonly isLittle: boolean;
  readonly isAccepted: boolean;
}

export interface TunedEvaluation extends EvaluationDocument {
  readonly kind: "fine-tuned";
  readonly parent: { readonly name: string; readonly version: string; readonly digest: string };
  readonly dataDescription: string;
  readonly evidence: Evidence;
  readonly headline: HeadlineName;
  readonly contenders: readonly ContenderFigures[];
  readonly recordings: readonly DecidedRecording[];
  readonly machines: readonly MachineOutcome[];
  /** The parent on the same machines. */
  readonly parentMachines: readonly MachineOutcome[];
  readonly reliability: readonly ReliabilityBin[];
  readonly besideParent: BesideParent;
  /** Macro AUROC on invented rigs that neither was tuned on: what is left of what the parent was taught. */
  readonly remembered: Readonly<Record<"tuned" | "parent" | "difference", Figure>>;
  readonly next: readonly RecordingAdvice[];
  readonly trainingWindows: number;
  readonly judgedWindows: number;
  readonly refused: readonly { readonly signal: string; readonly reason: string; readonly samples: number }[];
  readonly limitations: readonly string[];
}

/** What is judged. */
interface TunedCase {
  readonly config: TunedConfig;
  readonly parent: ParentBundle;
  readonly rows: readonly WaveformRows[];
  readonly folds: readonly ScoredSet[];
  /** The shipped student's and the parent's scores on invented rigs. */
  readonly invented: ScoredSet;
  readonly about: string;
  readonly refused: TunedEvaluation["refused"];
  /** Recordings that are only said to be faulty and show no fault's lines: neither learnt from nor judged. */
  readonly unclear: readonly string[];
  readonly evidence: Evidence;
}

/** The figures, how the bundle decides, and the scores behind both. */
export interface JudgedTuned {
  readonly evaluation: TunedEvaluation;
  readonly calibration: readonly Calibration[];
  readonly healthy: HealthyLogits;
  /** The recordings under both models. */
  readonly cases: Readonly<Record<"student" | "parent", readonly JudgedCase[]>>;
  /** Of all folds, with probabilities that were calibrated on the other ones. */
  readonly set: ScoredSet;
}

/** Judges. Fails with nothing of its own. */
export function judgeTuned(subject: TunedCase): JudgedTuned {
  const { config, parent, rows, folds, invented } = subject;
  const { hypotheses, seed } = config;
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const thresholds = modes.map(() => decideThreshold(config));
  const outOfFold = joinFolds(folds, readInventedLogits(invented));
  const { calibration } = calibrateStudent(outOfFold, modes.length, decideThreshold(config));
  const healthy = measureHealthyLogits([...folds, invented]);
  const rule: AlertRule = { failureModes: modes, calibration, thresholds, healthy };
  const { manifest } = parent;
  const parentRule: AlertRule = {
    failureModes: modes,
    calibration: manifest.calibration,
    thresholds: manifest.thresholds,
    healthy: manifest.baseline?.healthy,
  };
  const calibrated = crossCalibrate(folds, outOfFold.invented, config);
  const set = joinScored(calibrated);
  const labels = new Map(rows.map(({ entry }) => [entry.id, entry.label]));
  const headline = chooseHeadline(subject.evidence.machinesOfKind);
  const contenders = judgeContenders(set, headline, seed);
  const decided = decideRecordings({ set, labels }, "int8", rule);
  const machines = countByMachine(decided);
  const parentDecided = decideRecordings({ set, labels }, "parent", parentRule);
  const cases = {
    student: listRecordingCases(set, set.scores.probability!, decided),
    parent: listRecordingCases(set, toProbabilities(set.scores.parent!, manifest.calibration), parentDecided),
  };
  const worstFirst = [...machines].sort((a, b) => countWrong(b) - countWrong(a));
  const failed = worstFirst.flatMap((each) => {
    const words = sayFailures(each);
    return words === "" ? [] : [{ machine: each.machine, words }];
  });
  const entries = rows.map(({ entry }) => entry);
  const sample = sampleMachines(set, seed);
  const evaluation: TunedEvaluation = {
    formatVersion: 1,
    kind: "fine-tuned",
    name: config.name,
    version: config.version,
    parent: { name: manifest.name, version: manifest.version, digest: parent.digest },
    metrics: {
      [headline]: contenders[0]!.headline,
      gainOverParent: contenders.find(({ name }) => name === "parent")!.lead!,
      brier: figureOf(createBrier(set), sample),
      calibrationErrorOutOfFold: judgeCalibration([set], seed),
      ...judgeOutcomes(decided),
    },
    dataDescription: subject.about,
    evidence: subject.evidence,
    headline,
    contenders,
    recordings: decided,
    machines,
    parentMachines: countByMachine(parentDecided),
    besideParent: compareWithParent(cases.student, cases.parent, decided),
    reliability: computeReliability([set], "probability"),
    remembered: judgeRemembered(invented, seed),
    next: planNextRecordings(entries, failed),
    trainingWindows: rows.reduce((sum, each) => sum + (each.entry.learn ? each.training.rows : 0), 0),
    judgedWindows: countRows(set),
    refused: subject.refused,
    limitations: [...config.limitations, ...sayShortcomings(subject)],
  };
  return { evaluation, calibration, healthy, cases, set };
}

/** What the recordings allow; shared bearings are no machine's evidence. */
export function judgeEvidence(
  { acceptLittleEvidence }: Pick<TunedConfig, "acceptLittleEvidence">,
  entries: readonly RecordedEntry[],
): Evidence {
  const path = chooseLearningPath(entries.filter(isJudged));
  const isLittle = path.lacking.length > 0;
  return { ...path, isLittle, isAccepted: isLittle && acceptLittleEvidence };
}

function sayShortcomings({ evidence, rows, unclear, parent }: TunedCase): string[] {
  return [
    ...(evidence.isLittle
      ? [
          `There is too little evidence to say how good this model is, which was accepted when it was made: an honest figure takes ${evidence.lacking.join(", ")}. Every figure here is of machines that are too few.`,
        ]
      : [
          `Its figures rest on ${evidence.machines} machines, ${evidence.faultyMachines} of them with a fault. Machines unlike these are the parent's to answer for: see the card of ${parent.manifest.name}@${parent.manifest.version}.`,
        ]),
    ...sayNamedKinds(rows, unclear.length),
    "The shipped student learnt from all machines; each figure is of students that left out the machine they were asked about.",
  ];
}

function judgeRemembered(invented: ScoredSet, seed: number): TunedEvaluation["remembered"] {
  const resamples = drawResamples(invented.signals, seed, 200);
  const [tuned, parent] = [createMacroAuroc([invented], "int8"), createMacroAuroc([invented], "parent")];
  return {
    tuned: computeFigure(tuned, resamples),
    parent: computeFigure(parent, resamples),
    difference: computeFigure((counts) => tuned(counts) - parent(counts), resamples),
  };
}

/** Mean squared error of the cross-calibrated probabilities, a window a case. */
function createBrier(set: ScoredSet): Statistic {
  const briers = computeBriers(set, set.scores.probability!);
  return createMeanBrier(set.signals.map(({ rows }, index) => ({ rows, brier: briers[index]! })));
}
