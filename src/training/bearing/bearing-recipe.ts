/**
 * Bearing diagnosis from the CWRU recordings: one bearing a group, whole bearings held out, tied students. Runs the
 * steps; what each does is in the files beside this one.
 */

import type { ScoredSet } from "../judge/scored-set.ts";
import type { StepOutput } from "../pipeline/step-runner.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../recipe.ts";
import {
  distilStudent,
  finetuneStudent,
  forkStreams,
  prepareRows,
  pruneStudent,
  quantiseStudent,
  type StudentTask,
  type TrainedStudent,
  trainTeacher,
} from "../train-student.ts";
import { type BearingConfig, bearingConfigSchema, decideThreshold } from "./bearing-config.ts";
import { bearingProtocols, runBearingProtocol } from "./bearing-protocols.ts";
import { reportBearing } from "./bearing-report.ts";
import { calibrateStudent, joinFolds, planInnerSplits, scoreInnerSplit } from "./calibrate-student.ts";
import { type ContractReport, checkCwruContract } from "./check-contract.ts";
import { trainRivals } from "./contenders.ts";
import { type CwruRows, fingerprintCwru, joinRows, readCwruRows } from "./cwru-rows.ts";
import { deriveTying } from "./derive-tying.ts";
import { divideByGroups } from "./divide-by-groups.ts";
import { judgeBearing } from "./judge-bearing.ts";
import { judgeBearingBundle } from "./judge-bundle.ts";
import { fitLevelReference } from "./level-reference.ts";
import { packageBearing } from "./package-bearing.ts";
import { seedStream } from "./seed-streams.ts";

/** The recipe of `dataset.kind: cwru`. */
export const bearingRecipe: AnyRecipe = defineRecipe<BearingConfig>({
  kind: "cwru",
  source: "src/training/bearing/bearing-recipe.ts",
  schema: bearingConfigSchema,
  protocols: bearingProtocols,
  isQuick: true,
  judge: judgeBearingBundle,
  runProtocol: runBearingProtocol,
  train: trainBearing,
});

async function trainBearing(config: BearingConfig, context: TrainingContext): Promise<TrainedModel> {
  const { dataDir, steps, trainer } = context;
  const tying = deriveTying(config.features, config.hypotheses);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const data = await steps.look("data", async () => ({ fingerprint: await fingerprintCwru(dataDir) }));
  const contract: StepOutput<ContractReport> = await steps.run(
    "contract",
    { config: config.channels, from: [data] },
    () => checkCwruContract(dataDir, config.channels),
  );
  const { window, trainingHop, features, noiseLevels, seed } = config;
  const rows: StepOutput<CwruRows> = await steps.run(
    "features",
    { config: { window, trainingHop, features, noiseLevels, seed }, from: [data, contract] },
    (progress) =>
      readCwruRows(dataDir, {
        ...{ window, trainingHop, features, noiseLevels, seed },
        refused: contract.value.refused,
        progress: (done, total) => progress(done, total, "recordings read"),
      }),
  );
  const { dataset, hypotheses, recipe } = config;
  const { trainSignals, heldOutSignals, trainGroups } = divideByGroups(
    dataset.heldOutGroups,
    rows.value,
    modes,
  );
  const trainRows = joinRows(trainSignals, "training", modes);
  context.log(`${trainRows.rows} training windows of ${trainSignals.length} signals`);

  const task: StudentTask = { tying, recipe, trainer };
  const prepared = prepareRows(trainRows, task);
  const division = { heldOut: dataset.heldOutGroups, hypotheses, clamp: recipe.clamp, seed };
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

  const folds: StepOutput<ScoredSet>[] = [];
  for (const split of planInnerSplits(trainSignals.map((signal) => signal.waveform))) {
    folds.push(
      await steps.run(
        "calibrate",
        { part: split.name, config: { ...division, recipe, split }, from: [rows] },
        () => scoreInnerSplit(config, trainSignals, split, tying, trainer),
      ),
    );
  }
  const foldSets = folds.map((fold) => fold.value);
  const outOfFold = joinFolds(foldSets);
  const calibrated = calibrateStudent(outOfFold, modes.length, decideThreshold(config));
  const judged = await steps.run(
    "evaluate",
    { config, from: [contract, rows, trained, rivals, ...folds] },
    () =>
      judgeBearing({
        ...{ config, trainRows, heldOutSignals, outOfFold, calibrated, folds: foldSets },
        ...{ student: trained.value, rivals: rivals.value, contract: contract.value },
      }),
  );
  const { baseline } = config;
  // The recordings at 48 kHz are in no published split, but the only ones that hold the highest band.
  const heard = [
    ...trainSignals,
    ...rows.value.extra.filter((signal) => trainGroups.includes(signal.waveform.group)),
  ];
  const reference =
    baseline === undefined
      ? null
      : await steps.run(
          "package",
          { part: "levels", config: { ...division, window, baseline }, from: [rows] },
          () => fitLevelReference(dataDir, heard, window, baseline.levels),
        );
  const packaged = await packageBearing(
    {
      ...{ config, student: trained, judged, rows, calibration: calibrated.calibration },
      baseline: baseline && { ...baseline, reference: reference!.value },
    },
    { trainSignals, trainRows, trainGroups, fingerprint: data.value.fingerprint },
    context,
  );
  const report = reportBearing({
    ...{ config, student: trained.value, rivals: rivals.value, folds: foldSets },
    ...judged.value,
  });
  return { ...packaged, report };
}
