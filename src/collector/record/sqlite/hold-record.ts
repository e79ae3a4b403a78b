/**
 * Holds a record in SQLite for the process that writes it. Its page reads the file beside it, so that the file itself cannot be
 * locked: a small one beside it is, and the system gives it free when its process ends, however it ends.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { openSqlite } from "../../../core/platform/sqlite/sqlite.ts";
import { sqliteErrorKind } from "../../../core/platform/sqlite/sqlite-error.ts";

/** What another may take to end, as at a restart. */
const waitMs = 3_000;

/** Returns what gives it free. @throws AuroraError STORE where another process holds it */
export function holdSqliteRecord(path: string): () => void {
  try {
    const lock = openSqlite(`${path}.lock`, { locking: "exclusive", check: "none", busyTimeoutMs: waitMs });
    return () => lock.close();
  } catch (error) {
    if (sqliteErrorKind(error) !== "busy") throw error;
    throw new AuroraError("STORE", `another collector writes ${path}`, {
      op: "open database",
      subject: path,
      hint: "Give each collector a stateDir of its own, or stop the other one.",
      cause: error,
    });
  }
}
