/** A normal-behaviour bundle's integers replayed over the test half-year, and what the gate is told of it. */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { bundleFileNames, type Manifest } from "../../../../core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { quantileInPlace } from "../../../../core/maths/select.ts";
import { readEvaluationOf } from "../../../bundle/bundled-files.ts";
import { edpTurbines } from "../../../dataset/edp-logbook.ts";
import { edpTestStartMs } from "../../../dataset/edp-signals.ts";
import type { JudgedCase, Judgement, ParityFigures } from "../../../gate/judgement.ts";
import type { Figure } from "../../../judge/figure.ts";
import { runQuantised } from "../../../learn/quantise-network.ts";
import { standardiseRows } from "../../../learn/train-student.ts";
import type { EvaluationContext } from "../../recipe.ts";
import type { ErrorCell } from "../learn/error-cells.ts";
import {
  learnableRows,
  readScadaCase,
  replayStudent,
  type ScadaCase,
  testSplit,
} from "../learn/scada-case.ts";
import { fingerprintEdp } from "../learn/scada-rows.ts";
import type { ScadaConfig } from "../scada-config.ts";
import { edpSite, judgeDays, type SeedJudgement } from "./judge-edp.ts";
import { dayOf, type TurbineDays } from "./replay-turbines.ts";
import { required, type ScadaEvaluation, summariseSeeds } from "./scada-evaluation.ts";
import { weekOf } from "./scada-slices.ts";

const resamples = 2_000;

/** Replays and judges the bundle's own student. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function replayBundle(
  bundle: Bundle,
  config: ScadaConfig,
  context: EvaluationContext,
): Promise<{ readonly subject: ScadaCase; readonly judged: SeedJudgement }> {
  const { scaler, normalBehaviour: spec } = bundle.manifest;
  if (spec === undefined) throw refuse("it declares no normal behaviour", "manifest.json");
  const quantised = decodeStudent(bundle.files.get(bundleFileNames.model)!);
  const subject = await readScadaCase(context.dataDir, config, testSplit);
  let done = 0;
  const days = replayStudent(
    subject,
    (features, rows) => {
      context.progress(++done, edpTurbines.length, "turbines replayed");
      const standardised = standardiseRows(features, rows, scaler);
      return { standardised, outputs: runQuantised(quantised, standardised, rows) };
    },
    spec,
  );
  return { subject, judged: judgeDays(subject, spec.policy, days, config.seed) };
}

/** `evaluation.json` of the bundle. Fails with BUNDLE_FORMAT when it states no figures. */
export function readScadaEvaluation(bundle: Bundle): ScadaEvaluation {
  const stated = readEvaluationOf(bundle) as Partial<ScadaEvaluation>;
  if (stated.metrics === undefined || stated.forms === undefined || stated.detections === undefined) {
    throw refuse("it states no figures", bundleFileNames.evaluation);
  }
  return stated as ScadaEvaluation;
}

/** The judgement. */
export async function judgeScadaBundle(
  bundle: Bundle,
  config: ScadaConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { subject, judged } = await replayBundle(bundle, config, context);
  const { train, test } = await fingerprintEdp(context.dataDir);
  return {
    fingerprints: { edp: train, "edp-test": test },
    metrics: summariseSeeds([judged], testSplit).metrics,
    leakage: [{ by: "row of the test half-year", shared: findLearntTestRows(subject) }],
    // The gate asks about the student. What its inspections are worth is among the metrics: eight failures can put no
    // policy surely ahead of another.
    baselines: replayBaselines(subject, bundle.manifest).map(({ name, days }) => ({
      name,
      gain: compareErrors(judged.days, days, config.seed),
    })),
    // The probability of an inspection ranks and weighs; it is nowhere said to be calibrated.
    calibration: null,
    parity: readParity(readScadaEvaluation(bundle)),
    cases: listErrorCases(judged.days.flatMap(({ cells }) => cells)),
  };
}

/** The same replay without a student: what the site's own regression makes of the inputs alone, and of nothing. */
function replayBaselines(
  subject: ScadaCase,
  { scaler, normalBehaviour }: Manifest,
): { readonly name: string; readonly days: readonly TurbineDays[] }[] {
  const silent = (standardise: boolean) => (features: Float32Array, rows: number) => ({
    standardised: standardise ? standardiseRows(features, rows, scaler) : new Float32Array(features.length),
    outputs: new Float32Array(rows * normalBehaviour!.residuals.length),
  });
  return [
    { name: "linear regression on site", days: replayStudent(subject, silent(true), normalBehaviour!) },
    { name: "mean of the turbine", days: replayStudent(subject, silent(false), normalBehaviour!) },
  ];
}

/**
 * By how many kelvin is the error of a turbine-day lower, with an interval over turbine-weeks: days of a week are alike.
 */
export function compareErrors(
  own: readonly TurbineDays[],
  other: readonly TurbineDays[],
  seed: number,
): Figure {
  const weeks = new Map<string, { sum: number; count: number }>();
  for (const [index, { turbine, days, dailyError }] of own.entries()) {
    for (const [at, day] of days.entries()) {
      const difference = other[index]!.dailyError[at]! - dailyError[at]!;
      if (day < dayOf(testSplit.startMs) || Number.isNaN(difference)) continue;
      const key = `${turbine} ${Math.floor(day / 7)}`;
      const week = weeks.get(key) ?? { sum: 0, count: 0 };
      weeks.set(key, { sum: week.sum + difference, count: week.count + 1 });
    }
  }
  const list = [...weeks.values()];
  const meanOf = (chosen: readonly { readonly sum: number; readonly count: number }[]): number =>
    chosen.reduce((sum, week) => sum + week.sum, 0) / chosen.reduce((sum, week) => sum + week.count, 0);
  const random = createRandom(seed).fork("weeks");
  const values = Float64Array.from({ length: resamples }, () =>
    meanOf(list.map(() => list[random.integer(list.length)]!)),
  );
  return {
    value: meanOf(list),
    low: quantileInPlace(values, resamples, 0.025),
    high: quantileInPlace(values, resamples, 0.975),
  };
}

/** Rows of the test half-year that the site's corrections or the student would learn from: none. */
function findLearntTestRows(subject: ScadaCase): string[] {
  const isLearnable = learnableRows(subject);
  return subject.rows.turbines.flatMap((turbine) => {
    for (let row = turbine.rows - 1; row >= 0; row--) {
      if (turbine.timestampMs[row]! < edpTestStartMs && row >= turbine.trainRows) {
        return [`${turbine.turbine}: a train row among the test's`];
      }
      if (turbine.timestampMs[row]! >= edpTestStartMs && isLearnable(turbine, row)) {
        return [`${turbine.turbine} ${new Date(turbine.timestampMs[row]!).toISOString()}`];
      }
    }
    return [];
  });
}

/**
 * Share of its detections that the integers may lose, over all calendars. A failure counts once a calendar, and where two
 * turbines' scores nearly tie on a calendar's day, one step of quantisation decides which of them is inspected.
 */
const maxLostRecall = 0.005;

function readParity({ forms, detections }: ScadaEvaluation): ParityFigures | null {
  const error = (name: string): number | undefined => forms[0]?.find(({ form }) => form === name)?.maeKelvin;
  const [int8, float] = [error("int8"), error("pruned")];
  if (int8 === undefined || float === undefined || detections === null) return null;
  return {
    lost: 100 * (int8 / float - 1),
    lostOf: "% of the error",
    limit: 100 * required.maeIncrease,
    floatDetected: detections.float,
    int8Detected: detections.int8,
    lostEventsLimit: Math.floor(maxLostRecall * detections.of),
  };
}

/** Turbine-days with their mean error, whole and by band; those of a turbine's week are one block. */
export function listErrorCases(cells: readonly ErrorCell[]): JudgedCase[] {
  return cells.map((cell) => {
    const { turbine, day, slices, error } = cell;
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    const isWhole = slices.turbine !== undefined;
    const band = Object.entries(slices).map(([by, value]) => `, ${by} ${value}`);
    return {
      id: isWhole ? `${turbine} ${date}` : `${turbine} ${date}${band.join("")}`,
      slices: isWhole ? { site: edpSite, ...slices } : slices,
      block: weekOf(cell),
      loss: error,
    };
  });
}

function refuse(message: string, subject: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `${subject}: ${message}`, {
    op: "evaluate bundle",
    subject,
    hint: "train the bundle again",
  });
}
