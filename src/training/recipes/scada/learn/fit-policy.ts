/** What the inspection policy needs of the logbook and the costs: how often components fail, what a look is worth. */
import type { ComponentPolicy, InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { ComponentCost, EdpFailure } from "../../../dataset/edp-logbook.ts";
import type { PolicyConfig } from "../scada-config.ts";

/** The logbook of a time. */
export interface Exposure {
  readonly turbines: number;
  readonly days: number;
  /** Failures in that time, in order. */
  readonly failures: readonly EdpFailure[];
}

/**
 * Failures a turbine and day of one component: (own events + w · mean events of all) / (exposure · (1 + w)), a gamma
 * prior of weight w that pulls components with few events to the mean.
 */
export function estimateRate(
  events: readonly EdpFailure[],
  component: string,
  components: number,
  exposureDays: number,
  poolingWeight: number,
): number {
  const own = events.filter((event) => event.component === component).length;
  const mean = Math.max(1, events.length) / components;
  return (own + poolingWeight * mean) / (exposureDays * (1 + poolingWeight));
}

/** Failures without those that follow one of the same pair within `eventDays` of the last. */
export function listEvents(failures: readonly EdpFailure[], eventDays: number): EdpFailure[] {
  const last = new Map<string, number>();
  return failures.filter((failure) => {
    const pair = `${failure.turbine} ${failure.component}`;
    const before = last.get(pair);
    last.set(pair, failure.timestampMs);
    return before === undefined || failure.timestampMs - before > eventDays * dayMs;
  });
}

/** The policy with everything that is learnt from `exposure`. */
export function fitPolicy(
  config: PolicyConfig,
  exposure: Exposure,
  costs: ReadonlyMap<string, ComponentCost>,
): InspectionPolicy {
  const { eventDays, poolingWeight, meanLeadShare, ...policy } = config;
  const events = listEvents(exposure.failures, eventDays);
  const horizonDays = config.maxLeadDays - config.minLeadDays;
  const components = [...costs].map(([component, cost]): ComponentPolicy => {
    const rate = estimateRate(
      events,
      component,
      costs.size,
      exposure.turbines * exposure.days,
      poolingWeight,
    );
    return {
      component,
      prior: -Math.expm1(-rate * horizonDays),
      worthEur: cost.replacementEur + (cost.replacementEur - cost.repairEur) * meanLeadShare,
      inspectionEur: cost.inspectionEur,
    };
  });
  return { ...policy, components };
}
