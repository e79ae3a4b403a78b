/** Alarms and the steps of their lives as rows of a table, alike in every engine. */
import { isWithheldState } from "../../core/contract/alarm-report.ts";
import {
  type AlarmState,
  type AlertEvent,
  type AlertTransition,
  alarmStates,
} from "../../core/contract/alert.ts";
import { createSaidEvent } from "../../core/decision/alarms/recalled-alarm.ts";
import { isSameTime, type NewestAlarm, type SaidStanding, type StoredAlarm } from "./alarm-rules.ts";
import type { RecordedAlertEvent } from "./alert-event-record.ts";
import { believeSince } from "./clock-rules.ts";
import type { AlarmingTurbine, AlarmLifeStep, RecordedAlarm } from "./fleet-record.ts";
import { numberOrNull, type RecordRow } from "./record-rules.ts";

/** Steps of an alarm's life that are read: the first that came, and the newest. */
export const maxAlarmSteps = 100;

const withheld = alarmStates.filter(isWithheldState).map((state) => `'${state}'`);

/**
 * In SQL, a number that is the smaller the more an alarm needs attention: first those that are not withheld, then not
 * acknowledged, then critical.
 * @param read reads a field of `data` of its latest event, or of what a state says of it, in the words of an engine
 */
export function rankAlarm(read: (of: "event" | "said", field: "state" | "severity") => string): string {
  const known = (field: "state" | "severity"): string =>
    `COALESCE(${read("said", field)}, ${read("event", field)})`;
  return `CASE WHEN ${known("state")} IN (${withheld}) THEN 4 WHEN ${known("state")} = 'unacknowledged' THEN 0 ELSE 2 END
    + CASE ${known("severity")} WHEN 'critical' THEN 0 ELSE 1 END`;
}

/** @param row with the JSON of its latest event, and as `first_json` that of its first */
export function fromAlarmRow(row: RecordRow, steps: readonly AlarmLifeStep[]): RecordedAlarm {
  const said = fromSaid(row.said);
  const told = fromEventJson(row.json);
  // Of another beginning than its events: of that one no event has come.
  const isUnheard = said !== null && (told === null || !isSameTime(told.data.since, said.alarm.since));
  const event = said === null ? told! : tellAsSaid(row, isUnheard ? null : told, said);
  const firstMs = isUnheard ? said.atMs : Number(row.first_ms);
  const lastMs = Number(row.last_ms);
  const first = isUnheard ? null : fromEventJson(row.first_json);
  // An alarm whose beginning changed goes by its latest event.
  const isFirst = first !== null && isSameTime(first.data.since, event.data.since);
  const latestShiftMs = said === null ? shiftOf(event, lastMs) : 0;
  const shiftMs = isFirst ? shiftOf(first, firstMs) : latestShiftMs;
  return {
    alarm: Number(row.id),
    active: isActive(row),
    sinceMs: believeSince(Date.parse(event.data.since) + shiftMs, firstMs),
    firstMs,
    lastMs,
    saidMs: said?.atMs ?? null,
    event,
    steps: isUnheard ? [] : steps,
  };
}

/** Of an event of a clock behind, which goes by its arrival, the beginning is of the same clock. */
function shiftOf({ time }: AlertEvent, believedMs: number): number {
  return Math.max(0, believedMs - Date.parse(time));
}

/** The newest alarm of a kind; undefined: there is none. */
export function fromNewestRow(row: RecordRow | undefined): NewestAlarm | null {
  if (row === undefined) return null;
  const isTold = row.last_event !== unheardEvent;
  return { alarm: Number(row.id), active: isActive(row), said: fromSaid(row.said), isTold };
}

/** Of {@link fromHeldRow}: when a gateway last spoke of its turbine after another, in SQL. */
export const twinned: string = `(SELECT twinned_ms FROM turbine
  WHERE turbine.site = alarm.site AND turbine.turbine = alarm.turbine) AS twinned_ms`;

/** An alarm beside its latest event, if one has come. */
export function fromHeldRow(row: RecordRow): StoredAlarm {
  const event = fromEventJson(row.json);
  const last = event && {
    timeMs: Number(row.time_ms),
    receivedMs: Number(row.received_ms),
    data: event.data,
  };
  return {
    alarm: Number(row.id),
    component: String(row.component),
    failureMode: String(row.failure_mode),
    active: isActive(row),
    said: fromSaid(row.said),
    twinnedMs: numberOrNull(row.twinned_ms),
    last,
  };
}

/** Stands for the latest event of an alarm that is known from a state alone. */
export const unheardEvent = "";

/** As it is kept; null: a state says nothing that events do not. */
export function toSaidText(said: SaidStanding | null): string | null {
  return said && JSON.stringify(said);
}

function fromSaid(said: unknown): SaidStanding | null {
  return typeof said === "string" ? (JSON.parse(said) as SaidStanding) : null;
}

function fromEventJson(json: unknown): AlertEvent | null {
  return typeof json === "string" ? (JSON.parse(json) as AlertEvent) : null;
}

function isActive({ active }: RecordRow): boolean {
  return active === true || active === 1;
}

/** The latest event of an alarm with what a state said since then; one that the state tells of alone is of no model. */
function tellAsSaid(row: RecordRow, told: AlertEvent | null, said: SaidStanding): AlertEvent {
  const { alarm, atMs, stands } = said;
  const { state, severity, leadingMode } = alarm;
  const point = { site: String(row.site), turbine: String(row.turbine), component: alarm.component };
  const event = told ?? createSaidEvent(alarm, { point, saidMs: atMs, transition: "raised" });
  const until = state === "shelved" ? alarm.until : undefined;
  const data = { ...event.data, state, until, severity: severity ?? event.data.severity };
  if (leadingMode !== undefined) data.leadingMode = leadingMode;
  if (stands) return { ...event, data };
  const word = state === "normal" ? "names it no more" : "says that it is over";
  const clearedBecause = `its end was not heard here: its gateway's state of ${new Date(atMs).toISOString()} ${word}`;
  return { ...event, data: { ...data, risk: null, outlook: undefined, clearedBecause } };
}

export function fromAlarmingRow({ site, turbine, alarms }: RecordRow): AlarmingTurbine {
  return { site: String(site), turbine: String(turbine), alarms: Number(alarms) };
}

export function fromAlarmStepRow(row: RecordRow): AlarmLifeStep {
  return {
    eventId: String(row.id),
    gateway: typeof row.gateway === "string" ? row.gateway : null,
    transition: row.transition as AlertTransition,
    state: row.state as AlarmState | null,
    timeMs: Number(row.time_ms),
    receivedMs: Number(row.received_ms),
    probability: Number(row.probability),
    risk: numberOrNull(row.risk),
  };
}

/** An event whole, as it was published. */
export function fromAlertEventRow({ time_ms, received_ms, json }: RecordRow): RecordedAlertEvent {
  return {
    timeMs: Number(time_ms),
    receivedMs: Number(received_ms),
    event: JSON.parse(String(json)) as AlertEvent,
  };
}
