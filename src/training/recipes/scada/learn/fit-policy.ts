/**
 * Which inspections a bundle asks for, of what the data allow: rates come from the log, worth from the costs, and a ranking
 * needs turbines to rank. What the data do not allow is not asked for, and said.
 */
import type { ComponentPolicy, InspectionPolicy } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import type { ComponentCost } from "../../../dataset/scada/table-config.ts";
import type { PolicyConfig } from "../scada-config.ts";

/** Costs by component; null: nobody says what anything costs. */
export type Costs = ReadonlyMap<string, ComponentCost> | null;

/** How inspections are chosen. `watch`: none is asked for; scores are told all the same. */
interface PolicyChoice {
  readonly kind: "worth" | "ranking" | "watch";
  /** What could not be done as it was configured, and why; empty where all could. */
  readonly words: readonly string[];
}

/** What there is to choose from. */
interface PolicyGround {
  readonly turbines: number;
  /** Failures that were logged while the student learnt. */
  readonly failures: number;
  readonly hasCosts: boolean;
}

/** Chooses what the data allow, the configured kind first. */
export function choosePolicy(asked: InspectionPolicy["kind"], ground: PolicyGround): PolicyChoice {
  const { turbines, failures, hasCosts } = ground;
  const canRank = turbines > 1;
  const canWeigh = hasCosts && failures > 0;
  const wanted = asked ?? "worth";
  const other = wanted === "worth" ? "ranking" : "worth";
  const can = { ranking: canRank, worth: canWeigh };
  const kind = can[wanted] ? wanted : can[other] ? other : "watch";
  const words: string[] = [];
  if (!hasCosts)
    words.push(
      "No costs were given: nothing here is worth money, and what the policy calls worth counts failures. Name dataset.costs for a worth in euro.",
    );
  if (failures === 0)
    words.push(
      "No failure was logged while it learnt: there are no rates, and the probabilities are those of one imagined failure. They order, and mean nothing else.",
    );
  if (!canRank)
    words.push(
      "There is one turbine: a ranking of one says nothing, and what all turbines share (weather, load, season) cannot be told from what one has alone.",
    );
  if (kind !== wanted)
    words.push(
      `The policy ${wanted} that was configured cannot be had of these data; ${kind === "watch" ? "no inspection is asked for, and scores, sensor faults and drift are told" : `inspections are chosen as a ${kind === "ranking" ? "ranking of the turbines by their scores" : "policy of worth"}`}.`,
    );
  return { kind, words };
}

/** The log of a time. */
interface Exposure {
  readonly turbines: number;
  readonly days: number;
  /** Failures in that time, in order. */
  readonly failures: readonly LoggedEvent[];
}

/** What the policy may know of the data but the log. */
export interface PolicyTerms {
  readonly choice: PolicyChoice;
  /** In the sequence of the bundle's policy. */
  readonly components: readonly string[];
  readonly costs: Costs;
}

/** What a failure found is worth where nobody gave costs: one. */
const withoutCosts: ComponentCost = { replacementEur: 1, repairEur: 1, inspectionEur: 0 };
/** More than any inspection is worth where a failure is worth one. */
const neverWorth = 2;

/** The policy with how often components fail, learnt from `exposure`, and what a look is worth. */
export function fitPolicy(
  config: PolicyConfig,
  exposure: Exposure,
  { choice, components: names, costs }: PolicyTerms,
): InspectionPolicy {
  const { eventDays, poolingWeight, meanLeadShare, ...policy } = config;
  const events = listSeparateEvents(exposure.failures, eventDays);
  const horizonDays = config.maxLeadDays - config.minLeadDays;
  const rateOf = estimateRates(events, {
    components: names.length,
    exposureDays: exposure.turbines * exposure.days,
    poolingWeight,
  });
  const components = names.map((component): ComponentPolicy => {
    const cost = costs?.get(component) ?? withoutCosts;
    return {
      component,
      prior: -Math.expm1(-rateOf(component) * horizonDays),
      worthEur: cost.replacementEur + (cost.replacementEur - cost.repairEur) * meanLeadShare,
      inspectionEur: cost.inspectionEur,
    };
  });
  const asked = policy.kind ?? "worth";
  if (choice.kind === "watch") {
    const unpriced = components.map((each) => ({ ...each, worthEur: 1, inspectionEur: 0 }));
    return { ...policy, kind: "worth", minWorthEur: neverWorth, components: unpriced };
  }
  const kind = choice.kind === asked ? policy.kind : choice.kind;
  const minWorthEur = costs === null ? 0 : policy.minWorthEur;
  return { ...policy, kind, minWorthEur, components };
}

/**
 * Failures a turbine and day by component: (own events + w · mean events of all) / (exposure · (1 + w)), a gamma prior
 * of weight w that pulls components with few events to the mean.
 */
export function estimateRates(
  events: readonly LoggedEvent[],
  prior: { readonly components: number; readonly exposureDays: number; readonly poolingWeight: number },
): (component: string) => number {
  const { components, exposureDays, poolingWeight } = prior;
  const mean = Math.max(1, events.length) / components;
  return (component) => {
    const own = events.filter((event) => event.component === component).length;
    return (own + poolingWeight * mean) / (exposureDays * (1 + poolingWeight));
  };
}

/** Failures without those that follow one of the same pair within `eventDays` of the last. */
export function listSeparateEvents(failures: readonly LoggedEvent[], eventDays: number): LoggedEvent[] {
  const last = new Map<string, number>();
  return failures.filter((failure) => {
    const pair = `${failure.turbine} ${failure.component}`;
    const before = last.get(pair);
    last.set(pair, failure.timestampMs);
    return before === undefined || failure.timestampMs - before > eventDays * dayMs;
  });
}
