/**
 * Holds a lock between processes: a small file of SQLite, opened by one of them alone. The system gives it free when its process
 * ends, however it ends.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AuroraError } from "../../contract/aurora-error.ts";
import { openSqlite } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { sqliteErrorKind } from "./sqlite-error.ts";

const pauseMs = 50;

/** How whoever does not get it is told. */
interface LockRefusal {
  readonly message: string;
  readonly op: string;
  readonly subject: string;
  readonly hint: string;
}

/**
 * Waits up to `patienceMs` for the lock at `path`; returns what gives it free.
 * @throws AuroraError STORE by `refusal` when another holds it for longer, and for a file that cannot be used
 */
export async function holdLock(
  path: string,
  { patienceMs, refusal }: { readonly patienceMs: number; readonly refusal: LockRefusal },
): Promise<() => void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const lock = tryToOpen(path);
    if (!("busy" in lock)) return () => lock.close();
    if (performance.now() > endMs) {
      const { message, ...details } = refusal;
      throw new AuroraError("STORE", message, { ...details, cause: lock.busy });
    }
    await delay(pauseMs);
  }
}

function tryToOpen(path: string): SqliteDatabase | { readonly busy: unknown } {
  try {
    return openSqlite(path, { locking: "exclusive", check: "none", busyTimeoutMs: 0 });
  } catch (error) {
    if (sqliteErrorKind(error) !== "busy") throw error;
    return { busy: error };
  }
}
