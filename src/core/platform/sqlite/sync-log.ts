/**
 * Brings what a database has committed to the disk without holding the thread meanwhile, for one that is opened with
 * `synchronous: "normal"`: it then writes its log and does not wait for the disk but at a checkpoint.
 */
import { open } from "node:fs/promises";
import { AuroraError, systemCodeOf } from "../../contract/aurora-error.ts";

/**
 * Resolves when all that was committed before is on the disk. SQLite keeps no lock on its log, so that opening the log
 * beside it takes none away (sqlite.org/howtocorrupt.html, 2.2).
 * @throws AuroraError STORE
 */
export async function syncSqliteLog(path: string): Promise<void> {
  try {
    const log = await open(`${path}-wal`, "r");
    try {
      await log.sync();
    } finally {
      await log.close();
    }
  } catch (cause) {
    // Closing a database removes its log, after all of it has been brought to the disk.
    if (systemCodeOf(cause) === "ENOENT") return;
    throw new AuroraError("STORE", `cannot bring ${path} to the disk: ${(cause as Error).message}`, {
      op: "sync database",
      subject: path,
      hint: "The disk reported an error: check the system's log and the file system.",
      cause,
    });
  }
}
