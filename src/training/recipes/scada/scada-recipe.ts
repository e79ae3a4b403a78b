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
  quantiseScadaStudent,
  type ScadaLessons,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./learn/train-scada-student.ts";
import { makeScadaFiles, packageScada } from "./package-scada.ts";
import { describeScadaReport, plotFailures } from "./report/scada-report.ts";
import { type ScadaRecipeConfig, type ScadaStudentRecipe, scadaConfigSchema } from "./scada-config.ts";

export const scadaRecipe: AnyRecipe = defineRecipe<ScadaRecipeConfig>({
  kind: "scada-table",
  source: "src/training/recipes/scada/scada-recipe.ts",
  schema: scadaConfigSchema,
  protocols: {
    "held-out": runScadaHeldOut,
    seeds: runScadaSeeds,
    tuning: runScadaTuning,
    // The names by which the shipped configuration and its card speak of both.
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
  const { recipe: _, ...lessons } = describeLessons(subject, prepared, { trainer, seed });
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
      return { evaluation, plots: plotFailures(one, config.policy) };
    },
  );
  const { backgroundRows, goldenCases, driftReplicates } = config;
  const packed = { ...describeRows(config), backgroundRows, goldenCases, driftReplicates };
  const files = await steps.run("package", { config: packed, from: [data, stages.at(-1)!] }, (own) =>
    makeScadaFiles({ config: own, subject, prepared, student }),
  );
  const spec = describeBehaviour(subject, student);
  const { evaluation, plots } = judged.value;
  const model = packageScada({ config, student, spec, evaluation, fingerprint: data.value }, files.value);
  return { ...model, report: describeScadaReport(evaluation, student, plots) };
}

interface RowsShare
  extends Pick<
    ScadaRecipeConfig,
    "channels" | "window" | "features" | "residuals" | "operation" | "guard" | "seed"
  > {
  readonly dataset: Omit<ScadaRecipeConfig["dataset"], "description" | "heldOutRule" | "site">;
  readonly recipe: Pick<ScadaStudentRecipe, "clamp" | "excludeDays" | "inventedStops">;
}

/** The share of the configuration that says what is learnt from: part of the inputs of every step that learns. */
function describeRows(config: ScadaRecipeConfig): RowsShare {
  const { channels, window, features, residuals, operation, guard, seed } = config;
  // Words change no row.
  const { description, heldOutRule, site, ...dataset } = config.dataset;
  const { clamp, excludeDays, inventedStops } = config.recipe;
  const recipe = { clamp, excludeDays, inventedStops };
  return { dataset, channels, window, features, residuals, operation, guard, seed, recipe };
}

/** The steps from teacher to integers; of the stages the last are the integers. */
async function learnScadaStudent(
  config: ScadaRecipeConfig,
  { data, lessons }: { readonly data: StepOutput<unknown>; readonly lessons: Omit<ScadaLessons, "recipe"> },
  { steps }: TrainingContext,
): Promise<{ readonly student: ScadaStudent; readonly stages: readonly StepOutput<unknown>[] }> {
  const { recipe } = config;
  const share = describeRows(config);
  const reading = <Read>(read: Read) => ({ ...share, recipe: { ...share.recipe, ...read } });
  const { teacher: ensemble, student: widths, huberDelta, calibrationRows, rounding } = recipe;
  const teacher = await steps.run(
    "teacher",
    { config: reading({ teacher: ensemble, huberDelta }), from: [data] },
    (own, progress) =>
      trainScadaTeacher({ ...lessons, ...own }, (done, total) => progress(done, total, "networks trained")),
  );
  const { softShare, inventedNoise } = recipe;
  const teaching = { softShare, inventedNoise, huberDelta };
  const taught = await steps.run(
    "distil",
    { config: reading({ ...teaching, student: widths }), from: [data, teacher] },
    (own) => distilScadaStudent({ ...lessons, ...own }, teacher.value),
  );
  const untaught = await steps.run(
    "prune",
    { part: "untaught", config: reading({ student: widths, huberDelta }), from: [data] },
    (own) => trainUntaughtStudent({ ...lessons, ...own }),
  );
  const grids = { calibrationRows, rounding };
  const quantised = await steps.run("quantise", { config: reading(grids), from: [data, taught] }, (own) =>
    quantiseScadaStudent({ ...lessons, ...own }, taught.value.float),
  );
  const { scaler, location, scale } = lessons.rows;
  const student: ScadaStudent = {
    scaler,
    location,
    scale,
    teacher: teacher.value,
    ...taught.value,
    untaught: untaught.value,
    quantised: quantised.value,
  };
  return { student, stages: [teacher, taught, untaught, quantised] };
}
