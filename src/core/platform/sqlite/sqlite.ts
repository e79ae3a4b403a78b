/**
 * The one door to SQLite: the library built into Node where it exists, better-sqlite3 elsewhere. Opens in WAL mode,
 * checks the file, sets a corrupted one aside and starts over. Synchronous, as both libraries are; one writer a file.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import process from "node:process";
import { AuroraError, systemCodeOf } from "../../contract/aurora-error.ts";
import { sizeOf, sizeWithLog } from "./file-size.ts";
import { refuseUnreadable, renewFile } from "./renew-file.ts";
import {
  createSqliteDatabase,
  type RawDatabase,
  type SqliteDatabase,
  type SqliteEngine,
} from "./sqlite-database.ts";
import { hintOfClosedFolder, hintOfFullDisk, sqliteErrorKind, wrapSqliteError } from "./sqlite-error.ts";
import { checkStructure, type StructureFinding } from "./structure.ts";

/** Both libraries, in the order in which they are tried. */
export const sqliteEngines: readonly SqliteEngine[] = ["node", "better"];

interface SqliteOptions {
  /** `full` (default): a committed transaction survives a power cut. `normal`: it survives a crash of the process, and a power cut after `syncSqliteLog`. */
  readonly synchronous?: "full" | "normal";
  /** Pages (4 KiB) of the log from which a commit moves them into the file; default 1,000. */
  readonly checkpointPages?: number;
  /** Pages of the file that are kept in memory at most, in KiB; default 2,000. */
  readonly cacheKibibytes?: number;
  /** How long a statement waits for another connection's lock; default 5,000 ms. */
  readonly busyTimeoutMs?: number;
  /** Upper bound of the file in bytes; beyond it writes fail as on a full disk. Default none. */
  readonly maxBytes?: number;
  /** `exclusive`: a second process that opens the file is told that it is busy. Default `shared`. */
  readonly locking?: "shared" | "exclusive";
  /** `read`: a file that another connection writes, which has opened it before; every write fails. Default `write`. */
  readonly access?: "read" | "write";
  /** `quick` (default) checks the file's structure at open, `none` leaves that out. */
  readonly check?: "quick" | "none";
  /** A file of more bytes, its log with it, is opened without the check; default none is. */
  readonly checkedBytes?: number;
  /** Told of a file that was too large for the check. */
  readonly onUnchecked?: () => void;
  /** What is known to be wrong with the file, which is then set aside unopened. */
  readonly knownDamage?: string;
  /** Told when the check found pages of which nothing makes use, or that could not be read: the file is good for use all the same. */
  readonly onFinding?: (finding: StructureFinding) => void;
  /**
   * Told when a corrupted file was set aside, with the new one: where it throws, the old one comes back. Without it a corrupted file
   * is an error.
   */
  readonly onCorrupt?: (setAside: string, reason: string, fresh: SqliteDatabase) => void;
  /** Default: the first that loads, of {@link sqliteEngines}. */
  readonly engine?: SqliteEngine;
}

/** Opens (or creates, with its folder) the database at `path`. Fails with `STORE`. */
export function openSqlite(path: string, options: SqliteOptions = {}): SqliteDatabase {
  if (options.access === "read") return openToRead(path, options);
  const inMemory = path === ":memory:";
  if (!inMemory) makeFolder(dirname(path));
  const isNew = !inMemory && !existsSync(path);
  try {
    if (!isNew && !inMemory && options.onCorrupt !== undefined) refuseUnopened(path, options);
    return isNew || inMemory ? openOnce(path, options) : openTwice(path, options);
  } catch (error) {
    // What a full disk leaves of a file that never was: the next opening must not take it for one that lost everything.
    if (isNew && isEmpty(path)) rmSync(path, { force: true });
    const { onCorrupt } = options;
    if (inMemory || onCorrupt === undefined || sqliteErrorKind(error) !== "corrupt") throw error;
    return renewFile(path, (setAside) => {
      const fresh = openOnce(path, options);
      try {
        onCorrupt(setAside, error instanceof Error ? error.message : String(error), fresh);
        return fresh;
      } catch (failure) {
        fresh.close();
        throw failure;
      }
    });
  }
}

/** A damage is one that is there at a second look, of a file that can be read: SQLite tells a read that the disk failed as one. */
function openTwice(path: string, options: SqliteOptions): SqliteDatabase {
  try {
    return openOnce(path, options);
  } catch (error) {
    if (sqliteErrorKind(error) !== "corrupt") throw error;
    refuseUnreadable(path);
    return openOnce(path, options);
  }
}

/** False as well where it cannot be asked: what the opening failed by is what people are told. */
function isEmpty(path: string): boolean {
  try {
    return sizeOf(path) === 0;
  } catch {
    return false;
  }
}

/** What the file is made of, whoever writes it has looked at. */
function openToRead(path: string, options: SqliteOptions): SqliteDatabase {
  const { engine, open } = chooseEngine(options.engine);
  try {
    const raw = open(path, "read");
    raw.exec(`PRAGMA busy_timeout = ${busyTimeout(options)}`);
    return createSqliteDatabase(raw, engine, path);
  } catch (error) {
    throw wrapSqliteError(error, "open database", path);
  }
}

function busyTimeout({ busyTimeoutMs = 5_000 }: SqliteOptions): number {
  return Math.trunc(busyTimeoutMs);
}

/** SQLite takes a file without a byte for a new database: of one that was there before, everything is lost. */
function refuseUnopened(path: string, { knownDamage }: SqliteOptions): void {
  const damage = sizeWithLog(path) > 0 ? knownDamage : "the file is empty";
  if (damage !== undefined) throw wrapSqliteError(corruption(damage), "open database", path);
}

/** As if the library had said it. */
function corruption(words: string): Error {
  return Object.assign(new Error(words), { code: "SQLITE_CORRUPT" });
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (cause) {
    throw new AuroraError("STORE", `cannot make the folder ${dir}: ${(cause as Error).message}`, {
      op: "open database",
      subject: dir,
      hint:
        systemCodeOf(cause) === "ENOSPC"
          ? hintOfFullDisk(dirname(dir))
          : (hintOfClosedFolder(dir) ??
            "Create it and give this user the right to write there, or configure another stateDir."),
      cause,
    });
  }
}

function openOnce(path: string, options: SqliteOptions): SqliteDatabase {
  const { engine, open } = chooseEngine(options.engine);
  let raw: RawDatabase | undefined;
  try {
    raw = open(path, "write");
    raw.exec(`PRAGMA busy_timeout = ${busyTimeout(options)}`);
    if (options.locking === "exclusive") raw.exec("PRAGMA locking_mode = EXCLUSIVE");
    raw.exec("PRAGMA journal_mode = WAL");
    raw.exec(`PRAGMA synchronous = ${options.synchronous === "normal" ? "NORMAL" : "FULL"}`);
    raw.exec("PRAGMA foreign_keys = ON");
    raw.exec(`PRAGMA cache_size = ${-Math.trunc(options.cacheKibibytes ?? 2_000)}`);
    const checkpointPages = Math.trunc(options.checkpointPages ?? 1_000);
    raw.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    // A log that once grew large gives its space back at the next checkpoint.
    raw.exec(`PRAGMA journal_size_limit = ${Math.max(4_194_304, checkpointPages * 4_096)}`);
    if (options.check !== "none") refuseDamaged(raw, path, options);
    if (options.maxBytes !== undefined) limitSize(raw, options.maxBytes);
    // An empty write takes the lock now and not at the first record.
    if (options.locking === "exclusive") raw.exec("BEGIN IMMEDIATE; COMMIT");
    return createSqliteDatabase(raw, engine, path);
  } catch (error) {
    try {
      raw?.close();
    } catch {
      // The first error says more.
    }
    throw wrapSqliteError(error, "open database", path);
  }
}

function chooseEngine(wanted: SqliteEngine | undefined): {
  engine: SqliteEngine;
  open: OpenRaw;
} {
  for (const engine of wanted === undefined ? sqliteEngines : [wanted]) {
    const open = loadSqliteEngine(engine);
    if (open !== undefined) return { engine, open };
  }
  throw new AuroraError("STORE", `no SQLite library loads on Node ${process.versions.node}`, {
    op: "open database",
    hint: "Use Node ≥ 22.13, or have better-sqlite3 compiled (needs a C++ compiler and python3): `node scripts/packaging/install-sqlite.mjs` in the installation's folder, which is `$(npm root -g)/aurora-edge` after `npm install -g`, does it, or shows why it fails. Where npm asks before it runs a script, install with `--allow-scripts=aurora-edge`.",
  });
}

function refuseDamaged(raw: RawDatabase, path: string, options: SqliteOptions): void {
  const { checkedBytes = Number.POSITIVE_INFINITY, onUnchecked, onFinding } = options;
  if (sizeWithLog(path) > checkedBytes) {
    onUnchecked?.();
    return;
  }
  const finding = checkStructure(raw);
  if (finding.damage !== null) throw corruption(finding.damage);
  if (finding.leakedPages > 0 || finding.unreadable !== null) onFinding?.(finding);
}

function limitSize(raw: RawDatabase, maxBytes: number): void {
  const row = raw.prepare("PRAGMA page_size").get() as { page_size: number };
  raw.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / row.page_size))}`);
}

/** Opens a file; throws the library's own error. */
type OpenRaw = (path: string, access?: "read" | "write") => RawDatabase;

/** The door to one library, or undefined where this Node or this installation lacks it. */
export function loadSqliteEngine(engine: SqliteEngine): OpenRaw | undefined {
  switch (engine) {
    case "node":
      return loadBuiltIn();
    case "better":
      return loadBetter();
  }
}

interface BuiltInModule {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => RawDatabase;
}

function loadBuiltIn(): OpenRaw | undefined {
  // Before 22.13 it hides behind a flag, and getBuiltinModule then answers undefined.
  const builtIn = quietly(
    () => (process.getBuiltinModule as (id: string) => unknown)("node:sqlite") as BuiltInModule | undefined,
  );
  if (builtIn === undefined) return undefined;
  const { DatabaseSync } = builtIn;
  return (path, access) => new DatabaseSync(path, { readOnly: access === "read" });
}

function loadBetter(): OpenRaw | undefined {
  try {
    const Better = createRequire(import.meta.url)("better-sqlite3") as new (
      path: string,
      options?: { readonly readonly: boolean },
    ) => RawDatabase;
    // The native half is loaded at the first use: an installation without it shows only then.
    new Better(":memory:").close();
    return (path, access) => new Better(path, { readonly: access === "read" });
  } catch {
    return undefined;
  }
}

/** Node announces its SQLite as experimental on stderr at every start; users of a gateway can do nothing about it. */
function quietly<T>(load: () => T): T {
  const original = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes("SQLite")) return;
    Reflect.apply(original, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = original;
  }
}
