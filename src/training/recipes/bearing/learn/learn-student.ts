/** The steps of the network: from prepared rows over teacher, distilled and pruned student to integers, and what it must beat. */

import { createRandom, type Random } from "../../../../core/maths/random.ts";
import type { StudentRecipe } from "../../../learn/student-recipe.ts";
import {
  distilStudent,
  forkStreams,
  type LabelledRows,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  type StudentTask,
  type TrainedStudent,
  trainTeacher,
} from "../../../learn/train-student.ts";
import type { StepOutput } from "../../../pipeline/step-runner.ts";
import type { TrainingContext } from "../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { type Rivals, trainRivals } from "./contenders.ts";
import { divideByGroups, type GroupDivision } from "./divide-by-groups.ts";
import { createWiden, type InventedRows, type Widen } from "./invented-rows.ts";
import { joinRows, type RecordedRows, weighRecorded } from "./recorded-rows.ts";

/** Streams in the sequence in which they are drawn from the seed: a new one goes to the end, an unused one keeps its place. */
const streams = ["bundle", "unused", "background", "golden", "drift", "untaught", "direct"] as const;

/** The random numbers that one seed gives to a step, the same whichever step asks first. */
export function seedStream(seed: number, name: (typeof streams)[number]): Random {
  const random = createRandom(seed);
  for (const each of streams) {
    const own = random.fork(each);
    if (each === name) return own;
  }
  throw new Error(`no stream ${name}`);
}

/** The share of a configuration that says which rows a network learns from, and how they are prepared. */
interface LearningShare extends Pick<BearingConfig, "features" | "hypotheses" | "inventedRigs" | "seed"> {
  readonly heldOutGroups: readonly string[];
  readonly recipe: Pick<StudentRecipe, "clamp">;
}

interface ReadRows {
  /** Of all recordings. */
  readonly rows: StepOutput<RecordedRows>;
  readonly invented: StepOutput<InventedRows>;
}

export interface LearningRows extends ReadRows {
  /** All that these rows were chosen by: part of the inputs of every step that learns from them. */
  readonly share: LearningShare;
  readonly division: GroupDivision;
  /** Of the bearings that are trained on, with those of invented rigs. */
  readonly trainRows: LabelledRows;
  readonly widen: Widen;
  readonly task: Omit<StudentTask, "recipe">;
}

/** Chooses the rows to learn from. Fails with CONFIG_INVALID, as {@link divideByGroups}. */
export function chooseRows(
  { features, hypotheses, inventedRigs, seed, dataset, recipe }: BearingConfig,
  { rows, invented }: ReadRows,
  task: LearningRows["task"],
): LearningRows {
  const { heldOutGroups } = dataset;
  const { clamp } = recipe;
  const share = { features, hypotheses, inventedRigs, seed, heldOutGroups, recipe: { clamp } };
  const modes = hypotheses.map(({ failureMode }) => failureMode);
  const division = divideByGroups(heldOutGroups, rows.value, modes);
  const widen = createWiden(share, invented.value);
  const trainRows = widen(joinRows(division.trainSignals, "training", modes));
  return { rows, invented, share, division, trainRows, widen, task };
}

/** The student, and what it is compared with. */
interface LearntStudent {
  readonly trained: StepOutput<TrainedStudent>;
  readonly rivals: StepOutput<Rivals>;
}

/** Learns from `trainRows` as `recipe` says. Fails with TRAINING. */
export async function learnStudent(
  recipe: StudentRecipe,
  { rows, invented, share, division, trainRows, task }: LearningRows,
  { steps }: TrainingContext,
): Promise<LearntStudent> {
  const prepared = prepareRows(trainRows, { ...task, recipe: share.recipe });
  const reading = <Read>(read: Read) => ({ ...share, recipe: { ...share.recipe, ...read } });
  const { teacher: ensemble, student, distillation } = recipe;
  const teacher = await steps.run(
    "teacher",
    { config: reading({ teacher: ensemble }), from: [rows, invented] },
    (own) => trainTeacher(prepared, { ...task, recipe: own.recipe }, forkNetworks(own).teacher),
  );
  const lessonOf = <Read>(own: { readonly recipe: Read }) => ({
    prepared,
    task: { ...task, recipe: own.recipe },
    teacher: teacher.value,
  });
  const unpruned = { teacher: ensemble, student: { ...student, prune: null }, distillation };
  const wide = await steps.run(
    "distil",
    { config: reading(unpruned), from: [rows, invented, teacher] },
    (own) => distilStudent(lessonOf(own), forkNetworks(own).student),
  );
  const narrow = await steps.run(
    "prune",
    { config: reading({ student, distillation }), from: [rows, invented, teacher, wide] },
    (own) => pruneStudent(lessonOf(own), wide.value),
  );
  const trained: StepOutput<TrainedStudent> = await steps.run(
    "quantise",
    { config: share, from: [rows, invented, teacher, narrow] },
    (own) => quantiseStudent(lessonOf(own), narrow.value),
  );
  const rivals = await steps.run(
    "quantise",
    { part: "rivals", config: reading(recipe), from: [rows, invented, teacher, wide] },
    (own) =>
      trainRivals(prepared, lessonOf(own).task, {
        teacher: teacher.value,
        wide: wide.value,
        recorded: weighRecorded(division.trainSignals),
        streams: { untaught: seedStream(own.seed, "untaught"), direct: seedStream(own.seed, "direct") },
      }),
  );
  return { trained, rivals };
}

function forkNetworks({
  recipe,
  seed,
}: {
  readonly recipe: Pick<StudentRecipe, "teacher">;
  readonly seed: number;
}): ReturnType<typeof forkStreams> {
  return forkStreams(recipe, seedStream(seed, "bundle"));
}
