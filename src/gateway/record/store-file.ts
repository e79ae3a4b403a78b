/**
 * The gateway's one database file: opened when first needed, set aside when corrupted, tried again when the disk was
 * full. Never writes over what it could not read. Knows nothing of what is kept in it; each part brings its own tables.
 */
import { existsSync } from "node:fs";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type Clock, systemClock } from "../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { noteFilePlace } from "../../core/platform/sqlite/file-place.ts";
import { sizeWithLog } from "../../core/platform/sqlite/file-size.ts";
import { refuseUnreadable, renewFile } from "../../core/platform/sqlite/renew-file.ts";
import { openSqlite } from "../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { type SqliteErrorKind, sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import { createReadPause } from "./read-pause.ts";
import { noteRenewal, noteSettled, type Renewal, readRenewalNote } from "./renewal-note.ts";
import { isFullDisk, keepReserve, type StoreReserve } from "./store-reserve.ts";
import { createWholeRead, refuseUnread, takeUpKept } from "./take-up-kept.ts";
import { createTimedWrites, type TimedWrites } from "./timed-writes.ts";

export interface StoreFileOptions {
  readonly path: string;
  /** Upper bound of the whole file in bytes; for tests of a full disk. Default none. */
  readonly maxFileBytes?: number;
  /**
   * `power-cut` (default): what was committed is there after one. `crash`: only after a crash of the process; for tests,
   * as sequences lost in a power cut would be given out twice.
   */
  readonly survives?: "power-cut" | "crash";
  /** Room that is kept for what must not be lost, at most; default none. */
  readonly reserveBytes?: number;
  /** How long a start tries to read what was kept on a disk that fails to read; default a minute. */
  readonly patienceMs?: number;
  /** How long to wait for another process to let the file go; default 2,000 ms. */
  readonly busyTimeoutMs?: number;
  /** Memory for pages of the file; default as SQLite's. */
  readonly cacheKibibytes?: number;
  /** By which writes are timed; default the system's. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Something that keeps tables in the file. */
interface StorePart {
  readonly name: string;
  /** Called with every newly opened database, before anything else uses it: create tables, prepare statements. */
  readonly attach: (database: SqliteDatabase) => void;
  /**
   * Called instead where the file is there and the disk lets nobody open it, such as one that went read-only: takes up what was kept
   * from the file as far as it can be read, or from a copy, which have the tables that the last run made and are closed afterwards.
   */
  readonly takeUp?: (kept: SqliteDatabase) => void;
  /**
   * Called when a corrupted file was replaced by an empty one, after `attach`, of a part that is added later as well; and again at the
   * next start, where the part has not called `settle` since.
   */
  readonly onRenewed?: (setAside: string, reason: string) => void;
}

export interface StoreFile {
  /** Adds a part; it is attached at once if the file is open. */
  add(part: StorePart): void;
  /** Runs `work` on the open database; a corrupted one is replaced and `work` run once more. Throws `STORE`; of a named part also where what it kept was not taken up. */
  use<T>(work: (database: SqliteDatabase) => T, part?: string): T;
  /** What the part of this name took over from a file that was set aside is on the disk. */
  settle(part: string): void;
  readonly reserve: StoreReserve;
  /** What its writes take. */
  readonly writes: TimedWrites;
  /** Does it hold what was not taken up at this start? */
  isUnread(): boolean;
  /** Is it open in its place, as it must be for another start to take that up? */
  isOpen(): boolean;
  /** Does the disk read all of it? Only of one that is open. */
  canReadAll(): Promise<boolean>;
  /** What of it could not be read when it was opened last; null: nothing. Told to parts before they are attached. */
  unreadable(): string | null;
  /** Is another file in its place, or none? What is written then is found by nobody after the end. */
  isGone(): boolean;
  /** Bytes on the disk: the database and its log, without the reserve; 0 where the disk does not say. */
  sizeBytes(): number;
  close(): void;
}

/**
 * Opens the file. Throws `STORE` where only a person can help (no rights, another process has it, no SQLite); a full
 * disk, or one that fails, is no reason not to start, and every later use tries again. What a part kept and could not read is not written over.
 */
export function openStoreFile(options: StoreFileOptions): StoreFile {
  const { path } = options;
  const logger = options.logger ?? silentLogger;
  const writes = createTimedWrites({ clock: options.clock ?? systemClock, logger });
  const parts: StorePart[] = [];
  let database: SqliteDatabase | null = null;
  let isElsewhere = (): boolean => false;
  /** It is there, and cannot be opened where it lies, for this kind of reason; null: neither. */
  let away: SqliteErrorKind | "full-folder" | null = null;
  /** What it holds of them was not taken up: nothing is written over that, and only another start takes it up. */
  const unread = new Set<StorePart>();
  let renewal: Renewal | null = null;
  let unreadable: string | null = null;
  let closed = false;
  const whereItReads = createReadPause();
  const wholeRead = createWholeRead(path);

  const served = (): readonly StorePart[] => parts.filter((part) => !unread.has(part));

  const tell = ({ setAside, reason, settled }: Renewal, told: readonly StorePart[]): void => {
    for (const { name, onRenewed } of told) if (!settled.has(name)) onRenewed?.(setAside, reason);
  };

  const announce = (renewed: Renewal): void => {
    const { setAside, reason } = renewed;
    logger.error("the store was corrupted: set aside and started anew", { path, setAside, reason });
    renewal = renewed;
    tell(renewed, served());
  };

  /** @param begun the file is new, in place of a damaged one */
  const openAttached = (begun: Renewal | null = null): SqliteDatabase => {
    let renewed: Renewal | null = null;
    let unsettled: Renewal | null = null;
    unreadable = null;
    const sqlite = openSqlite(path, {
      locking: "exclusive",
      synchronous: options.survives === "crash" ? "normal" : "full",
      busyTimeoutMs: options.busyTimeoutMs ?? 2000,
      ...(options.cacheKibibytes === undefined ? {} : { cacheKibibytes: options.cacheKibibytes }),
      ...(options.maxFileBytes === undefined ? {} : { maxBytes: options.maxFileBytes }),
      onFinding: ({ leakedPages: pages, unreadable: words }) => {
        unreadable = words;
        if (words !== null) logger.warn("not all of the store could be read", { path, unreadable: words });
        else logger.warn("pages of the store have no use, as in a copy of a live one", { path, pages });
      },
      onCorrupt: (setAside, reason, fresh) => {
        renewed = { setAside, reason, settled: new Set() };
        noteRenewal(writes.wrap(fresh), renewed);
      },
    });
    const opened = writes.wrap(sqlite);
    try {
      if (begun !== null) noteRenewal(opened, begun);
      else if (renewed === null && renewal === null) unsettled = readRenewalNote(opened);
      for (const part of served()) part.attach(opened);
    } catch (error) {
      opened.close();
      throw error;
    }
    database = opened;
    isElsewhere = noteFilePlace(path);
    if (renewed !== null) announce(renewed);
    if (unsettled !== null) {
      renewal = unsettled;
      tell(unsettled, served());
    }
    return opened;
  };

  /** Of what is in the tables SQLite's check at the opening sees nothing; and what it calls damaged may be a read that failed. */
  const open = (): SqliteDatabase => {
    try {
      return openAttached();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
    }
    refuseUnreadable(path);
    try {
      return openAttached();
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      return renew(error);
    }
  };

  const renew = (damage: unknown): SqliteDatabase => {
    const reason = damage instanceof Error ? damage.message : String(damage);
    const { fresh, renewed } = renewFile(path, (setAside) => {
      const renewed = { setAside, reason, settled: new Set<string>() };
      return { fresh: openAttached(renewed), renewed };
    });
    announce(renewed);
    return fresh;
  };

  const takeUp = (part: StorePart): void => {
    const { takeUp: take } = part;
    if (take === undefined) return;
    // It has its time once.
    const patienceMs = unread.size > 0 ? 0 : options.patienceMs;
    if (!takeUpKept({ path, isFailing: away === "io", patienceMs, take, logger })) unread.add(part);
  };

  const letGo = (): void => {
    try {
      database?.close();
    } catch {
      // It is broken; what matters is that the file is let go.
    }
    wholeRead.close();
    database = null;
  };

  /** What a part needs of the open file is damaged, or cannot be read. */
  const attachAnew = (part: StorePart): void => {
    letGo();
    try {
      open();
    } catch (error) {
      if (sqliteErrorKind(error) !== "io") throw error;
      away = "io";
      logger.error("the store cannot be read now, trying again later", { path, error });
      takeUp(part);
    }
  };

  try {
    open();
  } catch (error) {
    const kind = sqliteErrorKind(error);
    // One that was used before is away for a while: a card that went read-only, files that were given to somebody else.
    away = existsSync(path) ? (kind ?? "full-folder") : null;
    const isKept = away === "cannot-open" || away === "read-only";
    if (kind !== "full" && kind !== "io" && !isKept && !isFullDisk(error)) throw error;
    logger.error("the store cannot be opened now, trying again later", { path, error });
  }

  const reserve = keepReserve(`${path}.reserve`, options.reserveBytes, {
    writes,
    // Without the reserve the log is kept short: its room is not for that.
    onChange: (isHeld) => database?.exec(`PRAGMA wal_autocheckpoint = ${isHeld ? 1000 : 32}`),
  });

  return {
    reserve,
    writes,
    isUnread: () => unread.size > 0,
    isOpen: () => database !== null && !isElsewhere(),
    canReadAll: wholeRead.succeeds,
    unreadable: () => unreadable,
    isGone: () => database !== null && isElsewhere(),
    sizeBytes() {
      try {
        return sizeWithLog(path);
      } catch {
        // A folder that may not be entered any more, a disk that was pulled out: what is open may be good all the same.
        return 0;
      }
    },
    add(part) {
      const before = renewal;
      parts.push(part);
      try {
        if (database !== null) part.attach(database);
        else if (away !== null) takeUp(part);
      } catch (error) {
        try {
          if (database === null || !(isCorrupt(error) || sqliteErrorKind(error) === "io")) throw error;
          attachAnew(part);
        } catch (failure) {
          parts.pop();
          throw failure;
        }
      }
      // Of one that came to pass just now it has been told with the others.
      if (before !== null && before === renewal) tell(before, [part]);
    },
    use(work, name) {
      if (closed) throw new AuroraError("STORE", `${path} is closed`, { op: "use store", subject: path });
      if ([...unread].some((part) => part.name === name)) throw refuseUnread(path);
      try {
        if (database !== null) return work(database);
      } catch (error) {
        if (!isCorrupt(error)) throw error;
        letGo();
      }
      return whereItReads(() => {
        try {
          return work(open());
        } catch (error) {
          if (!isCorrupt(error)) throw error;
          letGo();
          return work(renew(error));
        }
      });
    },
    settle(part) {
      if (renewal !== null && database !== null) noteSettled(database, renewal, part);
    },
    close() {
      closed = true;
      database?.close();
      wholeRead.close();
      database = null;
    },
  };
}

function isCorrupt(error: unknown): boolean {
  return sqliteErrorKind(error) === "corrupt";
}
