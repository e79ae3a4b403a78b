import { describe, expect, it } from "vitest";
import type {
  OperationSpec,
  SensorGuardSpec,
} from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import { createDailyMedian } from "../../../../src/core/decision/normal-behaviour/daily-median.ts";
import {
  createFrozenGuard,
  createOperationFilter,
  isSensorStep,
} from "../../../../src/core/decision/normal-behaviour/guards.ts";

const operation: OperationSpec = {
  limits: [{ channel: "wind", min: 4, max: 25 }],
  powerCurve: {
    windChannel: "wind",
    powerChannel: "power",
    points: [
      [3, 0],
      [5, 200],
      [12, 2000],
    ],
    minRatio: 0.5,
    maxRatio: 1.5,
  },
};

describe("normal operation", () => {
  const isNormal = createOperationFilter(operation, ["power", "wind"]);
  it("needs wind within its limits and about the power that the wind gives", () => {
    expect(isNormal([200, 5])).toBe(true);
    expect(isNormal([99, 5])).toBe(false);
    expect(isNormal([301, 5])).toBe(false);
    expect(isNormal([1500, 30])).toBe(false);
    expect(isNormal([2000, 20])).toBe(true);
    expect(isNormal([0, 3.9])).toBe(false);
  });
  it("is not told from missing values", () => {
    expect(isNormal([Number.NaN, 8])).toBe(false);
    expect(isNormal([900, Number.NaN])).toBe(false);
  });
  it("refuses a channel that no row has", () => {
    expect(() => createOperationFilter(operation, ["power"])).toThrow(RangeError);
  });
});

describe("the frozen guard", () => {
  it("fires when every channel repeats, from the third identical row until one moves", () => {
    const guard = createFrozenGuard(3);
    const rows = [
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 3],
      [1, 3],
    ];
    expect(rows.map((row) => guard.update(row))).toEqual([false, false, true, true, false, false]);
  });
  it("lets a slow temperature stand still while the power moves", () => {
    const guard = createFrozenGuard(3);
    expect(Array.from({ length: 50 }, (_, row) => guard.update([40, row])).includes(true)).toBe(false);
  });
});

describe("a sensor's step", () => {
  const spec: SensorGuardSpec = { frozenRows: 3, fall: 15, siblingsWithin: 5, beforeDays: 7 };
  const flat = [0, 1, 0, -1, 0, 1, 0, 1, 0];
  it("is a fall that its siblings do not share and that lasts two days", () => {
    const fallen = [0, 1, 0, -1, 0, 1, 0, -20, -19];
    expect(isSensorStep({ series: fallen, siblings: [flat, flat] }, 8, spec)).toBe(true);
    expect(isSensorStep({ series: fallen, siblings: [flat, fallen] }, 8, spec)).toBe(false);
    expect(isSensorStep({ series: [...fallen.slice(0, 8), 0], siblings: [flat, flat] }, 8, spec)).toBe(false);
  });
  it("is never a rise, and never told where nobody else measures the same", () => {
    expect(isSensorStep({ series: [0, 1, 0, -1, 0, 1, 0, 20, 19], siblings: [flat, flat] }, 8, spec)).toBe(
      false,
    );
    expect(isSensorStep({ series: [0, 1, 0, -1, 0, 1, 0, -20, -19], siblings: [] }, 8, spec)).toBe(false);
  });
  it("is not believed without enough days before, or when a sibling is silent", () => {
    const nan = Number.NaN;
    expect(isSensorStep({ series: [nan, nan, nan, nan, 0, 1, 0, -20, -19], siblings: [flat] }, 8, spec)).toBe(
      false,
    );
    expect(
      isSensorStep(
        { series: [0, 1, 0, -1, 0, 1, 0, -20, -19], siblings: [[...flat.slice(0, 8), nan]] },
        8,
        spec,
      ),
    ).toBe(false);
  });
});

describe("the median of a day", () => {
  const day = 86_400_000;
  it("is given when the next day begins, NaN with too few rows", () => {
    const median = createDailyMedian(1, 3);
    for (const value of [5, 1, 9]) expect(median.add(3 * day + value, [value])).toBeNull();
    expect(median.add(4 * day, [7])).toMatchObject({ day: 3, rows: 3, medians: new Float64Array([5]) });
    expect(median.advance(4 * day + 1)).toBeNull();
    expect(median.advance(6 * day)?.medians[0]).toBeNaN();
    expect(median.advance(7 * day)).toBeNull();
  });
  it("goes on from a snapshot", () => {
    const median = createDailyMedian(1, 3);
    median.add(0, [1]);
    median.add(1, [2]);
    const again = createDailyMedian(1, 3, JSON.parse(JSON.stringify(median.snapshot())));
    again.add(2, [3]);
    expect(again.advance(day)?.medians[0]).toBe(2);
  });
});
