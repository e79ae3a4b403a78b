/** How a remaining-life bundle is judged again: this very model, on the last row of every test engine. */
import type { Bundle } from "../../bundle/bundle.ts";
import { bundleFileNames } from "../../contract/manifest.ts";
import type { Figure } from "../judge/figure.ts";
import type { EvaluationContext, ProtocolOutcome } from "../recipe.ts";
import { nameMetrics } from "./judge-life.ts";
import { readLifeEvaluation, replayLifeBundle } from "./judge-life-bundle.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeFigures } from "./life-metrics.ts";

/** Names of the protocols; both are the published one, by its name and by what it is. */
export const lifeProtocols = ["cmapss", "held-out"] as const;

/** How far a figure may lie from the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** Runs one of {@link lifeProtocols}. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function runLifeProtocol(
  _protocol: string,
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
  const { outOfFold, steps, comparisons } = claimed;
  return {
    json: {
      sameData,
      metrics: nameMetrics(tests),
      engines: last.engines,
      capCycles: spec.capSteps,
      modelBytes,
      requirements: config.requirements,
      checks,
      outOfFold,
      steps,
      comparisons,
    },
    lines: [
      ...summariseLife(last, config),
      ...Object.entries(checks).map(([name, passed]) => `${name}: ${passed ? "passed" : "FAILED"}`),
    ],
    passed: Object.values(checks).every((passed) => passed),
  };
}

/** The headline figures in lines. */
export function summariseLife(figures: LifeFigures, config: LifeConfig): readonly string[] {
  const show = ({ value, low, high }: Figure, digits: number): string =>
    `${value.toFixed(digits)} (${low?.toFixed(digits)} … ${high?.toFixed(digits)})`;
  return [
    `${config.dataset.subset}: RMSE ${show(figures.rmse, 2)} cycles on ${figures.engines} test engines, capped at ${config.capCycles}; NASA score ${show(figures.nasaScore, 0)}`,
    `${100 * config.interval.coverage} % interval holds ${show(figures.coverage, 3)}, ${figures.intervalWidth.value.toFixed(1)} cycles wide in the mean`,
  ];
}
