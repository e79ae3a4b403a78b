/**
 * Everybody who is compared: each stage of the great shrink, the same student without a teacher or without pruning, and
 * the baselines. All see the same bearings and the same scaler. What has one minimum is fitted to it; what has none gets as
 * many gradient steps as the student.
 */

import type { Random } from "../../../../core/maths/random.ts";
import { type DenseLayer, runDense, runEnsemble } from "../../../learn/dense-network.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { fitTiedLogistic, type TiedLogisticFit } from "../../../learn/fit-tied-logistic.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import { expandTiedNetwork, type TiedNetwork, type Tying } from "../../../learn/tied-network.ts";
import {
  distilStudent,
  type LabelledRows,
  type NetworkInTraining,
  type PreparedRows,
  pruneStudent,
  runStudent,
  type StudentTask,
  type TrainedStudent,
} from "../../../learn/train-student.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { scorePhysics } from "./hypothesis-columns.ts";

/** Networks that are trained only to be compared with. */
export interface Rivals {
  /** The wide student before pruning, taught. */
  readonly wide: readonly DenseLayer[];
  /** As the student in every step, but learning from the labels alone; null without a teacher: that is the student itself. */
  readonly untaught: readonly DenseLayer[] | null;
  /** As narrow as the student from the start, taught, with as many gradient steps in all. */
  readonly direct: readonly DenseLayer[];
  /** Gradient steps of each of the two above, all stages together. */
  readonly steps: number;
  /** No hidden layer: each mode against the rest. */
  readonly logistic: LogisticRival;
}

/** A tied logistic regression at its minimum. */
interface LogisticRival extends Pick<TiedLogisticFit, "gradient" | "iterations"> {
  readonly layers: readonly DenseLayer[];
  /** Training windows that it saw. */
  readonly rows: number;
  readonly penalty: number;
}

export interface Contenders {
  readonly student: TrainedStudent;
  readonly rivals: Rivals;
}

/**
 * The float networks of a contender: several of an ensemble, of the integers those that they were made from; null of scores that
 * are no network.
 */
export function listNetworks(
  name: string,
  { student, rivals }: Contenders,
): readonly (readonly DenseLayer[])[] | null {
  switch (name) {
    case "teacher":
      return student.teacher;
    case "float":
    case "int8":
      return [student.float];
    case "wide":
    case "direct":
      return [rivals[name]];
    case "untaught":
      return rivals.untaught && [rivals.untaught];
    case "logistic":
      return [rivals.logistic.layers];
    default:
      return null;
  }
}

/** What rivals are made from, beside the rows: the stages of the student before them, and a stream each. */
interface RivalOrigin {
  readonly teacher: readonly (readonly DenseLayer[])[];
  readonly wide: NetworkInTraining;
  /** One a row: 1 as recorded, 0 for a noisy copy. */
  readonly recorded: Float32Array;
  readonly streams: Readonly<Record<"untaught" | "direct", Random>>;
}

export function trainRivals(
  prepared: PreparedRows,
  task: StudentTask,
  { teacher, wide, recorded, streams }: RivalOrigin,
): Rivals {
  const { recipe, tying } = task;
  const { features } = prepared;
  const { student } = recipe;
  const expand = (network: TiedNetwork): DenseLayer[] => expandTiedNetwork(network, tying, features);
  const train = (own: StudentRecipe, by: typeof teacher, random: Random): DenseLayer[] => {
    const lesson = { prepared, task: { ...task, recipe: own }, teacher: by };
    return expand(pruneStudent(lesson, distilStudent(lesson, random)));
  };
  const { prune } = student;
  const steps = student.fit.steps + (prune?.rounds ?? 0) * (prune?.fit.steps ?? 0);
  const narrow = {
    hidden: prune?.to ?? student.hidden,
    fit: { ...student.fit, steps },
    prune: null,
  };
  return {
    wide: expand(wide.network),
    untaught: teacher.length === 0 ? null : train(recipe, [], streams.untaught),
    direct: train({ ...recipe, student: narrow }, teacher, streams.direct),
    steps,
    logistic: fitLogisticRival(prepared, tying, { recorded }),
  };
}

/**
 * Penalty of the tied logistic regression, in the unit of `fit-tied-logistic.ts`, and that it learns from windows as recorded
 * alone: the best of both kinds of rows and six penalties on the tuning folds (a protocol for choosing prints them). A linear
 * model loses by the noisy copies.
 */
const logisticPenalty = 1e-6;

/**
 * Fits the tied logistic regression, on the rows that `recorded` gives a weight; rows after them, those of invented rigs, have
 * none. Fails with TRAINING.
 */
export function fitLogisticRival(
  { fitRows, features }: PreparedRows,
  tying: Tying,
  { recorded, penalty = logisticPenalty }: { readonly recorded: Float32Array; readonly penalty?: number },
): LogisticRival {
  const weights = new Float32Array(fitRows.rows);
  weights.set(recorded);
  const fit = fitTiedLogistic({ ...fitRows, weights }, tying.own.length, penalty);
  const { gradient, iterations, network } = fit;
  const rows = recorded.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  return { layers: expandTiedNetwork(network, tying, features), rows, penalty, gradient, iterations };
}

/** Logits [rows × outputs] of everybody, and the physics scores, by name. */
export function scoreContenders(
  { student, rivals }: Contenders,
  config: Pick<BearingConfig, "features" | "hypotheses">,
  { rows, features }: Pick<LabelledRows, "rows" | "features">,
): Record<string, Float32Array> {
  const standardised = standardiseRows(features, rows, student.scaler);
  const dense = (layers: readonly DenseLayer[]): Float32Array => runDense(layers, standardised, rows);
  return {
    ...(student.teacher.length === 0 ? {} : { teacher: runEnsemble(student.teacher, standardised, rows) }),
    wide: dense(rivals.wide),
    float: dense(student.float),
    int8: runStudent(student, features, rows),
    ...(rivals.untaught === null ? {} : { untaught: dense(rivals.untaught) }),
    direct: dense(rivals.direct),
    logistic: dense(rivals.logistic.layers),
    ...scorePhysics(config, { rows, features }),
    silent: new Float32Array(rows * config.hypotheses.length),
  };
}
