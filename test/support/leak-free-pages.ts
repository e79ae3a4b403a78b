import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Where the header of a database says which pages are free: the first of their list, and how many (sqlite.org/fileformat2.html, 1.3). */
const freeListOffset = 32;

/** Lets a closed database forget which of its pages are free, as a copy of one that was being written does; returns how many. */
export function leakFreePages(path: string): number {
  const file = openSync(path, "r+");
  const freeList = new Uint8Array(8);
  readSync(file, freeList, 0, 8, freeListOffset);
  writeSync(file, new Uint8Array(8), 0, 8, freeListOffset);
  closeSync(file);
  return new DataView(freeList.buffer).getUint32(4);
}
