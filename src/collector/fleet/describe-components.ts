/**
 * What one may believe of a turbine's components, of its last state. A gateway of before says it of the turbine alone:
 * then no component is called better than the turbine is.
 */
import type { ComponentCondition, TurbineState } from "../../core/contract/turbine-state.ts";
import { tellsRisk } from "../../core/decision/roll-up-health.ts";

/** A component as the page and the API show it. */
export interface ComponentView extends ComponentCondition {
  /** One a failure mode, the highest first, those that are not known last; at the site's prior, 0 to 1. */
  readonly risks: readonly { readonly failureMode: string; readonly risk: number | null }[];
  /** Its own reference; null: it has none and learns none. */
  readonly baseline: NonNullable<TurbineState["baselines"]>[number] | null;
}

/** The components of a state that holds now. */
export function describeComponents(state: TurbineState): readonly ComponentView[] {
  const conditions = state.components ?? deriveConditions(state);
  return conditions.map((condition) => {
    const { component, health } = condition;
    const risks = state.lastScores
      .filter((score) => score.component === component)
      .map(({ failureMode, risk }) => ({ failureMode, risk: tellsRisk(health) ? (risk ?? null) : null }))
      .sort((a, b) => (b.risk ?? -1) - (a.risk ?? -1));
    const baseline = state.baselines?.find((each) => each.component === component) ?? null;
    return { ...condition, risks, baseline };
  });
}

/** The components of a state that holds no more: of none is anything known. */
export function forgetComponents(
  state: TurbineState | null,
  why: { readonly reason: string; readonly sinceMs: number },
): readonly ComponentView[] {
  if (state === null) return [];
  return describeComponents(state).map((view) => {
    const wasAlarm = view.health === "warning" || view.health === "critical";
    const reason = wasAlarm ? `${why.reason}; it was in alarm (${view.reason})` : why.reason;
    const sinceMs = why.sinceMs > 0 ? why.sinceMs : null;
    const risks = view.risks.map(({ failureMode }) => ({ failureMode, risk: null }));
    return { ...view, health: "no-data", reason, sinceMs, risks };
  });
}

function deriveConditions(state: TurbineState): readonly ComponentCondition[] {
  const named = [...state.alarms, ...state.lastScores, ...(state.baselines ?? [])];
  return [...new Set(named.map(({ component }) => component))].map((component): ComponentCondition => {
    const alarm = state.alarms.find((each) => each.component === component);
    const base = { component, reason: null, sinceMs: null };
    if (state.health === "alarm" && alarm !== undefined) {
      const reason = alarm.failureMode.replaceAll("-", " ");
      return { component, health: alarm.severity ?? "warning", reason, sinceMs: Date.parse(alarm.since) };
    }
    if (state.health === "information-unavailable") {
      return { ...base, health: "no-data", reason: "the gateway cannot decide on the turbine now" };
    }
    if (state.health === "alarm" && state.alarms.length === 0) {
      return { ...base, health: "warning", reason: "the turbine is in alarm" };
    }
    const baseline = state.baselines?.find((each) => each.component === component);
    if (baseline?.state !== "learning") return { ...base, health: "good" };
    return { ...base, health: "learning", reason: `${baseline.windows} windows so far` };
  });
}
