import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of the whole run (see run-folder.ts), whatever a test says of its environment later. */
const folderOfAll = join(tmpdir(), "made");
const patienceMs = 50_000;

/**
 * A folder that many test files read and none changes, filled by whoever asks first in a run; the others wait.
 * @throws Error when `make` does, for everybody who asks.
 */
export function makeOnce(name: string, make: (folder: string) => void): string {
  const folder = join(folderOfAll, name);
  const [done, failed] = [`${folder}.done`, `${folder}.failed`];
  if (existsSync(done)) return folder;
  if (isFirst(folder)) {
    try {
      make(folder);
      writeFileSync(done, "");
    } catch (error) {
      writeFileSync(failed, error instanceof Error ? error.message : String(error));
    }
  }
  const end = performance.now() + patienceMs;
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(`${name} could not be made: ${readFileSync(failed, "utf8")}`);
    if (performance.now() > end) throw new Error(`${name} was not made within ${patienceMs} ms`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  return folder;
}

function isFirst(folder: string): boolean {
  mkdirSync(folderOfAll, { recursive: true });
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
