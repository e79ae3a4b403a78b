/** How a declared gap is told to people. */
import { expect, test } from "vitest";
import { describeGap } from "../../../src/collector/record/record-rules.ts";
import type { GapRecord } from "../../../src/core/contract/uplink-record.ts";

test.for([
  [{ records: 0 }, "an unknown number of records of the lane were lost"],
  [{ records: 1 }, "1 record of the lane was lost"],
  [{ records: 3 }, "3 records of the lane were lost"],
  [{ records: 0, windows: 1 }, "1 window of the lane was lost"],
  [{ records: 1, windows: 1 }, "1 record and 1 window of the lane were lost"],
  [{ records: 0, windows: 57 }, "57 windows of the lane were lost"],
  [{ records: 0, samples: 480 }, "480 samples of the lane were lost"],
  [{ records: 3, windows: 57 }, "3 records and 57 windows of the lane were lost"],
] as const)("a gap of %o is told in words", ([size, words]) => {
  const gap: GapRecord = { kind: "gap", lane: "alert", reason: "killed", fromMs: 0, toMs: 1000, ...size };
  const { name, detail } = describeGap(gap);
  expect([name, detail.slice(0, words.length)]).toEqual(["gap.alert", words]);
});

test("windows that an orderly stop found open are told as that", () => {
  const gap: GapRecord = {
    kind: "gap",
    lane: "prediction",
    reason: "stopped",
    records: 0,
    fromMs: 0,
    toMs: 1000,
  };
  const rest = "of the lane were begun, and not ended, when the gateway was stopped, from 1970";
  expect(describeGap({ ...gap, windows: 2 }).detail).toContain(`2 windows ${rest}`);
  expect(describeGap(gap).detail).toContain(`an unknown number of windows ${rest}`);
});

test("a gap without size or reason is not told as a loss", () => {
  const gap: GapRecord = { kind: "gap", lane: "alert", records: 0, fromMs: 0, toMs: 1000 };
  expect(describeGap(gap).detail).toMatch(
    /^the gateway does not know whether records of the lane were lost, from 1970/,
  );
  expect(describeGap({ ...gap, records: 3 }).detail).toMatch(/^3 records of the lane were dropped/);
});
