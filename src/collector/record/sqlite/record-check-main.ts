/** The process that checks a record's file while another one writes it, on what cores and disk have left; says what it found as JSON. */
import { setPriority } from "node:os";
import process from "node:process";
import { openSqlite } from "../../../core/platform/sqlite/sqlite.ts";
import { sqliteErrorKind } from "../../../core/platform/sqlite/sqlite-error.ts";
import { checkStructure, type StructureFinding } from "../../../core/platform/sqlite/structure.ts";

const lowestPriority = 19;

try {
  setPriority(lowestPriority);
} catch {
  // A sandbox may forbid it.
}
process.stdout.write(JSON.stringify(check(process.argv[2]!)));

function check(path: string): StructureFinding {
  try {
    const database = openSqlite(path, { access: "read" });
    try {
      return checkStructure(database);
    } finally {
      database.close();
    }
  } catch (error) {
    if (sqliteErrorKind(error) !== "corrupt") throw error;
    return { leakedPages: 0, damage: (error as Error).message };
  }
}
