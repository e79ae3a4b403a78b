/** Whether a database is still where it was opened: what is written into one that was removed is lost with the process. */
import { statSync } from "node:fs";

/** Notes which file stands at `path` now; tells afterwards whether another one stands there, or none. */
export function noteFilePlace(path: string): () => boolean {
  const inode = inodeOf(path);
  return () => inodeOf(path) !== inode;
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    // A folder that is gone, a disk that was pulled out.
    return undefined;
  }
}
