/**
 * How each component of a turbine is, and why: learnt from decisions, silences and what is set aside. Knows no clock. A
 * component of which nothing is known says so, and hides none of the others.
 */

import type { Decision, OperatingState } from "../../core/contract/prediction.ts";
import type { PointId, QuarantineReason } from "../../core/contract/stream.ts";
import { toWords } from "../../core/contract/to-words.ts";
import type { ComponentCondition, PointSilence, UnknownNow } from "../../core/contract/turbine-state.ts";
import type { OpenAlarm } from "../../core/decision/alarms/alarm-register.ts";
import { describeRise } from "../../core/decision/lasting-rise.ts";
import { isOperating, standby } from "../../core/decision/operating-state.ts";
import type { PointWatch } from "../../core/decision/point-watch.ts";
import type { BaselineStatus } from "../../core/decision/reference/baseline-status.ts";
import { adviseRefused, sayNextStep, writeRenewal } from "../../core/decision/reference/describe-baseline.ts";
import { describeLane } from "../../core/decision/roll-up-health.ts";

/** How a point stands against its healthy baseline. */
export interface PointCondition {
  readonly point: PointId;
  /** Null: its bundle knows no baselines. */
  readonly status: BaselineStatus | null;
  /** Of its last window, dB; null: not known. */
  readonly severityDb: number | null;
  /** Has its sensor heard far less than that for a while? Absent: it has not. */
  readonly isDeaf?: boolean | undefined;
  /** Alarms that stand, and what keeps them. Absent: not known. */
  readonly held?: PointWatch["held"] | undefined;
  /** What rose above its own reference and stays without an alarm; null: nothing. Absent: not known. */
  readonly lastingRise?: PointWatch["lastingRise"] | undefined;
}

export interface ComponentTracker {
  readonly component: string;
  /**
   * As the last decision says: information-unavailable before the first, where an operating window was not scored, and when
   * no score has come for long.
   */
  operatingStateAt(monotonicMs: number): OperatingState;
  /** Left out, its age is not watched. */
  update(decision: Decision, heard?: HeardAt): void;
  /** Comes after the decision that said so; a later decision ends it. */
  noteSilence(silence: PointSilence): void;
  /** Something of its data was set aside. */
  noteSetAside(setAside: SetAside): void;
  describe(now: ComponentMoment): ComponentCondition;
}

/** What was set aside of a component's data. */
export interface SetAside {
  readonly reason: QuarantineReason;
  /** Left out: the reason says enough. */
  readonly detail?: string;
  readonly atMs: number;
  /** It says nothing of now when it is older. */
  readonly freshMs: number;
}

/** When a decision was made, by both clocks of the gateway. */
export interface HeardAt {
  readonly atMs: number;
  readonly monotonicMs: number;
}

/** What a component is looked at with. */
export interface ComponentMoment {
  readonly timeMs: number;
  readonly monotonicMs: number;
  /** All open alarms of the turbine. */
  readonly alarms: readonly OpenAlarm[];
  /** Where its own reference stands; undefined: its model knows none. */
  readonly condition: Omit<PointCondition, "point"> | undefined;
  /** Why its device says nothing of it, whatever was decided; undefined: nothing speaks against it. */
  readonly unfit: PointSilence | undefined;
  /** Why nothing is heard of it, where nothing is; undefined: not known. */
  readonly unheard: PointSilence | undefined;
}

/** A score says nothing of now when it is this old, … */
const freshMs = 30_000;
/** … and so many times as old as scores usually are apart. */
const usualFactor = 3;

/** Alarms of a component that are named beside its first; the others are counted. */
const namedOthers = 3;

/** Creates the tracker of a component that was never heard of. */
export function createComponentTracker(turbine: string, component: string): ComponentTracker {
  return new ComponentHistory(turbine, component);
}

class ComponentHistory implements ComponentTracker {
  readonly #turbine: string;
  readonly component: string;
  #operatingState: OperatingState = "information-unavailable";
  #last: Decision | null = null;
  /** Start of the decisions in a row that know nothing, epoch ms. */
  #unknownSinceMs: number | null = null;
  #silence: PointSilence | null = null;
  #heard: HeardAt | null = null;
  /** Between two decisions, on average; NaN before the second. */
  #usualMs = Number.NaN;
  #setAside: SetAside | null = null;

  constructor(turbine: string, component: string) {
    this.#turbine = turbine;
    this.component = component;
  }

  operatingStateAt(monotonicMs: number): OperatingState {
    const state = this.#operatingState;
    return isOperating(state) && this.#isStale(monotonicMs) ? "information-unavailable" : state;
  }

  update(decision: Decision, at?: HeardAt): void {
    this.#last = decision;
    if (at !== undefined) this.#noteHeard(at);
    this.#silence = null;
    // An operating window without modes was not scored: nothing is known.
    const isScored = decision.modes.length > 0 || decision.operatingState === "standby";
    this.#operatingState = isScored ? decision.operatingState : "information-unavailable";
    if (isOperating(this.#operatingState)) this.#unknownSinceMs = null;
    else this.#unknownSinceMs ??= decision.fromMs;
  }

  noteSilence(silence: PointSilence): void {
    this.#silence = silence;
  }

  noteSetAside(setAside: SetAside): void {
    // Of a window that a silence cut short: what is missing is not bad.
    if (setAside.reason !== "gap") this.#setAside = setAside;
  }

  describe({ timeMs, monotonicMs, alarms, condition, unfit, unheard }: ComponentMoment): ComponentCondition {
    const { component } = this;
    const last = this.#last;
    const own = alarms.filter((alarm) => alarm.component === component);
    const isKnown = isOperating(this.operatingStateAt(monotonicMs));
    const standing = own.filter(
      ({ state, conditionActive }) => conditionActive && state !== "out-of-service",
    );
    const deafness = describeDeafness(condition);
    if (standing.length > 0) {
      const deaf = deafness === null ? null : { reason: deafness, sinceMs: null };
      const unknown = unfit ?? (isKnown ? deaf : this.#whyUnknown(timeMs, unheard));
      return this.#describeAlarm(standing, unknown, condition?.held);
    }
    const withheld = own.find(({ state }) => state === "out-of-service");
    if (withheld !== undefined) {
      const reason = `its alarm of ${toWords(withheld.failureMode)} is out of service`;
      return { component, health: "no-data", reason, sinceMs: null };
    }
    if (unfit !== undefined) return { component, health: "no-data", ...unfit };
    // A model that knows no references never ends learning one: it must not be said to be on the way.
    const learnsNone = condition !== undefined && condition.status === null;
    const isHeard =
      isKnown || (last !== null && isOperating(last.operatingState) && !this.#isStale(monotonicMs));
    const refusal = condition?.status?.refusal;
    if (refusal !== undefined && isHeard && this.#silence === null) {
      const advice = adviseRefused({ turbine: this.#turbine, component });
      const reason = `it looks faulty: ${refusal.slice(0, 400)}; ${advice}`;
      return { component, health: "refused", reason, sinceMs: null };
    }
    // A reference that is let go is so at once, not from the next window on.
    const isLearning = !learnsNone && (last?.isLearning === true || condition?.status?.state === "learning");
    if (isLearning && isHeard && this.#silence === null) {
      return { component, health: "learning", reason: describeProgress(condition), sinceMs: null };
    }
    if (!isKnown) return { component, health: "no-data", ...this.#whyUnknown(timeMs, unheard) };
    if (deafness !== null) {
      const renew = writeRenewal({ turbine: this.#turbine, component });
      const reason = `${deafness}: does it stand while a speed is stated of it, or is its sensor loose? Check how it is mounted; once it was mounted anew: ${renew}`;
      return { component, health: "no-data", reason, sinceMs: null };
    }
    const reason = learnsNone ? "but held against no reference of its own" : describeDoubt(condition);
    return { component, health: "good", reason, sinceMs: null };
  }

  #isStale(monotonicMs: number): boolean {
    if (this.#heard === null) return false;
    const ageMs = monotonicMs - this.#heard.monotonicMs;
    return ageMs > freshMs && ageMs > usualFactor * this.#usualMs;
  }

  #noteHeard(at: HeardAt): void {
    const apartMs = this.#heard === null ? Number.NaN : at.monotonicMs - this.#heard.monotonicMs;
    const usualMs = this.#usualMs;
    this.#usualMs = Number.isNaN(usualMs) ? apartMs : usualMs + (apartMs - usualMs) / 8;
    this.#heard = at;
  }

  #whyUnknown(timeMs: number, unheard: PointSilence | undefined): UnknownNow {
    const silence = this.#silence;
    const setAside = this.#setAside;
    const sinceMs = silence?.sinceMs ?? this.#unknownSinceMs;
    if (silence?.isStandby === true) return silence;
    if (this.#operatingState === "standby") return { ...standby, sinceMs };
    if (setAside !== null && Math.abs(timeMs - setAside.atMs) <= setAside.freshMs) {
      const { reason, detail } = setAside;
      const why = detail === undefined ? reason : `${reason}: ${detail.slice(0, 400)}`;
      return { reason: `its data is in quarantine (${why})`, sinceMs };
    }
    if (this.#last === null) return unheard ?? { reason: "nothing was heard of it yet", sinceMs: null };
    if (silence !== null) return silence;
    if (this.#heard !== null && isOperating(this.#operatingState))
      return unheard ?? { reason: "no score has come for long", sinceMs: this.#heard.atMs };
    const isScored = this.#last.operatingState === "information-unavailable";
    return { reason: isScored ? "its data cannot be decided on" : "not scored yet", sinceMs };
  }

  #describeAlarm(
    standing: readonly OpenAlarm[],
    unknown: UnknownNow | null,
    held: PointCondition["held"] = [],
  ): ComponentCondition {
    const isCritical = ({ severity }: OpenAlarm): boolean => severity === "critical";
    // What only stands on tells less of now than what shows, however bad it was.
    const showing = standing.filter(({ failureMode }) => {
      const its = held.find((each) => each.failureMode === failureMode);
      return its === undefined || (!its.isQuiet && its.whyItStands === null);
    });
    const named = showing.length === 0 ? standing : showing;
    const first = named.find(isCritical) ?? named[0]!;
    // The time that is told after it is the alarm's.
    const now = unknown === null ? "" : `${unknown.reason}; `;
    const { leadingMode } = first;
    const lead = leadingMode === null ? "" : `, by now rather like ${toWords(leadingMode)}`;
    // Of a machine of which nothing is known now it was so once.
    const whys = unknown === null ? standing.flatMap((alarm) => describeStanding(alarm, first, held)) : [];
    const others = standing
      .filter((alarm) => alarm !== first)
      .sort((a, b) => Number(isCritical(b)) - Number(isCritical(a)))
      .map(({ failureMode }) => toWords(failureMode));
    const more = others.splice(namedOthers).length;
    if (more > 0) others.push(`${more} more`);
    const also = others.length === 0 ? "" : ` (also ${others.join(", ")})`;
    const reason = `${now}${toWords(first.failureMode)}${lead}${also}: ${describeLane(first.lane)}`;
    const health = standing.some(isCritical) ? "critical" : first.severity;
    const condition = { component: this.component, health, reason, sinceMs: first.sinceMs } as const;
    if (unknown !== null) return { ...condition, unknown };
    return whys.length === 0 ? condition : { ...condition, whyItStands: whys.join("; ").slice(0, 600) };
  }
}

/** Why an alarm still stands; none: nothing but its fault keeps it. */
function describeStanding(
  alarm: OpenAlarm,
  first: OpenAlarm,
  held: NonNullable<PointCondition["held"]>,
): readonly string[] {
  const { whyItStands = null } = held.find(({ failureMode }) => failureMode === alarm.failureMode) ?? {};
  if (whyItStands === null) return [];
  const name = alarm === first ? "it" : toWords(alarm.failureMode);
  return [`${name} still stands: ${whyItStands}`];
}

/** How far learning is, in windows; null: not known. */
function describeProgress(condition: ComponentMoment["condition"]): string | null {
  const status = condition?.status ?? null;
  if (status === null || status.state !== "learning") return null;
  const progress = sayNextStep(status) ?? `${status.windows} windows, not enough to go by yet`;
  return status.standstill === undefined ? progress : `${progress}; ${status.standstill}`;
}

/** A sensor that hears far less than its machine's own healthy level hears its faults no more either; null: it does not. */
function describeDeafness(condition: ComponentMoment["condition"]): string | null {
  const severityDb = condition?.severityDb ?? null;
  if (condition?.isDeaf !== true) return null;
  return `${severityDb === null ? "far" : `${Math.round(-severityDb)} dB`} quieter than when it was healthy`;
}

function describeDoubt(condition: ComponentMoment["condition"]): string | null {
  const { suspicions = [], beyond } = condition?.status ?? {};
  const doubts = suspicions.slice(0, 1).map((doubt) => `see how it was learnt: ${doubt.slice(0, 200)}`);
  if (beyond !== undefined) doubts.push(beyond);
  const rise = condition?.lastingRise ?? null;
  if (rise !== null) doubts.unshift(describeRise(rise));
  return doubts.length === 0 ? null : `but ${doubts.join("; ")}`;
}
