/**
 * What one may believe of a turbine's components, of its last state. A gateway of before says it of the turbine alone:
 * then no component is called better than the turbine is. An alarm stands, whatever is not known any more.
 */
import { toWords } from "../../core/contract/to-words.ts";
import type { ComponentCondition, TurbineState, UnknownNow } from "../../core/contract/turbine-state.ts";
import { formatMoment, tellsRisk } from "../../core/decision/roll-up-health.ts";

/** A component as the page and the API show it. */
export interface ComponentView extends ComponentCondition {
  /** One a failure mode, the highest first, of equal ones an alarm's, those that are not known last; at the site's prior, 0 to 1. */
  readonly risks: readonly { readonly failureMode: string; readonly risk: number | null }[];
  /** Its own reference; null: it has none and learns none. */
  readonly baseline: NonNullable<TurbineState["baselines"]>[number] | null;
}

/** States are held by the record as long as they do not change, and lists ask of all of them again and again. */
const described = new WeakMap<TurbineState, readonly ComponentView[]>();

/** The components of a state that holds now. */
export function describeComponents(state: TurbineState): readonly ComponentView[] {
  const known = described.get(state);
  if (known !== undefined) return known;
  const views = deriveViews(state);
  described.set(state, views);
  return views;
}

function deriveViews(state: TurbineState): readonly ComponentView[] {
  const conditions = state.components?.map((each) => doubt(each, state)) ?? deriveConditions(state);
  return conditions.map((condition) => {
    const { component } = condition;
    const isAlarm = ({ failureMode }: { readonly failureMode: string }): boolean =>
      state.alarms.some((alarm) => alarm.component === component && alarm.failureMode === failureMode);
    const risks = state.lastScores
      .filter((score) => score.component === component)
      .map(({ failureMode, risk }) => ({ failureMode, risk: tellsRisk(condition) ? (risk ?? null) : null }))
      .sort((a, b) => (b.risk ?? -1) - (a.risk ?? -1) || Number(isAlarm(b)) - Number(isAlarm(a)));
    const baseline = state.baselines?.find((each) => each.component === component) ?? null;
    return { ...condition, risks, baseline };
  });
}

/** Why a state holds no more. */
export interface Forgotten {
  /** A sentence, for example `its gateway is offline`. */
  readonly reason: string;
  /** The same before a time and an alarm: `gateway offline`. */
  readonly brief: string;
  /** Since when, epoch ms: when it was last heard of at the latest; 0: it never was. */
  readonly sinceMs: number;
}

/** The components of a state that holds no more: of none is anything known now, and an alarm stands. */
export function forgetComponents(
  state: TurbineState | null,
  why: Forgotten,
  nowMs: number,
): readonly ComponentView[] {
  if (state === null) return [];
  const { reason, brief } = why;
  const sinceMs = why.sinceMs > 0 ? why.sinceMs : null;
  return describeComponents(state).map((view) => {
    const risks = view.risks.map(({ failureMode }) => ({ failureMode, risk: null }));
    const { component, baseline, health } = view;
    if (health !== "warning" && health !== "critical")
      return { component, health: "no-data", reason, sinceMs, risks, baseline };
    const since = sinceMs === null ? "" : ` since ${formatMoment(sinceMs, nowMs)}`;
    const before = `${brief}${since}; before that in alarm${nameAlarm(state, view)}`;
    return { ...view, reason: before, whyItStands: undefined, unknown: { reason: brief, sinceMs }, risks };
  });
}

/** ` (ball)`. What its gateway said of the alarm last may begin with why that gateway knew nothing of it then. */
function nameAlarm({ alarms }: TurbineState, { component, health, reason }: ComponentView): string {
  const own = alarms.filter((alarm) => alarm.component === component && alarm.state !== "out-of-service");
  const alarm = own.find(({ severity }) => severity === health) ?? own[0];
  const words = alarm === undefined ? reason : toWords(alarm.failureMode);
  return words === null ? "" : ` (${words})`;
}

/** A gateway of before says only of the turbine that nothing is known now, and that an alarm stands. */
function doubt(condition: ComponentCondition, state: TurbineState): ComponentCondition {
  const stands = condition.health === "warning" || condition.health === "critical";
  if (!stands || condition.unknown !== undefined) return condition;
  return state.operatingState === "information-unavailable" ? { ...condition, unknown: unheard } : condition;
}

const unheard: UnknownNow = { reason: "the gateway cannot decide on the turbine now", sinceMs: null };

function deriveConditions(state: TurbineState): readonly ComponentCondition[] {
  const named = [...state.alarms, ...state.lastScores, ...(state.baselines ?? [])];
  return [...new Set(named.map(({ component }) => component))].map((component): ComponentCondition => {
    const alarm = state.alarms.find((each) => each.component === component);
    const base = { component, reason: null, sinceMs: null };
    if (state.health === "alarm" && alarm !== undefined) {
      const reason = toWords(alarm.failureMode);
      const sinceMs = Date.parse(alarm.since);
      return doubt({ component, health: alarm.severity ?? "warning", reason, sinceMs }, state);
    }
    if (state.health === "information-unavailable") {
      return { ...base, health: "no-data", reason: unheard.reason };
    }
    if (state.health === "alarm" && state.alarms.length === 0) {
      return doubt({ ...base, health: "warning", reason: "the turbine is in alarm" }, state);
    }
    const baseline = state.baselines?.find((each) => each.component === component);
    if (baseline?.state !== "learning") return { ...base, health: "good" };
    return { ...base, health: "learning", reason: `${baseline.windows} windows so far` };
  });
}
