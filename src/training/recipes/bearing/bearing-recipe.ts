/**
 * Bearing diagnosis from recordings that a manifest lists: whole machines held out, tied students. Runs the
 * steps; what each does is in the files beside this one.
 */
import { bundleFileNames } from "../../../core/contract/bundle/manifest.ts";
import { decodeBackground } from "../../../core/explain/background.ts";
import { chooseLearningPath, sayLearningPath } from "../../judge/learning-path.ts";
import type { ScoredSet } from "../../judge/scored-set.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../recipe.ts";
import { type BearingConfig, bearingConfigSchema, decideThreshold } from "./bearing-config.ts";
import { checkDiagnosis } from "./check-bearing-config.ts";
import { judgeBearing } from "./judge/bearing-evaluation.ts";
import { judgeBearingBundle, runBearingHeldOut } from "./judge/bundle-figures.ts";
import { readInventedLogits, scoreInvented } from "./judge/invented-figures.ts";
import { createSplitProtocol } from "./judge/split-figures.ts";
import { calibrateStudent, joinFolds, planInnerSplits, scoreInnerSplit } from "./learn/calibrate-student.ts";
import { checkDivision, divideByGroups } from "./learn/divide-by-groups.ts";
import { refuseFewWindows } from "./learn/enough-windows.ts";
import { measureHealthyLogits } from "./learn/healthy-logits.ts";
import { deriveTying } from "./learn/hypothesis-columns.ts";
import { chooseRows, type LearningRows, learnStudent } from "./learn/learn-student.ts";
import { sayNamedKinds } from "./learn/name-kinds.ts";
import { openRecordings } from "./learn/open-recordings.ts";
import { readTrainingRows } from "./learn/read-training-rows.ts";
import { packageBearing } from "./package-bearing.ts";
import { reportBearing } from "./report/bearing-report.ts";

export const bearingRecipe: AnyRecipe = defineRecipe<BearingConfig>({
  kind: "recordings",
  source: "src/training/recipes/bearing/bearing-recipe.ts",
  schema: bearingConfigSchema.superRefine(checkDiagnosis),
  protocols: { "held-out": runBearingHeldOut },
  ownProtocols: ({ protocols }) =>
    Object.fromEntries(Object.keys(protocols).map((name) => [name, createSplitProtocol(name)])),
  attachments: ({ dataset }) => [dataset.manifest],
  liesBeside: ({ dataset }) => dataset.folder === undefined,
  isQuick: true,
  judge: judgeBearingBundle,
  train: trainBearing,
});

async function trainBearing(config: BearingConfig, context: TrainingContext): Promise<TrainedModel> {
  const { steps, trainer } = context;
  const tying = deriveTying(config.features, config.hypotheses);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const recordings = await openRecordings(config, context.attachments, context.dataDir);
  for (const line of sayLearningPath(chooseLearningPath(recordings.set.entries))) context.log(line);
  checkDivision(config.dataset.heldOutGroups, recordings.set.entries, modes);
  const { data, contract, rows, invented } = await readTrainingRows(config, recordings.set, {
    steps,
    look: (read) =>
      refuseFewWindows(divideByGroups(config.dataset.heldOutGroups, read, modes).trainSignals, config.window),
  });
  for (const { id } of rows.value.unclear) {
    context.log(`${id} is said to be faulty and shows no fault's lines: it is not learnt from`);
  }
  for (const id of rows.value.tooShort) {
    context.log(`${id} is shorter than a window: neither learnt from nor judged`);
  }
  const learning = chooseRows(config, { rows, invented }, { tying, trainer });
  const { division, trainRows } = learning;
  const { trainSignals, heldOutSignals } = division;
  for (const sentence of division.shortcomings) context.log(sentence);
  context.log(
    `${trainRows.rows} training windows of ${trainSignals.length} signals and ${invented.value.training.length} invented ones`,
  );

  const { trained, rivals } = await learnStudent(config.recipe, learning, context);
  const contenders = { student: trained.value, rivals: rivals.value };
  const folds = await scoreFolds(config, learning, context);
  const foldSets = folds.map((fold) => fold.value);
  const inventedSet = scoreInvented(contenders, config, invented.value.heldOut);
  const outOfFold = joinFolds(foldSets, readInventedLogits(inventedSet));
  const calibrated = calibrateStudent(outOfFold, modes.length, decideThreshold(config));
  const healthyLogits = measureHealthyLogits([...foldSets, inventedSet]);
  const judged = await steps.run(
    "evaluate",
    { config, from: [data, contract, rows, invented, trained, rivals, ...folds] },
    () =>
      judgeBearing({
        ...contenders,
        config,
        trainRows,
        heldOutSignals,
        outOfFold,
        calibrated,
        folds: foldSets,
        inventedSet,
        contract: contract.value,
        healthy: healthyLogits,
        about: recordings.manifest.about,
        shortcomings: [
          ...division.shortcomings,
          ...sayNamedKinds([...rows.value.signals, ...rows.value.extra], rows.value.unclear.length),
        ],
      }),
  );
  const { calibration } = calibrated;
  const packaged = await packageBearing(
    { config, student: trained, judged, calibration, healthyLogits, data, rows, division, recordings },
    context,
  );
  const report = await reportBearing({
    ...contenders,
    ...judged.value,
    config,
    folds: foldSets,
    trainSignals,
    background: decodeBackground(packaged.files[bundleFileNames.background]!),
    set: recordings.set,
  });
  return { ...packaged, report };
}

/** Scores every training bearing by a student that has not seen it. */
async function scoreFolds(
  { recipe }: BearingConfig,
  learning: LearningRows,
  { steps }: TrainingContext,
): Promise<readonly StepOutput<ScoredSet>[]> {
  const folds: StepOutput<ScoredSet>[] = [];
  const { rows, invented, share, division } = learning;
  for (const split of planInnerSplits(division.trainSignals)) {
    folds.push(
      await steps.run(
        "calibrate",
        { part: split.name, config: { ...share, recipe, split }, from: [rows, invented] },
        (own) => scoreInnerSplit(own, learning, own.split),
      ),
    );
  }
  return folds;
}
