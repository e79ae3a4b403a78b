import { expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { readOp } from "../../../src/core/platform/sqlite/renew-file.ts";
import { createReadPause } from "../../../src/gateway/record/read-pause.ts";

test("a file that the disk fails to read is read again after a second, then after twice as long each time, up to a minute", () => {
  let nowMs = 0;
  let looks = 0;
  let error: Error | null = new AuroraError("STORE", "gone", { op: readOp, subject: "store.db" });
  const whereItReads = createReadPause(() => nowMs);
  const use = (): number =>
    whereItReads(() => {
      looks++;
      if (error !== null) throw error;
      return looks;
    });
  const lookedAt: number[] = [];
  for (; nowMs < 300_000; nowMs += 500) {
    const before = looks;
    expect(use).toThrow("gone");
    if (looks > before) lookedAt.push(nowMs / 1000);
  }
  expect(lookedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  nowMs += 60_000;
  error = null;
  expect([use(), use()]).toEqual([11, 12]);
  // Any other error costs no look at the whole file.
  error = new AuroraError("STORE", "full", { op: "use store", subject: "store.db" });
  for (let time = 0; time < 3; time++) expect(use).toThrow("full");
  expect(looks).toBe(15);
});
