/**
 * The cost rule of the "Hack the Wind 2018" challenge: what a list of inspections would have been worth. Knows nothing of
 * models. An inspection finds a failure of its turbine's component that comes as many days later as the policy says;
 * a failure found saves a part of (replacement − repair) that grows with the lead; a failure missed costs the
 * replacement; an inspection that finds nothing costs an inspection.
 */

import type { InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { computeQuantile } from "../../../../core/maths/robust.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import type { ComponentCost } from "../../../dataset/scada/table-config.ts";
import { binomialInterval, type Figure } from "../../../judge/figure.ts";
import type { Costs } from "../learn/fit-policy.ts";

/** Somebody looks at a component, because an alarm said so. */
export interface Inspection {
  readonly turbine: string;
  readonly component: string;
  readonly timestampMs: number;
}

interface FailureOutcome {
  readonly failure: LoggedEvent;
  /** Days between the earliest inspection that counts and the failure; null = missed. */
  readonly leadDays: number | null;
}

export interface CostOutcome {
  /** Savings less replacements less false alarms; the scale on which never looking gives −Σ replacement. */
  readonly eur: number;
  readonly gainEur: number;
  readonly failures: readonly FailureOutcome[];
  readonly detected: number;
  readonly inspections: number;
  readonly falseAlarms: number;
}

const free: ComponentCost = { replacementEur: 0, repairEur: 0, inspectionEur: 0 };

/** An inspection later than the shortest lead before a failure is too late; one earlier than the longest is a false alarm. */
export type LeadTime = Pick<InspectionPolicy, "minLeadDays" | "maxLeadDays">;

/** What an inspection is worth, and how long before a failure it counts. */
export interface CostRule {
  readonly costs: Costs;
  readonly lead: LeadTime;
}

/**
 * Scores `inspections` against `failures`; without costs all money is 0, and what is found counts.
 * @throws RangeError when a failure's component has no cost.
 */
export function scoreInspections(
  inspections: readonly Inspection[],
  failures: readonly LoggedEvent[],
  { costs, lead: { minLeadDays, maxLeadDays } }: CostRule,
): CostOutcome {
  const costOf = (component: string): ComponentCost => {
    const cost = costs === null ? free : costs.get(component);
    if (cost === undefined) throw new RangeError(`component ${component} has no cost`);
    return cost;
  };
  const useful = new Set<Inspection>();
  let eur = 0;
  let never = 0;
  const outcomes = failures.map((failure): FailureOutcome => {
    const { replacementEur, repairEur } = costOf(failure.component);
    let leadDays: number | null = null;
    for (const inspection of inspections) {
      if (inspection.turbine !== failure.turbine || inspection.component !== failure.component) continue;
      const lead = (failure.timestampMs - inspection.timestampMs) / dayMs;
      if (lead < minLeadDays || lead > maxLeadDays) continue;
      useful.add(inspection);
      leadDays = Math.max(leadDays ?? 0, lead);
    }
    never -= replacementEur;
    eur += leadDays === null ? -replacementEur : ((replacementEur - repairEur) * leadDays) / maxLeadDays;
    return { failure, leadDays };
  });
  for (const inspection of inspections) {
    if (!useful.has(inspection)) eur -= costOf(inspection.component).inspectionEur;
  }
  return {
    eur,
    gainEur: eur - never,
    failures: outcomes,
    detected: outcomes.filter((outcome) => outcome.leadDays !== null).length,
    inspections: inspections.length,
    falseAlarms: inspections.length - useful.size,
  };
}

/**
 * Figures over runs (seeds × calendars): all but the binomial interval are means with the 2.5 and 97.5 percent quantiles of
 * the runs.
 */
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
    return { value, low: computeQuantile(values, 0.025), high: computeQuantile(values, 0.975) };
  };
  const failures = outcomes[0]!.failures;
  const detected = figure((outcome) => outcome.detected);
  const interval = binomialInterval(Math.round(detected.value), failures.length, 0.95);
  const leads = outcomes.flatMap((outcome) => outcome.failures.flatMap(({ leadDays }) => leadDays ?? []));
  return {
    runs: outcomes.length,
    detected,
    detectedShare: { value: failures.length === 0 ? 0 : detected.value / failures.length, ...interval },
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
