/**
 * From feature rows of engines to an int8 student that predicts the share of the cap that is left: scaler → teacher (an
 * ensemble of wider networks) → student taught by it → neurons pruned in rounds with training between → quantised.
 * The same arguments give the same integers. Knows nothing of files or bundles.
 */
import type { Scaler } from "../../contract/manifest.ts";
import type { QuantisedMlp } from "../../contract/quantised-mlp.ts";
import type { Random } from "../../maths/random.ts";
import { fitLinear } from "../fit-linear.ts";
import { fitScaler } from "../fit-scaler.ts";
import { planPruning, pruneDense } from "../prune-network.ts";
import { quantiseNetwork, runQuantised } from "../quantise-network.ts";
import type { TensorTrainer } from "../tensor-trainer.ts";
import { createDenseNetwork, type DenseLayer, runDense } from "../tied-network.ts";
import { runEnsemble, standardiseRows } from "../train-student.ts";
import type { LifeStudentRecipe } from "./life-config.ts";
import type { LifeRows } from "./life-rows.ts";
import type { LifeStudentStreams } from "./life-streams.ts";

/** Everything that the steps from teacher to integers gave. */
export interface LifeStudent {
  readonly scaler: Scaler;
  readonly teacher: readonly (readonly DenseLayer[])[];
  /** The student before pruning and after it, and one of the same size that saw neither teacher nor pruning. */
  readonly wide: readonly DenseLayer[];
  readonly float: readonly DenseLayer[];
  readonly untaught: readonly DenseLayer[];
  /** A linear regression on the same features. */
  readonly linear: readonly DenseLayer[];
  readonly quantised: QuantisedMlp;
}

/** What all stages share. */
export interface LifeTask {
  readonly recipe: LifeStudentRecipe;
  readonly capSteps: number;
  readonly trainer: TensorTrainer;
}

/** Rows as the stages read them. */
export interface PreparedLifeRows {
  readonly rows: number;
  readonly scaler: Scaler;
  /** [rows × features]. */
  readonly features: Float32Array;
  /** [rows], shares of the cap. */
  readonly targets: Float32Array;
  readonly weights: Float32Array;
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
    const start = createDenseNetwork(inputsOf(rows), [...hidden, 1], own);
    return task.trainer.fitRegression(start, rows, { ...fit, huberDelta: task.recipe.huberDelta }, own);
  });
}

/** The wide student, then the pruned one. */
export function distilLifeStudent(
  rows: PreparedLifeRows,
  task: LifeTask,
  teacher: readonly (readonly DenseLayer[])[],
  random: Random,
): { readonly wide: DenseLayer[]; readonly float: DenseLayer[] } {
  const { student, softShare, huberDelta } = task.recipe;
  const taught = { ...rows, targets: blendTargets(rows, teacher, softShare) };
  const start = createDenseNetwork(inputsOf(rows), [...student.hidden, 1], random);
  const wide = task.trainer.fitRegression(start, taught, { ...student.fit, huberDelta }, random);
  let float = wide;
  const { to, rounds, fit } = student.prune;
  for (const widths of planPruning(student.hidden, to, rounds)) {
    float = task.trainer.fitRegression(pruneDense(float, widths), taught, { ...fit, huberDelta }, random);
  }
  return { wide, float };
}

/** What the student is compared with: its own size from the labels alone with as many gradient steps, and a line. */
export function trainLifeBaselines(
  rows: PreparedLifeRows,
  task: LifeTask,
  random: Random,
): { readonly untaught: DenseLayer[]; readonly linear: DenseLayer[] } {
  const { student, huberDelta } = task.recipe;
  const steps = student.fit.steps + student.prune.rounds * student.prune.fit.steps;
  const start = createDenseNetwork(inputsOf(rows), [...student.prune.to, 1], random);
  const untaught = task.trainer.fitRegression(start, rows, { ...student.fit, steps, huberDelta }, random);
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
  const quantised = quantiseLifeStudent(rows, task, float);
  return { scaler: rows.scaler, teacher, wide, float, untaught, linear, quantised };
}

/** The forms of a student whose predictions are compared. */
export const lifeForms = ["teacher", "wide", "pruned", "int8", "untaught", "linear"] as const;

/** One of {@link lifeForms}. */
export type LifeForm = (typeof lifeForms)[number];

/** Predictions of one form on rows that are not yet standardised: cycles, clamped to 0 … cap as the runtime does. */
export function predictLife(
  student: LifeStudent,
  form: LifeForm,
  features: Float32Array,
  rows: number,
  capSteps: number,
): Float32Array {
  const standardised = standardiseRows(features, rows, student.scaler);
  return runForm(student, form, standardised, rows).map((output) =>
    Math.max(0, Math.min(capSteps, output * capSteps)),
  );
}

function runForm(student: LifeStudent, form: LifeForm, features: Float32Array, rows: number): Float32Array {
  switch (form) {
    case "teacher":
      return runEnsemble(student.teacher, features, rows);
    case "wide":
      return runDense(student.wide, features, rows);
    case "pruned":
      return runDense(student.float, features, rows);
    case "int8":
      return runQuantised(student.quantised, features, rows);
    case "untaught":
      return runDense(student.untaught, features, rows);
    case "linear":
      return runDense(student.linear, features, rows);
  }
}

function inputsOf(rows: PreparedLifeRows): number {
  return rows.features.length / rows.rows;
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
