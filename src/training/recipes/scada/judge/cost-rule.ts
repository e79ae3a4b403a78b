/**
 * The cost rule of the "Hack the Wind 2018" challenge at 60 days: what a list of inspections would have been worth.
 * Knows nothing of models. An inspection finds a failure of its turbine's component that comes 2 to 60 days later;
 * a failure found saves a part of (replacement − repair) that grows with the lead; a failure missed costs the
 * replacement; an inspection that finds nothing costs an inspection.
 */

import { dayMs } from "../../../../core/maths/durations.ts";
import type { ComponentCost } from "../../../dataset/edp-logbook.ts";

/** Somebody looks at a component, because an alarm said so. */
export interface Inspection {
  readonly turbine: string;
  readonly component: string;
  readonly timestampMs: number;
}

/** A failure as the rule sees it. */
export interface CountedFailure {
  readonly turbine: string;
  readonly component: string;
  readonly timestampMs: number;
}

/** What became of one failure. */
export interface FailureOutcome {
  readonly failure: CountedFailure;
  /** Days between the earliest inspection that counts and the failure; null = missed. */
  readonly leadDays: number | null;
}

/** What the inspections were worth. */
export interface CostOutcome {
  /** Savings less replacements less false alarms; the scale on which never looking gives −Σ replacement. */
  readonly eur: number;
  /** The same against never looking. */
  readonly gainEur: number;
  readonly failures: readonly FailureOutcome[];
  readonly detected: number;
  readonly inspections: number;
  readonly falseAlarms: number;
}

/** An inspection later than this before a failure is too late; one earlier than the longest is a false alarm. */
export const minLeadDays = 2;
/** See {@link minLeadDays}. */
export const maxLeadDays = 60;

/** Scores `inspections` against `failures`. @throws RangeError when a failure's component has no cost. */
export function scoreInspections(
  inspections: readonly Inspection[],
  failures: readonly CountedFailure[],
  costs: ReadonlyMap<string, ComponentCost>,
): CostOutcome {
  const costOf = (component: string): ComponentCost => {
    const cost = costs.get(component);
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
