/** The steps of the network: from prepared rows over teacher, distilled and pruned student to integers, and what it must beat. */

import { createRandom, type Random } from "../../../../core/maths/random.ts";
import {
  distilStudent,
  finetuneStudent,
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
import { describeDivision } from "./divide-by-groups.ts";
import type { InventedRows, Widen } from "./invented-rows.ts";
import { type RecordedRows, type WaveformRows, weighRecorded } from "./recorded-rows.ts";

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

export interface LearningRows {
  /** Of all recordings. */
  readonly rows: StepOutput<RecordedRows>;
  readonly invented: StepOutput<InventedRows>;
  /** Of the bearings that are trained on: by signal, and all in one, with those of invented rigs. */
  readonly trainSignals: readonly WaveformRows[];
  readonly trainRows: LabelledRows;
  readonly widen: Widen;
  readonly task: StudentTask;
}

/** The student, and what it is compared with. */
interface LearntStudent {
  readonly trained: StepOutput<TrainedStudent>;
  readonly rivals: StepOutput<Rivals>;
}

/** Learns from `trainRows`. Fails with TRAINING. */
export async function learnStudent(
  config: BearingConfig,
  { rows, invented, trainSignals, trainRows, task }: LearningRows,
  { steps }: TrainingContext,
): Promise<LearntStudent> {
  const { recipe, seed } = config;
  const prepared = prepareRows(trainRows, task);
  const division = describeDivision(config);
  const networkStreams = () => forkStreams(recipe, seedStream(seed, "bundle"));
  const teacher = await steps.run(
    "teacher",
    { config: { ...division, teacher: recipe.teacher }, from: [rows, invented] },
    () => trainTeacher(prepared, task, networkStreams().teacher),
  );
  const lesson = { prepared, task, teacher: teacher.value };
  const { student, distillation } = recipe;
  const wide = await steps.run(
    "distil",
    {
      config: { ...division, student: { ...student, prune: null }, distillation },
      from: [rows, invented, teacher],
    },
    () => distilStudent(lesson, networkStreams().student),
  );
  const narrow = await steps.run(
    "prune",
    { config: { ...division, student, distillation }, from: [rows, invented, teacher, wide] },
    () => pruneStudent(lesson, wide.value),
  );
  const { finetune } = recipe;
  const tuned =
    finetune === undefined
      ? narrow
      : await steps.run(
          "finetune",
          { config: { ...division, finetune, distillation }, from: [rows, invented, teacher, narrow] },
          () => finetuneStudent(lesson, narrow.value),
        );
  const trained: StepOutput<TrainedStudent> = await steps.run(
    "quantise",
    { config: division, from: [rows, invented, teacher, narrow, ...(tuned === narrow ? [] : [tuned])] },
    () => quantiseStudent(lesson, narrow.value, tuned.value),
  );
  const rivals = await steps.run(
    "quantise",
    { part: "rivals", config: { ...division, recipe }, from: [rows, invented, teacher, wide] },
    () =>
      trainRivals(prepared, task, {
        teacher: teacher.value,
        wide: wide.value,
        recorded: weighRecorded(trainSignals),
        streams: { untaught: seedStream(seed, "untaught"), direct: seedStream(seed, "direct") },
      }),
  );
  return { trained, rivals };
}
