/** How a remaining-life bundle is judged again: this very model, on the last row of every test engine. */
import { join } from "node:path";
import type { Bundle } from "../../bundle/bundle.ts";
import { AuroraError } from "../../contract/aurora-error.ts";
import { bundleFileNames } from "../../contract/manifest.ts";
import { readCmapss } from "../../dataset/cmapss.ts";
import { decodeStudent } from "../../inference/onnx-codec.ts";
import type { Figure } from "../judge/figure.ts";
import type { EvaluationContext, ProtocolOutcome } from "../recipe.ts";
import { runStudent } from "../train-student.ts";
import { judgeTest, type LifeTest } from "./judge-life.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";
import type { LifeFigures } from "./life-metrics.ts";
import { createLifeRows, type LifeRows } from "./life-rows.ts";

/** Names of the protocols; both are the published one, by its name and by what it is. */
export const lifeProtocols = ["cmapss", "held-out"] as const;

/** How far a figure may fall behind the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-9;

/** Runs one of {@link lifeProtocols}. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function runLifeProtocol(
  _protocol: string,
  bundle: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { manifest } = bundle;
  const spec = manifest.remainingLife;
  if (spec === undefined) {
    throw new AuroraError("BUNDLE_FORMAT", `${manifest.name} declares no remaining life`, {
      op: "evaluate bundle",
      subject: manifest.name,
      hint: "train the bundle again",
    });
  }
  const data = await readCmapss(join(context.dataDir, "cmapss"), config.dataset.subset);
  const sameData = data.fingerprint === manifest.lineage.data[0]?.sha256;
  if (!sameData)
    context.log("the data files are not those that the bundle was made from: figures may differ");
  const rows = createLifeRows(data.test, manifest.features, spec.minHistorySteps);
  const modelBytes = bundle.files.get(bundleFileNames.model)!;
  const student = { scaler: manifest.scaler, quantised: decodeStudent(modelBytes) };
  const predict = ({ features, rows: count }: LifeRows): Float32Array =>
    runStudent(student, features, count).map((output) =>
      Math.max(0, Math.min(spec.capSteps, output * spec.capSteps)),
    );
  const { last: test, uncapped, allRows } = judgeTest(config, spec, predict, rows);
  const claimed = readClaim(bundle);
  const { maxRmse, maxCoverageError, maxModelBytes } = config.requirements;
  const checks = {
    rmse: test.rmse.value <= maxRmse,
    coverage: Math.abs(test.coverage.value - spec.coverage) <= maxCoverageError + tolerance,
    modelBytes: modelBytes.length <= maxModelBytes,
    asClaimed: Math.abs(test.rmse.value - claimed.test.rmse.value) <= tolerance,
  };
  const { engines } = test;
  return {
    json: {
      sameData,
      metrics: nameMetrics({ last: test, uncapped, allRows }),
      engines,
      capCycles: spec.capSteps,
      modelBytes: modelBytes.length,
      requirements: config.requirements,
      checks,
      outOfFold: claimed.outOfFold,
      steps: claimed.steps,
      comparisons: claimed.comparisons,
    },
    lines: [
      ...summariseLife(test, config),
      ...Object.entries(checks).map(([name, passed]) => `${name}: ${passed ? "passed" : "FAILED"}`),
    ],
    passed: Object.values(checks).every((passed) => passed),
  };
}

/** The headline figures by name; of the same engines, once each, but for `coverageAllRows`. */
export function nameMetrics({ last, uncapped, allRows }: LifeTest): Readonly<Record<string, Figure>> {
  const { rmse, mae, bias, nasaScore, coverage, intervalWidth } = last;
  const more = { rmseUncapped: uncapped.rmse, coverageAllRows: allRows.coverage };
  return { rmse, mae, bias, nasaScore, coverage, intervalWidth, ...more };
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

function readClaim(bundle: Bundle): Pick<LifeEvaluation, "test" | "outOfFold" | "steps" | "comparisons"> {
  const bytes = bundle.files.get(bundleFileNames.evaluation)!;
  const report = JSON.parse(new TextDecoder().decode(bytes)) as Partial<LifeEvaluation>;
  const { test, outOfFold, steps, comparisons } = report;
  if (
    typeof test?.rmse?.value === "number" &&
    outOfFold !== undefined &&
    steps !== undefined &&
    comparisons !== undefined
  )
    return { test, outOfFold, steps, comparisons };
  throw new AuroraError("BUNDLE_FORMAT", "evaluation.json states no error on test engines", {
    op: "evaluate bundle",
    subject: bundleFileNames.evaluation,
    hint: "train the bundle again",
  });
}
