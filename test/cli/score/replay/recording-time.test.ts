import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatInstant } from "../../../../src/cli/score/files/time-doubts.ts";
import {
  compareNames,
  describeUntimed,
  readTimesInNames,
} from "../../../../src/cli/score/replay/recording-time.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { watchEventLoop } from "../../../support/watch-event-loop.ts";
import { nameByTime } from "./invented-life.ts";

const timeMs = Date.UTC(2004, 1, 12, 10, 32, 39);
const findTimeInName = (name: string): number => readTimesInNames([name])(name);
/** Hours and minutes of the day in each of the names. */
const listTimes = (...names: readonly string[]): readonly string[] =>
  names.map((name) => new Date(readTimesInNames(names)(name)).toISOString().slice(11, 16));

it.each([
  "2004.02.12.10.32.39",
  "2004.02.12.10.32.39.txt",
  "20040212_103239",
  "20040212103239.csv",
  "20040212T103239Z.npy",
  "2004-02-12T10-32-39Z",
  "2004-02-12T10:32:39Z.csv",
  "2004-02-12 10.32.39.csv",
  "acc_2004_02_12_10_32_39_ch1.npy",
  "WT07-2004-02-12_10-32-39_to_2004-02-12_10-32-40.csv",
])("reads the time of %s", (name) => {
  expect(findTimeInName(name)).toBe(timeMs);
});

it.each([
  ["2004-02-12T10-32.csv", Date.UTC(2004, 1, 12, 10, 32)],
  ["20040212_1032.npy", Date.UTC(2004, 1, 12, 10, 32)],
  ["2004-02-12T10-32-39.250Z.npy", timeMs + 250],
  ["2004-02-12T12-32-39+0200.npy", timeMs],
  ["2004-02-12T12:32:39+02:00.csv", timeMs],
  ["20040212T160239+05-30_ch1.npy", timeMs],
  ["2004-02-12T11-32+01.csv", Date.UTC(2004, 1, 12, 10, 32)],
  ["2004-02-12T12-32-39.250000+0200.npy", timeMs + 250],
  ["2004-02-12T12-32-39.5_+0200.csv", timeMs + 500],
  ["2004-02-12T10h32m39s.npy", timeMs],
  ["2004-02-12_10h32m39.250s_ch1.npy", timeMs + 250],
  ["2004-02-12_10h32m.npy", Date.UTC(2004, 1, 12, 10, 32)],
  ["2004-02-12 10-32-39 AM.npy", timeMs],
  ["2004-02-12 10.32 pm.npy", Date.UTC(2004, 1, 12, 22, 32)],
  ["2004-02-12T05-32-39-0500.npy", timeMs],
  ["2004-02-12T05:32:39.000-05:00.csv", timeMs],
  // A temperature, a rate, and no place's zone.
  ["20040212_103239+20C.csv", timeMs],
  ["20040212_103239+12.5kHz.csv", timeMs],
  ["2004-02-12T10-32-39+9900.csv", timeMs],
  // A number, or a zone: nobody knows.
  ["2004-02-12T10-32-39-0001.npy", timeMs],
  // What looks like one first is none.
  ["2004-13-41_10-32-39_2004-02-12_10-32-39.npy", timeMs],
])("reads %s", (name, expected) => {
  expect(findTimeInName(name)).toBe(expected);
});

it("takes what stands behind a hyphen for a zone where all names have one", () => {
  const [summer, winter] = ["2024-11-03T01-30-00-0400.npy", "2024-11-03T01-30-00-0500.npy"];
  const tell = readTimesInNames([summer, winter, "notes.yaml"]);
  expect([summer, winter].map(tell)).toEqual([Date.UTC(2024, 10, 3, 5, 30), Date.UTC(2024, 10, 3, 6, 30)]);
  expect(listTimes(summer, "2024-11-03T01-40-00-0007.npy")).toEqual(["01:30", "01:40"]);
  expect(listTimes(summer, "2024-11-03T01-40-00.npy")).toEqual(["01:30", "01:40"]);
  expect(
    ["1300", "0075", "0510"].flatMap((digits) => listTimes(`2024-11-03T01-30-00-${digits}.npy`)),
  ).toEqual(["01:30", "01:30", "01:30"]);
});

it("takes AM and PM for halves of the day where no hour is of a whole one", () => {
  const half = ["12-30-00 AM", "02-30-00 AM", "12-30-00 PM", "02-30-00 PM"].map(
    (time) => `2024-02-26 ${time}.npy`,
  );
  expect(listTimes(...half)).toEqual(["00:30", "02:30", "12:30", "14:30"]);
  expect(listTimes("20240226_023000_PM.npy", "20240226_143000_PM.npy")).toEqual(["02:30", "14:30"]);
  expect(listTimes("20240226_023000_pmsm.npy")).toEqual(["02:30"]);
});

it.each([
  "acc_00001.npy",
  "2004-02-30T10-32-39.csv",
  "2004-02-12.csv",
  "2004-02-12T25-32-39Z.csv",
  "0004-02-12T10-32-39Z.csv",
  "20040212_1032391.csv",
  "120040212103239.csv",
  "12-02-2004_10-32-39.csv",
  "",
])("finds no time in %j", (name) => {
  expect(findTimeInName(name)).toBeNaN();
});

it("reads what it would write, for any second of a century", () => {
  const seconds = fc.integer({ min: Date.UTC(1990) / 1000, max: Date.UTC(2099) / 1000 });
  fc.assert(
    fc.property(seconds, fc.constantFrom("", ".csv", "_a", ".npy"), (second, ending) => {
      expect(findTimeInName(`${nameByTime(second * 1000)}${ending}`)).toBe(second * 1000);
    }),
  );
});

it("takes no longer for a name that was made to take long", () => {
  const loop = watchEventLoop();
  expect(findTimeInName("2004-02-12".repeat(20_000))).toBeNaN();
  expect(loop.stop()).toBeLessThan(1000);
});

it("takes neither a speed behind a hyphen for a zone nor a part of a pump for half of the day", () => {
  const atTen = Date.UTC(2024, 4, 1, 10);
  for (const names of [
    ["2024-05-01T10-00-00-0600.csv", "2024-05-01T11-00-00-0900.csv"],
    ["2024-05-01T10-00-00-1200.csv"],
    ["2024-05-01_10-00-00-0600.csv"],
    ["2024-05-01_10-00-00_PM2.csv"],
    ["20240501_100000_pm10.csv"],
  ])
    expect(readTimesInNames(names)(names[0]!)).toBe(atTen);
});

it("puts acc_2 before acc_10, and shows whole seconds as such", () => {
  expect(["acc_10", "acc_2", "acc_1"].sort(compareNames)).toEqual(["acc_1", "acc_2", "acc_10"]);
  expect(formatInstant(timeMs)).toBe("2004-02-12T10:32:39Z");
  expect(formatInstant(timeMs + 40)).toBe("2004-02-12T10:32:39.040Z");
});

it("says of a name with a time that no clock shows that it is none", () => {
  const path = join(createTemporaryFolder(), "1970-01-01T00-10-00.npy");
  writeFileSync(path, "");
  expect(describeUntimed(path).message).toBe(
    `nothing says when ${path} was recorded: 1970-01-01T00-10-00 in its name is no time of a clock that was set (1990 to 2099)`,
  );
});
