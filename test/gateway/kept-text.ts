import { cpSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../src/core/platform/sqlite/sqlite-database.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { type Installation, names } from "./installation.ts";

/** What a copy of the disk holds of the decider and the alarms of a turbine's component, as after a power cut; null: nothing. */
export function readKeptText(installation: Installation, turbine: string): string | null {
  const key = `serving/${turbine}/${names.component}`;
  const row = readCopy(installation, (database) =>
    database.prepare("SELECT value FROM state WHERE key = ?").get(key),
  );
  return row === undefined ? null : String(row.value);
}

/** The bytes of all records that wait in a copy of the disk, in which names and words can be found. */
export function readKeptRecords(installation: Installation): string {
  const rows = readCopy(installation, (database) => database.prepare("SELECT body FROM outbox_entry").all());
  return rows.map(({ body }) => Buffer.from(body as Uint8Array).toString("latin1")).join("\n");
}

function readCopy<T>({ folder }: Installation, read: (database: SqliteDatabase) => T): T {
  const copy = createTemporaryFolder();
  cpSync(join(folder, "gateway"), copy, { recursive: true });
  const database = openSqlite(join(copy, "gateway.db"));
  try {
    return read(database);
  } finally {
    database.close();
  }
}
