import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A fresh folder that is removed when the test has finished. Call it inside a test. */
export function createTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "aurora-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
