/**
 * Bearing diagnosis from the CWRU recordings: one bearing a group, whole bearings held out, tied students. Runs the
 * steps; what each does is in the files beside this one.
 */
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import type { ScoredSet } from "../../judge/scored-set.ts";
import type { Tying } from "../../learn/tied-network.ts";
import type { StepOutput } from "../../pipeline/step-runner.ts";
import { type AnyRecipe, defineRecipe, type TrainedModel, type TrainingContext } from "../../recipe.ts";
import { type BearingConfig, bearingConfigSchema, decideThreshold } from "./bearing-config.ts";
import { type ContractReport, checkCwruContract } from "./check-contract.ts";
import { bearingProtocols, runBearingProtocol } from "./judge/bearing-protocols.ts";
import { judgeBearing } from "./judge/judge-bearing.ts";
import { judgeBearingBundle } from "./judge/judge-bundle.ts";
import { calibrateStudent, joinFolds, planInnerSplits, scoreInnerSplit } from "./learn/calibrate-student.ts";
import {
  type CwruRows,
  fingerprintCwru,
  joinRows,
  readCwruRows,
  type WaveformRows,
} from "./learn/cwru-rows.ts";
import { deriveTying } from "./learn/derive-tying.ts";
import { describeDivision, divideByGroups, type GroupDivision } from "./learn/divide-by-groups.ts";
import { learnStudent } from "./learn/learn-student.ts";
import { fitLevelReference } from "./learn/level-reference.ts";
import { packageBearing } from "./package-bearing.ts";
import { reportBearing } from "./report/bearing-report.ts";

/** The recipe of `dataset.kind: cwru`. */
export const bearingRecipe: AnyRecipe = defineRecipe<BearingConfig>({
  kind: "cwru",
  source: "src/training/recipes/bearing/bearing-recipe.ts",
  schema: bearingConfigSchema,
  protocols: bearingProtocols,
  isQuick: true,
  judge: judgeBearingBundle,
  runProtocol: runBearingProtocol,
  train: trainBearing,
});

async function trainBearing(config: BearingConfig, context: TrainingContext): Promise<TrainedModel> {
  const { steps } = context;
  const tying = deriveTying(config.features, config.hypotheses);
  const modes = config.hypotheses.map((hypothesis) => hypothesis.failureMode);
  const { contract, rows, fingerprint } = await readRecordings(config, context);
  const division = divideByGroups(config.dataset.heldOutGroups, rows.value, modes);
  const { trainSignals, heldOutSignals, trainGroups } = division;
  const trainRows = joinRows(trainSignals, "training", modes);
  context.log(`${trainRows.rows} training windows of ${trainSignals.length} signals`);

  const { trained, rivals } = await learnStudent(config, context, rows, trainRows, tying);
  const folds = await scoreFolds(config, context, rows, trainSignals, tying);
  const foldSets = folds.map((fold) => fold.value);
  const outOfFold = joinFolds(foldSets);
  const calibrated = calibrateStudent(outOfFold, modes.length, decideThreshold(config));
  const judged = await steps.run(
    "evaluate",
    { config, from: [contract, rows, trained, rivals, ...folds] },
    () =>
      judgeBearing({
        config,
        trainRows,
        heldOutSignals,
        outOfFold,
        calibrated,
        folds: foldSets,
        student: trained.value,
        rivals: rivals.value,
        contract: contract.value,
      }),
  );
  const baseline = await describeBaseline(config, context, rows, division);
  const packaged = await packageBearing(
    { config, student: trained, judged, rows, calibration: calibrated.calibration, baseline },
    { trainSignals, trainRows, trainGroups, fingerprint },
    context,
  );
  const report = reportBearing({
    config,
    student: trained.value,
    rivals: rivals.value,
    folds: foldSets,
    ...judged.value,
  });
  return { ...packaged, report };
}

interface ReadRecordings {
  readonly contract: StepOutput<ContractReport>;
  readonly rows: StepOutput<CwruRows>;
  /** Of the files. */
  readonly fingerprint: string;
}

/** Holds the recordings against the data contract, and cuts windows and features of those that it does not refuse. */
async function readRecordings(
  config: BearingConfig,
  { dataDir, steps }: TrainingContext,
): Promise<ReadRecordings> {
  const data = await steps.look("data", async () => ({ fingerprint: await fingerprintCwru(dataDir) }));
  const contract = await steps.run("contract", { config: config.channels, from: [data] }, () =>
    checkCwruContract(dataDir, config.channels),
  );
  const { window, trainingHop, features, noiseLevels, seed } = config;
  const rows = await steps.run(
    "features",
    { config: { window, trainingHop, features, noiseLevels, seed }, from: [data, contract] },
    (progress) =>
      readCwruRows(dataDir, {
        window,
        trainingHop,
        features,
        noiseLevels,
        seed,
        refused: contract.value.refused,
        progress: (done, total) => progress(done, total, "recordings read"),
      }),
  );
  return { contract, rows, fingerprint: data.value.fingerprint };
}

/** Scores every training bearing by a student that has not seen it. */
async function scoreFolds(
  config: BearingConfig,
  { steps, trainer }: TrainingContext,
  rows: StepOutput<CwruRows>,
  trainSignals: readonly WaveformRows[],
  tying: Tying,
): Promise<readonly StepOutput<ScoredSet>[]> {
  const { recipe } = config;
  const folds: StepOutput<ScoredSet>[] = [];
  for (const split of planInnerSplits(trainSignals.map((signal) => signal.waveform))) {
    folds.push(
      await steps.run(
        "calibrate",
        { part: split.name, config: { ...describeDivision(config), recipe, split }, from: [rows] },
        () => scoreInnerSplit(config, trainSignals, split, tying, trainer),
      ),
    );
  }
  return folds;
}

/** Where the levels of healthy machines lay; nothing where the configuration asks for no baseline. */
async function describeBaseline(
  config: BearingConfig,
  { dataDir, steps }: TrainingContext,
  rows: StepOutput<CwruRows>,
  { trainSignals, trainGroups }: GroupDivision,
): Promise<BaselineSpec | undefined> {
  const { baseline, window } = config;
  if (baseline === undefined) return undefined;
  // The recordings at 48 kHz are in no published split, but the only ones that hold the highest band.
  const heard = [
    ...trainSignals,
    ...rows.value.extra.filter((signal) => trainGroups.includes(signal.waveform.group)),
  ];
  const reference = await steps.run(
    "package",
    { part: "levels", config: { ...describeDivision(config), window, baseline }, from: [rows] },
    () => fitLevelReference(dataDir, heard, window, baseline.levels),
  );
  return { ...baseline, reference: reference.value };
}
