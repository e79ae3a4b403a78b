/**
 * Normal behaviour from EDP's ten-minute SCADA: everything is learnt before June 2017 and judged on the half-year after
 * it. Runs the steps; what each does is in the files beside this one.
 */
import type { StepOutput } from "../../pipeline/step-runner.ts";
import type { ReportPlot } from "../../report/report-parts.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../recipe.ts";
import { judgeSeed } from "./judge/judge-edp.ts";
import { judgeScadaBundle } from "./judge/judge-scada-bundle.ts";
import { type ScadaEvaluation, summariseSeeds } from "./judge/scada-evaluation.ts";
import { runScadaHeldOut, runScadaSeeds, runScadaTuning } from "./judge/scada-protocols.ts";
import {
  describeBehaviour,
  inventCaseRows,
  prepareScadaCase,
  readScadaCase,
  testSplit,
} from "./learn/scada-case.ts";
import { fingerprintEdp } from "./learn/scada-rows.ts";
import {
  distilScadaStudent,
  finetuneScadaStudent,
  quantiseScadaForms,
  type ScadaStudent,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "./learn/train-scada-student.ts";
import { edpDescription, makeScadaFiles, packageScada } from "./package-scada.ts";
import { describeScadaReport, plotFailures } from "./report/scada-report.ts";
import { type ScadaConfig, scadaConfigSchema } from "./scada-config.ts";

/** The recipe of `dataset.kind: edp`. */
export const scadaRecipe: AnyRecipe = defineRecipe<ScadaConfig>({
  kind: "edp",
  source: "src/training/recipes/scada/scada-recipe.ts",
  schema: scadaConfigSchema,
  protocols: { "held-out": runScadaHeldOut, edp: runScadaSeeds, "edp-tuning": runScadaTuning },
  judge: judgeScadaBundle,
  train: trainScada,
});

async function trainScada(
  config: ScadaConfig,
  { dataDir, steps, trainer }: TrainingContext,
): Promise<TrainedModel> {
  const data = await steps.look("data", () => fingerprintEdp(dataDir));
  // Rows are read anew by every run: they are quicker to make than to keep.
  const subject = await readScadaCase(dataDir, config, testSplit);
  const prepared = prepareScadaCase(subject);
  const { columns, channels, features, residuals, operation, guard, recipe, seed } = config;
  const shared = { columns, channels, features, residuals, operation, guard, seed };
  const share = {
    ...shared,
    clamp: recipe.clamp,
    excludeDays: recipe.excludeDays,
    huberDelta: recipe.huberDelta,
  };
  const teacher = await steps.run(
    "teacher",
    { config: { ...share, teacher: recipe.teacher }, from: [data] },
    (progress) =>
      trainScadaTeacher(prepared, recipe, trainer, seed, (done, total) =>
        progress(done, total, "networks trained"),
      ),
  );
  const { student: widths, softShare, similarityWeight, inventedNoise, inventedStops, finetune } = recipe;
  const lessons = { ...share, softShare, similarityWeight, inventedNoise, inventedStops };
  const invented = inventCaseRows(subject, prepared, seed);
  const taught = await steps.run(
    "distil",
    {
      config: { ...lessons, student: widths },
      from: [data, teacher],
    },
    () => distilScadaStudent(prepared, invented, recipe, trainer, teacher.value, seed),
  );
  const untaught = await steps.run(
    "prune",
    { part: "untaught", config: { ...share, student: widths, finetune }, from: [data] },
    () => trainUntaughtStudent(prepared, recipe, trainer, seed),
  );
  const { calibrationRows } = recipe;
  const pruned = taught.value.float;
  const tuned =
    finetune === undefined
      ? null
      : await steps.run(
          "finetune",
          { config: { ...lessons, calibrationRows, finetune }, from: [data, teacher, taught] },
          () => finetuneScadaStudent(prepared, invented, recipe, trainer, teacher.value, pruned, seed),
        );
  const quantised = await steps.run(
    "quantise",
    {
      config: { ...share, calibrationRows, inventedStops, rounding: recipe.rounding },
      from: [data, taught, ...(tuned === null ? [] : [tuned])],
    },
    () => quantiseScadaForms(prepared, invented, recipe, pruned, tuned?.value ?? pruned),
  );
  const { scaler, location, scale } = prepared;
  const student: ScadaStudent = {
    scaler,
    location,
    scale,
    teacher: teacher.value,
    wide: taught.value.wide,
    untaught: untaught.value,
    ...quantised.value,
  };
  const judged: StepOutput<{ evaluation: ScadaEvaluation; plots: ReportPlot[] }> = await steps.run(
    "evaluate",
    { config, from: [data, teacher, taught, untaught, quantised] },
    () => {
      const one = judgeSeed(subject, student, seed);
      const evaluation: ScadaEvaluation = {
        formatVersion: 1,
        name: config.name,
        version: config.version,
        ...summariseSeeds([one], testSplit),
        dataDescription: edpDescription,
        trainingRows: prepared.rows,
        testLooks: config.testLooks,
        limitations: config.limitations,
      };
      return { evaluation, plots: plotFailures(one) };
    },
  );
  const { backgroundRows, goldenCases, driftReplicates, window } = config;
  const files = await steps.run(
    "package",
    { config: { ...share, backgroundRows, goldenCases, driftReplicates, window }, from: [data, quantised] },
    () => makeScadaFiles(subject, prepared, student),
  );
  const spec = describeBehaviour(subject, student);
  const { evaluation, plots } = judged.value;
  const model = packageScada(
    { subject, prepared, student, spec, evaluation, fingerprint: data.value },
    files.value,
  );
  return { ...model, report: describeScadaReport(evaluation, student, plots) };
}
