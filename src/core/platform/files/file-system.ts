/**
 * What a gateway's updates do to the disk, as one small port: a test cuts the power at any operation of it, and makes
 * any one of them fail. SQLite is not behind it (it brings its own log and its own promises about a power cut), nor
 * is what only reads the installation.
 */

import type { Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { systemCodeOf } from "../../contract/aurora-error.ts";
import { makeFolder, renameAtomic, storeError, writeFileAtomic } from "./atomic-file.ts";
import { readFileBounded } from "./bounded-read.ts";

/**
 * Files and folders by absolute path. Every method fails with `STORE`, the system's error as its cause, where the disk
 * is full, fails or refuses. Missing is never an error, and is not unreadable.
 */
export interface FileSystem {
  /**
   * The bytes of a file, or null where there is none.
   * @throws AuroraError STORE when there is one and it cannot be read, DATA_FORMAT when it is larger than `maxBytes`.
   */
  read(path: string, maxBytes: number): Promise<Uint8Array | null>;
  /** The names in a folder, sorted; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  /** The size of a file in bytes, 0 where there is none. */
  sizeOf(path: string): Promise<number>;
  /** Bytes that may still be written to the disk of `folder`, which must exist. */
  freeBytes(folder: string): Promise<number>;
  /** Makes a folder and those above it where they are missing. */
  makeFolder(folder: string): Promise<void>;
  /** Writes or replaces a file in an existing folder: after a power cut it is the old one or the new one. Durable. */
  writeAtomic(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Gives a file or folder another name, in one step. Replaces a file. Durable. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it. A power cut may leave a part, or all of it. */
  remove(path: string): Promise<void>;
  /** Opens a file for writing from `offset` on; 0 begins it anew. */
  openPart(path: string, offset: number): Promise<PartFile>;
}

/** A file under way. A power cut may leave any part of what was written, torn where it ends. */
interface PartFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Brings to the disk what was written, and closes. */
  close(): Promise<void>;
}

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  async read(path, maxBytes) {
    if (!(await isFile(path))) return null;
    try {
      return await readFileBounded(path, maxBytes, { missing: "STORE" });
    } catch (error) {
      // It may have gone since it was looked for.
      if (isMissing((error as Error).cause)) return null;
      throw error;
    }
  },
  async list(folder) {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw storeError("list", folder, error);
    }
  },
  sizeOf: async (path) => (await statusOf(path))?.size ?? 0,
  async freeBytes(folder) {
    const status = await asStoreError("measure", folder, statfs(folder));
    return status.bavail * status.bsize;
  },
  makeFolder,
  writeAtomic: writeFileAtomic,
  rename: renameAtomic,
  remove: (path) => asStoreError("remove", path, rm(path, { recursive: true, force: true })),
  async openPart(path, offset) {
    const file = await asStoreError("write", path, open(path, offset === 0 ? "w" : "r+"));
    let position = offset;
    return {
      async append(bytes) {
        await asStoreError("write", path, writeAll(file, bytes, position));
        position += bytes.length;
      },
      async close() {
        // What did not reach the disk is found when the digest of the whole is checked.
        await file.sync().catch(() => undefined);
        await asStoreError("write", path, file.close());
      },
    };
  },
};

/** Writes all of the bytes at `position`: a system may take a part at a time. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const left = bytes.length - written;
    written += (await file.write(bytes, written, left, position + written)).bytesWritten;
  }
}

async function isFile(path: string): Promise<boolean> {
  const status = await statusOf(path, lstat);
  if (status === null) return false;
  // A pipe would be waited for without end; a link may lead anywhere.
  if (!status.isFile()) throw storeError("read", path, new Error("it is not a plain file"));
  return true;
}

/** What the system knows of the file, or null where there is none. @throws AuroraError STORE */
export async function statusOf(
  path: string,
  ask: (path: string) => Promise<Stats> = stat,
): Promise<Stats | null> {
  try {
    return await ask(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw storeError("read", path, error);
  }
}

/** Is it the error of a file that is not there? */
export function isMissing(error: unknown): boolean {
  return systemCodeOf(error) === "ENOENT";
}

/** What `work` gives. @throws AuroraError STORE where the disk fails it */
export async function asStoreError<T>(op: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storeError(op, path, error);
  }
}
