/**
 * What the interval holds on engines that neither student nor interval saw, from training engines alone. Every fold in
 * turn is put aside, and the rest goes through what the bundle's engines go through: a student of all of them, and
 * students without one more fold, whose errors make the interval. Calibration and service thereby differ as they do in
 * the bundle: the served student has learnt from more engines than those that the interval was fitted with.
 */
import type { LifeIntervalKnot } from "../../../core/contract/bundle/remaining-life.ts";
import { estimateRemainingLife } from "../../../core/decision/remaining-life.ts";
import type { Random } from "../../../core/maths/random.ts";
import { runStudent } from "../../learn/train-student.ts";
import type { StepProgress } from "../../pipeline/step-runner.ts";
import { weighTrainingRows } from "./cross-fit-life.ts";
import { fitLifeInterval } from "./fit-life-interval.ts";
import type { LifeConfig } from "./life-config.ts";
import type { JudgedLife } from "./life-metrics.ts";
import { type LifeRows, selectRows } from "./life-rows.ts";
import { lifeStreams } from "./life-streams.ts";
import {
  distilLifeStudent,
  finetuneLifeStudent,
  type LifeTask,
  prepareLifeRows,
  quantiseLifeStudent,
  trainLifeTeacher,
} from "./train-life-student.ts";

/** The int8 student's predictions on engines that it did not learn from. */
interface LeftOut {
  readonly rows: LifeRows;
  /** As if each engine were cut off once. */
  readonly weights: Float32Array;
  /** In cycles, clamped to 0 … cap. */
  readonly predicted: Float32Array;
}

/** All engines, judged without having been seen. */
export interface NestedLife {
  /** By the student that lacks their fold, with the interval made of students that lack one more. */
  readonly served: JudgedLife;
  /** By the students that the intervals were made of (with those very intervals, so of no use but for the error): what the served student is better than. */
  readonly calibrating: JudgedLife;
}

/** Judges all engines, each by a student and an interval that never saw it. Trains `folds · (folds + 1) / 2` students. */
export function nestLife(
  all: LifeRows,
  foldOf: ArrayLike<number>,
  config: LifeConfig,
  task: LifeTask,
  progress: StepProgress,
): NestedLife {
  const { folds } = config;
  const total = (folds * (folds + 1)) / 2;
  let done = 0;
  const cache = new Map<string, LeftOut>();
  const leaveOut = (...out: number[]): LeftOut => {
    const key = out.sort((a, b) => a - b).join(", ");
    const found = cache.get(key);
    if (found !== undefined) return found;
    const made = leaveOutFolds(all, foldOf, out, config, task);
    cache.set(key, made);
    progress(++done, total, "students trained");
    return made;
  };
  const parts = Array.from({ length: folds }, (_, fold) => {
    const others = Array.from({ length: folds }, (_each, index) => index).filter((each) => each !== fold);
    const errors = others.map((other) => pickFold(leaveOut(fold, other), foldOf, other));
    const interval = fitOn(errors, config);
    return {
      served: holdAgainst(leaveOut(fold), interval, config),
      calibrating: errors.map((error) => holdAgainst(error, interval, config)),
    };
  });
  return {
    served: joinJudged(parts.map((part) => part.served)),
    calibrating: joinJudged(parts.flatMap((part) => part.calibrating)),
  };
}

function joinJudged(parts: readonly JudgedLife[]): JudgedLife {
  const join = (of: (part: JudgedLife) => ArrayLike<number>): number[] =>
    parts.flatMap((part) => Array.from(of(part)));
  return {
    predicted: join((part) => part.predicted),
    low: join((part) => part.low),
    high: join((part) => part.high),
    actual: join((part) => part.actual),
    weights: join((part) => part.weights),
    engine: join((part) => part.engine),
  };
}

/**
 * What a test set of as many engines would show: every draw takes engines with replacement and cuts each off once, at a
 * row drawn by weight. Returns the share that the interval holds in each draw, rising.
 */
export function drawCoverages(judged: JudgedLife, draws: number, random: Random): number[] {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < judged.engine.length; row++) {
    const engine = judged.engine[row]!;
    const own = rowsOf.get(engine) ?? [];
    rowsOf.set(engine, own);
    own.push(row);
  }
  const engines = [...rowsOf.values()];
  const isHeld = (row: number): boolean =>
    judged.actual[row]! >= judged.low[row]! && judged.actual[row]! <= judged.high[row]!;
  return Array.from({ length: draws }, () => {
    let held = 0;
    for (let drawn = 0; drawn < engines.length; drawn++) {
      // All rows of an engine weigh the same: a cut may fall on any of them.
      const rows = engines[random.integer(engines.length)]!;
      if (isHeld(rows[random.integer(rows.length)]!)) held++;
    }
    return held / engines.length;
  }).sort((a, b) => a - b);
}

function leaveOutFolds(
  all: LifeRows,
  foldOf: ArrayLike<number>,
  out: readonly number[],
  config: LifeConfig,
  task: LifeTask,
): LeftOut {
  const isOut = (row: number): boolean => out.includes(foldOf[all.engine[row]!]!);
  const { maxRemaining, seed } = config;
  const learnt = weighTrainingRows(
    selectRows(all, (row) => !isOut(row)),
    maxRemaining,
  );
  const judged = weighTrainingRows(selectRows(all, isOut), maxRemaining);
  // The student without one fold is the one of the recipe's own cross-fit.
  const streams = lifeStreams(seed, out.length === 1 ? `fold ${out[0]}` : `folds ${out.join(", ")}`);
  const prepared = prepareLifeRows(learnt.rows, learnt.weights, task);
  const teacher = trainLifeTeacher(prepared, task, streams.teacher);
  const { float } = distilLifeStudent(prepared, task, teacher, streams.student);
  const tuned = finetuneLifeStudent(prepared, task, teacher, float, streams.finetune);
  const student = { scaler: prepared.scaler, quantised: quantiseLifeStudent(prepared, task, tuned) };
  const predicted = runStudent(student, judged.rows.features, judged.rows.rows).map((output) =>
    Math.max(0, Math.min(task.capSteps, output * task.capSteps)),
  );
  return { ...judged, predicted };
}

function pickFold(from: LeftOut, foldOf: ArrayLike<number>, fold: number): LeftOut {
  const kept = Array.from({ length: from.rows.rows }, (_, row) => row).filter(
    (row) => foldOf[from.rows.engine[row]!] === fold,
  );
  const keep = new Set(kept);
  return {
    rows: selectRows(from.rows, (row) => keep.has(row)),
    weights: Float32Array.from(kept, (row) => from.weights[row]!),
    predicted: Float32Array.from(kept, (row) => from.predicted[row]!),
  };
}

function fitOn(errors: readonly LeftOut[], { capCycles, interval }: LifeConfig): LifeIntervalKnot[] {
  const join = (of: (part: LeftOut) => Float32Array): number[] => errors.flatMap((part) => [...of(part)]);
  return fitLifeInterval(
    {
      predicted: join((part) => part.predicted),
      actual: join((part) => part.rows.remaining.map((left) => Math.min(left, capCycles))),
      weights: join((part) => part.weights),
    },
    { ...interval, capSteps: capCycles },
  );
}

function holdAgainst(
  { rows, weights, predicted }: LeftOut,
  interval: readonly LifeIntervalKnot[],
  { capCycles, minHistory, interval: { coverage } }: LifeConfig,
): JudgedLife {
  const spec = { unit: "cycle", capSteps: capCycles, minHistorySteps: minHistory, coverage, interval };
  const ends = Array.from(predicted, (value) => estimateRemainingLife(spec, value / capCycles));
  return {
    predicted,
    low: ends.map(({ low }) => low),
    high: ends.map(({ high }) => high),
    actual: rows.remaining.map((left) => Math.min(left, capCycles)),
    weights,
    engine: rows.engine,
  };
}
