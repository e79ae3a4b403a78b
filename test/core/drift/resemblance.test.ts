import { describe, expect, it } from "vitest";
import { createColumnsTask, createRows, summariseRows } from "../../../scripts/drift/correlated-days.ts";
import { assessDay } from "../../../src/core/drift/assess-day.ts";
import type { DayUnit } from "../../../src/core/drift/day-space.ts";
import { measureHourMemory, measureWidening, widenDegrees } from "../../../src/core/drift/resemblance.ts";
import { beginSiteReference } from "../../../src/core/drift/site-reference.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const days = 60;
const periods = Array.from({ length: days }, (_, day) => day);

/** Eight columns whose days resemble the day before by `r`; `bend` makes values wild. */
function draw(r: number, seed: number, bend: (value: number) => number = (value) => value): DayUnit[] {
  const random = createRandom(seed);
  return Array.from({ length: 8 }, () => {
    let held = random.normal();
    const values = periods.map(() => {
      held = r * held + Math.sqrt(1 - r * r) * random.normal();
      return bend(held);
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / days;
    const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (days - 1));
    return {
      aspect: "mean" as const,
      values: Float64Array.from(values, (value) => (value - mean) / scale),
      fresh: [0, 0, 0] as const,
    };
  });
}
const none = new Array<number>(8).fill(0);

describe("what keeps days from being as sure as independent ones", () => {
  it("is nothing for independent, normal days", () => {
    for (const each of measureWidening(draw(0, 5), periods, none)) {
      expect(each).toEqual({ unbiased: 1, ofMean: 1, three: 1 / 3, degrees: 1, tails: 0 });
    }
  });

  it("is a wider mean and fewer degrees of freedom for days that wander", () => {
    for (const each of measureWidening(draw(0.8, 2), periods, none)) {
      expect(each.unbiased).toBeLessThan(0.95);
      expect(each.ofMean).toBeGreaterThan(3);
      expect(each.three).toBeGreaterThan(0.6);
      expect(each.degrees).toBeGreaterThan(3);
    }
  });

  it("is fewer degrees of freedom for wild days", () => {
    for (const each of measureWidening(
      draw(0, 3, (value) => value ** 3),
      periods,
      none,
    )) {
      expect(widenDegrees(days - 1, each)).toBeLessThan((days - 1) / 3);
      expect(each.ofMean).toBe(1);
    }
  });
});

describe("the memory of a column's hours", () => {
  it.each([
    [0.9, 0.9 ** 6],
    [0.98, 0.98 ** 6],
  ])("is read from its stretches, for rows correlated by %d", (rho, expected) => {
    const task = createColumnsTask(1, 60);
    const next = createRows(createRandom(9), { columns: 1, rho, common: 0 });
    let reference = beginSiteReference();
    for (let day = 0; day < 60; day++) {
      reference = assessDay(task, reference, summariseRows(task, day, { next })).reference;
    }
    expect(measureHourMemory(reference.columns[0]!)).toBeGreaterThan(expected - 0.08);
    expect(measureHourMemory(reference.columns[0]!)).toBeLessThan(expected + 0.08);
  });
});
