/** A disk that is soon full. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atProcessEnd } from "../../src/core/platform/daemon/at-process-end.ts";

export interface TinyDisk {
  readonly path: string;
  /** Takes all room but so many KiB. */
  fill(leftKib: number): void;
  /** Gives it back. */
  free(): void;
  unmount(): void;
}

/** Mounts a file system of so many KiB at a folder that it makes, and takes both away; null where nobody may mount one. */
export function mountTinyDisk(path: string, sizeKib: number): TinyDisk | null {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmdirSync(path);
    return null;
  }
  const unmount = atProcessEnd(() => {
    execFileSync("umount", ["--lazy", path]);
    rmdirSync(path);
  });
  const filling = join(path, "filling");
  return {
    path,
    fill: (leftKib) => {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filling, new Uint8Array(Math.max(0, bavail * bsize - leftKib * 1024)));
    },
    free: () => rmSync(filling, { force: true }),
    unmount,
  };
}
