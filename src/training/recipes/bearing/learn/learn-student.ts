/** The steps of the network: from prepared rows over teacher, distilled and pruned student to integers, and what it must beat. */

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
import type { TrainingContext } from "../../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { type Rivals, trainRivals } from "./contenders.ts";
import type { CwruRows } from "./cwru-rows.ts";
import { describeDivision } from "./divide-by-groups.ts";
import { seedStream } from "./seed-streams.ts";

/** What was learnt. */
export interface LearntStudent {
  readonly trained: StepOutput<TrainedStudent>;
  /** Networks of the same rows without teacher or hidden layer. */
  readonly rivals: StepOutput<Rivals>;
}

/** Learns of `trainRows`, which were chosen of `rows`. Fails with TRAINING. */
export async function learnStudent(
  config: BearingConfig,
  { steps, trainer }: TrainingContext,
  rows: StepOutput<CwruRows>,
  trainRows: LabelledRows,
  tying: StudentTask["tying"],
): Promise<LearntStudent> {
  const { recipe, seed } = config;
  const task: StudentTask = { tying, recipe, trainer };
  const prepared = prepareRows(trainRows, task);
  const division = describeDivision(config);
  const streams = () => forkStreams(recipe, seedStream(seed, "bundle"));
  const teacher = await steps.run(
    "teacher",
    { config: { ...division, teacher: recipe.teacher }, from: [rows] },
    () => trainTeacher(prepared, task, streams().teacher),
  );
  const { student, distillation } = recipe;
  const wide = await steps.run(
    "distil",
    { config: { ...division, student: { ...student, prune: null }, distillation }, from: [rows, teacher] },
    () => distilStudent(prepared, task, teacher.value, streams().student),
  );
  const narrow = await steps.run(
    "prune",
    { config: { ...division, student, distillation }, from: [rows, teacher, wide] },
    () => pruneStudent(prepared, task, teacher.value, wide.value),
  );
  const { finetune } = recipe;
  const tuned =
    finetune === undefined
      ? narrow
      : await steps.run(
          "finetune",
          { config: { ...division, finetune, distillation }, from: [rows, teacher, narrow] },
          () => finetuneStudent(prepared, task, teacher.value, narrow.value),
        );
  const trained: StepOutput<TrainedStudent> = await steps.run(
    "quantise",
    { config: division, from: [rows, teacher, narrow, ...(tuned === narrow ? [] : [tuned])] },
    () => quantiseStudent(prepared, task, teacher.value, narrow.value, tuned.value),
  );
  const rivals = await steps.run(
    "quantise",
    { part: "rivals", config: { ...division, recipe }, from: [rows, teacher, wide] },
    () =>
      trainRivals(prepared, task, teacher.value, wide.value, {
        untaught: seedStream(seed, "untaught"),
        direct: seedStream(seed, "direct"),
        logistic: seedStream(seed, "logistic"),
      }),
  );
  return { trained, rivals };
}
