/**
 * Keeps the file through which whoever may read the state folder gives orders. A disk that is full, failing or read-only, and a
 * folder of somebody else, are no reason not to watch turbines: then the token of an earlier start holds where the file has one,
 * that is said, and writing is tried again. Any other refusal is an error.
 */
import { lstat, rm } from "node:fs/promises";
import { hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { type GatewayAccess, gatewayAccessSchema } from "../../core/contract/device/device-capture.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { Logger } from "../../core/platform/logger.ts";

export interface AccessFile {
  /** The one that holds: that of an earlier start where the new one could not be written. */
  readonly token: string;
  /** Removes it, and no longer tries to write it. */
  close(): Promise<void>;
}

interface AccessFileOptions {
  readonly path: string;
  readonly access: GatewayAccess;
  readonly logger: Logger;
}

/** Seconds, not a minute: whoever made room asks next, and is told until then that no gateway runs. */
const retry = { firstMs: 1000, maxMs: 5000 };

/**
 * Writes the file, or begins to try.
 * @throws AuroraError STORE where there is no folder.
 */
export async function keepAccessFile(options: AccessFileOptions): Promise<AccessFile> {
  const { path, access, logger } = options;
  let { token } = access;
  const backoff = createBackoff(retry);
  let cancelTimer = (): void => {};
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  const write = (): Promise<void> =>
    writeFileAtomic(path, `${JSON.stringify({ ...access, token })}\n`, { mode: 0o600 });
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
    const kept = await readToken(path, access.url);
    token = kept ?? token;
    const orders =
      kept === null ? "no orders from the command line" : "orders by the token of an earlier start";
    logger.error(`${orders}: the access file cannot be written; trying again`, { path, error });
    tryLater();
  }
  return {
    token,
    async close() {
      closed = true;
      cancelTimer();
      await writing;
      await rm(path, { force: true });
    },
  };
}

/** The token that the file has; null unless it is whole, of this address, this user's, and nobody else may read it. */
async function readToken(path: string, url: string): Promise<string | null> {
  try {
    const { mode, uid } = await lstat(path);
    if ((mode & 0o077) !== 0 || uid !== (process.geteuid?.() ?? uid)) return null;
    const text = new TextDecoder().decode(await readFileBounded(path, 4096));
    const kept = gatewayAccessSchema().parse(JSON.parse(text));
    return kept.url === url ? kept.token : null;
  } catch {
    // Missing, unreadable or damaged: whoever asks needs the new one, which is tried on.
    return null;
  }
}

const diskTroubles: readonly unknown[] = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES", "EPERM"];

/** Whether the disk refused, and may not do so for ever. */
function isDiskTrouble(error: unknown): boolean {
  if (!hasErrorCode(error, "STORE")) return false;
  return diskTroubles.includes(systemCodeOf(error.cause));
}
