/**
 * What can still be read of a store that was set aside: row by row from the beginning until one cannot be read, then from the end back
 * to it, so that a single damaged page costs its own rows. Changes nothing in it, and holds no more than a gateway may.
 */
import { rmSync } from "node:fs";
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { sizeOf } from "../../core/platform/sqlite/file-size.ts";
import { readSqliteInPlace } from "../../core/platform/sqlite/read-in-place.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../core/platform/sqlite/sqlite-database.ts";
import { decodeRecord } from "../../core/wire/record-codec.ts";
import { laneNumber } from "../../core/wire/uplink-schema.ts";
import type { LanePolicies } from "./lane-policy.ts";
import type { PendingRecord } from "./outbox-ledger.ts";
import { listRecordTables } from "./outbox-table.ts";
import { spanOfRecord } from "./record-span.ts";
import { openSealedBody } from "./sealed-body.ts";
import { openSealedText } from "./sealed-text.ts";

/** Rows of a table that are read at most in each direction: they are held in memory. */
const maxRows = 50_000;
const mebibyte = 1024 * 1024;
/** As much of what makes no room for others as may wait in memory for a full disk (`outbox-buffer.ts`), of all lanes and tables together. */
const maxRecordBytes = 32 * mebibyte;
/** As much as is copied of a store whose disk is read-only (`read-copy.ts`). */
const maxStateBytes = 64 * mebibyte;

/** The kept texts by their keys; those that the disk has changed are left out. */
export function salvageState(setAside: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  readSetAside(setAside, (database) => {
    const { rows } = readRows({
      database,
      rows: "SELECT key AS place, value FROM state WHERE 1",
      place: "key",
      ends: ["", "\u{10ffff}"],
      room: { leftBytes: maxStateBytes },
    });
    for (const { place, value } of rows) {
      const text = openSealedText(String(value));
      if (text !== null) texts.set(String(place), text);
    }
  });
  return texts;
}

/** As it was written down, by the calendar of then. */
interface SalvagedRecord extends Omit<PendingRecord, "monotonicMs"> {
  readonly timeMs: number;
}

/** A lane of which more may have waited. */
interface LostLane {
  readonly lane: Lane;
  /** Of its oldest record: when what it tells of began, by the calendar of then; null: that record cannot be read. */
  readonly sinceMs: number | null;
}

interface SalvagedRecords {
  /** Of the lanes that make no room for others, in their order. */
  readonly records: readonly SalvagedRecord[];
  readonly lost: readonly LostLane[];
}

/** The records that waited and are not expendable. */
export function salvageRecords(setAside: string, policies: LanePolicies): SalvagedRecords {
  const records: SalvagedRecord[] = [];
  const lost = new Map<Lane, number | null>(lanes.map((lane) => [lane, null]));
  readSetAside(setAside, (database) => {
    const tables = listRecordTables(database);
    if (tables.length === 0) return;
    const room = { leftBytes: maxRecordBytes };
    for (const lane of lanes) {
      const oldest = findOldest(database, tables, lane);
      if (oldest === "none" || (oldest === null && readNextSequence(database, lane) === 1)) {
        lost.delete(lane);
        continue;
      }
      lost.set(lane, oldest);
      if (policies[lane].isExpendable) continue;
      const found = tables.map((table) =>
        readRows({
          database,
          rows: `SELECT sequence AS place, time_ms, body FROM ${table} WHERE lane = ${laneNumber(lane)}`,
          place: "sequence",
          ends: [0, Number.MAX_SAFE_INTEGER],
          room,
        }),
      );
      const rows = found.flatMap((each) => each.rows);
      const read = rows.flatMap((row) => readRecord(lane, row) ?? []);
      records.push(...read);
      const isRead = found.every(({ isWhole }) => isWhole) && read.length === rows.length;
      if (isRead && isUnbroken(database, tables, { lane, rows })) lost.delete(lane);
    }
  });
  return { records, lost: [...lost].map(([lane, sinceMs]) => ({ lane, sinceMs })) };
}

/** When that began of which the lane's oldest record tells; null: it cannot be read. That there is none is believed of the table alone: a damaged index may give no row, and no error. */
function findOldest(database: SqliteDatabase, tables: readonly string[], lane: Lane): number | "none" | null {
  const find = (past: "" | "NOT INDEXED"): number | "none" | null => {
    for (const table of tables) {
      const row = database
        .prepare(`SELECT time_ms, body FROM ${table} ${past} WHERE lane = ? ORDER BY sequence LIMIT 1`)
        .get(laneNumber(lane));
      if (row !== undefined) return readRecord(lane, row)?.span.fromMs ?? null;
    }
    return "none";
  };
  try {
    const found = find("");
    if (found !== "none") return found;
  } catch {
    // The table may be read without its index.
  }
  try {
    return find("NOT INDEXED");
  } catch {
    return null;
  }
}

/** Do they, of a lane that is not empty, run without a hole from its oldest record up to what it counts? A damaged page of the index may give fewer rows, and no error. */
function isUnbroken(
  database: SqliteDatabase,
  tables: readonly string[],
  { lane, rows }: { readonly lane: Lane; readonly rows: readonly SqlRow[] },
): boolean {
  const nextSequence = readNextSequence(database, lane);
  if (rows.length === 0 || nextSequence === null) return false;
  const firstSequence = nextSequence - rows.length;
  const runs = rows.every(({ place }, index) => Number(place) === firstSequence + index);
  return runs && !holdsOlder(database, tables, { lane, sequence: firstSequence });
}

/** Does a table, read without its index, hold something older of the lane? Where damage ends that reading, the index is believed. */
function holdsOlder(
  database: SqliteDatabase,
  tables: readonly string[],
  { lane, sequence }: { readonly lane: Lane; readonly sequence: number },
): boolean {
  try {
    return tables.some((table) => {
      const older = `SELECT 1 FROM ${table} NOT INDEXED WHERE lane = ? AND sequence < ? LIMIT 1`;
      return database.prepare(older).get(laneNumber(lane), sequence) !== undefined;
    });
  } catch {
    return false;
  }
}

/** Of the record that the lane would have got next, 1 where it never held one; null: it cannot be read. */
function readNextSequence(database: SqliteDatabase, lane: Lane): number | null {
  try {
    const next = database.prepare("SELECT next_sequence FROM outbox_lane WHERE lane = ?");
    return Number(next.get(laneNumber(lane))?.next_sequence ?? 1);
  } catch {
    return null;
  }
}

function readRecord(lane: Lane, row: SqlRow): SalvagedRecord | null {
  const body = openSealedBody(row.body as Uint8Array);
  if (body === null) return null;
  const timeMs = Number(row.time_ms);
  try {
    return { lane, timeMs, span: spanOfRecord(decodeRecord(body), timeMs), body };
  } catch {
    // What has no seal may make no sense.
    return null;
  }
}

/** A file that SQLite does not even open holds nothing. */
function readSetAside(path: string, read: (database: SqliteDatabase) => void): void {
  try {
    readSqliteInPlace(path, read);
  } catch {
    // Its name is told, and whoever wants more of it than this has it.
  }
  // What SQLite puts beside a file even to read it.
  rmSync(`${path}-shm`, { force: true });
  if (sizeOf(`${path}-wal`) === 0) rmSync(`${path}-wal`, { force: true });
}

interface RowsToRead {
  readonly database: SqliteDatabase;
  /** A statement up to its condition, which gives the column as `place`. */
  readonly rows: string;
  readonly place: string;
  /** Below and above every place. */
  readonly ends: readonly [SqlValue, SqlValue];
  /** For what is read; half of it in each direction. */
  readonly room: { leftBytes: number };
}

function readRows({ database, rows, place, ends, room }: RowsToRead): {
  readonly rows: readonly SqlRow[];
  readonly isWhole: boolean;
} {
  const forth = database.prepare(`${rows} AND ${place} > ? ORDER BY ${place} LIMIT 1`);
  const back = database.prepare(`${rows} AND ${place} < ? ORDER BY ${place} DESC LIMIT 1`);
  const first = walk(ends[0], room.leftBytes / 2, (from) => forth.get(from));
  room.leftBytes -= first.bytes;
  if (first.isAtEnd) return { rows: first.rows, isWhole: true };
  const met = first.rows.at(-1)?.place ?? ends[0];
  const last = walk(ends[1], room.leftBytes, (from) => {
    const row = back.get(from);
    return row === undefined || row.place! <= met! ? undefined : row;
  });
  room.leftBytes -= last.bytes;
  return { rows: [...first.rows, ...last.rows.toReversed()], isWhole: last.isAtEnd };
}

interface Walk {
  readonly rows: readonly SqlRow[];
  readonly bytes: number;
  readonly isAtEnd: boolean;
}

/** What would take more than `maxBytes` is not taken. */
function walk(from: SqlValue, maxBytes: number, next: (from: SqlValue) => SqlRow | undefined): Walk {
  const rows: SqlRow[] = [];
  let bytes = 0;
  try {
    for (let at = from; rows.length < maxRows; ) {
      const row = next(at);
      if (row === undefined) return { rows, bytes, isAtEnd: true };
      const rowBytes = sizeOfRow(row);
      if (bytes + rowBytes > maxBytes) break;
      rows.push(row);
      bytes += rowBytes;
      at = row.place!;
    }
  } catch {
    // Damaged from here on.
  }
  return { rows, bytes, isAtEnd: false };
}

function sizeOfRow(row: SqlRow): number {
  let bytes = 0;
  for (const value of Object.values(row))
    if (typeof value === "string" || value instanceof Uint8Array) bytes += value.length;
  return bytes;
}
