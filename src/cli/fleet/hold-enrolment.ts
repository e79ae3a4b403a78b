/** Holds the folder of an enrolment for one command at a time, by a small file in it that is locked. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, storeError } from "../../core/platform/files/atomic-file.ts";
import { holdLock } from "../../core/platform/sqlite/hold-lock.ts";

/** As long as others may take; a password takes milliseconds, a certificate a tenth of a second. */
const patienceMs = 60_000;

/** Runs `work` while nobody else changes the folder, which is made if missing. @throws AuroraError STORE where somebody does for a minute */
export async function holdEnrolment<T>(dir: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(dir, 0o700);
  const path = join(dir, "enrolment.lock");
  await makePrivate(path);
  const refusal = {
    message: `another command changes ${dir}`,
    op: "enrol gateway",
    subject: dir,
    hint: "Wait for it to end, and try again.",
  };
  const release = await holdLock(path, { patienceMs, refusal });
  try {
    return await work();
  } finally {
    release();
  }
}

/** SQLite would let others read it. */
async function makePrivate(path: string): Promise<void> {
  try {
    await (await open(path, "a", 0o600)).close();
  } catch (error) {
    throw storeError("open", path, error);
  }
}
