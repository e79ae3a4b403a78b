/** What people should know, in PostgreSQL: events and declared gaps, steps of updates, and messages that were set aside. */
import type { EventRecord, UpdateRecord } from "../../../core/contract/uplink-record.ts";
import { believeTime, longestWaitMs, maxAheadMs } from "../clock-rules.ts";
import { fromEventRow, fromQuarantineRow, fromUpdateRow, readNamedAlert } from "../event-rows.ts";
import {
  type EventMoment,
  type EventQuery,
  type GatewayQuery,
  type Listing,
  type RecordedEvent,
  type RecordedUpdate,
  type RecordSource,
  type SetAsideMessage,
  togetherMs,
} from "../fleet-record.ts";
import { keptNames } from "../kept-events.ts";
import type { QuarantineListing } from "../quarantine-listing.ts";
import {
  maxCounted,
  maxQuarantineEntries,
  otherTopics,
  quarantineSampleBytes,
  searchWords,
  storableText,
  tellTotal,
} from "../record-rules.ts";
import type { PostgresDatabase, PostgresRow, SqlSession } from "./postgres-database.ts";
import { dayNumber } from "./postgres-partitions.ts";
import { expectManyDays } from "./postgres-predictions.ts";
import { type SqlParameter, transpose } from "./postgres-values.ts";

/** A record and its source. */
export type Received<T> = readonly [record: T, source: RecordSource];

/** Stores events in their order. */
export async function putEvents(
  session: SqlSession,
  events: readonly Received<EventRecord>[],
): Promise<void> {
  const rows = (isKept: boolean) =>
    events
      .filter(([{ name }]) => keptNames.has(name) === isKept)
      .map(([{ timeMs, name, subject, detail }, source]) => {
        const { gateway, receivedMs } = source;
        const times = [timeMs, receivedMs, believeTime(timeMs, source)].map(Math.trunc);
        return [
          dayNumber(receivedMs),
          gateway,
          ...times,
          name,
          subject,
          detail,
          readNamedAlert(detail),
        ] as const;
      });
  const plain = rows(false);
  if (plain.length > 0) {
    await session.run(
      `INSERT INTO event (day, gateway, time_ms, received_ms, believed_ms, name, subject, detail, alert)
       SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])`,
      transpose(plain, 9),
    );
  }
  const kept = rows(true);
  if (kept.length > 0) {
    await session.run(
      `INSERT INTO outcome (gateway, time_ms, received_ms, believed_ms, name, subject, detail, alert)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])`,
      transpose(
        kept.map(([, ...row]) => row),
        8,
      ),
    );
  }
}

export async function putUpdates(
  session: SqlSession,
  updates: readonly Received<UpdateRecord>[],
): Promise<void> {
  const rows = updates.map(([update, source]) => {
    const { modelName, fromVersion, toVersion, step, detail } = update;
    const { gateway, receivedMs } = source;
    const times = [update.timeMs, receivedMs, believeTime(update.timeMs, source)].map(Math.trunc);
    return [gateway, ...times, modelName, fromVersion, toVersion, step, detail] as const;
  });
  if (rows.length === 0) return;
  await session.run(
    `INSERT INTO model_update (gateway, time_ms, received_ms, believed_ms, model_name, from_version, to_version, step, detail)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])`,
    transpose(rows, 9),
  );
}

/** Newest first. */
export function listEvents(session: SqlSession, query: EventQuery): Promise<Listing<RecordedEvent>> {
  return list(
    session,
    {
      table: "any_event",
      filter: "($2::text IS NULL OR name = $2)",
      searched: "gateway, name, subject, detail",
      query,
    },
    fromEventRow,
  );
}

const eventColumns = "id, gateway, time_ms, believed_ms, name, subject, detail";

/** Of each deed its event: the one that names its alert, whenever it came; only where there is none, the nearest that names none. */
export async function findEvents(
  database: PostgresDatabase,
  moments: readonly EventMoment[],
): Promise<readonly (RecordedEvent | null)[]> {
  const found: (RecordedEvent | null)[] = moments.map(() => null);
  if (moments.length === 0) return found;
  const take = (rows: readonly PostgresRow[]): void => {
    for (const row of rows) found[Number(row.nth)] = fromEventRow(row);
  };
  await database.transaction(async (session) => {
    await expectManyDays(session);
    take(await findNaming(session, moments));
    const rest = [...moments.entries()].filter(([nth]) => found[nth] === null);
    if (rest.length > 0) take(await findNearest(session, rest));
  });
  return found;
}

/** All alerts are looked for at once: each day is looked at once. */
function findNaming(session: SqlSession, moments: readonly EventMoment[]): Promise<readonly PostgresRow[]> {
  const values = moments.map(
    ({ alertId, gateway, name, subject }, nth) => [nth, alertId, gateway, name, subject] as const,
  );
  const naming = `SELECT ${eventColumns}, alert FROM`;
  return session.rows(
    `SELECT DISTINCT ON (nth) nth, naming.*
     FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[]) AS asked (nth, alert, gateway, name, subject)
     JOIN (${naming} event WHERE alert = ANY ($2::text[]) UNION ALL ${naming} outcome WHERE alert = ANY ($2::text[])) AS naming
       USING (alert, gateway, name, subject)
     ORDER BY nth, naming.id`,
    transpose(values, 5),
  );
}

/** They came on a day on which their time could be right: other days are not looked at. */
function findNearest(
  session: SqlSession,
  rest: readonly (readonly [nth: number, moment: EventMoment])[],
): Promise<readonly PostgresRow[]> {
  const values = rest.map(([nth, { gateway, name, subject, atMs }]) => {
    const firstDay = dayNumber(atMs - togetherMs - maxAheadMs);
    const lastDay = dayNumber(atMs + togetherMs + longestWaitMs);
    return [nth, gateway, name, subject, atMs, firstDay, lastDay] as const;
  });
  const near = `believed_ms BETWEEN asked.at_ms - ${togetherMs} AND asked.at_ms + ${togetherMs} AND alert IS NULL
    AND gateway = asked.gateway AND name = asked.name AND subject = asked.subject`;
  return session.rows(
    `SELECT asked.nth, nearest.*
     FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::int[])
       AS asked (nth, gateway, name, subject, at_ms, first_day, last_day)
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT ${eventColumns} FROM event WHERE day BETWEEN asked.first_day AND asked.last_day AND ${near}
         UNION ALL SELECT ${eventColumns} FROM outcome WHERE ${near}) AS found
       ORDER BY abs(believed_ms - asked.at_ms) LIMIT 1
     ) AS nearest`,
    transpose(values, 7),
  );
}

/** Newest first. */
export function listUpdates(session: SqlSession, query: GatewayQuery): Promise<Listing<RecordedUpdate>> {
  return list(
    session,
    {
      table: "model_update",
      filter: "$2::text IS NULL",
      searched: "gateway, model_name, to_version, step, detail",
      query,
    },
    fromUpdateRow,
  );
}

async function list<T>(
  session: SqlSession,
  of: {
    readonly table: "any_event" | "model_update";
    readonly filter: string;
    /** Columns in which a text is searched for. */
    readonly searched: string;
    readonly query: EventQuery;
  },
  read: (row: PostgresRow) => T,
): Promise<Listing<T>> {
  const { gateway = null, name = null, search = "", limit, offset } = of.query;
  const where = `FROM ${of.table} WHERE ($1::text IS NULL OR gateway = $1) AND ${of.filter}
    AND ${holdsWords("$3", of.searched)}`;
  const words = searchWords(search);
  const [count] = await session.rows(
    `SELECT COUNT(*) AS total FROM (SELECT 1 ${where} LIMIT ${maxCounted + 1}) AS counted`,
    [gateway, name, words],
  );
  const rows = await session.rows(`SELECT * ${where} ORDER BY believed_ms DESC, id DESC LIMIT $4 OFFSET $5`, [
    gateway,
    name,
    words,
    limit,
    offset,
  ]);
  return { ...tellTotal(Number(count?.total)), items: rows.map(read) };
}

/** The condition that each of the words in a parameter stands somewhere in one of the columns. */
export function holdsWords(parameter: string, columns: string): string {
  return `(cardinality(${parameter}::text[]) = 0 OR NOT EXISTS (SELECT 1 FROM unnest(${parameter}::text[]) AS word
    WHERE strpos(lower(concat_ws(chr(10), ${columns})), lower(word)) = 0))`;
}

/** What was set aside of one topic for one reason. */
interface SetAsideSum {
  readonly message: SetAsideMessage;
  readonly messages: number;
}

/** Counts messages that were set aside; a topic beyond all that are kept counts under {@link otherTopics}. */
export async function setMessagesAside(
  session: SqlSession,
  messages: readonly SetAsideMessage[],
  nowMs: number,
): Promise<void> {
  const sums = new Map<string, SetAsideSum>();
  for (const message of messages) {
    const key = JSON.stringify([message.topic, message.fault.reason]);
    // Of the same the last is kept.
    sums.set(key, { message, messages: (sums.get(key)?.messages ?? 0) + 1 });
  }
  if (sums.size === 0) return;
  const [row] = await session.rows("SELECT COUNT(*) AS total FROM quarantine");
  let entries = Number(row?.total);
  // In one order for all: two workers that set the same topics aside do not wait for each other in a circle.
  for (const key of [...sums.keys()].sort()) {
    const { message, messages: count } = sums.get(key)!;
    const { reason, detail } = message.fault;
    const topic = storableText(message.topic);
    const isKnown = entries < maxQuarantineEntries || (await isEntry(session, topic, reason));
    const values: SqlParameter[] = [
      isKnown ? topic : otherTopics,
      reason,
      count,
      Math.trunc(nowMs),
      storableText(detail),
      message.payload.slice(0, quarantineSampleBytes),
    ];
    const [put] = await session.rows(
      `INSERT INTO quarantine (topic, reason, messages, first_ms, last_ms, detail, sample)
       VALUES ($1, $2, $3, $4, $4, $5, $6)
       ON CONFLICT (topic, reason) DO UPDATE SET messages = quarantine.messages + excluded.messages,
         last_ms = excluded.last_ms, detail = excluded.detail, sample = excluded.sample
       RETURNING (xmax = 0) AS is_new`,
      values,
    );
    if (put?.is_new === true) entries++;
  }
}

async function isEntry(session: SqlSession, topic: string, reason: string): Promise<boolean> {
  const found = await session.rows("SELECT 1 FROM quarantine WHERE topic = $1 AND reason = $2", [
    topic,
    reason,
  ]);
  return found.length > 0;
}

export async function listQuarantine(session: SqlSession, limit: number): Promise<QuarantineListing> {
  const [count] = await session.rows(
    "SELECT COUNT(*) AS entries, COALESCE(SUM(messages), 0) AS messages FROM quarantine",
  );
  const rows = await session.rows("SELECT * FROM quarantine ORDER BY last_ms DESC, topic LIMIT $1", [limit]);
  return {
    total: Number(count?.entries),
    messages: Number(count?.messages),
    items: rows.map(fromQuarantineRow),
  };
}
