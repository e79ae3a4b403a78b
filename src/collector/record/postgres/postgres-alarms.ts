/** Alarms and the events that they are made of, in PostgreSQL. An event is stored once, by its id within its turbine. */
import type { AlertEvent } from "../../../core/contract/alert.ts";
import { groupBy } from "../../../core/maths/group-by.ts";
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
import type {
  AlarmingTurbine,
  AlarmLifeStep,
  AlarmQuery,
  Listing,
  RecordedAlarm,
  RecordSource,
} from "../fleet-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { nameTurbine } from "../machine-rows.ts";
import { recordBounds, refuseBeyond } from "../record-bounds.ts";
import { searchWords } from "../record-rules.ts";
import type { SqlSession } from "./postgres-database.ts";
import { holdsWords } from "./postgres-events.ts";
import { columnsOf, type SqlParameter, transpose } from "./postgres-values.ts";

/** Stores an event with the alarm that it belongs to; one that is known changes nothing. @throws RecordRefusedError before anything is written */
export async function putAlert(session: SqlSession, event: AlertEvent, source: RecordSource): Promise<void> {
  const { site, turbine } = event.data;
  const known = await session.rows("SELECT 1 FROM alert_event WHERE site = $1 AND turbine = $2 AND id = $3", [
    site,
    turbine,
    event.id,
  ]);
  if (known.length > 0) return;
  const { transition, state, timeMs, receivedMs, probability, risk } = alarmLifeStep(event, source);
  const alarm = await placeEvent(session, event, timeMs);
  await session.run(
    `INSERT INTO alert_event (site, turbine, id, alarm, gateway, transition, state, time_ms, received_ms, probability, risk, json)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      site,
      turbine,
      event.id,
      alarm,
      source.gateway,
      transition,
      state,
      timeMs,
      receivedMs,
      probability,
      risk,
      JSON.stringify(event),
    ],
  );
}

/** Resolves with the number of the alarm that the event belongs to. */
async function placeEvent(session: SqlSession, event: AlertEvent, timeMs: number): Promise<number> {
  const { site, turbine, component, failureMode } = event.data;
  // Whoever stores its state holds the turbine's row.
  await session.rows("SELECT 1 FROM turbine WHERE site = $1 AND turbine = $2 FOR NO KEY UPDATE", [
    site,
    turbine,
  ]);
  const [row] = await session.rows(
    `SELECT id, active, said, last_event FROM alarm
     WHERE site = $1 AND turbine = $2 AND component = $3 AND failure_mode = $4 ORDER BY id DESC LIMIT 1 FOR UPDATE`,
    [site, turbine, component, failureMode],
  );
  const current = fromNewestRow(row);
  if (current === null) refuseBeyond("alarmKindsPerTurbine", await countKinds(session, event.data));
  const placement = placeAlert(current, event, timeMs);
  if (current === null || placement.kind === "begin") {
    if (current?.active === true) await endAlarm(session, current.alarm);
    const active = placement.kind === "begin" && placement.active;
    const [begun] = await session.rows(
      `INSERT INTO alarm (site, turbine, component, failure_mode, active, first_ms, last_ms, last_event)
       VALUES ($1, $2, $3, $4, $5, $6, $6, $7) RETURNING id`,
      [site, turbine, component, failureMode, active, timeMs, event.id],
    );
    return Number(begun?.id);
  }
  if (placement.kind === "advance") {
    const { standing, lastMs } = placement;
    await session.run(
      `UPDATE alarm SET active = $1, said = $2, last_ms = $3, last_event = $4,
         first_ms = CASE last_event WHEN '${unheardEvent}' THEN $5 ELSE first_ms END WHERE id = $6`,
      [standing.active, toSaidText(standing.said), lastMs, event.id, timeMs, current.alarm],
    );
  }
  return current.alarm;
}

async function endAlarm(session: SqlSession, alarm: number): Promise<void> {
  await session.run("UPDATE alarm SET active = false, said = NULL WHERE id = $1", [alarm]);
}

async function countKinds(session: SqlSession, { site, turbine }: TurbineRef): Promise<number> {
  const [row] = await session.rows(
    `SELECT COUNT(*) AS total FROM
       (SELECT DISTINCT component, failure_mode FROM alarm WHERE site = $1 AND turbine = $2) AS kind`,
    [site, turbine],
  );
  return Number(row?.total);
}

/** Holds what turbines' states name, one state a turbine, against their alarms; they are stored already, in this transaction. */
export async function holdAlarms(session: SqlSession, heard: readonly HeardAlarms[]): Promise<void> {
  if (heard.length === 0) return;
  const held = `alarm.id, alarm.site, alarm.turbine, alarm.component, alarm.failure_mode, alarm.active, alarm.said,
      alert_event.time_ms, alert_event.received_ms, alert_event.json, ${twinned}`;
  const states = heard.map(({ state }) => state);
  const standing = await session.rows(
    `SELECT ${held} FROM alarm LEFT JOIN ${lastEvent}
     WHERE alarm.active AND (alarm.site, alarm.turbine) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    columnsOf(states, "site", "turbine"),
  );
  const kinds = states.flatMap(({ site, turbine, alarms }) =>
    alarms.map(({ component, failureMode }) => [site, turbine, component, failureMode] as const),
  );
  const named =
    kinds.length === 0
      ? []
      : await session.rows(
          // Of those that came before the newest nothing is read.
          `SELECT ${held}
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS kind (site, turbine, component, failure_mode)
           CROSS JOIN LATERAL (
             SELECT * FROM alarm WHERE site = kind.site AND turbine = kind.turbine
               AND component = kind.component AND failure_mode = kind.failure_mode ORDER BY id DESC LIMIT 1) AS alarm
           LEFT JOIN ${lastEvent}`,
          transpose(kinds, 4),
        );
  const rows = groupBy([...standing, ...named], nameTurbine);
  for (const each of heard) {
    const alarms = (rows.get(nameTurbine(each.state)) ?? []).map(fromHeldRow);
    for (const change of holdAgainstState(alarms, each)) await applyChange(session, change, each.state);
  }
}

async function applyChange(
  session: SqlSession,
  change: AlarmChange,
  { site, turbine }: TurbineRef,
): Promise<void> {
  if (change.kind === "say") {
    const { active, said } = change.standing;
    await session.run("UPDATE alarm SET active = $1, said = $2, last_ms = $3 WHERE id = $4", [
      active,
      toSaidText(said),
      Math.trunc(change.lastMs),
      change.alarm,
    ]);
    return;
  }
  if ((await countKinds(session, { site, turbine })) >= recordBounds.alarmKindsPerTurbine) return;
  const { atMs, alarm } = change.said;
  await session.run(
    `INSERT INTO alarm (site, turbine, component, failure_mode, active, said, first_ms, last_ms, last_event)
     VALUES ($1, $2, $3, $4, true, $5, $6, $6, $7)`,
    [
      site,
      turbine,
      alarm.component,
      alarm.failureMode,
      toSaidText(change.said),
      Math.trunc(atMs),
      unheardEvent,
    ],
  );
}

const lastEvent = `alert_event ON alert_event.site = alarm.site
  AND alert_event.turbine = alarm.turbine AND alert_event.id = alarm.last_event`;

const chosen = `($1::text IS NULL OR alarm.site = $1) AND ($2::text IS NULL OR alarm.turbine = $2)
  AND ($3::boolean IS NULL OR active = $3)
  AND ${holdsWords("$4", "alarm.site, alarm.turbine, component, failure_mode")}`;

const urgency = rankAlarm((of, field) =>
  of === "said" ? `alarm.said::json #>> '{alarm,${field}}'` : `alert_event.json::json #>> '{data,${field}}'`,
);

/** Active ones first, then the newest, or by their urgency. */
export async function listAlarms(session: SqlSession, query: AlarmQuery): Promise<Listing<RecordedAlarm>> {
  const { site = null, turbine = null, active = null, search = "" } = query;
  const rank = query.order === "urgency" ? `${urgency},` : "";
  const values: SqlParameter[] = [site, turbine, active, searchWords(search)];
  const [count] = await session.rows(`SELECT COUNT(*) AS total FROM alarm WHERE ${chosen}`, values);
  const rows = await session.rows(
    `SELECT alarm.*, alert_event.json,
       (SELECT json FROM alert_event AS own WHERE own.alarm = alarm.id ORDER BY arrival, received_ms, ctid LIMIT 1) AS first_json
     FROM alarm
     LEFT JOIN ${lastEvent}
     WHERE ${chosen} ORDER BY active DESC, ${rank} last_ms DESC, alarm.id DESC LIMIT $5 OFFSET $6`,
    [...values, query.limit, query.offset],
  );
  const steps = await readSteps(
    session,
    rows.map((row) => Number(row.id)),
  );
  const items = rows.map((row) => fromAlarmRow(row, steps.get(Number(row.id)) ?? []));
  return { total: Number(count?.total), items };
}

/** Events of an alarm as they were published, as they came. */
export async function listAlertEvents(session: SqlSession, query: AlertEventQuery): Promise<AlertEventList> {
  const { alarm, event = null, limit, offset } = query;
  const own = "FROM alert_event WHERE alarm = $1::bigint AND ($2::text IS NULL OR id = $2)";
  const [count] = await session.rows(`SELECT COUNT(*) AS total ${own}`, [alarm, event]);
  const rows = await session.rows(
    `SELECT time_ms, received_ms, json ${own} ORDER BY arrival, received_ms, ctid LIMIT $3 OFFSET $4`,
    [alarm, event, limit, offset],
  );
  return { total: Number(count?.total), items: rows.map(fromAlertEventRow) };
}

/** Turbines with active ones, in the order of site and name. */
export async function listAlarmingTurbines(session: SqlSession): Promise<readonly AlarmingTurbine[]> {
  const rows = await session.rows(
    "SELECT site, turbine, COUNT(*) AS alarms FROM alarm WHERE active GROUP BY site, turbine ORDER BY site, turbine",
  );
  return rows.map(fromAlarmingRow);
}

/** The first event of each alarm and its newest ones, as they came; of those between nothing is read. */
async function readSteps(
  session: SqlSession,
  alarms: readonly number[],
): Promise<ReadonlyMap<number, readonly AlarmLifeStep[]>> {
  const own = `SELECT id, step.alarm, gateway, transition, state, time_ms, probability, risk, arrival, received_ms, ctid AS place
    FROM alert_event AS step WHERE step.alarm = wanted.alarm`;
  // Of before there were arrivals: by their receipt, and by their place, as no row is deleted.
  const rows = await session.rows(
    `SELECT life.* FROM unnest($1::bigint[]) AS wanted (alarm) CROSS JOIN LATERAL (
       (${own} ORDER BY arrival, received_ms, place LIMIT 1)
       UNION (${own} ORDER BY arrival DESC, received_ms DESC, place DESC LIMIT ${maxAlarmSteps - 1})) AS life
     ORDER BY alarm, arrival, received_ms, place`,
    [alarms],
  );
  const lives = new Map<number, AlarmLifeStep[]>();
  for (const row of rows) {
    const life = lives.get(Number(row.alarm));
    if (life === undefined) lives.set(Number(row.alarm), [fromAlarmStepRow(row)]);
    else life.push(fromAlarmStepRow(row));
  }
  return lives;
}
