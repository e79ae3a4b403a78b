/**
 * What an alert event, and a turbine's state, make of the alarms that are known here, alike in every engine. Alerts and states travel
 * apart, and a record may never hear an alarm's beginning or end: its gateway was at another collector, or this record was lost. What
 * a state says stands beside what events told, and gives way to events that are newer; it never changes what these told.
 */
import type {
  AlarmState,
  AlertData,
  AlertEvent,
  AlertTransition,
  SaidAlarm,
} from "../../core/contract/alert.ts";
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import { believeTime } from "./clock-rules.ts";
import { areTwo } from "./clone-rules.ts";
import type { AlarmLifeStep, RecordSource } from "./fleet-record.ts";

/** What a state and an event say no further apart was said at once: the event counts. The state's next word comes within seconds. */
const togetherForMs = 2 * minuteMs;

/** What a state says of an alarm, where no event has told it. */
export interface SaidStanding {
  /** When it was said, by its gateway's clock where that can be right. */
  readonly atMs: number;
  /** Of one that the state does not name any more: as it was known before, but for its state. */
  readonly alarm: SaidAlarm;
  readonly stands: boolean;
  /** Does it stand by its events alone? */
  readonly told: boolean;
}

/** Whether an alarm stands, and what is known of that from a state alone. */
export interface AlarmStanding {
  readonly active: boolean;
  /** Null: its events tell all that is known. */
  readonly said: SaidStanding | null;
}

/** The newest alarm of a failure mode at its point. */
export interface NewestAlarm extends AlarmStanding {
  readonly alarm: number;
  /** Has an event told of it? Else it is known from a state alone. */
  readonly isTold: boolean;
}

/** What an alert event does to the newest alarm of its failure mode at its point. */
type AlertPlacement =
  /** A new alarm; one that is still open ends, because its gateway has forgotten it. */
  | { readonly kind: "begin"; readonly active: boolean }
  /** The event becomes the latest of the alarm. */
  | { readonly kind: "advance"; readonly standing: AlarmStanding; readonly lastMs: number }
  /** The event is kept in the alarm's life and changes nothing. */
  | { readonly kind: "keep" };

/**
 * Says what an event does. Among events what counts is the order of arrival, which is that of the gateway's lane: the times in
 * events are a device's, whose clock may jump. Against a state it is the event's own time, as far as it can be right.
 * An `updated` or `acknowledged` after the end tells what people made of it, unless by its state the alarm stands; either way it stays over.
 */
export function placeAlert(newest: NewestAlarm | null, event: AlertEvent, timeMs: number): AlertPlacement {
  const said = newest?.said ?? null;
  const newer = said !== null && said.atMs > timeMs + togetherForMs ? said : null;
  // Of what an event says since then both count as open: what events told, and what the state said.
  const stands = newer?.told ?? (newest?.active === true || said?.told === true);
  const move = moveByEvent(newest?.isTold === true ? stands : null, event);
  if (move === "keep") return { kind: "keep" };
  const { active } = move;
  // What is known from a state alone waits for whatever event comes first.
  if (newest === null || (move.begins && newest.isTold)) return { kind: "begin", active };
  if (newer === null || isTold(newer, event.data, active))
    return { kind: "advance", standing: { active, said: null }, lastMs: timeMs };
  return {
    kind: "advance",
    standing: { active: newer.stands, said: { ...newer, told: active } },
    lastMs: newer.atMs,
  };
}

/** @param isActive of the newest alarm, by events; null: no event has told of any */
function moveByEvent(
  isActive: boolean | null,
  event: AlertEvent,
): { readonly begins: boolean; readonly active: boolean } | "keep" {
  const transition = transitionOf(event);
  const { state } = event.data;
  const active = transition !== "cleared" && canStand(state);
  if (isActive === null || transition === "raised") return { begins: true, active };
  if (isActive) return { begins: false, active };
  // What is over stays over; people's steps are worth showing. What tells of an alarm that was shown and stood has come late.
  const isStep = !isShown(event.data) && (transition === "acknowledged" || transition === "updated");
  return isStep ? { begins: false, active: false } : "keep";
}

/** Is the alarm's condition there in this state, or may it be? */
function canStand(state: AlarmState): boolean {
  return state !== "normal" && state !== "returned-unacknowledged";
}

/** The transition that an event's type names. */
function transitionOf(event: Pick<AlertEvent, "type">): AlertTransition {
  return event.type.split(".")[3] as AlertTransition;
}

/** An event as a step in its alarm's life, at a time that can be right. */
export function alarmLifeStep(event: AlertEvent, source: RecordSource): AlarmLifeStep {
  return {
    eventId: event.id,
    gateway: source.gateway,
    transition: transitionOf(event),
    state: event.data.state,
    timeMs: believeTime(Date.parse(event.time), source),
    receivedMs: Math.trunc(source.receivedMs),
    probability: event.data.probability,
    risk: event.data.risk ?? null,
  };
}

/** An alarm that a state is held against. */
export interface StoredAlarm extends AlarmStanding {
  readonly alarm: number;
  readonly component: string;
  readonly failureMode: string;
  /** Its latest event; null: none has come. */
  readonly last: {
    /** As it is believed. */
    readonly timeMs: number;
    readonly receivedMs: number;
    readonly data: AlertData;
  } | null;
  /** When a gateway last spoke of its turbine after another; null: none ever did. */
  readonly twinnedMs: number | null;
}

/** A turbine's state, and when it was heard of. */
export interface HeardAlarms {
  readonly state: TurbineState;
  readonly seenMs: number;
}

/** What a state does to the alarms of its turbine. */
export type AlarmChange =
  /** The first of its kind here, known from the state alone. */
  | { readonly kind: "begin"; readonly said: SaidStanding }
  | {
      readonly kind: "say";
      readonly alarm: number;
      readonly standing: AlarmStanding;
      readonly lastMs: number;
    };

/**
 * Holds a turbine's state against its alarms: what it names as shown and no alarm tells of begins; what stands here and it names as over,
 * or does not name while it says that the component is good, has ended unheard; how urgent an alarm is and what people made of it follows.
 * A state changes nothing of an alarm that has been told of since, or that was heard of just before; nor does it end one by its silence
 * where it says less of the component: its gateway may have lost its memory, and that it forgot an alarm is no evidence. What is withheld
 * begins nothing: of a fault that comes and goes beneath people are told only where it is critical, by an alert. Where several gateways have spoken of the turbine lately no state
 * ends an alarm: it may be another gateway's.
 * @param alarms those of the turbine that stand, and the newest of each kind that the state names
 */
export function holdAgainstState(alarms: readonly StoredAlarm[], heard: HeardAlarms): readonly AlarmChange[] {
  const { state, seenMs } = heard;
  // A state waits in no outbox.
  const atMs = believeTime(Date.parse(state.time), { receivedMs: seenMs, isBehind: true });
  const newest = new Map<string, StoredAlarm>();
  for (const alarm of alarms) {
    const kind = nameKind(alarm);
    if (alarm.alarm >= (newest.get(kind)?.alarm ?? 0)) newest.set(kind, alarm);
  }
  const named = new Map(state.alarms.map((each) => [nameKind(each), each]));
  const good = new Set(
    state.components?.filter(({ health }) => health === "good").map(({ component }) => component),
  );
  const changes: AlarmChange[] = [];
  for (const [kind, alarm] of named) {
    const held = newest.get(kind);
    if (held === undefined && isShown(alarm))
      changes.push({ kind: "begin", said: { atMs, alarm, stands: true, told: false } });
  }
  for (const [kind, held] of newest) {
    const alarm = named.get(kind);
    const isSaid = alarm !== undefined || good.has(held.component);
    if (!isSaid || !isNews(held, heard, atMs)) continue;
    const change = holdAlarm(held, alarm, atMs);
    if (change !== null && !(isEnd(change, held) && areTwo(held.twinnedMs, seenMs))) changes.push(change);
  }
  return changes;
}

function isEnd(change: AlarmChange, { active }: StoredAlarm): boolean {
  return active && change.kind === "say" && !change.standing.active;
}

/** Is it an alarm that people see, and whose condition holds? */
function isShown({ state }: Pick<SaidAlarm, "state">): boolean {
  return state === "unacknowledged" || state === "acknowledged";
}

/** Is a state newer than all that is known of an alarm? A gateway's clock that cannot be right says nothing of that. */
function isNews({ last, said }: StoredAlarm, { state, seenMs }: HeardAlarms, atMs: number): boolean {
  if (said !== null && atMs <= said.atMs) return false;
  if (last === null) return true;
  const soonestMs = Math.max(last.timeMs, last.receivedMs) + togetherForMs;
  return atMs > soonestMs && seenMs > last.receivedMs + togetherForMs && atMs === Date.parse(state.time);
}

/** @param named what a newer state says of the alarm; undefined: nothing, and that its component is good */
function holdAlarm(held: StoredAlarm, named: SaidAlarm | undefined, atMs: number): AlarmChange | null {
  const { active, last } = held;
  const known = knownOf(held);
  const told = held.said?.told ?? (last !== null && active);
  const isSame = named !== undefined && isSameTime(named.since, known.since);
  if (named !== undefined && isShown(named)) {
    const said = { atMs, alarm: named, stands: true, told };
    if (isSame && active && isAlike(named, known)) return null;
    return say(held, said);
  }
  if (!active) return null;
  const { state = "normal", conditionActive = true } = isSame ? named : {};
  const stands = conditionActive && canStand(state);
  if (stands && named !== undefined && isAlike(named, known)) return null;
  return say(held, { atMs, alarm: { ...known, ...(isSame ? named : {}), state }, stands, told });
}

function say({ alarm, last }: StoredAlarm, said: SaidStanding): AlarmChange {
  if (last !== null && isTold(said, last.data, said.told))
    return { kind: "say", alarm, standing: { active: said.told, said: null }, lastMs: last.timeMs };
  return { kind: "say", alarm, standing: { active: said.stands, said }, lastMs: said.atMs };
}

/** What is known of an alarm, as a state would say it. */
function knownOf({ said, last }: StoredAlarm): SaidAlarm {
  // One of which no event has come is known from a state.
  if (said !== null) return said.alarm;
  return standingOf(last!.data);
}

function standingOf(data: AlertData): Required<SaidAlarm> {
  const { component, failureMode, leadingMode, state, since, probability, risk, lane, severity, until } =
    data;
  return {
    component,
    failureMode,
    leadingMode,
    state,
    since,
    probability,
    risk,
    lane,
    severity,
    until,
    conditionActive: undefined,
  };
}

/** Do the events tell all that was said? */
function isTold({ alarm, stands }: SaidStanding, data: AlertData, active: boolean): boolean {
  if (stands !== active) return false;
  return !active || (isSameTime(alarm.since, data.since) && isAlike(alarm, data));
}

/** Older gateways do not say how urgent an alarm is, nor until when it is withheld. */
function isAlike(said: SaidAlarm, known: Pick<SaidAlarm, "state" | "severity" | "until">): boolean {
  const { severity = known.severity, until = known.until } = said;
  return said.state === known.state && severity === known.severity && until === known.until;
}

/** Are two times of RFC 3339 the same moment? */
export function isSameTime(one: string, other: string): boolean {
  return Date.parse(one) === Date.parse(other);
}

function nameKind({ component, failureMode }: Pick<SaidAlarm, "component" | "failureMode">): string {
  return `${component}\n${failureMode}`;
}
