/**
 * Takes up what a store holds that cannot be opened where it lies. A disk that fails to read is given some time, as a loose card is soon
 * read again; what cannot be taken up then waits for another start.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readSqliteCopy } from "../../core/platform/sqlite/read-copy.ts";
import { readSqliteInPlace } from "../../core/platform/sqlite/read-in-place.ts";
import { refuseUnreadable } from "../../core/platform/sqlite/renew-file.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";

interface KeptStore {
  readonly path: string;
  /** Does its disk fail to read? */
  readonly isFailing: boolean;
  /** For how long to try again then, ms. */
  readonly patienceMs: number;
  readonly take: (database: SqliteDatabase) => void;
  readonly logger: Logger;
}

const againMs = 1_000;
/** Nothing of a gateway runs yet that could go on meanwhile. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Gives false where something is held and was not taken up. Blocks this thread while it tries again. */
export function takeUpKept({ path, isFailing, patienceMs, take, logger }: KeptStore): boolean {
  for (let leftMs = patienceMs; ; leftMs -= againMs) {
    try {
      if (!isFailing || !readInPlace(path, take)) readSqliteCopy(path, take);
      return true;
    } catch (error) {
      const kind = sqliteErrorKind(error);
      // Without sense, or without the tables: there is nothing to be had of it, now or later.
      const isNothing = kind === "corrupt" || kind === "other";
      if (isNothing || !isFailing || leftMs <= 0) {
        logger.error("what the last run kept cannot be read, starting without it", { path, error });
        return isNothing;
      }
      if (leftMs === patienceMs)
        logger.warn("what the last run kept cannot be read yet, trying again", { path, error });
    }
    sleep(Math.min(againMs, leftMs));
  }
}

/** Of a file that cannot be read everywhere, what is asked for may be whole. Gives whether it was. */
function readInPlace(path: string, take: KeptStore["take"]): boolean {
  try {
    readSqliteInPlace(path, take);
    return true;
  } catch {
    return false;
  }
}

/** Does the disk read all of the file now, as another start that takes it up must? */
export function canReadAll(path: string): boolean {
  try {
    refuseUnreadable(path);
    return true;
  } catch {
    return false;
  }
}

/** Of a store that was not taken up: points have begun to learn anew under the names of what lies there. */
export function refuseUnread(path: string): AuroraError {
  return new AuroraError(
    "STORE",
    `${path} holds what was not taken up at the start: it is not written over`,
    {
      op: "use store",
      subject: path,
      hint: "Once the disk reads and takes writes, the gateway begins anew by itself and takes it up, within some ten minutes. If it stays so, replace the disk, or move the file away and start again.",
    },
  );
}
