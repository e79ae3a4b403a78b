import { onTestFinished } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";

/** A fresh folder that is removed when the test has finished. Call it inside a test. */
export function createTemporaryFolder(): string {
  const { path, remove } = createScratchFolder("test");
  onTestFinished(remove);
  return path;
}
