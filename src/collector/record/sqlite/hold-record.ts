/**
 * Holds a record in SQLite for the process that writes it. Its page reads the file beside it, so that the file itself cannot be
 * locked: a small one beside it is.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { holdLock } from "../../../core/platform/sqlite/hold-lock.ts";

/** What another may take to end, as at a restart. */
const patienceMs = 3_000;

/** Returns what gives it free. @throws AuroraError STORE where another process holds it */
export function holdSqliteRecord(path: string): Promise<() => void> {
  const refuse = (cause: unknown): AuroraError =>
    new AuroraError("STORE", `another collector writes ${path}`, {
      op: "open database",
      subject: path,
      hint: "Give each collector a stateDir of its own, or stop the other one.",
      cause,
    });
  return holdLock(`${path}.lock`, { patienceMs, refuse });
}
