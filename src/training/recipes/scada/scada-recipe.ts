/**
 * Normal behaviour from tables of ten-minute values: everything is learnt before a day and judged from it on. Runs the steps; what each does is in the files beside this one.
 */
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { ReportPlot } from "../../report/report-parts.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../recipe.ts";
import { judgeScadaBundle, runScadaHeldOut } from "./judge/bundle-figures.ts";
import { type ScadaEvaluation, summariseSeeds } from "./judge/scada-evaluation.ts";
import { runScadaSeeds, runScadaTuning } from "./judge/scada-protocols.ts";
import { judgeSeed } from "./judge/seed-figures.ts";
import { countEvidence, sayEnough } from "./judge/sufficiency.ts";
import {
  describeBehaviour,
  describeLessons,
  prepareScadaCase,
  readScadaCase,
  testSplitOf,
} from "./learn/scada-case.ts";
import { fingerprintTables } from "./learn/scada-rows.ts";
import {
  distilScadaStudent,
  finetuneScadaStudent,
  quantiseScadaForms,
  type ScadaLessons,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./learn/train-scada-student.ts";
import { makeScadaFiles, packageScada } from "./package-scada.ts";
import { describeScadaReport, plotFailures } from "./report/scada-report.ts";
import { type ScadaRecipeConfig, scadaConfigSchema } from "./scada-config.ts";

export const scadaRecipe: AnyRecipe = defineRecipe<ScadaRecipeConfig>({
  kind: "scada-table",
  source: "src/training/recipes/scada/scada-recipe.ts",
  schema: scadaConfigSchema,
  protocols: {
    "held-out": runScadaHeldOut,
    seeds: runScadaSeeds,
    tuning: runScadaTuning,
    // As they were called when there was one data set.
    edp: runScadaSeeds,
    "edp-tuning": runScadaTuning,
  },
  judge: judgeScadaBundle,
  train: trainScada,
});

async function trainScada(config: ScadaRecipeConfig, context: TrainingContext): Promise<TrainedModel> {
  const { dataDir, steps, trainer } = context;
  const { seed } = config;
  const data = await steps.look("data", () => fingerprintTables(dataDir, config.dataset));
  // Rows are read anew by every run: they are quicker to make than to keep.
  const subject = await readScadaCase(dataDir, config, testSplitOf(config));
  const enough = sayEnough(countEvidence(subject));
  for (const line of [...subject.leftOut, ...subject.choice.words, ...enough]) context.log(line);
  const prepared = prepareScadaCase(subject);
  const lessons = describeLessons(subject, prepared, { trainer, seed });
  const { student, stages } = await learnScadaStudent(config, { data, lessons }, context);
  const judged: StepOutput<{ evaluation: ScadaEvaluation; plots: ReportPlot[] }> = await steps.run(
    "evaluate",
    { config, from: [data, ...stages] },
    () => {
      const one = judgeSeed(subject, student, seed);
      const evaluation: ScadaEvaluation = {
        formatVersion: 1,
        name: config.name,
        version: config.version,
        ...summariseSeeds([one], subject.split),
        ...(config.required === undefined ? {} : { required: config.required }),
        enough: [...subject.choice.words, ...enough],
        dataDescription: config.dataset.description,
        trainingRows: prepared.rows,
        testLooks: config.testLooks,
        limitations: config.limitations,
      };
      return { evaluation, plots: plotFailures(one) };
    },
  );
  const { backgroundRows, goldenCases, driftReplicates, window } = config;
  const packed = { ...describeRows(config), backgroundRows, goldenCases, driftReplicates, window };
  const files = await steps.run("package", { config: packed, from: [data, stages.at(-1)!] }, () =>
    makeScadaFiles(subject, prepared, student),
  );
  const spec = describeBehaviour(subject, student);
  const { evaluation, plots } = judged.value;
  const model = packageScada({ config, student, spec, evaluation, fingerprint: data.value }, files.value);
  return { ...model, report: describeScadaReport(evaluation, student, plots) };
}

/** The share of the configuration that says what is learnt from: part of the inputs of every step that learns. */
function describeRows(config: ScadaRecipeConfig): Readonly<Record<string, unknown>> {
  const { channels, features, residuals, operation, guard, seed } = config;
  // Words change no row.
  const { description, heldOutRule, site, ...dataset } = config.dataset;
  const { clamp, excludeDays, huberDelta } = config.recipe;
  return {
    dataset,
    channels,
    features,
    residuals,
    operation,
    guard,
    seed,
    clamp,
    excludeDays,
    huberDelta,
  };
}

/** The steps from teacher to integers; of the stages the last are the integers. */
async function learnScadaStudent(
  config: ScadaRecipeConfig,
  { data, lessons }: { readonly data: StepOutput<unknown>; readonly lessons: ScadaLessons },
  { steps }: TrainingContext,
): Promise<{ readonly student: ScadaStudent; readonly stages: readonly StepOutput<unknown>[] }> {
  const { recipe } = config;
  const share = describeRows(config);
  const teacher = await steps.run(
    "teacher",
    { config: { ...share, teacher: recipe.teacher }, from: [data] },
    (progress) => trainScadaTeacher(lessons, (done, total) => progress(done, total, "networks trained")),
  );
  const { student: widths, softShare, similarityWeight, inventedNoise, inventedStops, finetune } = recipe;
  const teaching = { ...share, softShare, similarityWeight, inventedNoise, inventedStops };
  const taught = await steps.run(
    "distil",
    { config: { ...teaching, student: widths }, from: [data, teacher] },
    () => distilScadaStudent(lessons, teacher.value),
  );
  const untaught = await steps.run(
    "prune",
    { part: "untaught", config: { ...share, student: widths, finetune }, from: [data] },
    () => trainUntaughtStudent(lessons),
  );
  const { calibrationRows, rounding } = recipe;
  const pruned = taught.value.float;
  const tuned =
    finetune === undefined
      ? null
      : await steps.run(
          "finetune",
          { config: { ...teaching, calibrationRows, finetune }, from: [data, teacher, taught] },
          () => finetuneScadaStudent(lessons, teacher.value, pruned),
        );
  const quantised = await steps.run(
    "quantise",
    {
      config: { ...share, calibrationRows, inventedStops, rounding },
      from: [data, taught, ...(tuned === null ? [] : [tuned])],
    },
    () => quantiseScadaForms(lessons, pruned, tuned?.value ?? pruned),
  );
  const { scaler, location, scale } = lessons.rows;
  const student: ScadaStudent = {
    scaler,
    location,
    scale,
    teacher: teacher.value,
    wide: taught.value.wide,
    untaught: untaught.value,
    ...quantised.value,
  };
  return { student, stages: [teacher, taught, untaught, quantised] };
}
