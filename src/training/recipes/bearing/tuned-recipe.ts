/**
 * Fine-tuning of a bearing diagnosis: a shipped student goes on from a few machines' recordings and keeps what it was taught. It
 * learns from every machine and is judged by students that leave each machine out in turn. Runs the steps.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { sayLearningPath } from "../../judge/learning-path.ts";
import type { ScoredSet } from "../../judge/scored-set.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../recipe.ts";
import { checkDiagnosis } from "./check-bearing-config.ts";
import { judgeEvidence, judgeTuned } from "./judge/tuned-evaluation.ts";
import { judgeTunedBundle, runTunedHeldOut } from "./judge/tuned-judgement.ts";
import { refuseFewWindows } from "./learn/enough-windows.ts";
import { deriveTying } from "./learn/hypothesis-columns.ts";
import { planMachineFolds } from "./learn/machine-folds.ts";
import { openRecordings } from "./learn/open-recordings.ts";
import { openParent } from "./learn/parent-bundle.ts";
import { readTrainingRows } from "./learn/read-training-rows.ts";
import { scoreInventedRigs, scoreMachineFold, type TunedLesson, tuneOnAll } from "./learn/tuned-students.ts";
import { packageTuned } from "./package-tuned.ts";
import { reportTuned } from "./report/tuned-report.ts";
import { type TunedConfig, tunedConfigSchema, tunedFileSchema, weighRigs } from "./tuned-config.ts";

export const tunedRecipe: AnyRecipe = defineRecipe<TunedConfig>({
  kind: "recordings",
  source: "src/training/recipes/bearing/tuned-recipe.ts",
  schema: tunedConfigSchema.superRefine(checkDiagnosis),
  fileSchema: tunedFileSchema,
  protocols: { "held-out": runTunedHeldOut },
  attachments: ({ dataset }) => [dataset.manifest],
  liesBeside: ({ dataset }) => dataset.folder === undefined,
  isQuick: true,
  judge: judgeTunedBundle,
  train: trainTuned,
});

async function trainTuned(config: TunedConfig, context: TrainingContext): Promise<TrainedModel> {
  const { steps, trainer } = context;
  const parent = openParent(config.from);
  const recordings = await openRecordings(config, context.attachments, context.dataDir);
  const listed = judgeEvidence(config, recordings.set.entries);
  for (const line of sayLearningPath(listed)) context.log(line);
  refuseLittleEvidence(listed, config);
  const { data, contract, rows, invented } = await readTrainingRows(
    { ...config, noiseLevels: [], inventedRigs: weighRigs(config) },
    recordings.set,
    { steps, look: ({ signals }) => refuseFewWindows(signals, config.window) },
  );
  const all = [...rows.value.signals, ...rows.value.extra];
  for (const { signal, reason, samples } of contract.value.refused) {
    context.log(
      `${signal} breaks the data contract (${reason}, ${samples} samples): neither learnt from nor judged`,
    );
  }
  for (const { id } of rows.value.unclear) {
    context.log(`${id} is said to be faulty and shows no fault's lines: neither learnt from nor judged`);
  }
  for (const id of rows.value.tooShort) {
    context.log(`${id} is shorter than a window: neither learnt from nor judged`);
  }
  // What is left may be less than what the manifest lists.
  const evidence = judgeEvidence(
    config,
    all.map(({ entry }) => entry),
  );
  refuseLittleEvidence(evidence, config);
  const lesson: Omit<TunedLesson, "config"> = {
    parent,
    tying: deriveTying(config.features, config.hypotheses),
    rows: all,
    remembered: invented.value.training,
    trainer,
  };
  const { tuning, features, hypotheses, seed, from } = config;
  const taught = { tuning, features, hypotheses, seed, parent: from.digest };
  const student = await steps.run("finetune", { config: taught, from: [rows, invented] }, (own) =>
    tuneOnAll({ ...lesson, config: own }),
  );
  const folds: StepOutput<ScoredSet>[] = [];
  for (const fold of planMachineFolds(all.map(({ entry }) => entry))) {
    const part = fold.name;
    folds.push(
      await steps.run("calibrate", { part, config: { ...taught, fold }, from: [rows, invented] }, (own) =>
        scoreMachineFold({ ...lesson, config: own }, own.fold),
      ),
    );
  }
  const judged = await steps.run(
    "evaluate",
    { config, from: [data, contract, rows, invented, student, ...folds] },
    () =>
      judgeTuned({
        config,
        parent,
        rows: all,
        folds: folds.map(({ value }) => value),
        invented: scoreInventedRigs({ config, parent }, student.value, invented.value.heldOut),
        evidence,
        about: recordings.manifest.about,
        refused: contract.value.refused,
        unclear: rows.value.unclear.map(({ id }) => id),
      }),
  );
  const packaged = await packageTuned({ config, parent, student, judged, data, rows, recordings }, context);
  const report = await reportTuned({
    config,
    parent,
    student: student.value,
    judged: judged.value,
    rows: all,
    set: recordings.set,
  });
  return { ...packaged, report };
}

/** Fails with TRAINING where there is too little evidence, or no fault at all, and nobody accepted that. */
function refuseLittleEvidence(
  { isLittle, isAccepted, name, lacking, faultyMachines }: ReturnType<typeof judgeEvidence>,
  { name: model }: TunedConfig,
): void {
  if (faultyMachines === 0) {
    throw new AuroraError("TRAINING", "no recording shows a fault: there is nothing to learn from", {
      op: "train",
      subject: model,
      hint: "use the shipped bundle as it is: on the gateway it learns how this machine is while healthy (`aurora baseline show`)",
    });
  }
  if (!isLittle || isAccepted) return;
  throw new AuroraError(
    "TRAINING",
    `too few machines to say how good a ${name === "scratch" ? "model" : "fine-tuned model"} is: it takes ${lacking.join(", ")}`,
    {
      op: "train",
      subject: model,
      hint: "record more machines, or accept that nobody can say how good it is with --accept-little-evidence: the bundle, its card and the report then say so",
    },
  );
}
