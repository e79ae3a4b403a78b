/**
 * The process that checks a record's file while another one writes it, on what cores and disk have left; says what it found as JSON.
 * Ends with whoever began it, when its input does: a thread does the reading, within which SQLite hears of nothing.
 */
import { setPriority } from "node:os";
import process from "node:process";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { openThread } from "../../../core/platform/daemon/open-thread.ts";
import { openSqlite } from "../../../core/platform/sqlite/sqlite.ts";
import { sqliteErrorKind } from "../../../core/platform/sqlite/sqlite-error.ts";
import { checkStructure, type StructureFinding } from "../../../core/platform/sqlite/structure.ts";

const lowestPriority = 19;

if (isMainThread) begin(process.argv[2]!);
else parentPort!.postMessage(check(workerData as string));

function begin(path: string): void {
  try {
    setPriority(lowestPriority);
  } catch {
    // A sandbox may forbid it.
  }
  // The thread has the priority of the one that begins it.
  const reading = openThread("record-check-main", import.meta.url, { workerData: path });
  reading.once("message", (finding: StructureFinding) => {
    process.stdin.destroy();
    process.stdout.write(JSON.stringify(finding));
  });
  // Leaving in order would wait for the thread.
  process.stdin.resume().once("end", () => process.kill(process.pid, "SIGKILL"));
}

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
    return { leakedPages: 0, damage: (error as Error).message, unreadable: null };
  }
}
