/** Bytes that a database takes on its disk. Reads no content. */
import { statSync } from "node:fs";

/** What is committed and not yet in the file lies in the log beside it. */
export const databaseFiles = ["", "-wal"] as const;

/** Bytes of a file, 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Bytes of the database at `path` and of its log. */
export function sizeWithLog(path: string): number {
  return databaseFiles.reduce((sum, suffix) => sum + sizeOf(path + suffix), 0);
}
