/**
 * Opens files that are files. A named pipe waits for ever for somebody who writes, a device need not end, and to open one may
 * change the machine (a serial line restarts the board behind it): neither is opened.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

/** Between the look and the opening the name may have become another's: then nothing waits for a writer. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens for reading. @throws the system's error, or one that says what stands there instead of a file. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  requireRegular(await stat(path));
  const file = await open(path, flags);
  try {
    requireRegular(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** As {@link openRegularFile}; the descriptor is closed by who called. */
export function openRegularFileSync(path: string): number {
  requireRegular(statSync(path));
  const file = openSync(path, flags);
  try {
    requireRegular(fstatSync(file));
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function requireRegular(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}, and a regular file is needed`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}
