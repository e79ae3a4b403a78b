/**
 * Remaining life of NASA's simulated turbofans (C-MAPSS): a published yardstick for the factory. Choices are made out of
 * fold on whole training engines; test engines are judged once, at their last row. Runs the steps; what each does is in
 * the files beside this one.
 */
import { join } from "node:path";
import { type CmapssData, readCmapss } from "../../dataset/cmapss.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../../recipe.ts";
import { assignFolds, crossFitLife, joinFolds, type LifeFold, weighTrainingRows } from "./cross-fit-life.ts";
import { type FittedLifeContract, fitLifeContract } from "./fit-life-contract.ts";
import { judgeLifeBundle } from "./judge-life-bundle.ts";
import { type LifeConfig, lifeConfigSchema } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";
import { lifeProtocols, runLifeProtocol } from "./life-protocols.ts";
import { createLifeRows, type LifeRows } from "./life-rows.ts";
import { lifeStreams } from "./life-streams.ts";
import { evaluateLife, packageLife } from "./package-life.ts";
import {
  distilLifeStudent,
  finetuneLifeStudent,
  type LifeStudent,
  type LifeTask,
  prepareLifeRows,
  quantiseLifeForms,
  trainLifeBaselines,
  trainLifeTeacher,
} from "./train-life-student.ts";

/** The recipe of `dataset.kind: cmapss`. */
export const lifeRecipe: AnyRecipe = defineRecipe<LifeConfig>({
  kind: "cmapss",
  source: "src/training/recipes/life/life-recipe.ts",
  schema: lifeConfigSchema,
  protocols: lifeProtocols,
  runProtocol: runLifeProtocol,
  train: trainLife,
  judge: judgeLifeBundle,
});

async function trainLife(config: LifeConfig, context: TrainingContext): Promise<TrainedModel> {
  const { steps, trainer } = context;
  const { recipe, seed, minHistory, maxRemaining, capCycles, folds } = config;
  const data: StepOutput<CmapssData> = await steps.look("data", () =>
    readCmapss(join(context.dataDir, "cmapss"), config.dataset.subset),
  );
  const { train, test } = data.value;
  const { channels, features, minDistinctValues } = config;
  const contract: StepOutput<FittedLifeContract> = await steps.run(
    "contract",
    { config: { channels, features, minDistinctValues }, from: [data] },
    () => fitLifeContract({ channels, features }, train, minDistinctValues),
  );
  const rows: StepOutput<LifeRows> = await steps.run(
    "features",
    { config: { minHistory }, from: [data, contract] },
    () => createLifeRows(train, contract.value.features, minHistory),
  );
  const task: LifeTask = { recipe, capSteps: capCycles, trainer };
  const shared = { recipe, capCycles, maxRemaining, seed };
  const learnt = weighTrainingRows(rows.value, maxRemaining);
  const prepared = prepareLifeRows(learnt.rows, learnt.weights, task);
  const streams = lifeStreams(seed, "bundle");
  const teacher = await steps.run("teacher", { config: shared, from: [rows] }, () =>
    trainLifeTeacher(prepared, task, streams.teacher),
  );
  // The wide student and its pruned form come of one step: the pruning goes on with the optimiser's stream of numbers.
  const taught = await steps.run("prune", { config: shared, from: [rows, teacher] }, () =>
    distilLifeStudent(prepared, task, teacher.value, streams.student),
  );
  const pruned = taught.value.float;
  const tuned =
    recipe.finetune === undefined
      ? null
      : await steps.run("finetune", { config: shared, from: [rows, teacher, taught] }, () =>
          finetuneLifeStudent(prepared, task, teacher.value, pruned, streams.finetune),
        );
  const quantised = await steps.run(
    "quantise",
    { config: shared, from: [rows, taught, ...(tuned === null ? [] : [tuned])] },
    () => quantiseLifeForms(prepared, task, pruned, tuned?.value ?? pruned),
  );
  const foldOf = assignFolds(train.length, folds, seed);
  const parts: StepOutput<LifeFold>[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const inputs = { part: `fold ${fold + 1}`, config: { ...shared, folds }, from: [rows] };
    parts.push(
      await steps.run("calibrate", inputs, () => crossFitLife(rows.value, foldOf, fold, config, task)),
    );
  }
  const baselines = await steps.run("evaluate", { part: "baselines", config: shared, from: [rows] }, () =>
    trainLifeBaselines(prepared, task, streams.baselines),
  );
  const student: LifeStudent = {
    scaler: prepared.scaler,
    teacher: teacher.value,
    wide: taught.value.wide,
    ...baselines.value,
    ...quantised.value,
  };
  const oof = joinFolds(parts.map((part) => part.value));
  const testRows = createLifeRows(test, contract.value.features, minHistory);
  const subject = { config, contract: contract.value, student, oof, foldOf, testRows, testEngines: test };
  const evaluation: LifeEvaluation = evaluateLife({
    ...subject,
    trainingEngines: train.length,
    trainingRows: learnt.rows.rows,
  });
  return packageLife({
    ...subject,
    evaluation,
    rows: learnt.rows,
    trainIds: train.map((engine) => engine.id),
    fingerprint: data.value.fingerprint,
  });
}
