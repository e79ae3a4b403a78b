/**
 * Calibration, from training bearings alone: every bearing is scored by a student that was trained
 * without it, one fault size a kind at a time and each end's healthy bearing in turn. Never sees a held-out bearing.
 */
import type { Calibration, Threshold } from "../../../../core/contract/bundle/manifest.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { type CwruSplit, type CwruWaveform, divideCwruWaveforms } from "../../../dataset/cwru-splits.ts";
import { columnOf, countRows, labelRows, type ScoredSet } from "../../../judge/scored-set.ts";
import { applyCalibration, fitPlatt } from "../../../learn/platt.ts";
import {
  distilStudent,
  finetuneStudent,
  forkStreams,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  type StudentTask,
  trainTeacher,
} from "../../../learn/train-student.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { scoreContenders, trainRivals } from "./contenders.ts";
import { describeSet, joinRows, selectSignals, type WaveformRows, weighRecorded } from "./cwru-rows.ts";

/** Logits of int8 students on training bearings that they did not see. */
export interface OutOfFold {
  readonly rows: number;
  /** [rows × outputs]. */
  readonly logits: Float32Array;
  readonly labels: Float32Array;
  readonly folds: number;
}

/** What the decision needs, and what the threshold does on unseen training bearings. */
export interface StudentCalibration {
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** Share of healthy out-of-fold windows with any mode at or above the threshold, and of faulty ones with their own. */
  readonly falseWindowShare: number;
  readonly detectedWindowShare: number;
}

/**
 * Inner splits of the training bearings: the n-th fault size of every (end, kind) is left out at a time, once with
 * each end's healthy bearing.
 */
export function planInnerSplits(waveforms: readonly CwruWaveform[]): CwruSplit[] {
  const groupsOfKind = new Map<string, string[]>();
  for (const waveform of waveforms) {
    if (waveform.failureMode === null) continue;
    const kind = `${waveform.faultEnd} ${waveform.failureMode}`;
    const groups = groupsOfKind.get(kind) ?? [];
    if (!groups.includes(waveform.group)) groups.push(waveform.group);
    groupsOfKind.set(kind, groups);
  }
  const lists = [...groupsOfKind.values()].map((groups) => groups.sort(compareGroups));
  const folds = Math.min(...lists.map((groups) => groups.length));
  return Array.from({ length: folds }, (_, fold) => fold).flatMap((fold) =>
    (["DE", "FE"] as const).map((side) => ({
      name: `inner-${fold}-${side}`,
      side,
      testGroups: lists.map((groups) => groups[fold]!),
    })),
  );
}

/** Everybody's scores on the training bearings that one inner split leaves out, by students trained on the others. */
export function scoreInnerSplit(
  config: BearingConfig,
  {
    trainSignals: signals,
    task,
  }: { readonly trainSignals: readonly WaveformRows[]; readonly task: StudentTask },
  split: CwruSplit,
): ScoredSet {
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const part = divideCwruWaveforms(
    signals.map((signal) => signal.waveform),
    split,
  );
  const trainSignals = selectSignals(signals, part.train);
  const train = joinRows(trainSignals, "training", modes);
  const judged = selectSignals(signals, part.test);
  const random = createRandom(config.seed).fork(split.name);
  const prepared = prepareRows(train, task);
  const streams = forkStreams(config.recipe, random);
  const teacher = trainTeacher(prepared, task, streams.teacher);
  const lesson = { prepared, task, teacher };
  const wide = distilStudent(lesson, streams.student);
  const narrow = pruneStudent(lesson, wide);
  const tuned = finetuneStudent(lesson, narrow);
  const student = quantiseStudent(lesson, narrow, tuned);
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

/** Puts the int8 students' scores of all folds together, in their sequence. */
export function joinFolds(folds: readonly ScoredSet[]): OutOfFold {
  const outputs = folds[0]?.outputs ?? 1;
  const logits = folds.flatMap((fold) => [...fold.scores.int8!]);
  const labels = folds.flatMap((fold) => [...labelSet(fold)]);
  return {
    rows: logits.length / outputs,
    logits: Float32Array.from(logits),
    labels: Float32Array.from(labels),
    folds: folds.length,
  };
}

/** Labels [rows × outputs], 0 or 1. */
function labelSet(set: ScoredSet): Float32Array {
  const out = new Float32Array(countRows(set) * set.outputs);
  for (let output = 0; output < set.outputs; output++) {
    for (const [row, label] of labelRows(set, output).labels.entries())
      out[row * set.outputs + output] = label;
  }
  return out;
}

/**
 * Fits one calibration an output, with both classes weighing the same: 0.5 means that the window is as likely under
 * the fault as without it. The true share of faulty bearings is a fleet's to know, not a laboratory rig's. One an
 * output, because a fault of a rolling element leaves a weaker trace than one of a race.
 */
export function calibrateStudent(
  outOfFold: OutOfFold,
  outputs: number,
  threshold: Threshold,
): StudentCalibration {
  const { rows, logits, labels } = outOfFold;
  const calibration = Array.from({ length: outputs }, (_, output) => {
    const own = columnOf(labels, output, outputs);
    const positives = own.reduce((sum, label) => sum + label, 0);
    const weight = (rows - positives) / Math.max(1, positives);
    return fitPlatt(
      columnOf(logits, output, outputs),
      own,
      own.map((label) => (label > 0.5 ? weight : 1)),
    );
  });
  let healthy = 0;
  let falseWindows = 0;
  let detectedWindows = 0;
  for (let row = 0; row < rows; row++) {
    const above = Array.from(
      { length: outputs },
      (_, output) =>
        applyCalibration(calibration[output]!, logits[row * outputs + output]!) >= threshold.raise,
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

/** By the number at the end of the names (the fault's size), then as text. */
function compareGroups(a: string, b: string): number {
  const size = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);
  return size(a) - size(b) || (a < b ? -1 : a > b ? 1 : 0);
}
