/** Sets a damaged database aside, and begins another in its place: only one that the disk reads from its beginning to its end. */
import { closeSync, existsSync, openSync, readdirSync, readSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { databaseFiles, sizeOf, sizeWithLog } from "./file-size.ts";
import { wrapSqliteError } from "./sqlite-error.ts";

const chunkBytes = 1024 * 1024;
/** Operation of the errors of {@link refuseUnreadable}. */
export const readOp = "read all of a database";

/**
 * Throws `STORE`, of the kind `io`, where the disk fails to read the file at `path` or its log. Of such a file SQLite says that it is
 * malformed, and it is whole once the card sits firmly again.
 */
export function refuseUnreadable(path: string): void {
  const chunk = new Uint8Array(chunkBytes);
  for (const each of databaseFiles.map((suffix) => path + suffix)) {
    if (sizeOf(each) === 0) continue;
    const file = openSync(each, "r");
    try {
      for (let at = 0; readSync(file, chunk, 0, chunkBytes, at) > 0; at += chunkBytes);
    } catch (error) {
      const cause = Object.assign(new Error((error as Error).message), { code: "SQLITE_IOERR_READ" });
      throw wrapSqliteError(cause, readOp, each);
    } finally {
      closeSync(file);
    }
  }
}

/** Files set aside are evidence, but not for ever: the newest few of a name are kept, before any that are empty. */
const keptCorruptFiles = 3;

/** The log must go with its file: SQLite would replay it into a new one. */
const movedFiles = ["", "-wal", "-shm"] as const;

/**
 * Moves a corrupted file at `path` and its log to `<path>.corrupt-<n>`, and begins a new one by `begin`, which is told that name. Where
 * it throws, as on a full disk, the old file is back in its place. What `begin` opened must be closed then. Throws as
 * `refuseUnreadable` does.
 */
export function renewFile<T>(path: string, begin: (setAside: string) => T): T {
  refuseUnreadable(path);
  const setAside = `${path}.corrupt-${(setAsideNumbers(path).at(-1) ?? 0) + 1}`;
  moveFile(path, setAside);
  let begun: T;
  try {
    begun = begin(setAside);
  } catch (error) {
    removeFile(path);
    moveFile(setAside, path);
    throw error;
  }
  const kept = listSetAside(path);
  const byWorth = [
    ...kept.filter((each) => sizeWithLog(each) === 0),
    ...kept.filter((each) => sizeWithLog(each) > 0),
  ];
  for (const old of byWorth.slice(0, -keptCorruptFiles)) if (old !== setAside) removeFile(old);
  return begun;
}

/** Paths of what was set aside of the database at `path`, the oldest first. Throws where nobody may look into its folder. */
export function listSetAside(path: string): readonly string[] {
  return setAsideNumbers(path).map((number) => `${path}.corrupt-${number}`);
}

/** In rising order. */
function setAsideNumbers(path: string): number[] {
  const prefix = `${basename(path)}.corrupt-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((number) => /^[1-9]\d*$/.test(number))
    .map(Number)
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
}

function moveFile(from: string, to: string): void {
  for (const suffix of movedFiles)
    if (suffix === "" || existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
}

function removeFile(path: string): void {
  for (const suffix of movedFiles) rmSync(path + suffix, { force: true });
}
