/**
 * Alarms and the events that they are made of. An alarm begins with a `raised` event of a failure mode of a point;
 * later events of that mode belong to it until the next begins. An event is stored once, by its id. What counts is
 * the order of arrival, which is that of the gateway's lane: the times in events are a device's, whose clock may jump.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../core/platform/sqlite/sqlite-database.ts";

/** One step in the life of an alarm. */
export interface AlarmStep {
  readonly eventId: string;
  readonly transition: "raised" | "updated" | "acknowledged" | "cleared";
  readonly timeMs: number;
  readonly probability: number;
}

/** An alarm with its latest event and its life. */
export interface AlarmView {
  readonly alarm: number;
  /** Not yet cleared. */
  readonly active: boolean;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The latest event, exactly as published. */
  readonly event: AlertEvent;
  /** In order of time. */
  readonly steps: readonly AlarmStep[];
}

/** Which alarms to list. */
export interface AlarmQuery {
  readonly site?: string | undefined;
  readonly turbine?: string | undefined;
  readonly active?: boolean | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Reads and writes alarms. */
export interface AlertStore {
  /** Returns false when this event is known already. */
  put(event: AlertEvent, receivedMs: number): boolean;
  /** Active ones first, then the newest. */
  list(query: AlarmQuery): { readonly total: number; readonly items: AlarmView[] };
}

/** Creates the store over an open, migrated database. */
export function createAlertStore(database: SqliteDatabase): AlertStore {
  const known = database.prepare("SELECT 1 FROM alert_event WHERE id = ?");
  const latest = database.prepare(
    `SELECT id, active FROM alarm
     WHERE site = ? AND turbine = ? AND component = ? AND failure_mode = ? ORDER BY id DESC LIMIT 1`,
  );
  const insertAlarm = database.prepare(
    `INSERT INTO alarm (site, turbine, component, failure_mode, active, first_ms, last_ms, last_event)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const advanceAlarm = database.prepare(
    "UPDATE alarm SET active = ?, last_ms = ?, last_event = ? WHERE id = ?",
  );
  const endAlarm = database.prepare("UPDATE alarm SET active = 0 WHERE id = ?");
  const insertEvent = database.prepare(
    "INSERT INTO alert_event (id, alarm, transition, time_ms, received_ms, json) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const steps = database.prepare(
    "SELECT id, transition, time_ms, json FROM alert_event WHERE alarm = ? ORDER BY time_ms, received_ms LIMIT 100",
  );
  return {
    put: (event, receivedMs) => {
      if (known.get(event.id) !== undefined) return false;
      const { site, turbine, component, failureMode } = event.data;
      const transition = transitionOf(event);
      const active = transition === "cleared" ? 0 : 1;
      const timeMs = Date.parse(event.time);
      const current = latest.get(site, turbine, component, failureMode);
      const isOpen = current?.active === 1;
      let alarm: number;
      if (current === undefined || transition === "raised") {
        // A failure mode of a point has one alarm at a time: a gateway that begins another has forgotten the last.
        if (isOpen) endAlarm.run(Number(current.id));
        alarm = insertAlarm.run(
          site,
          turbine,
          component,
          failureMode,
          active,
          timeMs,
          timeMs,
          event.id,
        ).lastInsertRowid;
      } else {
        alarm = Number(current.id);
        // What is over stays over; that somebody has seen it is worth showing, anything else is kept in its life.
        const isNews = isOpen || transition === "acknowledged";
        if (isNews) advanceAlarm.run(isOpen ? active : 0, timeMs, event.id, alarm);
      }
      insertEvent.run(event.id, alarm, transition, timeMs, Math.trunc(receivedMs), JSON.stringify(event));
      return true;
    },
    list: (query) => {
      const { where, values } = buildFilter(query);
      const count = database.prepare(`SELECT COUNT(*) AS total FROM alarm ${where}`).get(...values);
      const rows = database
        .prepare(
          `SELECT alarm.*, alert_event.json FROM alarm JOIN alert_event ON alert_event.id = alarm.last_event
           ${where} ORDER BY active DESC, last_ms DESC, alarm.id DESC LIMIT ? OFFSET ?`,
        )
        .all(...values, query.limit, query.offset);
      return {
        total: Number(count?.total ?? 0),
        items: rows.map((row) => ({
          alarm: Number(row.id),
          active: row.active === 1,
          firstMs: Number(row.first_ms),
          lastMs: Number(row.last_ms),
          event: JSON.parse(String(row.json)) as AlertEvent,
          steps: steps.all(Number(row.id)).map(readStep),
        })),
      };
    },
  };
}

function transitionOf(event: AlertEvent): AlarmStep["transition"] {
  return event.type.split(".")[3] as AlarmStep["transition"];
}

function readStep(row: SqlRow): AlarmStep {
  const event = JSON.parse(String(row.json)) as AlertEvent;
  return {
    eventId: String(row.id),
    transition: row.transition as AlarmStep["transition"],
    timeMs: Number(row.time_ms),
    probability: event.data.probability,
  };
}

function buildFilter(query: AlarmQuery): { where: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  const add = (part: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    parts.push(part);
    values.push(value);
  };
  add("site = ?", query.site);
  add("turbine = ?", query.turbine);
  add("active = ?", query.active === undefined ? undefined : Number(query.active));
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}
