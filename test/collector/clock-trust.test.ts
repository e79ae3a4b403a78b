/** Whether a clock that jumps ends the time of all that is stored. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createClockTrust, openArrivalClock } from "../../src/collector/clock-trust.ts";
import { expiryTimes, retentionPolicy } from "../../src/collector/record/retention-policy.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { type FileSystem, nodeFileSystem } from "../../src/core/platform/files/file-system.ts";
import { createLogger } from "../../src/core/platform/logger.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { envelopeOf } from "./envelope-of.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function createBench(files: FileSystem = nodeFileSystem) {
  const path = join(createTemporaryFolder(), "clock.believed");
  const clock = createManualClock();
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => lines.push(line) });
  const options = { path, files, clock, logger };
  return {
    path,
    clock,
    lines,
    begin: () => createClockTrust(options),
    openArrival: () => openArrivalClock(options),
  };
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

const rightMs = Date.UTC(2026, 10, 20);

test("what arrives while a clock is years back is still there when it is right again", async () => {
  const { clock, lines, begin, openArrival } = createBench();
  clock.jump(rightMs - clock.nowMs());
  expect(await begin()()).toBe(true);
  // A battery is flat: after the next start it is 2022.
  clock.jump(-4 * 365 * dayMs);
  const trust = begin();
  const arrival = await openArrival();
  expect(lines.filter((line) => line.includes("is behind"))).toHaveLength(1);
  clock.advance(hourMs);
  expect([arrival.isBehind, arrival.nowMs()]).toEqual([true, rightMs + hourMs]);
  expect(await trust()).toBe(true);
  // What was believed is believed over a further start.
  expect((await openArrival()).nowMs()).toBe(rightMs + hourMs);

  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const event = { kind: "event", timeMs: rightMs, name: "e", subject: "s", detail: "" } as const;
  const envelopes = [envelopeOf([event])];
  await record.storeEnvelopes({ nowMs: arrival.nowMs(), envelopes, setAside: [] });
  clock.jump(4 * 365 * dayMs);
  expect([arrival.isBehind, arrival.nowMs()]).toEqual([false, clock.nowMs()]);
  const policy = retentionPolicy(collectorConfigSchema().parse({}));
  await record.prune(expiryTimes(policy, clock.nowMs()));
  expect((await record.events({ limit: 9, offset: 0 })).total).toBe(1);
});

test("a clock that stays back is believed after a day, and one that was of another century never", async () => {
  const { path, clock, begin, openArrival } = createBench();
  clock.jump(rightMs - clock.nowMs());
  expect(await begin()()).toBe(true);
  clock.jump(-40 * dayMs);
  const [trust, arrival] = [begin(), await openArrival()];
  expect(await trust()).toBe(true);
  clock.advance(dayMs);
  expect(await trust()).toBe(true);
  expect([arrival.isBehind, arrival.nowMs()]).toEqual([false, rightMs - 39 * dayMs]);
  expect((await openArrival()).isBehind).toBe(false);

  writeFileSync(path, `${Date.UTC(2038, 0, 19)}\n`);
  expect((await openArrival()).nowMs()).toBe(clock.nowMs());
  rmSync(path);
  mkdirSync(path);
  expect((await openArrival()).nowMs()).toBe(clock.nowMs());
});

test.each([
  [45, 3],
  [-45, 3],
])("a clock %d days off is believed after a day of running in all, %d hours a day", async (days, hours) => {
  const { clock, begin, openArrival } = createBench();
  clock.jump(rightMs - clock.nowMs());
  expect(await begin()()).toBe(true);
  clock.jump(days * dayMs);
  const said: boolean[] = [];
  const behind: boolean[] = [];
  for (let start = 0; start < 10; start++) {
    const [trust, arrival] = [begin(), await openArrival()];
    for (let hour = 0; hour < hours; hour++) {
      clock.advance(hourMs);
      said.push(await trust());
      behind.push(arrival.isBehind);
    }
    clock.jump((24 - hours) * hourMs);
  }
  const [first, later] = [Array(23).fill(true), Array(7).fill(false)];
  expect(behind).toEqual(days < 0 ? [...first, ...later] : Array(30).fill(false));
  expect(said).toEqual(
    days < 0 ? Array(30).fill(true) : [...first.map(() => false), ...later.map(() => true)],
  );
});

test("what was doubted before is forgotten with a clock that is right again, and counted on a full disk", async () => {
  const { clock, begin } = createBench();
  clock.jump(rightMs - clock.nowMs());
  const trust = begin();
  expect(await trust()).toBe(true);
  const doubt = async (ask: () => Promise<boolean>): Promise<boolean> => {
    expect(await ask()).toBe(false);
    clock.advance(20 * hourMs);
    return ask();
  };
  clock.jump(45 * dayMs);
  expect(await doubt(trust)).toBe(false);
  clock.jump(-45 * dayMs);
  expect(await begin()()).toBe(true);
  clock.jump(45 * dayMs);
  expect(await doubt(begin())).toBe(false);

  const full = { ...nodeFileSystem, writeAtomic: () => Promise.reject(new Error("no space left")) };
  const bench = createBench(full);
  writeFileSync(bench.path, `${bench.clock.nowMs() - 45 * dayMs}\n`);
  const ask = bench.begin();
  const said: boolean[] = [];
  for (let hour = 0; hour < 26; hour++, bench.clock.advance(hourMs)) said.push(await ask());
  expect(said.map((may) => (may ? 1 : 0)).join("")).toBe("00000000000000000000000011");
});
