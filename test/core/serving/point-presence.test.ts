import { beforeEach, describe, expect, it } from "vitest";
import { createPointPresence, type PointPresence } from "../../../src/core/serving/point-presence.ts";

const second = { unit: "seconds", length: 1, hop: 1 } as const;
/** 60 s at the slowest operating speed. */
const long = { unit: "revolutions", length: 300, hop: 300 } as const;
let presence: PointPresence;

beforeEach(() => {
  presence = createPointPresence({ standbyBelowRpm: 300, slowestRpm: 300, timeoutMs: 10_000 });
});

describe("a point that was never heard of", () => {
  it("is not called silent", () => {
    expect(presence.findSilence(1e9, second)).toBeNull();
    expect(presence.lastBlockMonotonicMs).toBeNaN();
  });
});

describe("a point whose data ends", () => {
  it("is silent after the timeout, and says so once until a whole window comes", () => {
    presence.noteBlock(1800, 5_000, 0);
    expect(presence.findSilence(10_000, second)).toBeNull();
    expect(presence.findSilence(10_001, second)).toBe("no data");
    expect(presence.findSilence(20_000, second)).toBeNull();
    presence.noteBlock(1800, 25_000, 20_000);
    presence.noteWindow(20_000);
    expect(presence.findSilence(30_001, second)).toBe("no data");
    expect(presence.lastDataMs).toBe(25_000);
  });

  it("speaks again with a score that its device computed", () => {
    presence.noteBlock(0, 0, 0);
    presence.noteScore({ fromMs: 7_000, shaftRpm: 2_000, arrivedMonotonicMs: 8_000 });
    expect([presence.lastDataMs, presence.lastBlockMonotonicMs, presence.fastestRpm]).toEqual([
      7_000, 8_000, 2_000,
    ]);
    expect(presence.findSilence(18_001, second)).toBe("no data");
  });
});

describe("a point whose data never makes a window", () => {
  it.each([
    [second, 11_000],
    [long, 70_000],
  ])("is silent when one is overdue at the slowest speed (%o)", (window, dueMs) => {
    for (let ms = 0; ms <= dueMs; ms += 1_000) presence.noteBlock(Number.NaN, ms, ms);
    expect(presence.findSilence(dueMs, window)).toBeNull();
    expect(presence.findSilence(dueMs + 1, window)).toBe("no window could be decided");
  });
});

describe("the fastest speed of a point", () => {
  it("is that of the last one to two weeks: a mistake of its tachometer does not count for ever", () => {
    const day = 86_400_000;
    presence.noteBlock(1_800, 0, 0);
    presence.noteBlock(6_553.5, 0, 1_000);
    const fastestAt = (days: number): number => {
      presence.noteBlock(1_500, 0, days * day);
      return presence.fastestRpm;
    };
    expect([1, 6.9, 7.1, 13, 14.2].map(fastestAt)).toEqual([6_553.5, 6_553.5, 6_553.5, 6_553.5, 1_500]);
    expect(fastestAt(40)).toBe(1_500);
  });
});

describe("a point whose turbine stands", () => {
  it("stops once, owes no window, and owes one from the first turning block on", () => {
    expect([1800, 299, 0, 300].map((rpm, s) => presence.noteBlock(rpm, s, 60_000 * s))).toEqual([
      "turns",
      "stops",
      "stands",
      "turns",
    ]);
    expect(presence.findSilence(180_001, second)).toBeNull();
    presence.noteBlock(0, 4, 240_000);
    expect(presence.findSilence(250_000, second)).toBeNull();
    expect(presence.findSilence(250_001, second)).toBe("no data");
    expect(presence.fastestRpm).toBe(1800);
    // That it still stands is told again: the last that was told is that nothing comes.
    expect([0, 0].map((rpm) => presence.noteBlock(rpm, 5, 300_000))).toEqual(["stops", "stands"]);
  });
});
