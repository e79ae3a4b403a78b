/** Figures of a policy over all its runs (seeds × calendars), with the range that 95 percent of the runs lie in. */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import { binomialInterval, type Figure } from "../../../judge/figure.ts";
import type { CostOutcome } from "./cost-rule.ts";

/** The figures; all but the binomial interval are means over runs with the 2.5 and 97.5 percent quantiles of the runs. */
export interface PolicyFigures {
  readonly runs: number;
  readonly detected: Figure;
  /** Share of failures found: the exact 95 percent interval of the failures' number, which no number of runs narrows. */
  readonly detectedShare: Figure;
  readonly falseAlarms: Figure;
  readonly falseAlarmsPerTurbineYear: Figure;
  readonly inspections: Figure;
  /** On the scale of the cost rule, and against never looking. */
  readonly eur: Figure;
  readonly gainEur: Figure;
  /** Over all failures found in all runs; null when none was. */
  readonly leadDays: { readonly median: number; readonly p10: number } | null;
  /** Failures in order: how often found, at what median lead. */
  readonly failures: readonly {
    readonly turbine: string;
    readonly component: string;
    readonly time: string;
    readonly detectedShare: number;
    readonly medianLeadDays: number | null;
  }[];
}

/** Summarises at least one run. */
export function summarisePolicy(
  outcomes: readonly CostOutcome[],
  turbines: number,
  years: number,
): PolicyFigures {
  const figure = (of: (outcome: CostOutcome) => number): Figure => {
    const values = Float64Array.from(outcomes, of);
    const value = values.reduce((sum, each) => sum + each, 0) / values.length;
    return {
      value,
      low: computeQuantile(values, 0.025),
      high: computeQuantile(values, 0.975),
    };
  };
  const failures = outcomes[0]!.failures;
  const detected = figure((outcome) => outcome.detected);
  const interval = binomialInterval(Math.round(detected.value), failures.length, 0.95);
  const leads = outcomes.flatMap((outcome) => outcome.failures.flatMap(({ leadDays }) => leadDays ?? []));
  return {
    runs: outcomes.length,
    detected,
    detectedShare: { value: detected.value / failures.length, ...interval },
    falseAlarms: figure((outcome) => outcome.falseAlarms),
    falseAlarmsPerTurbineYear: figure((outcome) => outcome.falseAlarms / turbines / years),
    inspections: figure((outcome) => outcome.inspections),
    eur: figure((outcome) => outcome.eur),
    gainEur: figure((outcome) => outcome.gainEur),
    leadDays:
      leads.length === 0 ? null : { median: computeQuantile(leads, 0.5), p10: computeQuantile(leads, 0.1) },
    failures: failures.map(({ failure }, index) => {
      const own = outcomes.flatMap((outcome) => outcome.failures[index]!.leadDays ?? []);
      return {
        turbine: failure.turbine,
        component: failure.component,
        time: new Date(failure.timestampMs).toISOString(),
        detectedShare: own.length / outcomes.length,
        medianLeadDays: own.length === 0 ? null : computeQuantile(own, 0.5),
      };
    }),
  };
}
