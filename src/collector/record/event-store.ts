/** Things that people should know (schema drift, gaps, a corrupted store) and what became of updates, newest first. */
import type { EventRecord, GapRecord, UpdateRecord } from "../../core/contract/uplink-record.ts";
import type { SqliteDatabase, SqlRow } from "../../core/platform/sqlite/sqlite-database.ts";

/** An event as the API shows it. */
export interface EventView extends Omit<EventRecord, "kind"> {
  readonly id: number;
  readonly gateway: string;
}

/** A step of an update as the API shows it. */
export interface UpdateView extends Omit<UpdateRecord, "kind"> {
  readonly id: number;
  readonly gateway: string;
}

/** A page of a list. */
export interface Page {
  readonly gateway?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Reads and writes events and updates. */
export interface EventStore {
  putEvent(gateway: string, record: EventRecord, receivedMs: number): void;
  /** A declared gap is an event of its own name. */
  putGap(gateway: string, record: GapRecord, receivedMs: number): void;
  putUpdate(gateway: string, record: UpdateRecord, receivedMs: number): void;
  events(page: Page): { readonly total: number; readonly items: EventView[] };
  updates(page: Page): { readonly total: number; readonly items: UpdateView[] };
  prune(beforeMs: number): number;
}

/** Creates the store over an open, migrated database. */
export function createEventStore(database: SqliteDatabase): EventStore {
  const insertEvent = database.prepare(
    "INSERT INTO event (gateway, time_ms, received_ms, name, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const insertUpdate = database.prepare(
    `INSERT INTO model_update
     (gateway, time_ms, received_ms, model_name, from_version, to_version, step, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const prunes = ["event", "model_update"].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE received_ms < ?`),
  );
  const list = <T>(table: "event" | "model_update", read: (row: SqlRow) => T) => {
    const filter = "WHERE (? IS NULL OR gateway = ?)";
    const count = database.prepare(`SELECT COUNT(*) AS total FROM ${table} ${filter}`);
    const rows = database.prepare(
      `SELECT * FROM ${table} ${filter} ORDER BY time_ms DESC, id DESC LIMIT ? OFFSET ?`,
    );
    return ({ gateway = undefined, limit, offset }: Page): { total: number; items: T[] } => {
      const of = gateway ?? null;
      return {
        total: Number(count.get(of, of)?.total ?? 0),
        items: rows.all(of, of, limit, offset).map(read),
      };
    };
  };
  const putEvent = (gateway: string, record: EventRecord, receivedMs: number): void => {
    insertEvent.run(
      gateway,
      Math.trunc(record.timeMs),
      Math.trunc(receivedMs),
      record.name,
      record.subject,
      record.detail,
    );
  };
  return {
    putEvent,
    putGap: (gateway, gap, receivedMs) => {
      const range = `${new Date(gap.fromMs).toISOString()} to ${new Date(gap.toMs).toISOString()}`;
      const detail = `${gap.records} records of the lane were dropped on the gateway, from ${range}`;
      const event = {
        kind: "event",
        timeMs: gap.toMs,
        name: `gap.${gap.lane}`,
        subject: gap.lane,
        detail,
      } as const;
      putEvent(gateway, event, receivedMs);
    },
    putUpdate: (gateway, record, receivedMs) => {
      insertUpdate.run(
        gateway,
        Math.trunc(record.timeMs),
        Math.trunc(receivedMs),
        record.modelName,
        record.fromVersion,
        record.toVersion,
        record.step,
        record.detail,
      );
    },
    events: list("event", (row) => ({
      id: Number(row.id),
      gateway: String(row.gateway),
      timeMs: Number(row.time_ms),
      name: String(row.name),
      subject: String(row.subject),
      detail: String(row.detail),
    })),
    updates: list("model_update", (row) => ({
      id: Number(row.id),
      gateway: String(row.gateway),
      timeMs: Number(row.time_ms),
      modelName: String(row.model_name),
      fromVersion: String(row.from_version),
      toVersion: String(row.to_version),
      step: row.step as UpdateView["step"],
      detail: String(row.detail),
    })),
    prune: (beforeMs) =>
      prunes.reduce((sum, statement) => sum + statement.run(Math.trunc(beforeMs)).changes, 0),
  };
}
