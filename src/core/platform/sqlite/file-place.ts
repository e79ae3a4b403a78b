/** Whether a database is still where it was opened: what is written into one that was removed is lost with the process. */
import { statSync } from "node:fs";

/** Notes which file stands at `path` now; tells afterwards whether another one stands there, or none. */
export function noteFilePlace(path: string): () => boolean {
  const inode = inodeOf(path);
  return () => {
    const now = inodeOf(path);
    return now !== "unknown" && now !== inode;
  };
}

/** Undefined: a folder that is gone, a disk that was pulled out. Who may not look any more knows nothing of the file, which is open. */
function inodeOf(path: string): number | undefined | "unknown" {
  try {
    return statSync(path).ino;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "EACCES" || code === "EPERM" ? "unknown" : undefined;
  }
}
