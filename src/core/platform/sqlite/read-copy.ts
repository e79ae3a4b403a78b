/**
 * What is in a database that cannot be opened where it lies, since its disk is read-only: SQLite writes beside a file even to read
 * it, and what was committed last is in its log. Read from a copy in the folder for temporary files, which is gone afterwards.
 * For files that nobody writes.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";
import { databaseFiles, sizeOf, sizeWithLog } from "./file-size.ts";
import { refuseUnreadable } from "./renew-file.ts";
import { openSqlite } from "./sqlite.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** That folder is often memory. */
const maxCopiedBytes = 64 * 1024 * 1024;

/** Hands a copy of the database at `path`, with its log, to `read`. Fails with `STORE` where it is too large or cannot be copied. */
export function readSqliteCopy(path: string, read: (database: SqliteDatabase) => void): void {
  if (sizeWithLog(path) > maxCopiedBytes) {
    throw refuse(path, `it is larger than ${maxCopiedBytes / 1024 / 1024} MiB`);
  }
  refuseUnreadable(path);
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(tmpdir(), "aurora-read-"));
    const copy = join(folder, basename(path));
    for (const suffix of databaseFiles) {
      if (sizeOf(path + suffix) > 0) copyFileSync(path + suffix, copy + suffix);
    }
    const database = openSqlite(copy, { locking: "exclusive" });
    try {
      read(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw error instanceof AuroraError ? error : refuse(path, (error as Error).message, error);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

function refuse(path: string, reason: string, cause?: unknown): AuroraError {
  return new AuroraError("STORE", `cannot read a copy of ${path}: ${reason}`, {
    op: "read a copy of",
    subject: path,
    cause,
  });
}
