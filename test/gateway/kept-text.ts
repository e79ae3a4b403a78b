import { cpSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { type Installation, names } from "./installation.ts";

/** What a copy of the disk holds of the decider and the alarms of a turbine's component, as after a power cut; null: nothing. */
export function readKeptText({ folder }: Installation, turbine: string): string | null {
  const copy = createTemporaryFolder();
  cpSync(join(folder, "gateway"), copy, { recursive: true });
  const database = openSqlite(join(copy, "gateway.db"));
  const key = `serving/${turbine}/${names.component}`;
  const row = database.prepare("SELECT value FROM state WHERE key = ?").get(key);
  database.close();
  return row === undefined ? null : String(row.value);
}
