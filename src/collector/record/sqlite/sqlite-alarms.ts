/** Alarms and the events that they are made of, in SQLite. An event is stored once, by its id within its turbine. */
import type { AlertEvent } from "../../../core/contract/alert.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../../core/platform/sqlite/sqlite-database.ts";
import {
  fromAlarmingRow,
  fromAlarmRow,
  fromAlarmStepRow,
  fromAlertEventRow,
  fromHeldRow,
  fromNewestRow,
  maxAlarmSteps,
  rankAlarm,
  toSaidText,
  twinned,
  unheardEvent,
} from "../alarm-rows.ts";
import {
  type AlarmChange,
  alarmLifeStep,
  type HeardAlarms,
  holdAgainstState,
  placeAlert,
} from "../alarm-rules.ts";
import type { AlertEventList, AlertEventQuery } from "../alert-event-record.ts";
import type { AlarmingTurbine, AlarmQuery, Listing, RecordedAlarm, RecordSource } from "../fleet-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { recordBounds, refuseBeyond } from "../record-bounds.ts";
import { searchWords } from "../record-rules.ts";
import { holdsListedWords } from "./sqlite-events.ts";

export interface SqliteAlarms {
  /** @throws RecordRefusedError for an alarm of a kind beyond its turbine's bound */
  put(event: AlertEvent, source: RecordSource): void;
  /** Holds what a turbine's state names against its alarms. */
  hold(heard: HeardAlarms): void;
  list(query: AlarmQuery): Listing<RecordedAlarm>;
  /** Events of an alarm as they were published. */
  events(query: AlertEventQuery): AlertEventList;
  /** Turbines with active ones. */
  turbines(): readonly AlarmingTurbine[];
}

const lastEvent = `alert_event ON alert_event.site = alarm.site
  AND alert_event.turbine = alarm.turbine AND alert_event.id = alarm.last_event`;

const urgency = rankAlarm((of, field) =>
  of === "said"
    ? `json_extract(alarm.said, '$.alarm.${field}')`
    : `json_extract(alert_event.json, '$.data.${field}')`,
);

/** Prepares the statements over a migrated database. */
export function createSqliteAlarms(database: SqliteDatabase): SqliteAlarms {
  const known = database.prepare("SELECT 1 FROM alert_event WHERE site = ? AND turbine = ? AND id = ?");
  const newest = database.prepare(
    `SELECT id, active, said, last_event FROM alarm
     WHERE site = ? AND turbine = ? AND component = ? AND failure_mode = ? ORDER BY id DESC LIMIT 1`,
  );
  const countKinds = database.prepare(
    "SELECT COUNT(*) AS total FROM (SELECT DISTINCT component, failure_mode FROM alarm WHERE site = ? AND turbine = ?)",
  );
  const begin = database.prepare(
    `INSERT INTO alarm (site, turbine, component, failure_mode, active, said, first_ms, last_ms, last_event)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const advance = database.prepare(
    `UPDATE alarm SET active = ?, said = ?, last_ms = ?, last_event = ?,
       first_ms = CASE last_event WHEN '${unheardEvent}' THEN ? ELSE first_ms END WHERE id = ?`,
  );
  const say = database.prepare("UPDATE alarm SET active = ?, said = ?, last_ms = ? WHERE id = ?");
  const end = database.prepare("UPDATE alarm SET active = 0, said = NULL WHERE id = ?");
  const held = `SELECT alarm.id, alarm.component, alarm.failure_mode, alarm.active, alarm.said,
      alert_event.time_ms, alert_event.received_ms, alert_event.json, ${twinned}
    FROM alarm LEFT JOIN ${lastEvent} WHERE alarm.site = ? AND alarm.turbine = ?`;
  const standing = database.prepare(`${held} AND alarm.active = 1`);
  const newestHeld = database.prepare(
    `${held} AND alarm.component = ? AND alarm.failure_mode = ? ORDER BY alarm.id DESC LIMIT 1`,
  );
  const insertEvent = database.prepare(
    `INSERT INTO alert_event
       (site, turbine, id, alarm, gateway, transition, state, time_ms, received_ms, probability, risk, json)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const step = "id, transition, state, time_ms, received_ms, probability, risk, gateway, rowid AS nth";
  // The first and the newest behind it, as they came: no row is deleted. Of those between nothing is read.
  const first = database.prepare(
    `SELECT ${step}, json AS first_json FROM alert_event WHERE alarm = ? ORDER BY rowid LIMIT 1`,
  );
  const newestSteps = database.prepare(
    `SELECT * FROM (SELECT ${step} FROM alert_event WHERE alarm = ? AND rowid > ?
       ORDER BY rowid DESC LIMIT ${maxAlarmSteps - 1}) ORDER BY nth`,
  );
  const own = "FROM alert_event WHERE alarm = ? AND (? IS NULL OR id = ?)";
  const countEvents = database.prepare(`SELECT COUNT(*) AS total ${own}`);
  const ownEvents = database.prepare(
    `SELECT time_ms, received_ms, json ${own} ORDER BY rowid LIMIT ? OFFSET ?`,
  );
  const alarming = database.prepare(
    "SELECT site, turbine, COUNT(*) AS alarms FROM alarm WHERE active = 1 GROUP BY site, turbine ORDER BY site, turbine",
  );

  /** An alarm's first event with its JSON, and the newest; none of one that a state alone told of. */
  const lifeOf = (alarm: number): readonly SqlRow[] => {
    const began = first.get(alarm);
    return began === undefined ? [] : [began, ...newestSteps.all(alarm, began.nth!)];
  };
  const countOf = ({ site, turbine }: TurbineRef): number => Number(countKinds.get(site, turbine)?.total);
  /** Returns the number of the alarm that the event belongs to. */
  const place = (event: AlertEvent, timeMs: number): number => {
    const { site, turbine, component, failureMode } = event.data;
    const current = fromNewestRow(newest.get(site, turbine, component, failureMode));
    if (current === null) refuseBeyond("alarmKindsPerTurbine", countOf(event.data));
    const placement = placeAlert(current, event, timeMs);
    if (current === null || placement.kind === "begin") {
      if (current?.active === true) end.run(current.alarm);
      const active = placement.kind === "begin" && placement.active;
      const values = [site, turbine, component, failureMode, Number(active), null, timeMs, timeMs, event.id];
      return begin.run(...values).lastInsertRowid;
    }
    if (placement.kind === "advance") {
      const { standing: now, lastMs } = placement;
      advance.run(Number(now.active), toSaidText(now.said), lastMs, event.id, timeMs, current.alarm);
    }
    return current.alarm;
  };
  const apply = (change: AlarmChange, { site, turbine }: TurbineRef): void => {
    if (change.kind === "say") {
      const { active, said } = change.standing;
      say.run(Number(active), toSaidText(said), Math.trunc(change.lastMs), change.alarm);
      return;
    }
    const { component, failureMode } = change.said.alarm;
    // Beyond its bound the state says it all the same.
    if (countOf({ site, turbine }) >= recordBounds.alarmKindsPerTurbine) return;
    const atMs = Math.trunc(change.said.atMs);
    const said = toSaidText(change.said);
    begin.run(site, turbine, component, failureMode, 1, said, atMs, atMs, unheardEvent);
  };
  return {
    put: (event, source) => {
      const { site, turbine } = event.data;
      if (known.get(site, turbine, event.id) !== undefined) return;
      const { transition, state, timeMs, receivedMs, probability, risk } = alarmLifeStep(event, source);
      const step = [source.gateway, transition, state, timeMs, receivedMs, probability, risk];
      insertEvent.run(site, turbine, event.id, place(event, timeMs), ...step, JSON.stringify(event));
    },
    hold: (heard) => {
      const { site, turbine, alarms } = heard.state;
      const named = alarms.flatMap(({ component, failureMode }) =>
        newestHeld.all(site, turbine, component, failureMode),
      );
      const rows = [...standing.all(site, turbine), ...named].map(fromHeldRow);
      for (const change of holdAgainstState(rows, heard)) apply(change, heard.state);
    },
    list: (query) => {
      const { where, values } = buildFilter(query);
      const rank = query.order === "urgency" ? `${urgency},` : "";
      const count = database.prepare(`SELECT COUNT(*) AS total FROM alarm ${where}`).get(...values);
      const rows = database
        .prepare(
          `SELECT alarm.*, alert_event.json FROM alarm LEFT JOIN ${lastEvent} ${where} ORDER BY active DESC, ${rank} last_ms DESC, alarm.id DESC LIMIT ? OFFSET ?`,
        )
        .all(...values, query.limit, query.offset);
      return {
        total: Number(count?.total ?? 0),
        items: rows.map((row) => {
          const life = lifeOf(Number(row.id));
          return fromAlarmRow(
            { ...row, first_json: life[0]?.first_json ?? null },
            life.map(fromAlarmStepRow),
          );
        }),
      };
    },
    events: ({ alarm, event = null, limit, offset }) => ({
      total: Number(countEvents.get(alarm, event, event)?.total),
      items: ownEvents.all(alarm, event, event, limit, offset).map(fromAlertEventRow),
    }),
    turbines: () => alarming.all().map(fromAlarmingRow),
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
  add("alarm.site = ?", query.site);
  add("alarm.turbine = ?", query.turbine);
  add("active = ?", query.active === undefined ? undefined : Number(query.active));
  const words = searchWords(query.search ?? "");
  const searched =
    "alarm.site || char(10) || alarm.turbine || char(10) || component || char(10) || failure_mode";
  add(holdsListedWords(searched), words.length === 0 ? undefined : JSON.stringify(words));
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}
