/**
 * The forms of a student of a regression: an ensemble that teaches, a wide network that is taught and loses neurons in
 * rounds with training between, one of the final size that saw neither teacher nor pruning, and the integers. The same
 * arguments give the same weights. Knows no data set.
 */
import type { Scaler } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import type { Random } from "../../core/maths/random.ts";
import { createDenseNetwork, type DenseLayer, runDense, runEnsemble } from "./dense-network.ts";
import { planPruning, pruneDense } from "./prune-network.ts";
import { runQuantised } from "./quantise-network.ts";
import type { RegressionRecipe } from "./student-recipe.ts";
import type { RegressionOptions, RegressionRows, TensorTrainer } from "./tensor-trainer.ts";

/** Everything that the steps from teacher to integers gave. */
export interface RegressionStudent {
  readonly scaler: Scaler;
  readonly teacher: readonly (readonly DenseLayer[])[];
  /** The student before pruning, and the float network that the integers were made from. */
  readonly wide: readonly DenseLayer[];
  readonly float: readonly DenseLayer[];
  /** Of the pruned student's size, from the measurements alone with as many gradient steps. */
  readonly untaught: readonly DenseLayer[];
  readonly quantised: QuantisedMlp;
}

/** The forms that are compared. */
export const regressionForms = ["teacher", "wide", "pruned", "int8", "untaught"] as const;

export type RegressionForm = (typeof regressionForms)[number];

/** What the integers of a form are; null of floats. */
export function integersOf(student: RegressionStudent, form: RegressionForm): QuantisedMlp | null {
  return form === "int8" ? student.quantised : null;
}

/** What fits are made with. */
interface Fitting {
  readonly trainer: TensorTrainer;
  readonly random: Random;
}

/** A new network of `hidden` widths between the inputs and the outputs of `rows`. */
export function fitNetwork(
  trainer: TensorTrainer,
  { rows, hidden }: { readonly rows: RegressionRows; readonly hidden: readonly number[] },
  options: RegressionOptions,
): DenseLayer[] {
  const inputs = rows.features.length / rows.rows;
  const outputs = rows.targets.length / rows.rows;
  const start = createDenseNetwork(inputs, [...hidden, outputs], options.random);
  return trainer.fitRegression(start, rows, options);
}

/** The wide student, then the pruned one; `taught` has the teacher's word in its targets. */
export function fitPrunedStudent(
  taught: RegressionRows,
  { student, huberDelta }: Pick<RegressionRecipe, "student" | "huberDelta">,
  { trainer, random }: Fitting,
): { readonly wide: DenseLayer[]; readonly float: DenseLayer[] } {
  const shared = { huberDelta, random };
  const wide = fitNetwork(trainer, { rows: taught, hidden: student.hidden }, { ...student.fit, ...shared });
  let float = wide;
  const { to, rounds, fit } = student.prune;
  for (const widths of planPruning(student.hidden, to, rounds)) {
    float = trainer.fitRegression(pruneDense(float, widths), taught, { ...fit, ...shared });
  }
  return { wide, float };
}

/** A student of the final size that learns from the targets of `rows` alone, with as many gradient steps. */
export function fitUntaughtStudent(
  rows: RegressionRows,
  { student, huberDelta }: Pick<RegressionRecipe, "student" | "huberDelta">,
  { trainer, random }: Fitting,
): DenseLayer[] {
  const { fit, prune } = student;
  const steps = fit.steps + prune.rounds * prune.fit.steps;
  return fitNetwork(trainer, { rows, hidden: prune.to }, { ...fit, steps, huberDelta, random });
}

/** Outputs [rows × outputs] of one form on standardised rows. */
export function runRegressionForm(
  student: RegressionStudent,
  form: RegressionForm,
  { standardised, rows }: { readonly standardised: Float32Array; readonly rows: number },
): Float32Array {
  const integers = integersOf(student, form);
  if (integers !== null) return runQuantised(integers, standardised, rows);
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
