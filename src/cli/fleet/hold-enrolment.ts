/**
 * Holds the folder of an enrolment for one command at a time. What is locked is a small file in it, which the system gives
 * free when the process ends, however it ends.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { makeFolder, storeError } from "../../core/platform/files/atomic-file.ts";
import { openSqlite } from "../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";

/** As long as others may take; a password takes milliseconds, a certificate a tenth of a second. */
const patienceMs = 60_000;
const pauseMs = 50;

/** Runs `work` while nobody else changes the folder, which is made if missing. @throws AuroraError STORE where somebody does for a minute */
export async function holdEnrolment<T>(dir: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(dir, 0o700);
  const path = join(dir, "enrolment.lock");
  await makePrivate(path);
  const lock = await openLock(dir, path);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function openLock(dir: string, path: string): Promise<SqliteDatabase> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return openSqlite(path, { locking: "exclusive", check: "none", busyTimeoutMs: 0 });
    } catch (error) {
      if (sqliteErrorKind(error) !== "busy") throw error;
      if (performance.now() > endMs) {
        throw new AuroraError("STORE", `another command changes ${dir}`, {
          op: "enrol gateway",
          subject: dir,
          hint: "Wait for it to end, and try again.",
          cause: error,
        });
      }
    }
    await delay(pauseMs);
  }
}

/** SQLite would let others read it. */
async function makePrivate(path: string): Promise<void> {
  try {
    await (await open(path, "a", 0o600)).close();
  } catch (error) {
    throw storeError("open", path, error);
  }
}
