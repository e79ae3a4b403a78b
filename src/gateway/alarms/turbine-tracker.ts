/**
 * The retained state of one turbine, from what is known of its components. Says "ok" of the whole only when every watched
 * component runs, was scored, and has no alarm: a turbine that stands or whose data is missing is not healthy but
 * unknown. What is known of its components stands beside it, each with its reason. No missing data hides an alarm that
 * stands: the operating state says then that nothing is known now.
 */

import { isWithheldState } from "../../core/contract/alarm-report.ts";
import type { SaidAlarm } from "../../core/contract/alert.ts";
import type { DiagnosedDevice } from "../../core/contract/device/device-diagnosis.ts";
import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import { formatTime, lastTimeMs } from "../../core/contract/iso-time.ts";
import {
  type Decision,
  type ModeDecision,
  type ModelRef,
  type OperatingState,
  operatingStates,
} from "../../core/contract/prediction.ts";
import type { DiagnosedSource } from "../../core/contract/source-diagnosis.ts";
import {
  type ComponentCondition,
  maxStateItems,
  type PointSilence,
  type TurbineHealth,
  type TurbineState,
} from "../../core/contract/turbine-state.ts";
import type { OpenAlarm } from "../../core/decision/alarms/alarm-register.ts";
import { isOperating } from "../../core/decision/operating-state.ts";
import { rollUpHealth } from "../../core/decision/roll-up-health.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import {
  type ComponentTracker,
  createComponentTracker,
  type HeardAt,
  type PointCondition,
  type SetAside,
} from "./component-tracker.ts";

/** Follows the decisions of one turbine. */
export interface TurbineTracker {
  /** Takes a decision of one of the turbine's components; others are ignored. */
  update(decision: Decision, heard?: HeardAt): void;
  noteSilence(component: string, silence: PointSilence): void;
  noteSetAside(component: string, setAside: SetAside): void;
  /** The payload of the retained state at `timeMs`. */
  describe(now: TurbineMoment): TurbineState;
}

/** What a turbine is looked at with. */
interface TurbineMoment {
  readonly timeMs: number;
  readonly monotonicMs: number;
  readonly alarms: readonly OpenAlarm[];
  readonly dataQuality: TurbineState["dataQuality"];
  /** Of this turbine's points. */
  readonly conditions: readonly PointCondition[];
  readonly drift: readonly ComponentDrift[];
  /** Of this turbine's devices, those that something is wrong with. */
  readonly devices: readonly DiagnosedDevice[];
  /** Likewise of the sources of its SCADA values. */
  readonly sources: readonly DiagnosedSource[];
  /** Why a component's device says nothing of it; undefined: it does. */
  readonly unfitOf: (component: string) => PointSilence | undefined;
  /** Why nothing was heard of a component yet; undefined: not known. */
  readonly unheardOf: (component: string) => PointSilence | undefined;
}

/** How a component stands against its own days. */
export interface ComponentDrift {
  readonly component: string;
  readonly level: DriftLevel;
  /** Epoch ms; null: not known. */
  readonly sinceMs: number | null;
  readonly title: string | null;
}

/** Creates the tracker of a turbine; `components` are all that are watched, seen or not. */
export function createTurbineTracker(
  site: string,
  turbine: string,
  components: readonly string[],
): TurbineTracker {
  return new TurbineRollUp(site, turbine, components);
}

class TurbineRollUp implements TurbineTracker {
  readonly #site: string;
  readonly #turbine: string;
  readonly #trackers: readonly ComponentTracker[];
  /** The last of each component and failure mode. Written every window and described when somebody looks. */
  #scores: readonly LastScore[] = [];
  #model: ModelRef | null = null;

  constructor(site: string, turbine: string, components: readonly string[]) {
    this.#site = site;
    this.#turbine = turbine;
    this.#trackers = components.map((component) => createComponentTracker(turbine, component));
  }

  update(decision: Decision, heard?: HeardAt): void {
    const { site, turbine, component } = decision.point;
    const tracker = this.#find(component);
    if (site !== this.#site || turbine !== this.#turbine || tracker === undefined) return;
    tracker.update(decision, heard);
    this.#model = decision.model;
    if (decision.modes.length > 0) this.#scores = noteScores(this.#scores, decision);
  }

  #find(component: string): ComponentTracker | undefined {
    return this.#trackers.find((tracker) => tracker.component === component);
  }

  noteSilence(component: string, silence: PointSilence): void {
    this.#find(component)?.noteSilence(silence);
  }

  noteSetAside(component: string, setAside: SetAside): void {
    this.#find(component)?.noteSetAside(setAside);
  }

  describe(now: TurbineMoment): TurbineState {
    const { timeMs, monotonicMs, alarms, conditions, unfitOf } = now;
    // A device that says nothing of its machine does not say that it stands by.
    const known = this.#trackers.map((tracker) => {
      const state = tracker.operatingStateAt(monotonicMs);
      return state === "standby" && unfitOf(tracker.component) ? "information-unavailable" : state;
    });
    const described = this.#trackers.map((tracker) => {
      const { component } = tracker;
      const condition = conditions.find(({ point }) => point.component === component);
      const reasons = { unfit: unfitOf(component), unheard: now.unheardOf(component) };
      return withSaneTime(tracker.describe({ timeMs, monotonicMs, alarms, condition, ...reasons }));
    });
    return {
      site: this.#site,
      turbine: this.#turbine,
      time: formatTime(timeMs),
      operatingState: operatingStates.find((state) => known.includes(state)) ?? "information-unavailable",
      health: describeHealth(known, alarms, described),
      healthReason: rollUpHealth(described, timeMs).reason,
      components: described,
      alarms: keepFirst(alarms.map(describeAlarm), byUrgency),
      lastScores: keepFirst(this.#scores.map(describeScore), byRisk),
      model: this.#model,
      baselines: describeBaselines(conditions),
      drift: now.drift.map(describeDrift),
      devices: now.devices,
      sources: now.sources,
      dataQuality: now.dataQuality,
    };
  }
}

interface LastScore {
  readonly decision: Decision;
  readonly mode: ModeDecision;
}

/** With those of a decision in their places. Of what its model does not name any more nothing is known; another model of the component goes on. */
function noteScores(before: readonly LastScore[], decision: Decision): readonly LastScore[] {
  const { point, model, modes } = decision;
  const scores: LastScore[] = [];
  for (const score of before) {
    const isOther = score.decision.point.component !== point.component;
    const mode = isOther
      ? undefined
      : modes.find(({ failureMode }) => failureMode === score.mode.failureMode);
    if (mode !== undefined) scores.push({ decision, mode });
    else if (isOther || score.decision.model.name !== model.name) scores.push(score);
  }
  const added = modes.filter((mode) => !scores.some((score) => score.mode === mode));
  return scores.concat(added.map((mode) => ({ decision, mode })));
}

function describeScore({ decision, mode }: LastScore): TurbineState["lastScores"][number] {
  const { component } = decision.point;
  const { failureMode, probability, risk } = mode;
  const time = formatTime(decision.toMs);
  return { component, failureMode, probability, ...(risk === undefined ? {} : { risk }), time };
}

type SaidScore = TurbineState["lastScores"][number];

/** All that a state has room for, in their order: where there are more the first of each component by `compare`, then the second of each, and so on. */
function keepFirst<T extends SaidScore | SaidAlarm>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): readonly T[] {
  if (items.length <= maxStateItems) return items;
  const ranked = [...groupBy(items, ({ component }) => component).values()].flatMap((own) =>
    [...own].sort(compare).map((item, place) => ({ item, place })),
  );
  ranked.sort((a, b) => a.place - b.place || compare(a.item, b.item));
  const kept = new Set(ranked.slice(0, maxStateItems).map(({ item }) => item));
  return items.filter((item) => kept.has(item));
}

/** The highest first; what is not known last, by probability. */
function byRisk(a: SaidScore, b: SaidScore): number {
  return (b.risk ?? -1) - (a.risk ?? -1) || b.probability - a.probability;
}

/** What an operator must see first; by nothing that changes with every window, since a state whose alarms change goes out at once. */
function byUrgency(a: SaidAlarm, b: SaidAlarm): number {
  return (
    Number(isWithheldState(a.state)) - Number(isWithheldState(b.state)) ||
    Number(b.severity === "critical") - Number(a.severity === "critical") ||
    (a.since < b.since ? -1 : Number(a.since > b.since))
  );
}

type DescribedDrift = NonNullable<TurbineState["drift"]>[number];

/** A device's clock may say anything; whoever reads the state must not stumble over it. */
function withSaneTime(condition: ComponentCondition): ComponentCondition {
  const { sinceMs, unknown } = condition;
  const sane = { ...condition, sinceMs: saneTime(sinceMs) };
  return unknown === undefined
    ? sane
    : { ...sane, unknown: { ...unknown, sinceMs: saneTime(unknown.sinceMs) } };
}

function saneTime(timeMs: number | null): number | null {
  return timeMs !== null && timeMs >= 0 && timeMs <= lastTimeMs ? Math.round(timeMs) : null;
}

function describeAlarm(alarm: OpenAlarm): Required<SaidAlarm> {
  const { component, failureMode, state, conditionActive, untilMs, probability, risk, severity } = alarm;
  return {
    component,
    failureMode,
    leadingMode: alarm.leadingMode ?? undefined,
    state,
    until: untilMs === null ? undefined : formatTime(untilMs),
    conditionActive,
    since: formatTime(alarm.sinceMs),
    probability,
    risk,
    lane: alarm.lane ?? undefined,
    severity,
  };
}

/**
 * `alarm` when any alarm's condition holds, shelved and suppressed ones too: withholding an alarm mends nothing. An
 * alarm that is out of service is no evidence either way, so its component, and with it the turbine, is unknown at best; as is
 * one that is not heard, by a dead sensor for one, though its windows are decided.
 */
function describeHealth(
  states: readonly OperatingState[],
  alarms: readonly OpenAlarm[],
  components: readonly ComponentCondition[],
): TurbineHealth {
  if (alarms.some(({ state, conditionActive }) => conditionActive && state !== "out-of-service"))
    return "alarm";
  if (states.length === 0 || !states.every(isOperating)) return "information-unavailable";
  return components.some(({ health }) => health === "no-data") ? "information-unavailable" : "ok";
}

function describeBaselines(conditions: readonly PointCondition[]): NonNullable<TurbineState["baselines"]> {
  return conditions.flatMap(({ point, status, severityDb }) =>
    status === null
      ? []
      : [
          {
            component: point.component,
            ...status,
            severityDb: severityDb === null ? null : round(severityDb),
          },
        ],
  );
}

function describeDrift({ component, level, sinceMs, title }: ComponentDrift): DescribedDrift {
  const sane = saneTime(sinceMs);
  return { component, level, since: sane === null ? null : formatTime(sane), title };
}

/** To a tenth of a decibel: more is noise. */
function round(decibels: number): number {
  return Math.round(decibels * 10) / 10;
}
