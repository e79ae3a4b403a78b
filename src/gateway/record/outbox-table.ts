/**
 * The outbox's tables and statements: lanes with their next sequence, records by lane and sequence. Decides nothing.
 *
 * Records are rows of an ordinary table under an index, as a row of some kilobytes in a table without row ids takes up to
 * three times its size. What an older version left in such a table is read, sent and removed where it stands.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Lane } from "../../core/contract/topics.ts";
import type { SqliteDatabase, SqlRow } from "../../core/platform/sqlite/sqlite-database.ts";
import { laneNumber } from "../../core/wire/uplink-schema.ts";
import { newBootId, type OutboxLives, openOutboxLives } from "./outbox-lives.ts";
import { openSealedBody, sealBody } from "./sealed-body.ts";

export interface LaneTotals {
  readonly records: number;
  readonly bytes: number;
  /** Sequence that the next record gets, from 1. */
  readonly nextSequence: number;
}

export interface DroppedRecords {
  readonly records: number;
  readonly bytes: number;
  readonly fromMs: number;
  readonly toMs: number;
}

interface NewRecord {
  readonly sequence: number;
  readonly timeMs: number;
  /** As `encodeRecord` made it. */
  readonly body: Uint8Array;
}

export interface StoredRecord {
  readonly sequence: number;
  readonly timeMs: number;
  /** As `encodeRecord` made it; null: the disk has changed it. */
  readonly body: Uint8Array | null;
  /** That it takes, seal included. */
  readonly bytes: number;
}

export interface OutboxTable {
  readonly lives: OutboxLives;
  totals(lane: Lane): LaneTotals;
  insert(lane: Lane, record: NewRecord): void;
  setNextSequence(lane: Lane, sequence: number): void;
  /** Records after `after`, oldest first. */
  read(lane: Lane, after: number, limit: number): StoredRecord[];
  /** Sequence of the oldest record that is held after so many older ones, by default none; null: there is none. */
  oldest(lane: Lane, after?: number): number | null;
  /** Removes records up to and with `sequence`. */
  removeUpTo(lane: Lane, sequence: number): { readonly records: number; readonly bytes: number };
  /** Removes the records from one sequence to another. */
  removeBetween(lane: Lane, fromSequence: number, toSequence: number): void;
  /**
   * Removes the oldest records, up to the last that was made before `timeMs` under a clock that was confirmed (whatever stands before
   * it is older); none before the oldest such one is `stepMs` older. Call it while this run's clock is confirmed.
   */
  dropBefore(lane: Lane, timeMs: number, stepMs: number): DroppedRecords;
  /** Removes the oldest records until at least `bytes` are gone, or the lane is empty. */
  dropOldest(lane: Lane, bytes: number): DroppedRecords;
  /** Bytes of the file: its pages that hold something (of whatever part), and all of them. */
  measureFile(): { readonly usedBytes: number; readonly allBytes: number };
}

const schemaVersion = 2;
const schema = `
  CREATE TABLE IF NOT EXISTS outbox_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox_lane (lane INTEGER PRIMARY KEY, next_sequence INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS outbox_entry (
    lane INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    body BLOB NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS outbox_entry_place ON outbox_entry (lane, sequence);
`;
const recordTable = "outbox_entry";
/** Of version 1, with the same columns; gone with its last record. */
const olderTable = "outbox_record";

const noRecords: DroppedRecords = { records: 0, bytes: 0, fromMs: 0, toMs: 0 };

/** Records that `dropOldest` looks at in one step. */
const dropStep = 256;

/** Creates the tables if they are not there; refuses a newer schema with `STORE`. */
export function openOutboxTable(database: SqliteDatabase): OutboxTable {
  const tables = openSchema(database);
  const columns = "lane, sequence, time_ms, body";
  const all =
    tables.length === 1
      ? tables[0]!
      : `(${tables.map((table) => `SELECT ${columns} FROM ${table}`).join(" UNION ALL ")})`;
  const total = database.prepare(
    `SELECT count(*) AS records, coalesce(sum(length(body)), 0) AS bytes FROM ${all} WHERE lane = ?`,
  );
  const totalBetween = database.prepare(
    `SELECT count(*) AS records, coalesce(sum(length(body)), 0) AS bytes,
            coalesce(min(time_ms), 0) AS from_ms, coalesce(max(time_ms), 0) AS to_ms
     FROM ${all} WHERE lane = ? AND sequence BETWEEN ? AND ?`,
  );
  const next = database.prepare("SELECT next_sequence FROM outbox_lane WHERE lane = ?");
  const setNext = database.prepare("INSERT OR REPLACE INTO outbox_lane VALUES (?, ?)");
  const insert = database.prepare("INSERT INTO outbox_entry VALUES (?, ?, ?, ?)");
  const select = database.prepare(
    `SELECT sequence, time_ms, body FROM ${all} WHERE lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const sizes = database.prepare(
    `SELECT sequence, length(body) AS bytes FROM ${all} WHERE lane = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  );
  const oldest = database.prepare(
    `SELECT sequence FROM ${all} WHERE lane = ? ORDER BY sequence LIMIT 1 OFFSET ?`,
  );
  const oldestTime = database.prepare(
    `SELECT time_ms FROM ${all} WHERE lane = ? AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT 1`,
  );
  const lastBefore = database.prepare(
    `SELECT max(sequence) AS sequence FROM ${all} WHERE lane = ? AND sequence BETWEEN ? AND ? AND time_ms < ?`,
  );
  const removals = tables.map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE lane = ? AND sequence BETWEEN ? AND ?`),
  );
  const measures = ["page_size", "page_count", "freelist_count"].map((name) => ({
    name,
    statement: database.prepare(`PRAGMA ${name}`),
  }));

  const removeBetween = (lane: Lane, from: number, to: number): void => {
    for (const removal of removals) removal.run(laneNumber(lane), from, to);
  };
  const removeCounted = (lane: Lane, sequence: number): DroppedRecords => {
    let removed = noRecords;
    for (const { firstSequence, lastSequence, shiftMs } of lives.spans(lane)) {
      if (firstSequence > sequence) break;
      const row = totalBetween.get(laneNumber(lane), firstSequence, Math.min(lastSequence, sequence))!;
      const records = asNumber(row, "records");
      if (records === 0) continue;
      const fromMs = asNumber(row, "from_ms") + shiftMs;
      const toMs = asNumber(row, "to_ms") + shiftMs;
      removed = {
        records: removed.records + records,
        bytes: removed.bytes + asNumber(row, "bytes"),
        fromMs: removed.records === 0 ? fromMs : Math.min(removed.fromMs, fromMs),
        toMs: removed.records === 0 ? toMs : Math.max(removed.toMs, toMs),
      };
    }
    if (removed.records > 0) removeBetween(lane, 0, sequence);
    return removed;
  };

  const readNext = (lane: Lane): number => Number(next.get(laneNumber(lane))?.next_sequence ?? 1);

  const lives = openOutboxLives(database, readNext);
  const shiftOf = (lane: Lane, sequence: number): number =>
    lives.spans(lane).findLast(({ firstSequence }) => firstSequence <= sequence)!.shiftMs;

  return {
    lives,
    totals(lane) {
      const row = total.get(laneNumber(lane))!;
      const nextSequence = readNext(lane);
      return { records: asNumber(row, "records"), bytes: asNumber(row, "bytes"), nextSequence };
    },
    insert: (lane, { sequence, timeMs, body }) => {
      const writtenMs = Math.round(timeMs - shiftOf(lane, sequence));
      insert.run(laneNumber(lane), sequence, writtenMs, sealBody(body));
    },
    setNextSequence: (lane, sequence) => void setNext.run(laneNumber(lane), sequence),
    read: (lane, after, limit) =>
      select.all(laneNumber(lane), after, limit).map((row) => ({
        sequence: asNumber(row, "sequence"),
        timeMs: asNumber(row, "time_ms") + shiftOf(lane, asNumber(row, "sequence")),
        body: openSealedBody(row.body as Uint8Array),
        bytes: (row.body as Uint8Array).length,
      })),
    oldest(lane, after = 0) {
      const sequence = oldest.get(laneNumber(lane), after)?.sequence;
      return typeof sequence === "number" ? sequence : null;
    },
    removeUpTo: removeCounted,
    removeBetween,
    dropBefore(lane, timeMs, stepMs) {
      let upTo: number | null = null;
      for (const { firstSequence, lastSequence, isConfirmed, shiftMs } of lives.spans(lane)) {
        if (!isConfirmed) continue;
        const span = [firstSequence, lastSequence] as const;
        const writtenMs = Math.round(timeMs - shiftMs);
        const oldestMs = oldestTime.get(laneNumber(lane), ...span)?.time_ms;
        if (oldestMs === undefined) continue;
        if (Number(oldestMs) >= writtenMs - (upTo === null ? stepMs : 0)) break;
        upTo = Number(lastBefore.get(laneNumber(lane), ...span, writtenMs)?.sequence);
      }
      return upTo === null ? noRecords : removeCounted(lane, upTo);
    },
    dropOldest(lane, bytes) {
      let upTo = 0;
      let found = 0;
      while (found < bytes) {
        const rows = sizes.all(laneNumber(lane), upTo, dropStep);
        for (const row of rows) {
          if (found >= bytes) break;
          found += asNumber(row, "bytes");
          upTo = asNumber(row, "sequence");
        }
        if (rows.length < dropStep) break;
      }
      return upTo === 0 ? noRecords : removeCounted(lane, upTo);
    },
    measureFile() {
      const [pageBytes, pages, free] = measures.map(({ name, statement }) =>
        asNumber(statement.get()!, name),
      ) as [number, number, number];
      return { usedBytes: (pages - free) * pageBytes, allBytes: pages * pageBytes };
    },
  };
}

/** Creates what is missing; gives the tables that hold records. */
function openSchema(database: SqliteDatabase): readonly string[] {
  return database.transaction(() => {
    database.exec(schema);
    const read = database.prepare("SELECT value FROM outbox_meta WHERE key = ?");
    const write = database.prepare("INSERT OR IGNORE INTO outbox_meta VALUES (?, ?)");
    write.run("schema", String(schemaVersion));
    write.run("boot-id", newBootId());
    const version = Number(read.get("schema")?.value);
    if (version > schemaVersion) {
      throw new AuroraError("STORE", `${database.path} was written by a newer version (schema ${version})`, {
        op: "open outbox",
        subject: database.path,
        hint: "Install that version again, or move the file away.",
      });
    }
    if (version < schemaVersion) database.exec("UPDATE outbox_meta SET value = '2' WHERE key = 'schema'");
    const held = listRecordTables(database);
    if (held.length === 1 || database.prepare(`SELECT 1 FROM ${olderTable} LIMIT 1`).get() !== undefined)
      return held;
    database.exec(`DROP TABLE ${olderTable}`);
    return [recordTable];
  });
}

/** The tables that a file has for records, that of older ones first. */
export function listRecordTables(database: SqliteDatabase): readonly string[] {
  const named = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  return [olderTable, recordTable].filter((table) => named.get(table) !== undefined);
}

function asNumber(row: SqlRow, name: string): number {
  return Number(row[name]);
}
