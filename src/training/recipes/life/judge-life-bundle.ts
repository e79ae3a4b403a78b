/** A remaining-life bundle's integers on the test engines again, and what the gate is told of it. */
import { join } from "node:path";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../../core/contract/bundle/manifest.ts";
import type { RemainingLifeSpec } from "../../../core/contract/bundle/remaining-life.ts";
import { decodeStudent } from "../../../core/inference/onnx-codec.ts";
import { createRandom } from "../../../core/maths/random.ts";
import { type CmapssData, readCmapss } from "../../dataset/cmapss.ts";
import { readEvaluationOf } from "../../gate/bundled-files.ts";
import type { Judgement } from "../../gate/judgement.ts";
import { fitLinear } from "../../learn/fit-linear.ts";
import { runDense } from "../../learn/tied-network.ts";
import { runStudent, standardiseRows } from "../../learn/train-student.ts";
import type { EvaluationContext } from "../../recipe.ts";
import { weighTrainingRows, weightedMean } from "./cross-fit-life.ts";
import { judgeTest, type LifeTest, nameMetrics } from "./judge-life.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeEvaluation } from "./life-evaluation.ts";
import { type EngineScore, scoreEngines, summariseDifference } from "./life-metrics.ts";
import { createLifeRows, type LifeRows, selectLastRows } from "./life-rows.ts";
import { describeCut } from "./life-slices.ts";

/** Largest part of the error, in percent, that quantisation may add. */
const parityLimit = 1;

/** A bundle's student on the test engines. */
export interface LifeReplay {
  readonly data: CmapssData;
  readonly spec: RemainingLifeSpec;
  /** All rows of test engines. */
  readonly rows: LifeRows;
  readonly predict: (rows: LifeRows) => Float32Array;
  readonly tests: LifeTest;
}

/** Replays the bundle. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function replayLifeBundle(
  bundle: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<LifeReplay> {
  const { manifest } = bundle;
  const spec = manifest.remainingLife;
  if (spec === undefined) throw refuse("it declares no remaining life", "manifest.json");
  const data = await readCmapss(join(context.dataDir, "cmapss"), config.dataset.subset);
  const rows = createLifeRows(data.test, manifest.features, spec.minHistorySteps);
  const student = {
    scaler: manifest.scaler,
    quantised: decodeStudent(bundle.files.get(bundleFileNames.model)!),
  };
  const predict = ({ features, rows: count }: LifeRows): Float32Array =>
    runStudent(student, features, count).map((output) => clamp(output * spec.capSteps, spec.capSteps));
  return { data, spec, rows, predict, tests: judgeTest(config, spec, predict, rows) };
}

/** `evaluation.json` of the bundle. Fails with BUNDLE_FORMAT when it states no figures. */
export function readLifeEvaluation(bundle: Bundle): LifeEvaluation {
  const stated = readEvaluationOf(bundle) as Partial<LifeEvaluation>;
  const { test, outOfFold, steps, comparisons } = stated;
  if (test === undefined || outOfFold === undefined || steps === undefined || comparisons === undefined) {
    throw refuse("it states no figures", bundleFileNames.evaluation);
  }
  return stated as LifeEvaluation;
}

/** The judgement: baselines are learnt anew from the training engines. */
export async function judgeLifeBundle(
  bundle: Bundle,
  config: LifeConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { data, spec, rows, predict, tests } = await replayLifeBundle(bundle, config, context);
  const { manifest } = bundle;
  const last = selectLastRows(rows);
  const actual = last.remaining.map((remaining) => Math.min(remaining, spec.capSteps));
  const score = (predicted: Float32Array): EngineScore[] =>
    scoreEngines({
      predicted,
      low: predicted,
      high: predicted,
      actual,
      weights: new Float32Array(last.rows).fill(1),
      engine: last.engine,
    });
  const own = score(predict(last));
  const { linear, mean } = learnBaselines(bundle, config, data, spec);
  const standardised = standardiseRows(last.features, last.rows, manifest.scaler);
  const onLine = runDense(linear, standardised, last.rows).map((output) =>
    clamp(output * spec.capSteps, spec.capSteps),
  );
  const gainOver = (other: readonly EngineScore[]): Judgement["baselines"][number]["gain"] =>
    summariseDifference(other, own, config.replicates, createRandom(config.seed));
  return {
    fingerprints: { [manifest.lineage.data[0]!.name]: data.fingerprint },
    metrics: nameMetrics(tests),
    leakage: [{ by: "history of an engine", shared: findSharedHistories(data) }],
    baselines: [
      { name: "linear regression (cycles of RMSE)", gain: gainOver(score(onLine)) },
      {
        name: "always the mean (cycles of RMSE)",
        gain: gainOver(score(new Float32Array(last.rows).fill(mean))),
      },
    ],
    // An interval is stated, no probability; its coverage is among the metrics.
    calibration: null,
    parity: readParity(readLifeEvaluation(bundle)),
    cases: own.map(({ squaredError }, at) => ({
      id: data.test[last.engine[at]!]!.id,
      slices: describeCut(data.test[last.engine[at]!]!),
      loss: squaredError,
    })),
  };
}

function learnBaselines(
  { manifest }: Bundle,
  config: LifeConfig,
  data: CmapssData,
  spec: RemainingLifeSpec,
): { readonly linear: ReturnType<typeof fitLinear>; readonly mean: number } {
  const train = createLifeRows(data.train, manifest.features, spec.minHistorySteps);
  const { rows, weights } = weighTrainingRows(train, config.maxRemaining);
  const targets = rows.remaining.map((left) => Math.min(left, spec.capSteps) / spec.capSteps);
  const features = standardiseRows(rows.features, rows.rows, manifest.scaler);
  const linear = fitLinear({ rows: rows.rows, features, targets, weights });
  return { linear, mean: weightedMean(targets, weights) * spec.capSteps };
}

/** Test engines whose readings are the beginning of a training engine's: none. */
function findSharedHistories({ train, test }: CmapssData): string[] {
  const startOf = (values: Float64Array): string => values.subarray(0, 24 * 10).join(" ");
  const starts = new Map(train.map((engine) => [startOf(engine.values), engine.id]));
  return test.flatMap((engine) => {
    const twin = starts.get(startOf(engine.values));
    return twin === undefined ? [] : [`${engine.id} is ${twin}`];
  });
}

function readParity({ steps }: LifeEvaluation): Judgement["parity"] {
  const error = (form: string): number | undefined =>
    steps.find((step) => step.form === form)?.outOfFold.value;
  const [int8, float] = [error("int8"), error("pruned")];
  if (int8 === undefined || float === undefined) return null;
  // Percent of the error; there are no events to detect.
  return {
    lost: 100 * (int8 / float - 1),
    lostOf: "% of the error",
    limit: parityLimit,
    floatDetected: 0,
    int8Detected: 0,
    lostEventsLimit: 0,
  };
}

function clamp(value: number, cap: number): number {
  return Math.max(0, Math.min(cap, value));
}

function refuse(message: string, subject: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", message, {
    op: "evaluate bundle",
    subject,
    hint: "train the bundle again",
  });
}
