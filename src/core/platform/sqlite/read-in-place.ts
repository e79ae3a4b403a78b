/** What is in a database that others may write, read where it lies. */
import { openSqlite } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Hands the database at `path` to `read`, and closes it. @throws AuroraError STORE, and what `read` throws */
export function readSqliteInPlace(path: string, read: (database: SqliteDatabase) => void): void {
  const database = openSqlite(path, { access: "read" });
  try {
    read(database);
  } finally {
    database.close();
  }
}
