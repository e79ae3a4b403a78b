/** A temporary folder that never outlives its process, however that ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atProcessEnd } from "../src/core/platform/daemon/at-process-end.ts";

/** A fresh folder. */
export interface ScratchFolder {
  readonly path: string;
  /** Removes it with all that is in it; again is nothing. */
  remove(): void;
}

/** Makes `aurora-<name>-…` below the system's temporary folder. @throws Error of the file system. */
export function createScratchFolder(name: string): ScratchFolder {
  const path = mkdtempSync(join(tmpdir(), `aurora-${name}-`));
  // A child that was ended a moment ago may still write.
  const remove = atProcessEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return { path, remove };
}
