import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chooseChannel } from "../../../../src/training/dataset/samples/choose-channel.ts";
import {
  readBeginOfTimes,
  readTimeColumn,
  type SteadyTimes,
} from "../../../../src/training/dataset/samples/time-column.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "times-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A table of 2,000 rows at 25.6 kHz, whose column of times is written by `write`. */
async function writeTable(head: string, write: (seconds: number, row: number) => string): Promise<string> {
  const rows = Array.from({ length: 2000 }, (_, row) => `${write(row / 25_600, row)},${Math.sin(row)}`);
  const path = join(folder, "a.csv");
  await writeFile(path, `${head}\n${rows.join("\n")}\n`);
  return path;
}

it.each([
  ["time [s],acc [g]", 1],
  ["Time (ms),acc", 1e3],
  ["t,acc", 1],
  ["time_us,acc", 1e6],
  ["seconds,acc", 1],
  ["Sec,acc", 1],
  ["milliseconds,acc", 1e3],
  ["t_s,acc", 1],
  ["time_ns,acc", 1e9],
  ["Timestamp_ms,acc", 1e3],
  ["elapsed_seconds,acc", 1],
  ["time [msec],acc", 1e3],
  ["time [\u03bcs],acc", 1e6],
])("reads the rate of the column of times: %s", async (head, ofSecond) => {
  const path = await writeTable(head, (seconds) => (seconds * ofSecond).toPrecision(9));
  expect(await readTimeColumn(path)).toEqual({
    kind: "steady",
    rateHz: 25_600,
    hasUnit: head !== "t,acc",
    gap: null,
    gaps: 0,
    lookedAt: null,
  });
});

it("takes the column that states its unit, and none for a clock whose name only begins like a unit", async () => {
  const rows = Array.from({ length: 2000 }, (_, row) =>
    [row / 600_000, row / 10_000, Math.sin(row), 1].join(),
  );
  const path = join(folder, "two.csv");
  await writeFile(path, `elapsed,time_s,sec_acc,temp\n${rows.join("\n")}\n`);
  expect(await readTimeColumn(path)).toMatchObject({ rateHz: 10_000, hasUnit: true });
  expect(chooseChannel("a.csv", ["microseconds", "msec [ms]", "elapsed", "sec_acc"], null)).toBe(3);
});

it.each([
  ["timestamp,acc [g]", (us: string) => `2024-02-26T00:00:00.${us}Z`],
  ["DateTime;acc", (us: string) => `2024-02-26 01:00:00,${us}+0100`],
  ["time [UTC],acc", (us: string) => `"2024-02-26 00:00:00.${us}"`],
])("reads rate and beginning of times in ISO 8601: %s", async (head, write) => {
  const separator = head.includes(";") ? ";" : ",";
  const path = join(folder, "iso.csv");
  const rows = Array.from({ length: 2000 }, (_, row) => {
    const us = Math.round(83_000 + (row * 1e6) / 25_600);
    return `${write(`${us}`.padStart(6, "0"))}${separator}${row % 7}`;
  });
  await writeFile(path, `${head}\n${rows.join("\n")}\n`);
  const rateHz = expect.closeTo(25_600, 0);
  expect(await readTimeColumn(path)).toMatchObject({ kind: "steady", rateHz, gaps: 0 });
  expect(await readBeginOfTimes(path)).toBe(Date.UTC(2024, 1, 26) + 83);
});

it("reads when a recording begins where its times say no rate, and nothing where they say no moment", async () => {
  const path = await writeTable("time,acc", () => "2024-02-26T00:00:00Z");
  expect(await readTimeColumn(path)).toMatchObject({ kind: "unusable" });
  expect(await readBeginOfTimes(path)).toBe(Date.UTC(2024, 1, 26));
  expect(
    await readBeginOfTimes(await writeTable("time,acc", (seconds) => `${1_708_905_600 + seconds}`)),
  ).toBe(Date.UTC(2024, 1, 26));
  expect(await readBeginOfTimes(await writeTable("time [s],acc", (seconds) => `${seconds}`))).toBeNaN();
  expect(await readBeginOfTimes(await writeTable("acc,b", () => "1708905600"))).toBeNaN();
  expect(await readBeginOfTimes(await writeTable("time,acc", () => "12:00"))).toBeNaN();
});

it("reads moments that are seldom, which need no unit", async () => {
  const path = await writeTable("time,rpm", (_, row) =>
    new Date(Date.UTC(2024, 1, 26) + 100 * row).toISOString(),
  );
  expect(await readTimeColumn(path)).toMatchObject({ kind: "steady", rateHz: 10, hasUnit: true, gaps: 0 });
});

it("says where times are missing, and the rate all the same", async () => {
  const path = await writeTable("time [s],acc", (seconds, row) =>
    (seconds + (row < 1000 ? 5 : 8)).toFixed(7),
  );
  const stated = (await readTimeColumn(path)) as SteadyTimes;
  expect(stated).toMatchObject({ rateHz: 25_600, gaps: 1 });
  expect(stated.gap!.fromS).toBeCloseTo(999 / 25_600, 5);
  expect(stated.gap!.lengthS).toBeCloseTo(3, 4);
});

it("says where times go back, as of rows out of order or a second recording", async () => {
  const second = await writeTable("time [ms],acc", (seconds, row) =>
    (1000 * (row < 1500 ? seconds : seconds - 1500 / 25_600)).toFixed(6),
  );
  expect(await readTimeColumn(second)).toEqual({
    kind: "back",
    row: 1501,
    fromS: expect.closeTo(1499 / 25_600, 6),
    toS: 0,
  });
  const shuffled = await writeTable("time,acc", (_, row) =>
    ((row < 640 || row >= 704 ? row : row - 128) / 25_600).toFixed(7),
  );
  expect(await readTimeColumn(shuffled)).toMatchObject({ kind: "back", row: 641 });
});

it("knows a second recording by its first rows, however few", async () => {
  const path = join(folder, "last.csv");
  const rows = Array.from(
    { length: 65_539 },
    (_, row) => `${(row === 65_538 ? 0 : row / 12_000).toFixed(7)},${row % 7}`,
  );
  await writeFile(path, `time,v\n${rows.join("\n")}\n`);
  expect(await readTimeColumn(path)).toMatchObject({ kind: "back", row: 65_539, toS: 0 });
});

it("reads the rate of times that are written with too few digits, without gaps", async () => {
  const rows = Array.from({ length: 60_000 }, (_, row) => `${(row / 9_950).toFixed(4)},${row % 7}`);
  const path = join(folder, "coarse.csv");
  await writeFile(path, `time,v\n${rows.join("\n")}\n`);
  const stated = (await readTimeColumn(path)) as SteadyTimes;
  expect(stated).toMatchObject({ kind: "steady", gap: null, gaps: 0 });
  expect(stated.rateHz).toBeCloseTo(9_950, 0);
});

it("takes the only column of a text without names for no times", async () => {
  const path = join(folder, "plain.csv");
  const rows = Array.from({ length: 2000 }, (_, row) => `${row === 1000 ? 0 : row}`);
  await writeFile(path, `# taken with the rig\n${rows.join("\n")}\n`);
  expect(await readTimeColumn(path)).toBeNull();
});

it.each([
  ["upper case, and quotes", '"acc","TIME (S)"'],
  ["a comment", "# t,acc"],
  ["a line below notes", `${"# rig 3, time of day\n".repeat(150)}acc,sec`],
  ["a line far below notes", `${`# ${"-".repeat(600)}\n`.repeat(150)}acc,Zeit`],
])("finds a column of times that is named in %s", async (_, head) => {
  const names = head.split("\n").at(-1)!.split(",");
  const at = names.findIndex((name) => /^"?(# t|time|sec|zeit)/i.test(name));
  const rows = Array.from({ length: 200 }, (_row, row) => {
    return names.map((_name, column) => (column === at ? row / 1000 : row % 7)).join(",");
  });
  const path = join(folder, "named.csv");
  await writeFile(path, `${head}\n${rows.join("\n")}\n`);
  expect(await readTimeColumn(path)).toMatchObject({ rateHz: 1000, gaps: 0 });
});

it.each([
  ["time [s],acc", (seconds: number) => seconds.toFixed(3), /^its column of times "time" repeats a time/],
  ["time [s],acc", (seconds: number) => Math.sin(9999 * seconds).toFixed(6), /does not rise/],
  ["time,acc", (_: number, row: number) => `${row}`, /gives 1 Hz if it is in seconds: say its unit/],
  ["time [min],acc", (seconds: number) => `${seconds}`, /is in min, and only s/],
  // A temperature, and milliseconds of which nobody says that they are.
  ["T,acc", (_: number, row: number) => (21.9 - Math.floor(row / 700) / 10).toFixed(1), /"t" does not rise/],
  ["time,acc", (_: number, row: number) => (row / 102.4).toFixed(5), /gives 102.4 Hz/],
  ["time,acc", (_: number, row: number) => (row + (row % 5) / 5).toFixed(1), /uneven steps/],
  ["time,acc", (seconds: number) => `2026-01-01T00:00:${seconds}`, /cannot be read: .*line 2/],
  ["time,acc", (seconds: number) => `10:32:39.${seconds.toFixed(3).slice(2)}`, /cannot be read: .*10:32:39/],
])("says why a named column is no steady clock: %s", async (head, write, reason) => {
  expect(await readTimeColumn(await writeTable(head, write))).toEqual({
    kind: "unusable",
    reason: expect.stringMatching(reason),
  });
});

it("says nothing of a column that has another name", async () => {
  expect(await readTimeColumn(await writeTable("index,acc", (_, row) => `${row}`))).toBeNull();
});
