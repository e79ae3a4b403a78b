/** Out-of-fold predictions: every training engine is predicted by a student that never saw it. The basis of all choices. */
import { createRandom } from "../../../core/maths/random.ts";
import type { untunedForms } from "../../learn/regression-student.ts";
import type { LifeConfig } from "./life-config.ts";
import { type LifeRows, selectRows, weighCuts } from "./life-rows.ts";
import { type LifeStudentStreams, lifeStreams } from "./life-streams.ts";
import {
  type LifeForm,
  type LifeTask,
  lifeFormsOf,
  predictLife,
  prepareLifeRows,
  trainLifeStudent,
} from "./train-life-student.ts";

/** Predictions of every form that a student has on some rows, in cycles. */
export type LifePredictions = Readonly<Record<Exclude<LifeForm, UntunedForm>, Float32Array>> &
  Readonly<Partial<Record<UntunedForm, Float32Array>>>;
type UntunedForm = (typeof untunedForms)[number];

/** Predictions on the rows of one fold. */
export interface LifeFold {
  readonly rows: LifeRows;
  /** As if each engine were cut off once. */
  readonly weights: Float32Array;
  readonly predictions: LifePredictions;
  /** Mean of the capped targets that were learnt from: the simplest prediction there is. */
  readonly mean: number;
}

/** The fold of each of `engines` engines; seeded, sizes equal to one. */
export function assignFolds(engines: number, folds: number, seed: number): Int32Array {
  const order = createRandom(seed)
    .fork("folds")
    .shuffle(Array.from({ length: engines }, (_, index) => index));
  const fold = new Int32Array(engines);
  for (const [place, engine] of order.entries()) fold[engine] = place % folds;
  return fold;
}

/** Rows that count, and their weights. */
export function weighTrainingRows(
  rows: LifeRows,
  maxRemaining: number,
): { readonly rows: LifeRows; readonly weights: Float32Array } {
  const counted = selectRows(rows, (row) => rows.remaining[row]! <= maxRemaining);
  return { rows: counted, weights: weighCuts(counted, maxRemaining) };
}

/** Learns from all folds but one and predicts that one. */
export function crossFitLife(
  all: LifeRows,
  foldOf: ArrayLike<number>,
  fold: number,
  config: LifeConfig,
  task: LifeTask,
): LifeFold {
  const learnt = weighTrainingRows(
    selectRows(all, (row) => foldOf[all.engine[row]!] !== fold),
    config.maxRemaining,
  );
  const judged = weighTrainingRows(
    selectRows(all, (row) => foldOf[all.engine[row]!] === fold),
    config.maxRemaining,
  );
  const streams: LifeStudentStreams = lifeStreams(config.seed, `fold ${fold}`);
  const prepared = prepareLifeRows(learnt.rows, learnt.weights, task);
  const student = trainLifeStudent(prepared, task, streams);
  const { rows, features } = judged.rows;
  const predictions = Object.fromEntries(
    lifeFormsOf(student).map((form) => [form, predictLife(student, form, features, rows, task.capSteps)]),
  ) as LifePredictions;
  return { ...judged, predictions, mean: weightedMean(prepared.targets, learnt.weights) * task.capSteps };
}

/** All folds as one, in order of folds. */
export function joinFolds(folds: readonly LifeFold[]): LifeFold & { readonly means: Float32Array } {
  const width = folds[0]!.rows.features.length / folds[0]!.rows.rows;
  const rows = folds.reduce((sum, fold) => sum + fold.rows.rows, 0);
  const float = (pick: (fold: LifeFold) => Float32Array): Float32Array => {
    const parts = folds.map(pick);
    const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
  const predictions = Object.fromEntries(
    // All folds were learnt by the same recipe and have the same forms.
    (Object.keys(folds[0]!.predictions) as LifeForm[]).map((form) => [
      form,
      float((fold) => fold.predictions[form]!),
    ]),
  ) as LifePredictions;
  return {
    rows: {
      rows,
      features: width === 0 ? new Float32Array(0) : float((fold) => fold.rows.features),
      remaining: float((fold) => fold.rows.remaining),
      engine: Int32Array.from(folds.flatMap((fold) => [...fold.rows.engine])),
    },
    weights: float((fold) => fold.weights),
    predictions,
    mean: folds.reduce((sum, fold) => sum + fold.mean, 0) / folds.length,
    means: float((fold) => new Float32Array(fold.rows.rows).fill(fold.mean)),
  };
}

/** Mean of `values` by weight. */
export function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    sum += values[row]! * weights[row]!;
    total += weights[row]!;
  }
  return sum / total;
}
