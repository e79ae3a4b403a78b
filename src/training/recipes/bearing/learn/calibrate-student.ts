/**
 * Calibration, from training bearings and invented rigs alone: every bearing is scored by a student that was trained
 * without it, one machine of a kind at a time and each side of shared bearings in turn. Never sees a held-out bearing.
 */

import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { Calibration, Threshold } from "../../../../core/contract/bundle/manifest.ts";
import { computeProbability } from "../../../../core/decision/calibrate.ts";
import { compareTexts } from "../../../../core/maths/compare-texts.ts";
import { joinParts } from "../../../../core/maths/join-parts.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import { divideBySplit, type RecordingSplit } from "../../../dataset/recordings/recording-splits.ts";
import { columnOf, labelSet, type ScoredSet } from "../../../judge/scored-set.ts";
import { fitPlatt } from "../../../learn/platt.ts";
import {
  distilStudent,
  forkStreams,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  trainTeacher,
} from "../../../learn/train-student.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { scoreContenders, trainRivals } from "./contenders.ts";
import type { LearningRows } from "./learn-student.ts";
import { describeSet, joinRows, selectSignals, type WaveformRows, weighRecorded } from "./recorded-rows.ts";

/** Logits of int8 students, and what is right. */
export interface ScoredLogits {
  readonly rows: number;
  /** [rows × outputs]. */
  readonly logits: Float32Array;
  readonly labels: Float32Array;
}

/** On training bearings that the students did not see. */
export interface OutOfFold extends ScoredLogits {
  /** On invented rigs that the student did not learn from; null: there are none. */
  readonly invented: ScoredLogits | null;
  readonly folds: number;
}

/** What the decision needs, and what the threshold does on unseen training bearings. */
export interface StudentCalibration {
  /** One an output, all alike. */
  readonly calibration: readonly Calibration[];
  /** Share of healthy out-of-fold windows with any mode at or above the threshold, and of faulty ones with their own. */
  readonly falseWindowShare: number;
  readonly detectedWindowShare: number;
}

/** What an inner split needs to know of a signal. */
export type SplitSignal = Pick<WaveformRows, "failureMode"> & {
  readonly entry: Pick<RecordedEntry, "id" | "machine" | "component" | "shared">;
};

/** Inner splits at most, before the sides of shared bearings. */
const mostFolds = 5;

/**
 * Inner splits of the machines that are trained on: machines with the same fault at the same component, and those that are
 * healthy in all, are dealt to the folds in turn, and the only one of its kind is left in training; each fold once with every
 * shared bearing on the side of the test. Fails with CONFIG_INVALID where no machine can be left out.
 */
export function planInnerSplits(signals: readonly SplitSignal[]): RecordingSplit[] {
  const faulty = new Set(
    signals.flatMap(({ entry, failureMode }) => (failureMode === null ? [] : [entry.machine])),
  );
  const machinesOfKind = new Map<string, string[]>();
  for (const { entry, failureMode } of signals) {
    // What a machine with a fault sounds like elsewhere goes where the machine goes.
    if (failureMode === null && faulty.has(entry.machine)) continue;
    const kind = failureMode === null ? "healthy" : `${entry.component} ${failureMode}`;
    const machines = machinesOfKind.get(kind) ?? [];
    if (!machines.includes(entry.machine)) machines.push(entry.machine);
    machinesOfKind.set(kind, machines);
  }
  const lists = [...machinesOfKind.values()]
    .filter((machines) => machines.length > 1)
    .map((machines) => machines.sort(compareGroups));
  if (lists.length === 0) {
    throw new AuroraError(
      "CONFIG_INVALID",
      "no machine can be left out of training in turn: each is the only one of its kind",
      {
        op: "plan inner splits",
        subject: "dataset.heldOutGroups",
        hint: "probabilities are calibrated on machines that a student has not seen: record a second machine with the same fault, or a second healthy one, or fine-tune the shipped bundle",
      },
    );
  }
  const folds = Math.min(mostFolds, Math.max(...lists.map((machines) => machines.length)));
  const shared = [...new Set(signals.flatMap(({ entry }) => entry.shared ?? []))].sort();
  const sides: readonly (string | null)[] = shared.length === 0 ? [null] : shared;
  return Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) => {
    const machines = lists.flatMap((list) => list.filter((_, index) => index % folds === fold));
    return sides.map((side) => ({
      name: side === null ? `inner-${fold}` : `inner-${fold}-${side}`,
      machines,
      shared: side,
    }));
  });
}

/** Everybody's scores on the training bearings that one inner split leaves out, by students trained on the others. */
export function scoreInnerSplit(
  config: Pick<BearingConfig, "features" | "hypotheses" | "recipe" | "seed">,
  { division, widen, task: by }: Pick<LearningRows, "division" | "widen" | "task">,
  split: RecordingSplit,
): ScoredSet {
  const { trainSignals: signals } = division;
  const task = { ...by, recipe: config.recipe };
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const part = divideBySplit(
    signals.map(({ entry }) => entry),
    split,
  );
  const trainSignals = selectSignals(signals, part.train);
  const train = widen(joinRows(trainSignals, "training", modes));
  const judged = selectSignals(signals, part.test);
  const random = createRandom(config.seed).fork(split.name);
  const prepared = prepareRows(train, task);
  const streams = forkStreams(config.recipe, random);
  const teacher = trainTeacher(prepared, task, streams.teacher);
  const lesson = { prepared, task, teacher };
  const wide = distilStudent(lesson, streams.student);
  const student = quantiseStudent(lesson, pruneStudent(lesson, wide));
  const rivals = trainRivals(prepared, task, {
    teacher,
    wide,
    recorded: weighRecorded(trainSignals),
    streams: {
      untaught: random.fork("untaught"),
      direct: random.fork("direct"),
    },
  });
  const scores = scoreContenders({ student, rivals }, config, joinRows(judged, "served", modes));
  return describeSet(judged, modes, scores);
}

/** Puts the int8 students' scores of all folds together, in their sequence, and beside them those on invented rigs. */
export function joinFolds(folds: readonly ScoredSet[], invented: ScoredLogits | null): OutOfFold {
  const logits = joinParts(
    folds.map(({ scores }) => scores.int8!),
    Float32Array,
  );
  const labels = joinParts(folds.map(labelSet), Float32Array);
  return { rows: logits.length / (folds[0]?.outputs ?? 1), logits, labels, folds: folds.length, invented };
}

/**
 * Fits one calibration for all outputs, whose weights are tied and whose logits so mean the same: on a machine that nobody
 * has labelled a mode of its own scale would raise sooner than the others. Fault and none weigh the same, in each output and
 * in each set: 0.5 means that the window is as likely under the fault as without it. The true share of faulty bearings is a
 * fleet's to know, not a laboratory's. The sets are the bearings out of fold and, where there are any, invented rigs that
 * nobody learnt from; the shares are those of the bearings.
 */
export function calibrateStudent(
  outOfFold: Omit<OutOfFold, "folds">,
  outputs: number,
  threshold: Threshold,
): StudentCalibration {
  const { invented } = outOfFold;
  const own = fitCommon(invented === null ? [outOfFold] : [outOfFold, invented], outputs);
  const calibration = Array.from({ length: outputs }, () => own);
  const { rows, logits, labels } = outOfFold;
  let healthy = 0;
  let falseWindows = 0;
  let detectedWindows = 0;
  for (let row = 0; row < rows; row++) {
    const above = Array.from(
      { length: outputs },
      (_, output) =>
        computeProbability(logits[row * outputs + output]!, calibration[output]!) >= threshold.raise,
    );
    const own = above.findIndex((_, output) => labels[row * outputs + output]! > 0.5);
    if (own < 0) healthy++;
    if (own < 0 && above.includes(true)) falseWindows++;
    if (own >= 0 && above[own]!) detectedWindows++;
  }
  return {
    calibration,
    falseWindowShare: falseWindows / Math.max(1, healthy),
    detectedWindowShare: detectedWindows / Math.max(1, rows - healthy),
  };
}

/** Every set weighs the same, and so does every output of it; its cases with the fault as much as those without. */
function fitCommon(sets: readonly ScoredLogits[], outputs: number): Calibration {
  const logits: number[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  const total = Math.max(...sets.map(({ rows }) => rows));
  for (const set of sets) {
    for (let output = 0; output < outputs; output++) {
      const own = columnOf(set.labels, output, outputs);
      const positives = own.reduce((sum, label) => sum + label, 0);
      const perCase = total / Math.max(1, positives);
      const perOther = total / Math.max(1, set.rows - positives);
      for (const [row, label] of own.entries()) {
        logits.push(set.logits[row * outputs + output]!);
        labels.push(label);
        weights.push(label > 0.5 ? perCase : perOther);
      }
    }
  }
  return fitPlatt(logits, labels, weights);
}

/** By the number at the end of the names (the fault's size), then as text. */
function compareGroups(a: string, b: string): number {
  const size = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
  return size(a) - size(b) || compareTexts(a, b);
}
