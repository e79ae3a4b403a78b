/** A normal-behaviour bundle's integers replayed over the test period, and what the gate is told of it. */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { bundleFileNames, type Manifest } from "../../../../core/contract/bundle/manifest.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom } from "../../../../core/maths/random.ts";
import { quantileInPlace } from "../../../../core/maths/select.ts";
import { readEvaluationOf, studentOf } from "../../../bundle/bundled-files.ts";
import type { JudgedCase, Judgement, ParityFigures } from "../../../gate/judgement.ts";
import type { Figure } from "../../../judge/figure.ts";
import { standardiseRows } from "../../../learn/fit-scaler.ts";
import { runQuantised } from "../../../learn/quantise-network.ts";
import type { EvaluationContext, ProtocolOutcome } from "../../recipe.ts";
import { learnableRows, readScadaCase, type ScadaCase, testSplitOf } from "../learn/scada-case.ts";
import { dayOf, fingerprintTables } from "../learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "../scada-config.ts";
import { replayStudent } from "./replay-turbines.ts";
import {
  checkFigures,
  renderChecks,
  renderScadaLines,
  required,
  type ScadaEvaluation,
  type SeedJudgement,
  summariseSeeds,
} from "./scada-evaluation.ts";
import {
  type ErrorCell,
  resampleWeeks,
  type TurbineDays,
  type TurbineErrors,
  weekOf,
} from "./scada-slices.ts";
import { judgeDays } from "./seed-figures.ts";
import { sayWithoutModel } from "./without-model.ts";

const resamples = 2_000;
/** How far a figure may fall below the one that the bundle states: nothing but the rounding of a sum. */
const tolerance = 1e-6;

/** Runs `held-out`: the bundle's own student on the test period. */
export async function runScadaHeldOut(
  bundle: Bundle,
  config: ScadaRecipeConfig,
  context: EvaluationContext,
): Promise<ProtocolOutcome> {
  const { judged } = await replayBundle(bundle, config, context);
  const figures = summariseSeeds([judged], testSplitOf(config));
  const checks = checkFigures(figures, config.required);
  const claimed = readScadaEvaluation(bundle).metrics;
  const falling = ["detected", "gainEur"].filter(
    (name) =>
      figures.metrics[name] !== undefined &&
      !(figures.metrics[name]!.value >= (claimed[name]?.value ?? Number.NaN) - tolerance),
  );
  for (const name of falling) {
    context.log(`${name} is ${figures.metrics[name]!.value}, the bundle states ${claimed[name]?.value}`);
  }
  return {
    json: { ...figures, checks, testLooks: config.testLooks },
    lines: [...renderScadaLines(figures), ...renderChecks(checks)],
    passed: falling.length === 0,
  };
}

/** Replays and judges the bundle's own student. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
async function replayBundle(
  bundle: Bundle,
  config: ScadaRecipeConfig,
  context: EvaluationContext,
): Promise<{ readonly subject: ScadaCase; readonly judged: SeedJudgement }> {
  const { scaler, normalBehaviour: spec } = bundle.manifest;
  if (spec === undefined) throw refuse("it declares no normal behaviour", "manifest.json");
  const quantised = studentOf(bundle);
  const subject = await readScadaCase(context.dataDir, config, testSplitOf(config));
  let done = 0;
  const days = replayStudent(subject, spec, ({ features, rows }) => {
    context.progress(++done, subject.rows.turbines.length, "turbines replayed");
    const standardised = standardiseRows(features, rows, scaler);
    return { standardised, outputs: runQuantised(quantised, standardised, rows) };
  });
  return { subject, judged: judgeDays(subject, { policy: spec.policy, days }, config.seed) };
}

/** `evaluation.json` of the bundle. Fails with BUNDLE_FORMAT when it states no figures. */
function readScadaEvaluation(bundle: Bundle): ScadaEvaluation {
  const stated = readEvaluationOf(bundle) as Partial<ScadaEvaluation>;
  if (stated.metrics === undefined || stated.forms === undefined || stated.detections === undefined) {
    throw refuse("it states no figures", bundleFileNames.evaluation);
  }
  return stated as ScadaEvaluation;
}

/** Judges a bundle for the gate. Fails with BUNDLE_FORMAT, DATA_MISSING or DATA_FORMAT. */
export async function judgeScadaBundle(
  bundle: Bundle,
  config: ScadaRecipeConfig,
  context: EvaluationContext,
): Promise<Judgement> {
  const { subject, judged } = await replayBundle(bundle, config, context);
  const { name } = config.dataset;
  const { train, test } = await fingerprintTables(context.dataDir, config.dataset);
  const figures = summariseSeeds([judged], subject.split);
  return {
    fingerprints: { [name]: train, [`${name}-test`]: test },
    metrics: figures.metrics,
    leakage: [{ by: "row of the test period", shared: findLearntTestRows(subject) }],
    // The gate asks about the student. What its inspections are worth it only says: a handful of failures can put no policy
    // surely ahead of another.
    unasked: [{ name: "savings", words: sayWithoutModel(figures) }],
    baselines: replayBaselines(subject, bundle.manifest).map(({ name, days }) => ({
      name,
      gain: compareErrors(judged.days, days, { fromMs: subject.split.startMs, seed: config.seed }),
    })),
    // The probability of an inspection ranks and weighs; it is nowhere said to be calibrated.
    calibration: null,
    parity: readParity(readScadaEvaluation(bundle)),
    cases: listErrorCases(
      judged.days.flatMap(({ cells }) => cells),
      config.dataset.site,
    ),
  };
}

/** The same replay without a student: what the site's own regression makes of the inputs alone, and of no input at all. */
function replayBaselines(
  subject: ScadaCase,
  { scaler, normalBehaviour }: Manifest,
): { readonly name: string; readonly days: readonly TurbineDays[] }[] {
  const outputs = normalBehaviour!.residuals.length;
  const replay = (standardise: (features: Float32Array, rows: number) => Float32Array): TurbineErrors[] =>
    replayStudent(subject, normalBehaviour!, ({ features, rows }) => ({
      standardised: standardise(features, rows),
      outputs: new Float32Array(rows * outputs),
    }));
  return [
    {
      name: "linear regression on site",
      days: replay((features, rows) => standardiseRows(features, rows, scaler)),
    },
    { name: "mean of the turbine", days: replay((features) => new Float32Array(features.length)) },
  ];
}

/**
 * By how many kelvin is the error of a turbine-day lower, with an interval over turbine-weeks: days of a week are alike.
 */
export function compareErrors(
  own: readonly TurbineDays[],
  other: readonly TurbineDays[],
  { fromMs, seed }: { readonly fromMs: number; readonly seed: number },
): Figure {
  const firstDay = dayOf(fromMs);
  const gains = own.flatMap(({ turbine, days, dailyError }, index) =>
    days.flatMap((day, at) => {
      const sum = other[index]!.dailyError[at]! - dailyError[at]!;
      return day < firstDay || Number.isNaN(sum) ? [] : [{ week: weekOf({ turbine, day }), sum, count: 1 }];
    }),
  );
  const { value, drawn } = resampleWeeks(gains, resamples, createRandom(seed).fork("weeks"));
  return {
    value,
    low: quantileInPlace(drawn, resamples, 0.025),
    high: quantileInPlace(drawn, resamples, 0.975),
  };
}

/** Rows of the test period that the site's corrections or the student would learn from: none. */
function findLearntTestRows(subject: ScadaCase): string[] {
  const { startMs } = subject.split;
  const isLearnable = learnableRows(subject);
  return subject.rows.turbines.flatMap((turbine) => {
    for (let row = turbine.rows - 1; row >= 0; row--) {
      if (turbine.timestampMs[row]! < startMs && row >= turbine.trainRows) {
        return [`${turbine.turbine}: a train row among the test's`];
      }
      if (turbine.timestampMs[row]! >= startMs && isLearnable(turbine, row)) {
        return [`${turbine.turbine} ${new Date(turbine.timestampMs[row]!).toISOString()}`];
      }
    }
    return [];
  });
}

/**
 * Share of its detections that the integers may lose, over all calendars. A failure counts once a calendar, and where two
 * turbines' scores nearly tie on a calendar's day, one step of quantisation decides which of them is inspected: one such
 * tie may be lost however few failures there are.
 */
const maxLostRecall = 0.005;

function readParity({ forms, detections }: ScadaEvaluation): ParityFigures | null {
  const error = (name: string): number | undefined =>
    forms[0]?.find(({ form }) => form === name)?.maeKelvin.value;
  const [int8, float] = [error("int8"), error("pruned")];
  if (int8 === undefined || float === undefined || detections === null) return null;
  return {
    lost: 100 * (int8 / float - 1),
    lostOf: "% of the error",
    limit: 100 * required.maeIncrease,
    floatDetected: detections.float,
    int8Detected: detections.int8,
    lostEventsLimit: Math.max(1, Math.floor(maxLostRecall * detections.of)),
  };
}

/** Turbine-days with their mean error, whole and by band; those of a turbine's week are one block. */
export function listErrorCases(cells: readonly ErrorCell[], site: string): JudgedCase[] {
  return cells.map((cell) => {
    const { turbine, day, slices, error } = cell;
    const date = new Date(day * dayMs).toISOString().slice(0, 10);
    const isWhole = slices.turbine !== undefined;
    const band = Object.entries(slices).map(([by, value]) => `, ${by} ${value}`);
    return {
      id: isWhole ? `${turbine} ${date}` : `${turbine} ${date}${band.join("")}`,
      slices: isWhole ? { site, ...slices } : slices,
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
