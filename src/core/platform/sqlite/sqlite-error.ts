/** Turns what either SQLite library throws into one error that a user can act upon, and answers what kind it was. */
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { AuroraError, systemCodeOf } from "../../contract/aurora-error.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html) that need different answers. */
const kinds: Readonly<Record<number, { readonly kind: SqliteErrorKind; readonly hint?: string }>> = {
  5: {
    kind: "busy",
    hint: "Another process holds the database: is a second one running on the same folder?",
  },
  6: {
    kind: "busy",
    hint: "Another process holds the database: is a second one running on the same folder?",
  },
  8: { kind: "read-only", hint: "Give this user the right to write the file and its folder." },
  10: { kind: "io", hint: "The disk reported an error: check the system's log and the file system." },
  11: { kind: "corrupt", hint: "Restart: a corrupted database is set aside and replaced by a new one." },
  13: {
    kind: "full",
    hint: "Free some disk space; work goes on meanwhile, and what could not be kept is counted.",
  },
  14: { kind: "cannot-open", hint: "Create the folder, or give this user the right to write there." },
  26: {
    kind: "corrupt",
    hint: "Restart: a file that is not a database is set aside and replaced by a new one.",
  },
};

const codeNames: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
};

/** What went wrong, as far as the answer to it differs. */
export type SqliteErrorKind = "busy" | "read-only" | "io" | "corrupt" | "full" | "cannot-open" | "other";

/** The kind of an error thrown by a database of `openSqlite`; undefined for any other error. */
export function sqliteErrorKind(error: unknown): SqliteErrorKind | undefined {
  const code = resultCode(error instanceof AuroraError ? error.cause : error);
  return code === undefined ? undefined : (kinds[code]?.kind ?? "other");
}

/** Wraps what a library threw; any other error (a bug, a callback's own) is returned as it is. */
export function wrapSqliteError(error: unknown, op: string, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const said = error instanceof Error ? error.message : String(error);
  const { kind, hint: usualHint } = kinds[code] ?? {};
  const isOpening = op === "open database";
  const forbidden = kind === "full" || !isOpening ? undefined : findForbidden(path);
  if (forbidden !== undefined) {
    const user = process.getuid?.() ?? "this user";
    return new AuroraError("STORE", `cannot ${op} ${path}: user ${user} may not write ${forbidden}`, {
      op,
      subject: path,
      cause: error,
      hint:
        hintOfClosedFolder(dirname(path)) ??
        `Give ${dirname(path)} and all that is in it to the user that this runs as (chown -R).`,
    });
  }
  const full =
    kind === "full" || kind === "io" || kind === "cannot-open"
      ? describeFull(whatIsLeft(dirname(path)), isOpening || kind === "cannot-open")
      : null;
  const reason = full === null || kind === "full" ? said : `${full} (${said})`;
  const isFull = kind === "full" || full !== null;
  const beginsNothing = isFull && (isOpening || full === noFilesLeft);
  const generalHint = isFull ? kinds[13]!.hint : usualHint;
  const hint = beginsNothing ? hintOfFullDisk(dirname(path)) : generalHint;
  return new AuroraError("STORE", `cannot ${op} ${path}: ${reason}`, {
    op,
    subject: path,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Less than a database and its log begin with: SQLite then calls the disk broken. */
const fullBelowBytes = 65_536;

/** The folder or file beside a database that this user may not write: SQLite calls the disk broken then, too. */
function findForbidden(path: string): string | undefined {
  return [dirname(path), path, `${path}-wal`, `${path}-shm`].find((each) => {
    try {
      accessSync(each, constants.F_OK);
    } catch {
      // Not there, so nobody forbids it.
      return false;
    }
    try {
      accessSync(each, constants.W_OK);
      return false;
    } catch {
      return true;
    }
  });
}

/** What to do where this process may only read, whoever it is: a disk, or what a unit of systemd keeps closed; else undefined. */
export function hintOfClosedFolder(dir: string): string | undefined {
  let missing: string | null = null;
  let above = dir;
  while (!existsSync(above) && above !== dirname(above)) [missing, above] = [above, dirname(above)];
  try {
    // A folder above may be another's: only who makes something in it is told first that nobody may.
    if (missing === null) accessSync(above, constants.W_OK);
    else mkdirSync(missing);
    return undefined;
  } catch (error) {
    if (systemCodeOf(error) !== "EROFS") return undefined;
  }
  return `The disk is read-only, or systemd keeps it so for the service. Then make the folder, give it to the service's user (chown), and open it by \`systemctl edit\` of the unit: [Service] ReadWritePaths=${dir}; or configure another folder.`;
}

interface DiskRest {
  readonly bytes: number;
  /** How many files it takes, each an inode; infinity for a file system without a bound. */
  readonly files: number;
}

/** What is free on the disk of a folder, or infinity where that cannot be told. */
function whatIsLeft(folder: string): DiskRest {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return { bytes: bavail * bsize, files: files > 0 ? ffree : Number.POSITIVE_INFINITY };
  } catch {
    // No such folder, or one in which this user may not look: something else is wrong.
    return { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };
  }
}

const noFilesLeft = "the disk takes no more files";

/** Null: neither room nor, where a file is to be made, inodes are short. */
function describeFull({ bytes, files }: DiskRest, needsFile: boolean): string | null {
  if (bytes < fullBelowBytes) return "the disk is full";
  return needsFile && files === 0 ? noFilesLeft : null;
}

/** What to do where nothing can be begun in `folder`, for want of room or of inodes. */
export function hintOfFullDisk(folder: string): string {
  const { bytes, files } = whatIsLeft(folder);
  const ending = "and start again, or configure another stateDir.";
  if (files === 0)
    return `Remove files on the disk that holds ${folder}, which has no inodes left (df -i), ${ending}`;
  const left = bytes < 1e9 ? ` (${Math.floor(bytes / 1024)} KiB are left)` : "";
  return `Free some space on the disk that holds ${folder}${left} ${ending}`;
}

/** better-sqlite3 throws `code: "SQLITE_IOERR_WRITE"`, node:sqlite `errcode: 778` (extended; the low byte is primary). */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) return undefined;
  const primary = code.split("_").slice(0, 2).join("_");
  return codeNames[primary] ?? 1;
}
