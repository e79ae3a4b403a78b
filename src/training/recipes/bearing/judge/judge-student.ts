/** One trained student and its baselines, judged on rows of bearings that none of them has seen. */
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Random } from "../../../../core/maths/random.ts";
import { computeMacroAuroc } from "../../../judge/metrics.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import type { TensorTrainer } from "../../../learn/tensor-trainer.ts";
import { runDense, type Tying } from "../../../learn/tied-network.ts";
import {
  type LabelledRows,
  runEnsemble,
  runStudent,
  standardiseRows,
  type TrainedStudent,
  trainStudent,
} from "../../../learn/train-student.ts";
import type { Hypothesis } from "../bearing-config.ts";
import { computePhysicsScores, findPhysicsColumns } from "../learn/physics-score.ts";

/** Macro AUROCs on the same rows; null where a score does not exist. Always-healthy scores 0.5 by definition. */
export interface Judgement {
  /** The integers that are deployed. */
  readonly int8: number;
  /** The same student before quantisation. */
  readonly float: number;
  readonly teacher: number | null;
  /** Without a learnt parameter. */
  readonly physics: number | null;
}

/** Judges `student` on `test`. */
export function judgeStudent(
  student: TrainedStudent,
  test: LabelledRows,
  spec: FeatureSpec,
  hypotheses: readonly Hypothesis[],
): Judgement {
  const { rows, features, labels } = test;
  const outputs = hypotheses.length;
  const standardised = standardiseRows(features, rows, student.scaler);
  const columns = findPhysicsColumns(spec, hypotheses);
  const score = (logits: Float32Array): number => computeMacroAuroc(logits, labels, outputs);
  return {
    int8: score(runStudent(student, features, rows)),
    float: score(runDense(student.float, standardised, rows)),
    teacher: student.teacher.length === 0 ? null : score(runEnsemble(student.teacher, standardised, rows)),
    physics: columns === null ? null : score(computePhysicsScores(features, rows, columns)),
  };
}

/** Macro AUROC of the tied logistic regression (each mode against the rest) on the same features: no hidden layer, float. */
export function judgeLogistic(
  train: LabelledRows,
  test: LabelledRows,
  tying: Tying,
  recipe: StudentRecipe,
  trainer: TensorTrainer,
  random: Random,
): number {
  const { fit } = recipe.student;
  const logistic: StudentRecipe = {
    ...recipe,
    teacher: { ...recipe.teacher, members: 0 },
    // A convex problem: plain full-length descent without noise, whatever the student's own schedule is.
    student: {
      hidden: [],
      fit: { ...fit, learningRate: 0.03, weightDecay: 0.02, inputNoise: 0 },
      prune: null,
    },
    finetune: undefined,
  };
  const trained = trainStudent(train, tying, logistic, trainer, random);
  const standardised = standardiseRows(test.features, test.rows, trained.scaler);
  return computeMacroAuroc(runDense(trained.float, standardised, test.rows), test.labels, tying.own.length);
}
