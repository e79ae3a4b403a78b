/**
 * Everybody who is compared: each stage of the great shrink, the same student without a teacher or without pruning, and
 * the baselines. All see the same rows and the same scaler.
 */
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Random } from "../../../../core/maths/random.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import { type DenseLayer, expandTiedNetwork, runDense } from "../../../learn/tied-network.ts";
import {
  distilStudent,
  finetuneStudent,
  type NetworkInTraining,
  type PreparedRows,
  pruneStudent,
  runEnsemble,
  runStudent,
  type StudentTask,
  standardiseRows,
  type TrainedStudent,
} from "../../../learn/train-student.ts";
import type { Hypothesis } from "../bearing-config.ts";
import { computePhysicsScores, findPhysicsColumns } from "./physics-score.ts";

/** Networks that are trained only to be compared with. */
export interface Rivals {
  /** The wide student before pruning, taught. */
  readonly wide: readonly DenseLayer[];
  /** As the student in every step, but learning from the labels alone. */
  readonly untaught: readonly DenseLayer[];
  /** As narrow as the student from the start, taught, with as many gradient steps in all. */
  readonly direct: readonly DenseLayer[];
  /** No hidden layer: each mode against the rest. */
  readonly logistic: readonly DenseLayer[];
}

/** One stream a rival. */
export interface RivalStreams {
  readonly untaught: Random;
  readonly direct: Random;
  readonly logistic: Random;
}

/** Trains the rivals of a student. */
export function trainRivals(
  prepared: PreparedRows,
  task: StudentTask,
  teacher: readonly (readonly DenseLayer[])[],
  wide: NetworkInTraining,
  streams: RivalStreams,
): Rivals {
  const { recipe, tying } = task;
  const { features } = prepared;
  const { student } = recipe;
  const expand = ({ network }: NetworkInTraining): DenseLayer[] =>
    expandTiedNetwork(network, tying, features);
  const train = (own: StudentRecipe, by: typeof teacher, random: Random): DenseLayer[] => {
    const ownTask = { ...task, recipe: own };
    const narrow = pruneStudent(prepared, ownTask, by, distilStudent(prepared, ownTask, by, random));
    return expand(finetuneStudent(prepared, ownTask, by, narrow));
  };
  const { prune } = student;
  const steps =
    student.fit.steps + (prune?.rounds ?? 0) * (prune?.fit.steps ?? 0) + (recipe.finetune?.steps ?? 0);
  const narrow = {
    hidden: prune?.to ?? student.hidden,
    fit: { ...student.fit, steps },
    prune: null,
  };
  const floats = { ...recipe, finetune: undefined };
  // A convex problem: plain descent without noise, whatever the student's own schedule is.
  const convex = { ...student.fit, learningRate: 0.03, weightDecay: 0.02, inputNoise: 0 };
  return {
    wide: expand(wide),
    untaught: train(recipe, [], streams.untaught),
    direct: train({ ...floats, student: narrow }, teacher, streams.direct),
    logistic: train({ ...floats, student: { hidden: [], fit: convex, prune: null } }, [], streams.logistic),
  };
}

/** Logits [rows × outputs] of everybody on rows that are not standardised, by name. */
export function scoreContenders(
  student: TrainedStudent,
  rivals: Rivals,
  spec: FeatureSpec,
  hypotheses: readonly Hypothesis[],
  features: Float32Array,
  rows: number,
): Record<string, Float32Array> {
  const { scaler, untuned } = student;
  const standardised = standardiseRows(features, rows, scaler);
  const dense = (layers: readonly DenseLayer[]): Float32Array => runDense(layers, standardised, rows);
  const columns = findPhysicsColumns(spec, hypotheses);
  return {
    ...(student.teacher.length === 0 ? {} : { teacher: runEnsemble(student.teacher, standardised, rows) }),
    wide: dense(rivals.wide),
    float: dense(student.float),
    int8: runStudent(student, features, rows),
    ...(untuned === undefined
      ? {}
      : { untuned: dense(untuned.float), untunedInt8: runStudent({ scaler, ...untuned }, features, rows) }),
    untaught: dense(rivals.untaught),
    direct: dense(rivals.direct),
    logistic: dense(rivals.logistic),
    ...(columns === null ? {} : { physics: computePhysicsScores(features, rows, columns) }),
    silent: new Float32Array(rows * hypotheses.length),
  };
}
