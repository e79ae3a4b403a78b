import { describe, expect, it } from "vitest";
import { describeSince } from "../../../src/core/drift/cause-title.ts";
import { describeColumn, describeSensor, wordShift } from "../../../src/core/drift/describe-column.ts";
import { dayMs, shift, thursdayMs } from "./made-verdicts.ts";

describe("describeColumn", () => {
  it.for([
    ["bpfo.h1", "feature", "first outer race harmonic"],
    ["bpfi.h3", "feature", "third inner race harmonic"],
    ["bsf.side.ftf", "feature", "rolling element side bands of the cage"],
    ["bpfi.margin", "feature", "margin of the inner race over other orders"],
    ["shaft.h2", "feature", "second shaft harmonic"],
    ["impact.peak", "level", "impacts"],
    ["high.rms", "level", "high frequencies"],
    ["hum.rms", "level", "level of hum.rms"],
    ["outer-race", "score", "score of an outer race fault"],
    ["generator-bearing-temperature", "score", "generator bearing temperature"],
    ["ambient", "condition", "ambient temperature"],
    ["power.2h", "condition", "power over the last 2 hours"],
    ["toString", "feature", "toString"],
    ["my-own", "feature", "my own"],
  ] as const)("calls %s (%s) %s", ([name, role, words]) => {
    expect(describeColumn(name, role)).toBe(words);
  });
});

describe("wordShift", () => {
  it.for([
    [shift("impact.peak", -4.1), "impacts 4 dB quieter"],
    [shift("low.rms", 1.25), "low frequencies 1.3 dB louder"],
    [shift("generator-bearing-temperature", 4.2), "generator bearing is 4 °C warmer than expected"],
    [shift("bpfo.h1", 0.5), "first outer race harmonic higher (3 times what is usual from day to day)"],
    [
      shift("bpfo.h1", Math.log(3), { aspect: "spread" }),
      "scatter of first outer race harmonic 3.0 times as large",
    ],
    [
      shift("bpfo.h1", 0.3, { aspect: "invalid", current: 0.3 }),
      "first outer race harmonic without a value in 30 % of the windows",
    ],
    [shift("low.rms", 0, { aspect: "stuck" }), "low frequencies stuck at one value"],
  ] as const)("says how far", ([moved, words]) => {
    expect(wordShift(moved)).toBe(words);
  });
});

describe("describeSensor", () => {
  it.for([
    ["generator-drive-end", "drive-end sensor"],
    ["generator-non-drive-end", "non-drive-end sensor"],
    ["main-bearing-de", "drive-end sensor"],
    ["generator-bearing", "sensor at the generator bearing"],
  ] as const)("calls that of %s the %s", ([component, words]) => {
    expect(describeSensor(component)).toBe(words);
  });
});

describe("describeSince", () => {
  const day = { fromMs: thursdayMs, toMs: thursdayMs + dayMs };

  it("names a weekday of the last week, else a date, with its year where that is long ago", () => {
    expect(describeSince(thursdayMs - 2 * dayMs, day)).toBe("since Tuesday");
    expect(describeSince(thursdayMs - 9 * dayMs, day)).toBe("since 3 March");
    expect(describeSince(thursdayMs - 400 * dayMs, day)).toBe("since 5 February 2025");
  });

  it("names a date where people are told more than a week later", () => {
    const since = (days: number): string =>
      describeSince(thursdayMs - 2 * dayMs, day, thursdayMs + days * dayMs);
    expect([4, 6, 400].map(since)).toEqual(["since Tuesday", "since 10 March", "since 10 March 2026"]);
  });

  it("names the time of day where a period is short, and people are told within a day", () => {
    const minute = { fromMs: thursdayMs, toMs: thursdayMs + 60_000 };
    const sinceMs = thursdayMs - 90 * 60_000;
    expect(describeSince(sinceMs, minute)).toBe("since 22:30");
    const since = (laterMs: number): string => describeSince(sinceMs, minute, sinceMs + laterMs);
    expect([dayMs - 1, dayMs, 7 * dayMs].map(since)).toEqual([
      "since 22:30",
      "since Wednesday",
      "since 11 March",
    ]);
  });
});
