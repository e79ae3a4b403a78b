/** `evaluation.json` of a normal-behaviour bundle, and what `aurora evaluate` prints: one or more seeds put together. */

import { dayMs } from "../../../../core/maths/durations.ts";
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { RegressionForm } from "../../../learn/regression-student.ts";
import type { EvaluationDocument } from "../../recipe.ts";
import type { TimeSplit } from "../learn/scada-rows.ts";
import type { RequiredFigures } from "../scada-config.ts";
import { type CostOutcome, type Inspection, summarisePolicy } from "./cost-rule.ts";
import type { FormFigures } from "./form-figures.ts";
import type { ScadaSlice, TurbineErrors } from "./scada-slices.ts";
import type { WindowAuc } from "./window-auc.ts";
import {
  type ComparedPolicies,
  compareWithoutModel,
  orderPolicies,
  sayWithoutModel,
} from "./without-model.ts";

/** What one seed's student came to. */
export interface SeedJudgement {
  readonly seed: number;
  /** Was it said what things cost? */
  readonly hasCosts: boolean;
  readonly forms: readonly FormFigures[];
  readonly windowAuc: WindowAuc;
  /** Of the policy's gain, over random failures. */
  readonly permutationP: number;
  /** By the names of the policies that are compared. */
  readonly outcomes: Readonly<Record<string, readonly CostOutcome[]>>;
  /** The policy with the float student; none where only the integers are known. */
  readonly floatOutcomes: readonly CostOutcome[];
  /** Of the int8 student. */
  readonly days: readonly TurbineErrors[];
  readonly inspections: readonly (readonly Inspection[])[];
  readonly slices: readonly ScadaSlice[];
}

interface ScadaFigures extends ComparedPolicies {
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly seeds: readonly number[];
  readonly forms: readonly (readonly FormFigures[])[];
  readonly windowAucPerComponent: readonly Readonly<Record<string, number>>[];
  /** Failures that the policy finds with the float student and with the integers, of all, summed over seeds and calendars. */
  readonly detections: { readonly float: number; readonly int8: number; readonly of: number } | null;
  /** [turbine, channel's output, first day] of every sensor that was set aside on the judged days of the first seed. */
  readonly sensorFaults: readonly {
    readonly turbine: string;
    readonly output: number;
    readonly from: string;
  }[];
  /** Of the first seed. */
  readonly slices: readonly ScadaSlice[];
}

export interface ScadaEvaluation extends EvaluationDocument, ScadaFigures {
  /** What the configuration asks of the inspections. */
  readonly required?: RequiredFigures;
  /** What these data cannot tell, and what would be enough. */
  readonly enough: readonly string[];
  readonly dataDescription: string;
  readonly trainingRows: number;
  readonly testLooks: readonly string[];
  readonly limitations: readonly string[];
}

/** What is asked of every student; of its inspections asks the configuration. */
export const required = { zCorrelation: 0.98, maeIncrease: 0.01 } as const;

/** What the names of the policies mean, beside that of the bundle; for those who read a table of them. */
export const policiesInWords =
  "byWorth, byProbability and withoutScores look every six days where expected worth or probability is highest, the last without any score; ranking30 looks every 30 days, of each component at the turbine with the highest score, however lately it was looked at; shuffledScores is the policy with its rounds, rates, costs and muting on scores that are dealt anew among turbines and days; randomTurbines, randomPicks and calendar pick by chance or by the calendar, as often as the policy; alwaysQuiet never looks.";

const yearDays = 365.25;

export function summariseSeeds(seeds: readonly SeedJudgement[], split: TimeSplit): ScadaFigures {
  const turbines = seeds[0]!.days.length;
  const years = (split.endMs - split.startMs) / dayMs / yearDays;
  const policies = Object.fromEntries(
    Object.keys(seeds[0]!.outcomes).map((name) => [
      name,
      summarisePolicy(
        seeds.flatMap((seed) => seed.outcomes[name]!),
        turbines,
        years,
      ),
    ]),
  );
  const policy = policies.policy!;
  const { hasCosts } = seeds[0]!;
  const over = (of: (seed: SeedJudgement) => number): Figure => spread(seeds.map(of));
  return {
    metrics: {
      inspections: policy.inspections,
      // Without a failure to find there is no figure of finding.
      ...(policy.failures.length === 0
        ? {}
        : {
            detected: policy.detected,
            detectedShare: policy.detectedShare,
            ...(hasCosts ? { gainEur: policy.gainEur } : {}),
            windowAuc: over((seed) => seed.windowAuc.auc),
            windowAucP: over((seed) => seed.windowAuc.permutationP),
            gainP: over((seed) => seed.permutationP),
          }),
      ...(seeds.some(({ forms }) => forms.length === 0) ? {} : describeForms(seeds)),
    },
    seeds: seeds.map(({ seed }) => seed),
    hasCosts,
    policies,
    modelGains: compareWithoutModel(policies, seeds[0]!.seed),
    forms: seeds.map(({ forms }) => forms),
    windowAucPerComponent: seeds.map(({ windowAuc }) => windowAuc.perComponent),
    detections: countDetections(seeds),
    sensorFaults: listSensorFaults(seeds[0]!, split),
    slices: seeds[0]!.slices,
  };
}

/** Are the figures what is asked for? Each by name. */
export function checkFigures(
  { metrics }: Pick<ScadaFigures, "metrics">,
  asked: RequiredFigures = {},
): Readonly<Record<string, boolean>> {
  const value = (name: string): number => metrics[name]?.value ?? Number.NaN;
  return {
    ...(asked.detected === undefined ? {} : { detected: value("detected") >= asked.detected }),
    ...(asked.gainEur === undefined ? {} : { gainEur: value("gainEur") >= asked.gainEur }),
    ...(asked.inspections === undefined ? {} : { inspections: value("inspections") <= asked.inspections }),
    ...(metrics.zCorrelation === undefined
      ? {}
      : {
          zCorrelation: value("zCorrelation") >= required.zCorrelation,
          maeIncrease: value("maeIncrease") <= required.maeIncrease,
        }),
  };
}

/** A line a check, for a terminal. */
export function renderChecks(checks: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(checks).map(([name, ok]) => `${ok ? "pass" : "FAIL"} ${name}`);
}

/** What is asked for, and whether it is reached, in a sentence; `missed` is how a miss is written. */
export function renderRequired(
  figures: Pick<ScadaFigures, "metrics"> & Pick<ScadaEvaluation, "required">,
  missed: string,
): string {
  const asked = figures.required ?? {};
  const checks = checkFigures(figures, asked);
  const words: Readonly<Record<string, string>> = {
    detected: `at least ${asked.detected} failures detected`,
    gainEur: `at least ${(asked.gainEur ?? 0) / 1000} k EUR against never looking`,
    inspections: `at most ${asked.inspections} inspections`,
    zCorrelation: `a correlation of z with the teacher's of at least ${required.zCorrelation}`,
    maeIncrease: `an error of int8 at most ${100 * required.maeIncrease} % above float`,
  };
  const lines = Object.entries(words).flatMap(([name, what]) => {
    const reached = checks[name];
    return reached === undefined ? [] : [`${what} (${reached ? "reached" : missed})`];
  });
  return `Asked for: ${lines.join(", ")}.`;
}

export function renderScadaLines(figures: ScadaFigures): string[] {
  const { policies, metrics, seeds, hasCosts } = figures;
  return [
    sayWithoutModel(figures),
    `mean over ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"} and ${policies.policy!.runs / seeds.length} calendars, with the range of 95 % of the runs`,
    ...orderPolicies(policies).map(
      ([name, each]) =>
        `${name}: ${formatFigure(each.detected, 2)} of ${each.failures.length} detected, ${formatFigure(each.falseAlarms, 1)} false of ${each.inspections.value.toFixed(1)} inspections (${each.falseAlarmsPerTurbineYear.value.toFixed(1)} a turbine-year), ${hasCosts ? `${Math.round(each.gainEur.value / 1000)} k EUR against never looking` : "no costs given"}${each.leadDays === null ? "" : `, lead ${each.leadDays.median.toFixed(0)} days (p10 ${each.leadDays.p10.toFixed(0)})`}`,
    ),
    ...renderSureness(figures),
    ...(metrics.zCorrelation === undefined ? [] : [renderForms(metrics)]),
  ];
}

function renderSureness({ policies, metrics, hasCosts }: ScadaFigures): string[] {
  const { detectedShare: share, windowAuc, windowAucP, gainP } = metrics;
  if (share === undefined) return [];
  return [
    `${policies.policy!.failures.length} failures tell the true share of detected ones no better than ${(100 * share.low!).toFixed(0)} to ${(100 * share.high!).toFixed(0)} %`,
    `AUC of turbine-days ${formatFigure(windowAuc!, 3)}, permutation p ${formatFigure(windowAucP!, 3)}; ${hasCosts ? "gain" : "number found"}'s permutation p ${formatFigure(gainP!, 3)}`,
  ];
}

function renderForms(metrics: ScadaFigures["metrics"]): string {
  return `z of int8 correlates ${formatFigure(metrics.zCorrelation!, 4)} with the teacher's (untaught ${metrics.zCorrelationUntaught!.value.toFixed(4)}), error ${formatFigure(metrics.maeKelvin!, 3)} K, ${(100 * metrics.maeIncrease!.value).toFixed(2)} % above float`;
}

function describeForms(seeds: readonly SeedJudgement[]): Record<string, Figure> {
  const over = (name: RegressionForm, of: (form: FormFigures, seed: SeedJudgement) => number): Figure =>
    spread(seeds.map((seed) => of(formOf(seed, name), seed)));
  return {
    zCorrelation: over("int8", (form) => form.zCorrelation.value),
    zCorrelationUntaught: over("untaught", (form) => form.zCorrelation.value),
    maeKelvin: over("int8", (form) => form.maeKelvin.value),
    maeIncrease: over(
      "int8",
      (form, seed) => form.maeKelvin.value / formOf(seed, "pruned").maeKelvin.value - 1,
    ),
  };
}

function countDetections(seeds: readonly SeedJudgement[]): ScadaFigures["detections"] {
  const count = (outcomes: readonly CostOutcome[]): number =>
    outcomes.reduce((sum, { detected }) => sum + detected, 0);
  return seeds.some(({ floatOutcomes }) => floatOutcomes.length === 0)
    ? null
    : {
        float: seeds.reduce((sum, seed) => sum + count(seed.floatOutcomes), 0),
        int8: seeds.reduce((sum, seed) => sum + count(seed.outcomes.policy!), 0),
        of: seeds.reduce(
          (sum, { outcomes }) => sum + outcomes.policy!.flatMap(({ failures }) => failures).length,
          0,
        ),
      };
}

function formOf(seed: SeedJudgement, name: RegressionForm): FormFigures {
  return seed.forms.find(({ form }) => form === name)!;
}

function spread(values: readonly number[]): Figure {
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  return values.length < 2
    ? { value, low: null, high: null }
    : { value, low: Math.min(...values), high: Math.max(...values) };
}

function listSensorFaults({ days }: SeedJudgement, split: TimeSplit): ScadaFigures["sensorFaults"] {
  return days.flatMap(({ turbine, sensorFaults }) =>
    sensorFaults.flatMap(([day, output]) => {
      const isFirst = !sensorFaults.some((other) => other[0] === day - 1 && other[1] === output);
      return isFirst && day * dayMs >= split.startMs
        ? [{ turbine, output, from: new Date(day * dayMs).toISOString().slice(0, 10) }]
        : [];
    }),
  );
}
