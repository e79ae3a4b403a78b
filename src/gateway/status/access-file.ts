/**
 * Keeps the file through which whoever may read the state folder gives orders. A disk that is full, failing or read-only, and a
 * folder of somebody else, are no reason not to watch turbines: then the file is missing for a while, that is said, and it is
 * tried again. Any other refusal is an error.
 */
import { rm } from "node:fs/promises";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import type { Logger } from "../../core/platform/logger.ts";

export interface AccessFile {
  /** Removes it, and no longer tries to write it. */
  close(): Promise<void>;
}

export interface AccessFileOptions {
  readonly path: string;
  readonly text: string;
  readonly logger: Logger;
}

/**
 * Writes the file, or begins to try.
 * @throws AuroraError STORE where there is no folder.
 */
export async function keepAccessFile(options: AccessFileOptions): Promise<AccessFile> {
  const { path, text, logger } = options;
  const backoff = createBackoff();
  let cancelTimer = (): void => {};
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const write = (): Promise<void> => writeFileAtomic(path, text, { mode: 0o600 });
  const tryLater = (): void => {
    if (closed) return;
    cancelTimer = systemTimers.after(backoff.nextMs(), () => {
      writing = write().then(
        () => logger.info("the access file could be written", { path }),
        (error: unknown) => {
          logger.debug("the access file cannot be written yet", { path, error });
          tryLater();
        },
      );
    });
  };

  try {
    await write();
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
    logger.error("no orders from the command line: the access file cannot be written; trying again", {
      path,
      error,
    });
    tryLater();
  }
  return {
    async close() {
      closed = true;
      cancelTimer();
      await writing;
      await rm(path, { force: true });
    },
  };
}

const diskTroubles: readonly unknown[] = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EPERM"];

/** Whether the disk refused, and may not do so for ever. */
function isDiskTrouble(error: unknown): boolean {
  if (!hasErrorCode(error, "STORE")) return false;
  return diskTroubles.includes((error.cause as { code?: unknown } | undefined)?.code);
}
