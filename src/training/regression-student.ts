/**
 * The forms of a student of a regression: an ensemble that teaches, a wide network that is taught and loses neurons in
 * rounds with training between, one of the final size that saw neither teacher nor pruning, and the integers. The same
 * arguments give the same weights. Knows no data set.
 */
import type { Scaler } from "../contract/manifest.ts";
import type { QuantisedMlp } from "../contract/quantised-mlp.ts";
import type { Random } from "../maths/random.ts";
import { planPruning, pruneDense } from "./prune-network.ts";
import { runQuantised } from "./quantise-network.ts";
import type { RegressionRecipe } from "./regression-recipe.ts";
import type { RegressionRows, TensorTrainer } from "./tensor-trainer.ts";
import { createDenseNetwork, type DenseLayer, runDense } from "./tied-network.ts";
import { runEnsemble } from "./train-student.ts";

/** Everything that the steps from teacher to integers gave. */
export interface RegressionStudent {
  readonly scaler: Scaler;
  readonly teacher: readonly (readonly DenseLayer[])[];
  /** The student before pruning and after it. */
  readonly wide: readonly DenseLayer[];
  readonly float: readonly DenseLayer[];
  /** Of the pruned student's size, from the measurements alone with as many gradient steps. */
  readonly untaught: readonly DenseLayer[];
  readonly quantised: QuantisedMlp;
}

/** The forms that are compared. */
export const regressionForms = ["teacher", "wide", "pruned", "int8", "untaught"] as const;

/** One of {@link regressionForms}. */
export type RegressionForm = (typeof regressionForms)[number];

/** One network of the teacher, of `hidden` widths between the inputs and the outputs of `rows`. */
export function fitNetwork(
  rows: RegressionRows,
  hidden: readonly number[],
  fit: Parameters<TensorTrainer["fitRegression"]>[2],
  trainer: TensorTrainer,
  random: Random,
): DenseLayer[] {
  const inputs = rows.features.length / rows.rows;
  const outputs = rows.targets.length / rows.rows;
  return trainer.fitRegression(createDenseNetwork(inputs, [...hidden, outputs], random), rows, fit, random);
}

/** The wide student, then the pruned one; `taught` has the teacher's word in its targets. */
export function fitPrunedStudent(
  taught: RegressionRows,
  { student, huberDelta }: RegressionRecipe,
  trainer: TensorTrainer,
  random: Random,
): { readonly wide: DenseLayer[]; readonly float: DenseLayer[] } {
  const wide = fitNetwork(taught, student.hidden, { ...student.fit, huberDelta }, trainer, random);
  let float = wide;
  const { to, rounds, fit } = student.prune;
  for (const widths of planPruning(student.hidden, to, rounds)) {
    float = trainer.fitRegression(pruneDense(float, widths), taught, { ...fit, huberDelta }, random);
  }
  return { wide, float };
}

/** A student of the final size that learns from the targets of `rows` alone, with as many gradient steps. */
export function fitUntaughtStudent(
  rows: RegressionRows,
  { student, huberDelta }: RegressionRecipe,
  trainer: TensorTrainer,
  random: Random,
): DenseLayer[] {
  const { fit, prune } = student;
  const steps = fit.steps + prune.rounds * prune.fit.steps;
  return fitNetwork(rows, prune.to, { ...fit, steps, huberDelta }, trainer, random);
}

/** Outputs [rows × outputs] of one form on standardised rows. */
export function runRegressionForm(
  student: RegressionStudent,
  form: RegressionForm,
  standardised: Float32Array,
  rows: number,
): Float32Array {
  if (form === "int8") return runQuantised(student.quantised, standardised, rows);
  const networks = networksOf(student, form);
  return form === "teacher"
    ? runEnsemble(networks, standardised, rows)
    : runDense(networks[0]!, standardised, rows);
}

/** The float networks of a form: several of an ensemble; of the integers the one that they were made from. */
export function networksOf(
  student: RegressionStudent,
  form: RegressionForm,
): readonly (readonly DenseLayer[])[] {
  switch (form) {
    case "teacher":
      return student.teacher;
    case "wide":
      return [student.wide];
    case "pruned":
    case "int8":
      return [student.float];
    case "untaught":
      return [student.untaught];
  }
}
