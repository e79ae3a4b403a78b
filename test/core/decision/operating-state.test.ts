import { describe, expect, test } from "vitest";
import { classifyOperatingState } from "../../../src/core/decision/operating-state.ts";
import { logistic } from "../../../src/core/maths/logistic.ts";

const limits = {
  minOperatingRpm: 300,
  fullPerformanceRpm: 1_500,
  fullPerformancePowerKw: 1_900,
  maxDataAgeMs: 10_000,
};

describe("the operating state", () => {
  test.each([
    ["fresh data at full speed", { shaftRpm: 1_700, dataAgeMs: 0 }, "full-performance"],
    ["fresh data at part speed", { shaftRpm: 900, dataAgeMs: 9_999 }, "partial-performance"],
    ["the other sense of rotation", { shaftRpm: -900, dataAgeMs: 0 }, "partial-performance"],
    ["a shaft that stands", { shaftRpm: 0, dataAgeMs: 0 }, "standby"],
    ["a shaft that idles", { shaftRpm: 299, dataAgeMs: 0 }, "standby"],
    ["rated power", { shaftRpm: 1_700, powerKw: 1_950, dataAgeMs: 0 }, "full-performance"],
    ["part power at full speed", { shaftRpm: 1_700, powerKw: 700, dataAgeMs: 0 }, "partial-performance"],
    ["power taken from the grid", { shaftRpm: 1_700, powerKw: -5, dataAgeMs: 0 }, "standby"],
    [
      "power that is not a number",
      { shaftRpm: 1_700, powerKw: Number.NaN, dataAgeMs: 0 },
      "full-performance",
    ],
    ["no speed", { shaftRpm: Number.NaN, dataAgeMs: 0 }, "information-unavailable"],
    ["an infinite speed", { shaftRpm: Number.POSITIVE_INFINITY, dataAgeMs: 0 }, "information-unavailable"],
    ["stale data", { shaftRpm: 1_700, dataAgeMs: 10_001 }, "information-unavailable"],
    ["stale data of a standing shaft", { shaftRpm: 0, dataAgeMs: 10_001 }, "information-unavailable"],
    ["no data ever", { shaftRpm: 1_700, dataAgeMs: Number.NaN }, "information-unavailable"],
    ["data from the future", { shaftRpm: 1_700, dataAgeMs: -1 }, "full-performance"],
  ] as const)("with %s is classified as it should be", (_what, evidence, expected) => {
    expect(classifyOperatingState({ ...evidence, limits })).toBe(expected);
  });

  test("follows the speed where the power of full performance is not known, and still sees standby", () => {
    const withoutPower = { ...limits, fullPerformancePowerKw: null };
    expect(classifyOperatingState({ shaftRpm: 1_700, powerKw: 3, dataAgeMs: 0, limits: withoutPower })).toBe(
      "full-performance",
    );
    expect(classifyOperatingState({ shaftRpm: 1_700, powerKw: -5, dataAgeMs: 0, limits: withoutPower })).toBe(
      "standby",
    );
  });
});

describe("the calibrated probability", () => {
  test("is the logistic function, without overflow", () => {
    expect(logistic(0)).toBe(0.5);
    expect(logistic(Math.log(3))).toBeCloseTo(0.75, 15);
    expect(logistic(-Math.log(3))).toBeCloseTo(0.25, 15);
    expect(logistic(1e6)).toBe(1);
    expect(logistic(-1e6)).toBe(0);
  });
});
