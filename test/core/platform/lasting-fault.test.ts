import { expect, test } from "vitest";
import { storeError } from "../../../src/core/platform/files/atomic-file.ts";
import { createLastingFault } from "../../../src/core/platform/lasting-fault.ts";

test("each cause of a fault is news once while it stays the same, one a minute at most", () => {
  const fault = createLastingFault();
  expect([fault.stands, fault.clear()]).toEqual([false, false]);
  expect([0, 61_000, 122_000].map((atMs) => fault.note("no room", atMs))).toEqual([true, false, false]);
  expect(fault.note("a lock", 123_000)).toBe(true);
  expect(fault.note("no room", 124_000)).toBe(false);
  // The clock was set back.
  expect(fault.note("no room", 1_000)).toBe(true);
  expect([fault.stands, fault.clear(), fault.stands]).toEqual([true, true, false]);
});

test("a fault that comes and goes is told once a minute, and its end where it was told", () => {
  const fault = createLastingFault();
  const [told, ended]: [number[], number[]] = [[], []];
  for (let second = 0; second < 120; second += 2) {
    if (fault.note("no room", second * 1_000)) told.push(second);
    expect(fault.stands).toBe(true);
    if (fault.clear()) ended.push(second);
  }
  expect([told, ended]).toEqual([
    [0, 60],
    [0, 60],
  ]);
  expect(fault.note("no room", 119_000)).toBe(false);
  expect(fault.note("no room", 120_000)).toBe(true);
});

test("a disk that refuses one file after the other does so for one cause, until it refuses them for another", () => {
  const fault = createLastingFault();
  const refuse = (file: string, code: string): Error =>
    storeError("write", file, Object.assign(new Error(`${code}: open '${file}'`), { code }));
  const news = ["a", "b", "c"].map((file, hour) => fault.note(refuse(file, "ENOSPC"), hour * 3_600_000));
  expect(news).toEqual([true, false, false]);
  expect(fault.note(refuse("d", "EACCES"), 10_800_000)).toBe(true);
});
