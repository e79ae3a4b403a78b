/**
 * The recipe from labelled feature rows to an int8 student: scaler → teacher (an ensemble of larger tied networks) →
 * student distilled from it → neurons pruned in rounds with training between → quantised on a calibration set.
 * Knows nothing of files, recordings or bundles.
 */
import type { Scaler } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { joinParts } from "../../core/maths/join-parts.ts";
import { type Random, type RandomState, resumeRandom } from "../../core/maths/random.ts";
import { type DenseLayer, runEnsemble } from "./dense-network.ts";
import { fitScaler, standardiseRows } from "./fit-scaler.ts";
import { planPruning, pruneNetwork } from "./prune-network.ts";
import { quantiseNetwork, runQuantised } from "./quantise-network.ts";
import type { StudentRecipe } from "./student-recipe.ts";
import type { FitRows, TensorTrainer } from "./tensor-trainer.ts";
import {
  arrangeRows,
  createTiedNetwork,
  expandTiedNetwork,
  type TiedNetwork,
  type Tying,
} from "./tied-network.ts";

/** Rows to learn from, or to be judged on. */
export interface LabelledRows {
  readonly rows: number;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
  /** [rows × outputs], 0 or 1. */
  readonly labels: Float32Array;
  /** [rows], relative; absent: all weigh the same. */
  readonly weights?: Float32Array | undefined;
}

/** Rows of one recording; null = healthy. */
interface ModeRows extends Pick<LabelledRows, "rows" | "features"> {
  readonly failureMode: string | null;
}

/** Joins rows of several recordings into one matrix with labels, in the order given. */
export function joinLabelled(recordings: readonly ModeRows[], failureModes: readonly string[]): LabelledRows {
  const outputs = failureModes.length;
  const rows = recordings.reduce((sum, recording) => sum + recording.rows, 0);
  const labels = new Float32Array(rows * outputs);
  let at = 0;
  for (const recording of recordings) {
    const mode = failureModes.indexOf(recording.failureMode ?? "");
    for (const end = at + recording.rows; at < end; at++) if (mode >= 0) labels[at * outputs + mode] = 1;
  }
  const features = joinParts(
    recordings.map((recording) => recording.features),
    Float32Array,
  );
  return { rows, features, labels };
}

/** Float and integer forms of what was learnt. */
export interface TrainedStudent {
  readonly scaler: Scaler;
  readonly teacher: readonly (readonly DenseLayer[])[];
  readonly float: readonly DenseLayer[];
  readonly quantised: QuantisedMlp;
}

/** What a stage learns with; `Read` is what it reads of the recipe. */
export interface StudentTask<Read extends keyof StudentRecipe = keyof StudentRecipe> {
  readonly tying: Tying;
  readonly recipe: Pick<StudentRecipe, Read>;
  readonly trainer: TensorTrainer;
}

/** Rows as the stages read them. */
export interface PreparedRows {
  readonly scaler: Scaler;
  /** Features a row. */
  readonly features: number;
  /** [rows × features]. */
  readonly standardised: Float32Array;
  readonly fitRows: FitRows;
}

/** What every stage after the teacher learns from; `Read` is what it reads of the recipe. */
interface Lesson<Read extends keyof StudentRecipe> {
  readonly prepared: PreparedRows;
  readonly task: StudentTask<Read>;
  /** Empty where the recipe has none. */
  readonly teacher: readonly (readonly DenseLayer[])[];
}

/** A network between two stages, and where its random stream stands. */
export interface NetworkInTraining {
  readonly network: TiedNetwork;
  readonly random: RandomState;
}

/** Learns from `data`; the same arguments give the same integers. All stages in one go. */
export function trainStudent(data: LabelledRows, task: StudentTask, random: Random): TrainedStudent {
  const prepared = prepareRows(data, task);
  const streams = forkStreams(task.recipe, random);
  const teacher = trainTeacher(prepared, task, streams.teacher);
  const lesson = { prepared, task, teacher };
  return quantiseStudent(lesson, pruneStudent(lesson, distilStudent(lesson, streams.student)));
}

/** One stream a member of the ensemble and one for the student, drawn from `random` in that sequence. */
export function forkStreams(
  recipe: Pick<StudentRecipe, "teacher">,
  random: Random,
): { readonly teacher: readonly Random[]; readonly student: Random } {
  const teacher = Array.from({ length: recipe.teacher.members }, (_, member) =>
    random.fork(`teacher ${member}`),
  );
  return { teacher, student: random.fork("student") };
}

/** Fits the scaler and arranges the rows. */
export function prepareRows(
  data: LabelledRows,
  { tying, recipe }: Pick<StudentTask<"clamp">, "tying" | "recipe">,
): PreparedRows {
  const scaler = fitScaler(data, tying, recipe.clamp);
  const standardised = standardiseRows(data.features, data.rows, scaler);
  return {
    scaler,
    features: data.features.length / data.rows,
    standardised,
    fitRows: {
      rows: data.rows,
      ...arrangeRows(standardised, data.rows, tying),
      targets: data.labels,
      weights: data.weights ?? new Float32Array(data.rows).fill(1),
      teacherLogits: null,
    },
  };
}

/** The ensemble, as plain networks. */
export function trainTeacher(
  { fitRows, features }: PreparedRows,
  { tying, recipe, trainer }: StudentTask<"teacher">,
  streams: readonly Random[],
): DenseLayer[][] {
  const { hidden, fit } = recipe.teacher;
  return streams.map((own) => {
    const start = createTiedNetwork(tying, [...hidden, 1], own);
    return expandTiedNetwork(
      trainer.fit(start, fitRows, { ...fit, temperature: 1, softShare: 0, random: own }),
      tying,
      features,
    );
  });
}

/** The wide student, taught by the ensemble where there is one. */
export function distilStudent(lesson: Lesson<"student" | "distillation">, random: Random): NetworkInTraining {
  const { recipe, tying, trainer } = lesson.task;
  const { student, distillation } = recipe;
  const start = createTiedNetwork(tying, [...student.hidden, 1], random);
  const rows = addTeacher(lesson);
  const network = trainer.fit(start, rows, { ...student.fit, ...distillation, random });
  return { network, random: random.save() };
}

/** Takes neurons out in rounds, and lets the rest learn from the teacher again after each. */
export function pruneStudent(
  lesson: Lesson<"student" | "distillation">,
  wide: NetworkInTraining,
): TiedNetwork {
  const { recipe, trainer } = lesson.task;
  const { student, distillation } = recipe;
  if (student.prune === null) return wide.network;
  const random = resumeRandom(wide.random);
  const rows = addTeacher(lesson);
  const { to, rounds, fit } = student.prune;
  let { network } = wide;
  for (const widths of planPruning(student.hidden, to, rounds)) {
    network = trainer.fit(pruneNetwork(network, widths), rows, { ...fit, ...distillation, random });
  }
  return network;
}

/** The integers of `narrow`, with ranges chosen on the training rows. */
export function quantiseStudent(
  { prepared, task, teacher }: Lesson<"clamp">,
  narrow: TiedNetwork,
): TrainedStudent {
  const { scaler, standardised, fitRows } = prepared;
  const float = expandTiedNetwork(narrow, task.tying, prepared.features);
  const { clamp } = task.recipe;
  const quantised = quantiseNetwork(float, { features: standardised, rows: fitRows.rows, clamp });
  return { scaler, teacher, float, quantised };
}

function addTeacher({ prepared, teacher }: Pick<Lesson<never>, "prepared" | "teacher">): FitRows {
  const { standardised, fitRows } = prepared;
  if (teacher.length === 0) return fitRows;
  return { ...fitRows, teacherLogits: runEnsemble(teacher, standardised, fitRows.rows) };
}

/** Dequantised logits [rows × outputs] of the integer student on rows that are not yet standardised. */
export function runStudent(
  student: { readonly scaler: Scaler; readonly quantised: QuantisedMlp },
  features: Float32Array,
  rows: number,
): Float32Array {
  return runQuantised(student.quantised, standardiseRows(features, rows, student.scaler), rows);
}
