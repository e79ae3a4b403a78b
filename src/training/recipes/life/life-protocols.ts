/**
 * How a remaining-life bundle is judged again. `cmapss` and `held-out`: this very model on the last row of every test
 * engine. `cmapss-tuning`: its recipe nested in the training engines, by which the interval is judged and chosen.
 */
import { join } from "node:path";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { bundleFileNames } from "../../../core/contract/bundle/manifest.ts";
import { createRandom } from "../../../core/maths/random.ts";
import { readCmapss } from "../../dataset/cmapss.ts";
import type { Figure } from "../../judge/figure.ts";
import { openTensorTrainer } from "../../learn/open-tensor-trainer.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import { computeCoverageChance, sayCoverageChance } from "./coverage-chance.ts";
import { assignFolds } from "./cross-fit-life.ts";
import { judgeLevels, type LevelFigures } from "./judge-levels.ts";
import { nameMetrics } from "./judge-life.ts";
import { readLifeEvaluation, replayLifeBundle } from "./judge-life-bundle.ts";
import type { LifeConfig } from "./life-config.ts";
import { type JudgedLife, type LifeFigures, scoreEngines, summariseEngines } from "./life-metrics.ts";
import { createLifeRows } from "./life-rows.ts";
import { drawCoverages, nestLife } from "./nest-life.ts";

/** Names of the protocols; the first two are the published one, by its name and by what it is. */
export const lifeProtocols = ["cmapss", "held-out", "cmapss-tuning"] as const;

/** How far a figure may lie from the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** Runs one of {@link lifeProtocols}. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export function runLifeProtocol(
  protocol: string,
  bundle: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  return protocol === "cmapss-tuning"
    ? judgeNested(bundle, config, context)
    : judgeTestEngines(bundle, config, context);
}

async function judgeTestEngines(
  bundle: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { data, spec, tests } = await replayLifeBundle(bundle, config, context);
  const sameData = data.fingerprint === bundle.manifest.lineage.data[0]?.sha256;
  if (!sameData)
    context.log("the data files are not those that the bundle was made from: figures may differ");
  const claimed = readLifeEvaluation(bundle);
  const modelBytes = bundle.files.get(bundleFileNames.model)!.length;
  const { maxRmse, maxCoverageError, maxModelBytes } = config.requirements;
  const { last } = tests;
  const checks = {
    rmse: last.rmse.value <= maxRmse,
    coverage: Math.abs(last.coverage.value - spec.coverage) <= maxCoverageError + tolerance,
    modelBytes: modelBytes <= maxModelBytes,
    asClaimed: Math.abs(last.rmse.value - claimed.test.rmse.value) <= tolerance,
  };
  const { outOfFold, steps, comparisons, slices } = claimed;
  return {
    json: {
      sameData,
      metrics: nameMetrics(tests),
      engines: last.engines,
      coverageChance: computeCoverageChance(last, spec.coverage),
      capCycles: spec.capSteps,
      modelBytes,
      requirements: config.requirements,
      checks,
      outOfFold,
      steps,
      comparisons,
      slices,
    },
    lines: [
      ...summariseLife(last, config),
      sayCoverageChance(last, config),
      ...Object.entries(checks).map(([name, passed]) => `${name}: ${passed ? "passed" : "FAILED"}`),
    ],
    passed: Object.values(checks).every((passed) => passed),
  };
}

/** Draws of a test set as large as the training set. */
const draws = 10_000;

/** Looks at no test engine. */
async function judgeNested(
  { manifest }: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { train } = await readCmapss(join(context.dataDir, "cmapss"), config.dataset.subset);
  const trainer = await openTensorTrainer(context.log);
  const rows = createLifeRows(train, manifest.features, config.minHistory);
  const foldOf = assignFolds(train.length, config.folds, config.seed);
  const task = { recipe: config.recipe, capSteps: config.capCycles, trainer };
  const { served, calibrating } = nestLife(rows, foldOf, config, task, context.progress);
  const summarise = (judged: JudgedLife): LifeFigures =>
    summariseEngines(scoreEngines(judged), config.replicates, createRandom(config.seed));
  const figures = summarise(served);
  const calibratingRmse = summarise(calibrating).rmse;
  const drawn = drawCoverages(served, draws, createRandom(config.seed).fork("draws"));
  const { coverage } = config.interval;
  const { maxCoverageError } = config.requirements;
  const isAsked = (share: number): boolean => Math.abs(share - coverage) <= maxCoverageError + tolerance;
  const oneCut = {
    low: drawn[Math.floor(0.025 * (draws - 1))]!,
    high: drawn[Math.ceil(0.975 * (draws - 1))]!,
    withinAsked: drawn.filter(isAsked).length / draws,
  };
  const { rmse, mae, intervalWidth } = figures;
  const { value } = figures.coverage;
  const judge = (edges: readonly number[]): LevelFigures[] =>
    judgeLevels(served, edges, { coverage, replicates: config.replicates }, createRandom(config.seed));
  const intervalScore = judge([0, config.capCycles])[0]!.score;
  const levels = judge([0, 0.2, 0.4, 0.6, 0.8, 0.95, 1].map((share) => share * config.capCycles));
  return {
    json: {
      metrics: { coverage: figures.coverage, rmse, calibratingRmse, mae, intervalWidth, intervalScore },
      engines: train.length,
      folds: config.folds,
      levels,
      oneCut,
    },
    lines: [
      `training engines, each judged by a student and an interval that never saw it: the ${100 * coverage} % interval holds ${show(figures.coverage, 3)}, ${intervalWidth.value.toFixed(1)} cycles wide in the mean; RMSE ${show(rmse, 2)} cycles, of the students that the interval was made of ${show(calibratingRmse, 2)}`,
      `${train.length} of them drawn at random and cut off once each: ${oneCut.low.toFixed(2)} to ${oneCut.high.toFixed(2)} in 95 % of ${draws} draws, within ± ${100 * maxCoverageError} points of ${coverage} in ${(100 * oneCut.withinAsked).toFixed(0)} %`,
      ...levels.map(
        (level) =>
          `predictions of ${level.from.toFixed(0)} to ${level.to.toFixed(0)} cycles (${(100 * level.share).toFixed(0)} %): holds ${show(level.coverage, 3)}, ${level.width.value.toFixed(1)} cycles wide`,
      ),
    ],
    passed: isAsked(value),
  };
}

/** The headline figures in lines. */
export function summariseLife(figures: LifeFigures, config: LifeConfig): readonly string[] {
  return [
    `${config.dataset.subset}: RMSE ${show(figures.rmse, 2)} cycles on ${figures.engines} test engines, capped at ${config.capCycles}; NASA score ${show(figures.nasaScore, 0)}`,
    `${100 * config.interval.coverage} % interval holds ${show(figures.coverage, 3)}, ${figures.intervalWidth.value.toFixed(1)} cycles wide in the mean`,
  ];
}

function show({ value, low, high }: Figure, digits: number): string {
  return `${value.toFixed(digits)} (${low?.toFixed(digits)} … ${high?.toFixed(digits)})`;
}
