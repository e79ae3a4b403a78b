/** A normal-behaviour bundle's integers replayed over the test half-year, and what the gate is told of it. */
import type { Bundle } from "../../bundle/bundle.ts";
import { AuroraError } from "../../contract/aurora-error.ts";
import { bundleFileNames } from "../../contract/manifest.ts";
import { type ComponentCost, edpTurbines } from "../../dataset/edp-logbook.ts";
import { edpTestStartMs } from "../../dataset/edp-signals.ts";
import { decodeStudent } from "../../inference/onnx-codec.ts";
import { createRandom } from "../../maths/random.ts";
import { quantileInPlace } from "../../maths/select.ts";
import type { JudgedCase, Judgement, ParityFigures } from "../gate/judgement.ts";
import type { Figure } from "../judge/figure.ts";
import { runQuantised } from "../quantise-network.ts";
import type { EvaluationContext } from "../recipe.ts";
import { standardiseRows } from "../train-student.ts";
import { type CostOutcome, maxLeadDays } from "./cost-rule.ts";
import { judgeDays, type PolicyName, type SeedJudgement } from "./judge-edp.ts";
import { dayOf } from "./replay-turbines.ts";
import { learnableRows, readScadaCase, replayStudent, type ScadaCase, testSplit } from "./scada-case.ts";
import type { ScadaConfig } from "./scada-config.ts";
import { required, type ScadaEvaluation, summariseSeeds } from "./scada-evaluation.ts";
import { fingerprintEdp } from "./scada-rows.ts";

/** What is compared with as many inspections, or none. */
const baselines: readonly PolicyName[] = ["alwaysQuiet", "randomPicks", "calendar"];
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
  const bytes = bundle.files.get(bundleFileNames.evaluation)!;
  const stated = JSON.parse(new TextDecoder().decode(bytes)) as Partial<ScadaEvaluation>;
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
    baselines: baselines.map((name) => ({
      name,
      gain: compareGains(judged.outcomes.policy, judged.outcomes[name], subject.costs, config.seed),
    })),
    // The probability of an inspection ranks and weighs; it is nowhere said to be calibrated.
    calibration: null,
    parity: readParity(readScadaEvaluation(bundle)),
    cases: listCases(judged),
  };
}

/**
 * By how much is one policy worth more than another, in thousands of euro, with an interval over the failures: they are
 * drawn with replacement, since they are what is few; calendars are averaged.
 */
export function compareGains(
  own: readonly CostOutcome[],
  other: readonly CostOutcome[],
  costs: ReadonlyMap<string, ComponentCost>,
  seed: number,
): Figure {
  const worths = own[0]!.failures.map(
    (_, index) => meanWorth(own, index, costs) - meanWorth(other, index, costs),
  );
  const total = worths.reduce((sum, worth) => sum + worth, 0);
  const value = mean(own.map(({ gainEur }) => gainEur)) - mean(other.map(({ gainEur }) => gainEur));
  // What is left is what inspections in vain cost, which no failure changes.
  const fixed = value - total;
  const random = createRandom(seed).fork("gains");
  const values = Float64Array.from({ length: resamples }, () => {
    let sum = fixed;
    for (let draw = 0; draw < worths.length; draw++) sum += worths[random.integer(worths.length)]!;
    return sum / 1000;
  });
  return {
    value: value / 1000,
    low: quantileInPlace(values, resamples, 0.025),
    high: quantileInPlace(values, resamples, 0.975),
  };
}

/** What the runs were worth for one failure: the replacement that was saved, and the saving on top. */
function meanWorth(
  outcomes: readonly CostOutcome[],
  index: number,
  costs: ReadonlyMap<string, ComponentCost>,
): number {
  return mean(
    outcomes.map(({ failures }) => {
      const { failure, leadDays } = failures[index]!;
      if (leadDays === null) return 0;
      const { replacementEur, repairEur } = costs.get(failure.component)!;
      return replacementEur + ((replacementEur - repairEur) * leadDays) / maxLeadDays;
    }),
  );
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

function readParity({ forms, detections }: ScadaEvaluation): ParityFigures | null {
  const error = (name: string): number | undefined => forms[0]?.find(({ form }) => form === name)?.maeKelvin;
  const [int8, float] = [error("int8"), error("pruned")];
  if (int8 === undefined || float === undefined || detections === null) return null;
  return {
    lost: 100 * (int8 / float - 1),
    limit: 100 * required.maeIncrease,
    floatDetected: detections.float,
    int8Detected: detections.int8,
  };
}

/** Turbine-days with their mean error. */
function listCases({ days }: SeedJudgement): JudgedCase[] {
  return days.flatMap(({ turbine, days: own, dailyError }) =>
    own.flatMap((day, index) => {
      const loss = dailyError[index]!;
      if (day < dayOf(testSplit.startMs) || Number.isNaN(loss)) return [];
      const date = new Date(day * 86_400_000).toISOString();
      return [{ id: `${turbine} ${date.slice(0, 10)}`, slices: { turbine, month: date.slice(0, 7) }, loss }];
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function refuse(message: string, subject: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", `${subject}: ${message}`, {
    op: "evaluate bundle",
    subject,
    hint: "train the bundle again",
  });
}
