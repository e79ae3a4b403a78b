/** What people should know, in SQLite: events and declared gaps, steps of updates, and messages that were set aside. */
import type { EventRecord, UpdateRecord } from "../../../core/contract/uplink-record.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import { believeTime, type Receipt } from "../clock-rules.ts";
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

export interface SqliteEvents {
  putEvent(record: EventRecord, origin: RecordSource): void;
  putUpdate(record: UpdateRecord, origin: RecordSource): void;
  setAside(message: SetAsideMessage, nowMs: number): void;
  events(query: EventQuery): Listing<RecordedEvent>;
  eventsAt(moments: readonly EventMoment[]): readonly (RecordedEvent | null)[];
  updates(query: GatewayQuery): Listing<RecordedUpdate>;
  quarantine(limit: number): QuarantineListing;
  /** Removes at most so many events that arrived before `beforeMs` and are not kept; returns how many. */
  pruneEvents(beforeMs: number, most: number): number;
  /** Removes at most so many kept events that arrived before `beforeMs`; returns how many. */
  pruneKept(beforeMs: number, most: number): number;
  /** Removes at most so many updates that arrived before `beforeMs`; returns how many. */
  pruneUpdates(beforeMs: number, most: number): number;
}

/** Prepares the statements over a migrated database. */
export function createSqliteEvents(database: SqliteDatabase): SqliteEvents {
  const insertEvent = database.prepare(
    `INSERT INTO event (gateway, time_ms, believed_ms, received_ms, name, subject, detail, alert)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertUpdate = database.prepare(
    `INSERT INTO model_update
     (gateway, time_ms, believed_ms, received_ms, model_name, from_version, to_version, step, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const naming = database.prepare(
    "SELECT * FROM event WHERE alert = ? AND gateway = ? AND name = ? AND subject = ? ORDER BY id LIMIT 1",
  );
  const nearest = database.prepare(
    `SELECT * FROM event WHERE believed_ms BETWEEN ? AND ? AND alert IS NULL
       AND gateway = ? AND name = ? AND subject = ? ORDER BY abs(believed_ms - ?) LIMIT 1`,
  );
  const kept = [...keptNames].map((name) => `'${name}'`).join(", ");
  const prepareRemoval = (table: string, where: string): ((beforeMs: number, most: number) => number) => {
    const remove = database.prepare(
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE received_ms < ? ${where} LIMIT ?)`,
    );
    return (beforeMs, most) => remove.run(Math.trunc(beforeMs), most).changes;
  };
  return {
    ...createQuarantine(database),
    putEvent: (record, origin) => {
      const { name, subject, detail } = record;
      const alert = readNamedAlert(detail);
      insertEvent.run(origin.gateway, ...toTimes(record.timeMs, origin), name, subject, detail, alert);
    },
    putUpdate: (record, origin) => {
      insertUpdate.run(
        origin.gateway,
        ...toTimes(record.timeMs, origin),
        record.modelName,
        record.fromVersion,
        record.toVersion,
        record.step,
        record.detail,
      );
    },
    events: createList(
      database,
      { table: "event", filter: "(? IS NULL OR name = ?)", searched: eventTexts },
      fromEventRow,
    ),
    eventsAt: (moments) =>
      moments.map(({ alertId, atMs, gateway, name, subject }) => {
        const deed = [gateway, name, subject] as const;
        const row =
          naming.get(alertId, ...deed) ?? nearest.get(atMs - togetherMs, atMs + togetherMs, ...deed, atMs);
        return row === undefined ? null : fromEventRow(row);
      }),
    updates: createList(
      database,
      { table: "model_update", filter: "? IS ?", searched: updateTexts },
      fromUpdateRow,
    ),
    pruneEvents: prepareRemoval("event", `AND name NOT IN (${kept}) ORDER BY received_ms`),
    pruneKept: prepareRemoval("event", `AND name IN (${kept}) ORDER BY received_ms`),
    pruneUpdates: prepareRemoval("model_update", ""),
  };
}

/** Its own time, the one that is believed, and that of its arrival. */
function toTimes(timeMs: number, receipt: Receipt): readonly [number, number, number] {
  const [own, receivedMs] = [Math.trunc(timeMs), Math.trunc(receipt.receivedMs)];
  return [own, believeTime(own, { ...receipt, receivedMs }), receivedMs];
}

const eventTexts = "gateway || char(10) || name || char(10) || subject || char(10) || detail";
const updateTexts =
  "gateway || char(10) || model_name || char(10) || to_version || char(10) || step || char(10) || detail";

/** The condition that each word of a list (JSON, its one parameter) stands somewhere in a text. */
export function holdsListedWords(text: string): string {
  return `NOT EXISTS (SELECT 1 FROM json_each(?) AS word WHERE instr(lower(${text}), lower(word.value)) = 0)`;
}

/** Newest first; `filter` is asked with the query's name twice (null: any). */
function createList<T>(
  database: SqliteDatabase,
  {
    table,
    filter,
    searched,
  }: { readonly table: "event" | "model_update"; readonly filter: string; readonly searched: string },
  read: (row: SqlRow) => T,
): (query: EventQuery) => Listing<T> {
  const where = `FROM ${table} WHERE (? IS NULL OR gateway = ?) AND ${filter}
    AND ${holdsListedWords(searched)}`;
  const count = database.prepare(`SELECT COUNT(*) AS total FROM (SELECT 1 ${where} LIMIT ${maxCounted + 1})`);
  const rows = database.prepare(`SELECT * ${where} ORDER BY believed_ms DESC, id DESC LIMIT ? OFFSET ?`);
  return ({ gateway = null, name = null, search = "", limit, offset }) => {
    const values = [gateway, gateway, name, name, JSON.stringify(searchWords(search))] as const;
    return {
      ...tellTotal(Number(count.get(...values)?.total)),
      items: rows.all(...values, limit, offset).map(read),
    };
  };
}

function createQuarantine(database: SqliteDatabase): Pick<SqliteEvents, "setAside" | "quarantine"> {
  const put = database.prepare(
    `INSERT INTO quarantine (topic, reason, messages, first_ms, last_ms, detail, sample)
     VALUES (?, ?, 1, ?, ?, ?, ?)
     ON CONFLICT (topic, reason) DO UPDATE SET messages = messages + 1, last_ms = excluded.last_ms,
       detail = excluded.detail, sample = excluded.sample`,
  );
  const known = database.prepare("SELECT 1 FROM quarantine WHERE topic = ? AND reason = ?");
  const entries = database.prepare("SELECT COUNT(*) AS total FROM quarantine");
  const messages = database.prepare("SELECT COALESCE(SUM(messages), 0) AS total FROM quarantine");
  const list = database.prepare("SELECT * FROM quarantine ORDER BY last_ms DESC LIMIT ?");
  return {
    setAside: ({ payload, fault: { reason, detail }, ...message }, nowMs) => {
      const topic = storableText(message.topic);
      const isFull = Number(entries.get()?.total) >= maxQuarantineEntries;
      const isOther = isFull && known.get(topic, reason) === undefined;
      const now = Math.trunc(nowMs);
      const sample = payload.slice(0, quarantineSampleBytes);
      put.run(isOther ? otherTopics : topic, reason, now, now, storableText(detail), sample);
    },
    quarantine: (limit) => ({
      total: Number(entries.get()?.total),
      messages: Number(messages.get()?.total),
      items: list.all(limit).map(fromQuarantineRow),
    }),
  };
}
