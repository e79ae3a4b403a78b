/** A disk that is soon full. */
import { execFileSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { atProcessEnd } from "../../src/core/platform/daemon/at-process-end.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** A file system of so many KiB, for so many files (0: any number), or null where nobody may mount one. Gone when the test is. */
export function mountSmallDisk(sizeKib: number, files = 0): string | null {
  const folder = createTemporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k,nr_inodes=${files}`, "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    return null;
  }
  // Before the folder that it lies in is removed; a file on it may be open still, as after a kill.
  onTestFinished(atProcessEnd(() => execFileSync("umount", ["--lazy", folder])));
  return folder;
}

/** Lets nobody write to `disk` any more, or everybody again. Fails while a file on it is open for writing. */
export function remountDisk(disk: string, how: "ro" | "rw"): void {
  execFileSync("mount", ["-o", `remount,${how}`, disk]);
}

/** Takes all the room that `disk` has but `leftKib`; returns what gives it back. */
export function fillDisk(disk: string, leftKib = 0): () => void {
  const filling = join(disk, "filling");
  const { bavail, bsize } = statfsSync(disk);
  try {
    writeFileSync(filling, new Uint8Array(Math.max(0, bavail * bsize - leftKib * 1024)));
  } catch (error) {
    // Somebody else took room meanwhile: it is full all the same.
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  return () => rmSync(filling);
}
