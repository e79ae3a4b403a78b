import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSpeed } from "../../../../src/training/dataset/speed/read-speed.ts";
import type { RecordedSpeed } from "../../../../src/training/dataset/speed/recorded-speed.ts";
import { parseSpeedSource } from "../../../../src/training/dataset/speed/speed-source.ts";
import { column, encodeMat } from "../../../support/mat-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const rateHz = 1000;
const rows = 4000;
const acc = Float64Array.from({ length: rows }, (_, at) => Math.sin(at));

/** rpm at row `at`: a run-up from 600 to 1800. */
function runUp(at: number): number {
  return 600 + 0.3 * at;
}

/** The speed beside `acc` as `valueAt` writes it in each row; NaN: nothing. */
async function readTable(valueAt: (row: number) => number, source: unknown = "speed", vibration = acc) {
  const root = createTemporaryFolder();
  const write = (value: number): string => (Number.isNaN(value) ? "" : `${value}`);
  const lines = Array.from(acc, (_, at) => `${write(vibration[at]!)},${write(valueAt(at))}`);
  writeFileSync(join(root, "a.csv"), `acc,speed\n${lines.join("\n")}\n`);
  return await read(root, "a.csv", source);
}

async function read(root: string, file: string, source: unknown): Promise<RecordedSpeed> {
  const parsed = parseSpeedSource(source, (detail) => {
    throw new Error(detail);
  })!;
  return await readSpeed(parsed, { root, file, channel: "acc", rateHz });
}

/** How far the runs of 40 ms, up to row `until`, are from the run-up at most, rpm. */
function findError({ rpm, everySamples }: RecordedSpeed, until: number): number {
  const known = rpm.subarray(0, Math.floor(until / everySamples));
  return Math.max(...known.map((each, at) => Math.abs(each - runUp((at + 0.5) * everySamples))));
}

it("goes evenly between values with nothing between them", async () => {
  for (const [every, first] of [
    [2, 0],
    [100, 0],
    [100, 37],
    [1500, 0],
  ] as const) {
    const speed = await readTable((row) => (row % every === first ? runUp(row) : Number.NaN));
    expect(findError(speed, 4000 - every)).toBeLessThan(12);
    expect(speed.rpm.every((rpm) => rpm > 0)).toBe(true);
  }
});

it("stands as it is where each row has a value: held ones may be rounded, or what a machine was set to", async () => {
  const rounded = await readTable((row) => 60 * Math.round(runUp(row) / 60));
  expect(findError(rounded, rows)).toBeLessThan(31);
  const set = await readTable((row) => (Math.floor(row / 400) % 2 === 0 ? 900 : 1800));
  expect(new Set(set.rpm)).toEqual(new Set([900, 1800]));
});

it("is not known where a sensor falls silent between values", async () => {
  const isSilent = (row: number): boolean => row > 2000 && row < 2600;
  const blank = await readTable((row) => (row % 100 === 0 && !isSilent(row) ? runUp(row) : Number.NaN));
  expect(blank.rpm.subarray(54, 64)).toEqual(new Float32Array(10));
  expect(blank.rpm[48]).toBeGreaterThan(1000);
  expect(blank.rpm[66]).toBeGreaterThan(1300);
  const ends = await readTable((row) => (row % 100 === 0 && row < 1000 ? runUp(row) : Number.NaN));
  expect(ends.rpm[20]).toBeCloseTo(runUp(820), 0);
  expect(ends.rpm.subarray(25)).toEqual(new Float32Array(75));
});

it("is refused where it ends in the first half of the rows, with nothing behind it, until its rate is said", async () => {
  const valueAt = (row: number): number => (row < 1000 ? runUp(4 * row) : Number.NaN);
  await expect(readTable(valueAt)).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: expect.stringContaining('holds 1000 values of speed in "speed" and 4000 of vibration'),
    hint: expect.stringMatching(/channel=speed,rate_hz=250 .* if both last equally long; 1000 if they were/),
  });
  expect(findError(await readTable(valueAt, { channel: "speed", rateHz: 250 }), rows)).toBeLessThan(12);
  const together = await readTable(valueAt, { channel: "speed", rateHz });
  expect([...together.rpm.subarray(25)]).toEqual(Array(75).fill(0));
  const root = createTemporaryFolder();
  const speed = Float64Array.from(acc, (_, at) => (at < 1000 ? runUp(at) : Number.NaN));
  const variables = { acc: column(acc), speed: column(speed) };
  writeFileSync(join(root, "a.mat"), encodeMat(variables, { packed: false }));
  await expect(read(root, "a.mat", "speed")).rejects.toThrow(/holds 1000 values of speed/);
  const ends = acc.map((value, at) => (at < 1000 ? value : Number.NaN));
  writeFileSync(
    join(root, "b.mat"),
    encodeMat({ acc: column(ends), speed: column(speed) }, { packed: false }),
  );
  expect(findError(await read(root, "b.mat", "speed"), 1000)).toBeLessThan(1);
});

it("is read as far as it goes where it ends later, with the vibration, or as a shaft that comes to a stop", async () => {
  const silent = await readTable((row) => (row < 2400 ? runUp(row) : Number.NaN));
  expect([silent.rpm[59], silent.rpm[60]]).toEqual([expect.closeTo(runUp(2380), 0), 0]);
  const half = acc.map((value, at) => (at < 1000 ? value : Number.NaN));
  const both = await readTable((row) => (row < 1000 ? runUp(row) : Number.NaN), "speed", half);
  expect(findError(both, 1000)).toBeLessThan(1);
  const stops = await readTable((row) => (row < 1000 ? 600 : 0));
  expect([stops.rpm[24], stops.rpm[25]]).toEqual([600, 0]);
});
