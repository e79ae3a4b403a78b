/**
 * From feature rows of engines to an int8 student that predicts the share of the cap that is left: scaler → teacher (an
 * ensemble of wider networks) → student taught by it → neurons pruned in rounds with training between → where it is asked
 * for, fine-tuned in the engine's integers → quantised.
 * The same arguments give the same integers. Knows nothing of files or bundles.
 */
import type { Scaler } from "../../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../../core/contract/bundle/quantised-mlp.ts";
import type { Random } from "../../../core/maths/random.ts";
import { fitLinear } from "../../learn/fit-linear.ts";
import { fitScaler } from "../../learn/fit-scaler.ts";
import { quantiseNetwork } from "../../learn/quantise-network.ts";
import type { RegressionRecipe } from "../../learn/regression-recipe.ts";
import {
  finetuneNetwork,
  fitNetwork,
  fitPrunedStudent,
  fitUntaughtStudent,
  formsOf,
  type RegressionForm,
  type RegressionStudent,
  runRegressionForm,
  teachHidden,
} from "../../learn/regression-student.ts";
import type { RegressionRows, TensorTrainer } from "../../learn/tensor-trainer.ts";
import { type DenseLayer, runDense } from "../../learn/tied-network.ts";
import { runEnsemble, standardiseRows } from "../../learn/train-student.ts";
import type { LifeRows } from "./life-rows.ts";
import type { LifeStudentStreams } from "./life-streams.ts";

/** The forms of a student, and a line. */
export interface LifeStudent extends RegressionStudent {
  /** A linear regression on the same features. */
  readonly linear: readonly DenseLayer[];
}

/** What all stages share. */
export interface LifeTask {
  readonly recipe: RegressionRecipe;
  readonly capSteps: number;
  readonly trainer: TensorTrainer;
}

/** Rows as the stages read them; targets are shares of the cap. */
export interface PreparedLifeRows extends RegressionRows {
  readonly scaler: Scaler;
}

/** Fits the scaler and the targets; rows without weight must be gone already. */
export function prepareLifeRows(data: LifeRows, weights: Float32Array, task: LifeTask): PreparedLifeRows {
  const width = data.features.length / data.rows;
  const every = { own: [Array.from({ length: width }, (_, index) => index)], shared: [] };
  const scaler = fitScaler(data.features, data.rows, every, task.recipe.clamp);
  return {
    rows: data.rows,
    scaler,
    features: standardiseRows(data.features, data.rows, scaler),
    targets: data.remaining.map((remaining) => Math.min(remaining, task.capSteps) / task.capSteps),
    weights,
  };
}

/** The ensemble. */
export function trainLifeTeacher(rows: PreparedLifeRows, task: LifeTask, random: Random): DenseLayer[][] {
  const { members, hidden, fit } = task.recipe.teacher;
  return Array.from({ length: members }, (_, member) => {
    const own = random.fork(`teacher ${member}`);
    return fitNetwork(rows, hidden, { ...fit, huberDelta: task.recipe.huberDelta }, task.trainer, own);
  });
}

/** The wide student, then the pruned one. */
export function distilLifeStudent(
  rows: PreparedLifeRows,
  task: LifeTask,
  teacher: readonly (readonly DenseLayer[])[],
  random: Random,
): { readonly wide: DenseLayer[]; readonly float: DenseLayer[] } {
  return fitPrunedStudent(teachRows(rows, task, teacher), task.recipe, task.trainer, random);
}

/** The pruned student, fine-tuned in the engine's integers; as it is without `finetune` in the recipe. */
export function finetuneLifeStudent(
  rows: PreparedLifeRows,
  task: LifeTask,
  teacher: readonly (readonly DenseLayer[])[],
  float: readonly DenseLayer[],
  random: Random,
): readonly DenseLayer[] {
  const { recipe, trainer } = task;
  if (recipe.finetune === undefined) return float;
  const start = { float, quantised: quantiseLifeStudent(rows, task, float) };
  return finetuneNetwork(teachRows(rows, task, teacher), start, recipe, recipe.finetune, trainer, random);
}

/** The integers and the float network that they were made from; those of `pruned`, too, where `tuned` is another network. */
export function quantiseLifeForms(
  rows: PreparedLifeRows,
  task: LifeTask,
  pruned: readonly DenseLayer[],
  tuned: readonly DenseLayer[],
): Pick<LifeStudent, "float" | "quantised" | "untuned"> {
  const quantise = (float: readonly DenseLayer[]): Pick<LifeStudent, "float" | "quantised"> => ({
    float,
    quantised: quantiseLifeStudent(rows, task, float),
  });
  return { ...quantise(tuned), ...(tuned === pruned ? {} : { untuned: quantise(pruned) }) };
}

/** What the student is compared with: its own size from the labels alone with as many gradient steps, and a line. */
export function trainLifeBaselines(
  rows: PreparedLifeRows,
  task: LifeTask,
  random: Random,
): { readonly untaught: DenseLayer[]; readonly linear: DenseLayer[] } {
  const untaught = fitUntaughtStudent(rows, task.recipe, task.trainer, random);
  return { untaught, linear: fitLinear(rows) };
}

/** The integers, with ranges chosen on the training rows. */
export function quantiseLifeStudent(
  rows: PreparedLifeRows,
  task: LifeTask,
  float: readonly DenseLayer[],
): QuantisedMlp {
  return quantiseNetwork(float, {
    features: rows.features,
    rows: rows.rows,
    clamp: task.recipe.clamp,
    rounding: task.recipe.rounding,
  });
}

/** All stages in one go. */
export function trainLifeStudent(
  rows: PreparedLifeRows,
  task: LifeTask,
  streams: LifeStudentStreams,
): LifeStudent {
  const teacher = trainLifeTeacher(rows, task, streams.teacher);
  const { wide, float } = distilLifeStudent(rows, task, teacher, streams.student);
  const { untaught, linear } = trainLifeBaselines(rows, task, streams.baselines);
  const tuned = finetuneLifeStudent(rows, task, teacher, float, streams.finetune);
  const forms = quantiseLifeForms(rows, task, float, tuned);
  return { scaler: rows.scaler, teacher, wide, untaught, linear, ...forms };
}

/** One of the forms of a student whose predictions are compared. */
export type LifeForm = RegressionForm | "linear";

/** Those of a student. */
export function lifeFormsOf(student: Pick<LifeStudent, "untuned">): LifeForm[] {
  return [...formsOf(student), "linear"];
}

/** Predictions of one form on rows that are not yet standardised: cycles, clamped to 0 … cap as the runtime does. */
export function predictLife(
  student: LifeStudent,
  form: LifeForm,
  features: Float32Array,
  rows: number,
  capSteps: number,
): Float32Array {
  const standardised = standardiseRows(features, rows, student.scaler);
  const outputs =
    form === "linear"
      ? runDense(student.linear, standardised, rows)
      : runRegressionForm(student, form, standardised, rows);
  return outputs.map((output) => Math.max(0, Math.min(capSteps, output * capSteps)));
}

/** The rows with the teacher's word in their targets, and beside them what its hidden layer says where that is asked for. */
function teachRows(
  rows: PreparedLifeRows,
  { recipe }: LifeTask,
  teacher: readonly (readonly DenseLayer[])[],
): PreparedLifeRows {
  const targets = blendTargets(rows, teacher, recipe.softShare);
  return { ...rows, targets, ...teachHidden(recipe, teacher, rows.features) };
}

function blendTargets(
  rows: PreparedLifeRows,
  teacher: readonly (readonly DenseLayer[])[],
  softShare: number,
): Float32Array {
  if (teacher.length === 0 || softShare === 0) return rows.targets;
  const soft = runEnsemble(teacher, rows.features, rows.rows);
  return rows.targets.map((target, row) => target + softShare * (soft[row]! - target));
}
