/**
 * Takes up what a store holds that cannot be opened where it lies. A disk that fails to read is given some time, as a loose card is soon
 * read again; what cannot be taken up then waits for another start.
 */
import { closeSync, createReadStream, openSync } from "node:fs";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { sizeOf } from "../../core/platform/sqlite/file-size.ts";
import { readSqliteCopy } from "../../core/platform/sqlite/read-copy.ts";
import { readSqliteInPlace } from "../../core/platform/sqlite/read-in-place.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";

interface KeptStore {
  readonly path: string;
  /** Does its disk fail to read? */
  readonly isFailing: boolean;
  /** For how long to try again then, ms; undefined: a minute. */
  readonly patienceMs: number | undefined;
  readonly take: (database: SqliteDatabase) => void;
  readonly logger: Logger;
}

const againMs = 1_000;
const usualPatienceMs = 60_000;
const chunkBytes = 64 * 1024;
/** Nothing of a gateway runs yet that could go on meanwhile. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Gives false where something is held and was not taken up. Blocks this thread while it tries again. */
export function takeUpKept({
  path,
  isFailing,
  patienceMs = usualPatienceMs,
  take,
  logger,
}: KeptStore): boolean {
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

/** Reads all of an open database and its log, piece by piece, beside other work. */
interface WholeRead {
  /** Does the disk give all of it now, as another start that takes it up must have it? */
  succeeds(): Promise<boolean>;
  /** Once the database is closed. */
  close(): void;
}

export function createWholeRead(path: string): WholeRead {
  // Its end would give free SQLite's locks on the file, which are those of this process (POSIX): it stays as long as they do.
  let descriptor: number | null = null;
  const read = async (fd: number): Promise<void> => {
    for await (const _ of createReadStream(path, {
      fd,
      autoClose: false,
      start: 0,
      highWaterMark: chunkBytes,
    }));
  };
  const readLog = async (): Promise<void> => {
    const log = `${path}-wal`;
    if (sizeOf(log) > 0) for await (const _ of createReadStream(log, { highWaterMark: chunkBytes }));
  };
  return {
    async succeeds() {
      try {
        descriptor ??= openSync(path, "r");
        await read(descriptor);
        await readLog();
        return true;
      } catch {
        return false;
      }
    },
    close() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

/** Of a store that was not taken up: points have begun to learn anew under the names of what lies there. */
export function refuseUnread(path: string): AuroraError {
  return new AuroraError(
    "STORE",
    `${path} holds what was not taken up at the start: it is not written over`,
    {
      op: "use store",
      subject: path,
      hint: "Another start takes it up once the disk reads all of it and takes writes: systemd makes one then, elsewhere start the gateway again. If it stays so, replace the disk, or move the file away and start again.",
    },
  );
}
