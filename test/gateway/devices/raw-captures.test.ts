import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseNpy } from "../../../scripts/parse-npy.ts";
import type { SampleBlock } from "../../../src/core/contract/stream.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createRawCaptures } from "../../../src/gateway/devices/raw-captures.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };

function block(
  firstSample: number,
  counts: number[],
  arrivedMonotonicMs: number,
  shaftRpm = 1797,
): SampleBlock {
  return {
    deviceId: "mcu-1",
    channel: "vibration",
    unit: "g",
    timestampMs: Date.UTC(2026, 0, 1) + firstSample,
    firstSample,
    sampleRateHz: 12_000,
    scale: 0.0005,
    shaftRpm,
    counts: Int16Array.from(counts),
    arrivedMonotonicMs,
  };
}

function listNpy(dir: string): string[] {
  const folder = join(dir, "mcu-1");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".npy"))
    .sort()
    .map((name) => join(folder, name));
}

test("consecutive raw windows become one recording that says what it is; a gap or another speed begins the next", async () => {
  const dir = createTemporaryFolder();
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  captures.accept(block(0, [1, -2, 3], 0));
  captures.accept(block(3, [4, 5], 10));
  captures.accept(block(100, [6], 20));
  captures.accept(block(101, [7], 30, 1500));
  captures.tick(1_000);
  await captures.close();
  const files = listNpy(dir);
  expect(files.map((path) => [...parseNpy(readFileSync(path), path).data])).toEqual([
    [1, -2, 3, 4, 5],
    [6],
    [7],
  ]);
  expect(JSON.parse(readFileSync(files[0]!.replace(/npy$/, "json"), "utf8"))).toMatchObject({
    rateHz: 12_000,
    shaftRpm: 1797,
    scale: 0.0005,
    bearing,
  });
  expect(captures.written).toBe(3);
});

test("a burst of a shaft that turns backwards is one recording", async () => {
  const dir = createTemporaryFolder();
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  for (let index = 0; index < 4; index++)
    captures.accept(block(index, [index], 10 * index, -1500 - 0.1 * index));
  captures.accept(block(4, [4], 40, 1500));
  await captures.close();
  const kept = listNpy(dir).map((path) => [...parseNpy(readFileSync(path), path).data]);
  expect(kept).toEqual([[0, 1, 2, 3], [4]]);
});

test("a burst is written when it has ended, and only the newest of a device are kept", async () => {
  const dir = createTemporaryFolder();
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  for (let index = 0; index < 40; index++) captures.accept(block(10 * index, [index], 2_000 * index));
  captures.tick(90_000);
  await captures.close();
  const files = listNpy(dir);
  expect(files).toHaveLength(32);
  expect([...parseNpy(readFileSync(files.at(-1)!), "newest").data]).toEqual([39]);
});

test("the newest are kept where a clock that was set back dates them before all others", async () => {
  const dir = createTemporaryFolder();
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  const october = Date.UTC(2026, 9, 1);
  for (let index = 0; index < 40; index++) {
    const timestampMs = index < 38 ? october + 2_000 * index : index * 1000;
    captures.accept({ ...block(10 * index, [index], 2_000 * index), timestampMs });
  }
  captures.tick(90_000);
  await captures.close();
  const kept = listNpy(dir).map((path) => parseNpy(readFileSync(path), path).data[0]);
  expect(kept).toHaveLength(32);
  expect(kept).toEqual(expect.arrayContaining([38, 39]));
});

test("a device that jumps about is written down 32 times a minute at most", async () => {
  const dir = createTemporaryFolder();
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  for (let index = 0; index < 500; index++) captures.accept(block(10 * index, [index], index));
  captures.accept(block(10_000, [1], 70_000));
  await captures.close();
  expect(captures.written).toBe(33);
  expect(captures.dropped).toBe(468);
});

test.each(["x/../../../../leaked", "..", "/etc/leaked", "a\\b", "\0", "DE acceleration µ"])(
  "a channel named %j leads nowhere out of the device's folder",
  async (channel) => {
    const dir = createTemporaryFolder();
    const captures = createRawCaptures({
      dir: join(dir, "state", "recordings"),
      placeOf: () => ({ bearing }),
      logger: silentLogger,
    });
    captures.accept({ ...block(0, [1], 0), channel });
    await captures.close();
    expect(captures.written).toBe(1);
    expect(listNpy(join(dir, "state", "recordings"))).toHaveLength(1);
    expect(readdirSync(dir)).toEqual(["state"]);
    expect(readdirSync(join(dir, "state"))).toEqual(["recordings"]);
  },
);

test("of a recording whose samples never came what was said goes in its turn", async () => {
  const dir = createTemporaryFolder();
  const folder = join(dir, "mcu-1");
  mkdirSync(folder);
  writeFileSync(join(folder, "2025-12-31T00-00-00.000Z-vibration.json"), "{}");
  const captures = createRawCaptures({ dir, placeOf: () => ({ bearing }), logger: silentLogger });
  for (let at = 0; at < 32; at++) captures.accept(block(1000 * at, [1, 2], 10_000 * at));
  await captures.close();
  expect([captures.written, listNpy(dir).length, readdirSync(folder).length]).toEqual([32, 32, 64]);
});
