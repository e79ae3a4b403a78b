/**
 * Takes up what a store holds that cannot be opened where it lies, and says what happens where even that cannot be: a disk that fails
 * lets nothing begin, since a loose card is soon read again; one that is full or read-only is left alone for the whole run.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readSqliteCopy } from "../../core/platform/sqlite/read-copy.ts";
import { openSqlite } from "../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";

interface KeptStore {
  readonly path: string;
  /** Does its disk fail to read? */
  readonly isFailing: boolean;
  readonly take: (database: SqliteDatabase) => void;
  readonly logger: Logger;
}

/** Gives false where something is held and was not taken up. Throws `STORE` where that is so because the disk fails. */
export function takeUpKept({ path, isFailing, take, logger }: KeptStore): boolean {
  try {
    if (!isFailing || !readInPlace(path, take)) readSqliteCopy(path, take);
    return true;
  } catch (error) {
    const kind = sqliteErrorKind(error);
    // Without sense, or without the tables: there is nothing to be had of it, now or later.
    const isNothing = kind === "corrupt" || kind === "other";
    if (isFailing && !isNothing) throw refuseStart(path, error);
    logger.error("what the last run kept cannot be read, starting without it", { path, error });
    return isNothing;
  }
}

/** Of a file that cannot be read everywhere, what is asked for may be whole. Gives whether it was. */
function readInPlace(path: string, take: KeptStore["take"]): boolean {
  try {
    const database = openSqlite(path, { access: "read" });
    try {
      take(database);
    } finally {
      database.close();
    }
    return true;
  } catch {
    return false;
  }
}

function refuseStart(path: string, cause: unknown): AuroraError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AuroraError("STORE", `${path} is there, and cannot be read: ${reason}`, {
    op: "open store",
    subject: path,
    hint: "Nothing of it is given up: start again once the disk can be read, as systemd does by itself. If it stays so, replace the disk, or move the file away to start without what it holds.",
    cause,
  });
}

/** Of a store that was not taken up: points have begun to learn anew under the names of what lies there. */
export function refuseUnread(path: string): AuroraError {
  return new AuroraError(
    "STORE",
    `${path} holds what was not taken up at the start: it is not written over`,
    {
      op: "use store",
      subject: path,
      hint: "Once the disk takes writes, start again: what it holds is taken up then.",
    },
  );
}
