/**
 * Room on the disk that is kept for what must not be lost: a file of random bytes beside the database, given back to the
 * disk when that is full (in WAL mode even deleting takes room), and taken again when there is plenty. Decides nothing.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { sizeOf } from "../../core/platform/sqlite/file-size.ts";
import type { TimedWrites } from "./timed-writes.ts";

export interface StoreReserve {
  /** True where no reserve is kept at all. */
  readonly isHeld: boolean;
  /** Gives the room back to the disk; false: there was none to give, or the disk does not let it go. */
  giveUp(): boolean;
  /** Takes the room again if the disk has it twice over; gives whether it is held. */
  restore(): boolean;
}

/** Of a store that keeps no reserve. */
const noReserve: StoreReserve = { isHeld: true, giveUp: () => false, restore: () => true };

interface ReserveOptions {
  /** Times what taking and giving up takes. */
  readonly writes: TimedWrites;
  /** Told whether it is held, at first and whenever it may have been given up or taken again. */
  readonly onChange: (isHeld: boolean) => void;
}

/** Takes at most `maxBytes` in the file at `path`, whose folder must exist, if the disk has them twice over; undefined: keeps none. */
export function keepReserve(
  path: string,
  maxBytes: number | undefined,
  { writes, onChange }: ReserveOptions,
): StoreReserve {
  const reserve =
    maxBytes === undefined ? noReserve : writes.time("reserve", () => openStoreReserve(path, maxBytes));
  const change = (work: () => boolean): boolean => {
    const result = writes.time("reserve", work);
    onChange(reserve.isHeld);
    return result;
  };
  onChange(reserve.isHeld);
  return {
    get isHeld() {
      return reserve.isHeld;
    },
    giveUp: () => change(reserve.giveUp),
    restore: () => change(reserve.restore),
  };
}

/** At most this share of the file system. */
const diskShare = 1 / 16;
const chunkBytes = 64 * 1024;

/** As {@link keepReserve}, untimed. */
export function openStoreReserve(path: string, maxBytes: number): StoreReserve {
  let isHeld = false;

  /** False: in a folder that may not be entered any more it takes room for now. */
  const discard = (): boolean => {
    try {
      rmSync(path, { force: true });
      return true;
    } catch {
      return false;
    }
  };

  const take = (): boolean => {
    try {
      const { bsize, blocks, bavail } = statfsSync(dirname(path));
      const sizeBytes = Math.max(chunkBytes, Math.min(maxBytes, Math.floor(bsize * blocks * diskShare)));
      if (sizeOf(path) === sizeBytes) return true;
      if (bavail * bsize < 2 * sizeBytes) return false;
      // Whatever has its name: to open a named pipe waits for ever.
      rmSync(path, { force: true });
      fill(path, sizeBytes);
      return true;
    } catch {
      // Whatever the disk says of it, a reserve is a precaution; a part of one would only take room.
      discard();
      return false;
    }
  };

  isHeld = take();
  return {
    get isHeld() {
      return isHeld;
    },
    giveUp() {
      if (!isHeld || !discard()) return false;
      isHeld = false;
      return true;
    },
    restore() {
      isHeld ||= take();
      return isHeld;
    },
  };
}

/** Random bytes: what a file system can compress keeps no room. */
function fill(path: string, sizeBytes: number): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let done = 0; done < sizeBytes; ) {
      const chunk = randomBytes(Math.min(chunkBytes, sizeBytes - done));
      done += writeSync(file, chunk);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A full disk can already refuse the folder. */
export function isFullDisk(error: unknown): boolean {
  const cause = hasErrorCode(error) ? error.cause : error;
  return systemCodeOf(cause) === "ENOSPC";
}
