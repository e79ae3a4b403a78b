/**
 * Holds a lock between processes: a small file of SQLite, opened by one of them alone. The system gives it free when its process
 * ends, however it ends.
 */
import { setTimeout as delay } from "node:timers/promises";
import { openSqlite } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { sqliteErrorKind } from "./sqlite-error.ts";

const pauseMs = 50;

/**
 * Waits up to `patienceMs` for the lock at `path`; returns what gives it free.
 * @throws what `refuse` makes of it when another holds it for longer; AuroraError STORE for a file that cannot be used
 */
export async function holdLock(
  path: string,
  { patienceMs, refuse }: { readonly patienceMs: number; readonly refuse: (cause: unknown) => Error },
): Promise<() => void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const lock = tryToOpen(path);
    if (!("busy" in lock)) return () => lock.close();
    if (performance.now() > endMs) throw refuse(lock.busy);
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
