/** Whether a clock that jumps ends the time of all that is stored. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClockTrust } from "../../src/collector/clock-trust.ts";
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import { type FileSystem, nodeFileSystem } from "../../src/core/platform/files/file-system.ts";
import { createLogger } from "../../src/core/platform/logger.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function createBench(files: FileSystem = nodeFileSystem) {
  const path = join(createTemporaryFolder(), "clock.believed");
  const clock = createManualClock();
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line) });
  return { path, clock, lines, begin: () => createClockTrust({ path, files, clock, logger }) };
}

test("a clock that is suddenly years ahead removes nothing for a day, also after a restart, and is told once", async () => {
  const { clock, lines, begin } = createBench();
  const first = begin();
  for (let hour = 0; hour < 5; hour++) {
    expect(await first()).toBe(true);
    clock.advance(hourMs);
  }
  clock.jump(12 * 365 * dayMs);
  expect([await first(), await first()]).toEqual([false, false]);
  expect(lines.filter((line) => line.includes("far ahead"))).toHaveLength(1);
  const again = begin();
  expect(await again()).toBe(false);
  clock.advance(dayMs - 1);
  expect(await again()).toBe(false);
  clock.advance(1);
  expect(await again()).toBe(true);
  expect(await begin()()).toBe(true);
});

test("a clock that is set right again is believed at once, as is one of a collector that was off for weeks", async () => {
  const { clock, begin } = createBench();
  const trust = begin();
  expect(await trust()).toBe(true);
  clock.jump(12 * 365 * dayMs);
  expect(await trust()).toBe(false);
  clock.jump(-12 * 365 * dayMs);
  expect(await trust()).toBe(true);
  clock.jump(-50 * 365 * dayMs);
  expect(await trust()).toBe(true);
  const away = createBench();
  expect(await away.begin()()).toBe(true);
  away.clock.jump(29 * dayMs);
  expect(await away.begin()()).toBe(true);
});

test("a file that says nothing and a disk that takes nothing keep nobody from removing what is old", async () => {
  const full = new AuroraError("STORE", "no space left", { op: "test" });
  const { path, clock, begin } = createBench({
    ...nodeFileSystem,
    writeAtomic: () => Promise.reject(full),
  });
  const trust = begin();
  expect(await trust()).toBe(true);
  writeFileSync(path, "yesterday\n");
  clock.jump(12 * 365 * dayMs);
  expect(await trust()).toBe(true);
});
