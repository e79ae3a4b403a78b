import { expect, test } from "vitest";
import {
  computeShares,
  judgeMachineLoad,
  type MachineLoad,
  parseProcessorTimes,
  readMachineLoad,
} from "../../scripts/bench/machine-load.ts";

const quiet: MachineLoad = { cores: 2, loadAverage: 0.5, usedShare: 0.1, stolenShare: 0.02 };

test("a quiet machine is not spoken of, and what a system does not tell is not held against it", () => {
  expect(judgeMachineLoad(quiet)).toEqual([]);
  expect(judgeMachineLoad({ cores: 2, loadAverage: null, usedShare: null, stolenShare: null })).toEqual([]);
});

test("a busy machine is told of by what keeps it busy", () => {
  expect(judgeMachineLoad({ ...quiet, loadAverage: 5.93 })).toEqual([
    "a load average of 5.9 on 2 cores in the minute before",
  ]);
  expect(judgeMachineLoad({ ...quiet, usedShare: 0.5, stolenShare: 0.11 })).toEqual([
    "50 % of the processors' time used by others in the second before",
    "11 % of it stolen by other guests of this host",
  ]);
});

test("what was used and stolen is read from the line of all processors", () => {
  const before = parseProcessorTimes("cpu  100 0 50 800 10 0 5 35 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  expect(before).toEqual({ all: 1000, idle: 810, stolen: 35 });
  const after = parseProcessorTimes("cpu  140 5 55 930 10 0 5 55 9 0\n");
  expect(computeShares(before, after)).toEqual({ used: 0.25, stolen: 0.1 });
  expect(() => parseProcessorTimes("intr 1 2 3\n")).toThrow("no line of all processors");
});

test("this machine tells its load", async () => {
  const { cores, loadAverage, usedShare, stolenShare } = await readMachineLoad();
  expect(cores).toBeGreaterThan(0);
  if (process.platform !== "win32") expect(loadAverage).toBeGreaterThanOrEqual(0);
  if (process.platform !== "linux") return;
  for (const share of [usedShare!, stolenShare!]) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
});
