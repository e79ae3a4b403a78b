/**
 * What a store that was begun anew says of the one that was set aside for it, from its first transaction on: which parts have taken over
 * what could still be read there. A start that was cut short before is followed by one that does it again. Takes over nothing itself.
 */
import { basename, dirname, join } from "node:path";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** A corrupted file was replaced. */
export interface Renewal {
  readonly setAside: string;
  readonly reason: string;
  /** Names of the parts that have taken over what there was for them. */
  readonly settled: Set<string>;
}

const ofFile = "set-aside";
const ofReason = "reason";
const ofPart = "settled/";

/** Begins the note, in a file that holds nothing yet. */
export function noteRenewal(database: SqliteDatabase, { setAside, reason }: Renewal): void {
  database.transaction(() => {
    // An older version passes the table over.
    database.exec("CREATE TABLE store_renewal (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    const write = database.prepare("INSERT INTO store_renewal VALUES (?, ?)");
    write.run(ofFile, basename(setAside));
    write.run(ofReason, reason);
  });
}

/** A part has taken over what there was for it. What the disk does not take now is noted the next time. */
export function noteSettled(database: SqliteDatabase, { settled }: Renewal, part: string): void {
  if (settled.has(part)) return;
  try {
    database.prepare("INSERT OR IGNORE INTO store_renewal VALUES (?, '')").run(ofPart + part);
    settled.add(part);
  } catch {
    // The disk is full, or fails: whoever writes next is told.
  }
}

/** What is noted; null: the file was never begun anew. */
export function readRenewalNote(database: SqliteDatabase): Renewal | null {
  const named = database.prepare(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'store_renewal'",
  );
  if (named.get() === undefined) return null;
  const rows = database.prepare("SELECT key, value FROM store_renewal").all();
  const values = new Map(rows.map(({ key, value }) => [String(key), String(value)]));
  const name = values.get(ofFile);
  if (name === undefined) return null;
  return {
    setAside: join(dirname(database.path), basename(name)),
    reason: values.get(ofReason) ?? "",
    settled: new Set(
      [...values.keys()].filter((key) => key.startsWith(ofPart)).map((key) => key.slice(ofPart.length)),
    ),
  };
}
