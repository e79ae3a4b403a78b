import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DriftLoad } from "../../../src/core/contract/drift-verdict.ts";
import type { DriftReport, FeatureSketch } from "../../../src/core/contract/uplink-record.ts";
import type { DaySummary } from "../../../src/core/drift/day-summary.ts";
import { addToDay, findDayOf, mergeDays } from "../../../src/core/drift/merge-day.ts";

const dayMs = 86_400_000;

/** Sketches of values in the bins below 0 and from 0 on. */
function sketch(feature: number, values: readonly number[]): FeatureSketch {
  const finite = values.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
  return {
    feature,
    counts: [finite.filter((value) => value < 0).length, finite.filter((value) => value >= 0).length],
    invalid: values.length - finite.length,
    mean,
    sumSquares: finite.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    min: finite.length === 0 ? 0 : Math.min(...finite),
    max: finite.length === 0 ? 0 : Math.max(...finite),
  };
}

function report(hour: number, sketches: readonly FeatureSketch[], load?: DriftLoad): DriftReport {
  const fromMs = 10 * dayMs + hour * 3_600_000;
  return {
    kind: "drift-report",
    site: "s",
    turbine: "t",
    component: "c",
    modelName: "m",
    modelVersion: "1.0.0",
    modelDigest: "d",
    fromMs,
    toMs: fromMs + 3_600_000,
    sketches,
    ...(load === undefined ? {} : { load }),
  };
}

const values = fc.array(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(Number.NaN)), {
  maxLength: 6,
});
const reports = fc.array(
  fc
    .record({
      hour: fc.integer({ min: 0, max: 23 }),
      band: fc.option(fc.integer({ min: 18, max: 20 })),
      by: fc.constantFrom("power", "speed"),
      first: values,
      second: fc.option(values),
    })
    .map(({ hour, band, by, first, second }) =>
      report(
        hour,
        second === null ? [sketch(3, first)] : [sketch(5, second), sketch(3, first)],
        band === null ? undefined : { by, band },
      ),
    ),
  { minLength: 1, maxLength: 30 },
);
const add = (given: readonly DriftReport[]): DaySummary =>
  given.reduce<DaySummary | null>((day, each) => addToDay(day, each, dayMs), null)!;

/** What a merge promises to the bit, and its moments to rounding. */
function expectSame(a: DaySummary, b: DaySummary): void {
  const exact = (day: DaySummary): unknown =>
    day.features.map(({ sketch: of, cells }) => [
      of.feature,
      of.counts,
      of.invalid,
      of.min,
      of.max,
      cells.map(({ slot, load, count }) => [slot, load, count]),
    ]);
  expect(exact(a)).toEqual(exact(b));
  for (const [index, { sketch: of, cells }] of a.features.entries()) {
    const other = b.features[index]!;
    expect(of.mean).toBeCloseTo(other.sketch.mean, 9);
    expect(of.sumSquares).toBeCloseTo(other.sketch.sumSquares, 6);
    for (const [at, cell] of cells.entries()) {
      expect(cell.mean).toBeCloseTo(other.cells[at]!.mean, 9);
      expect(cell.sumSquares).toBeCloseTo(other.cells[at]!.sumSquares, 6);
    }
  }
}

describe("a day", () => {
  it("is the same whatever the order and grouping of its reports", () => {
    fc.assert(
      fc.property(reports, reports, fc.integer(), (first, second, seed) => {
        const all = [...first, ...second];
        const shuffled = all
          .map((each, index) => ({ each, rank: Math.imul(index + 1, seed | 1) >>> 0 }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ each }) => each);
        expectSame(add(shuffled), add(all));
        expectSame(mergeDays(add(first), add(second)), add(all));
        expectSame(mergeDays(add(second), add(first)), add(all));
      }),
    );
  });

  it("puts a report into the hour and the load of its middle", () => {
    const day = add([report(7, [sketch(3, [1, 2])], { by: "power", band: 19 }), report(7, [sketch(3, [4])])]);
    expect(day.fromMs).toBe(10 * dayMs);
    expect(day.features[0]!.cells).toEqual([
      { slot: 7, load: null, count: 1, mean: 4, sumSquares: 0 },
      { slot: 7, load: { by: "power", band: 19 }, count: 2, mean: 1.5, sumSquares: 0.5 },
    ]);
    expect(findDayOf({ fromMs: 11 * dayMs - 60_000, toMs: 11 * dayMs + 61_000 }, dayMs)).toBe(11 * dayMs);
  });

  it("knows nothing of the moments of an interval without a value", () => {
    const empty = { ...sketch(3, [Number.NaN]), mean: Number.NaN, sumSquares: Number.NaN };
    const { features } = add([report(0, [empty]), report(1, [sketch(3, [2])])]);
    expect(features[0]!.sketch).toMatchObject({ invalid: 1, mean: 2, sumSquares: 0, min: 2, max: 2 });
  });

  it.each<[string, DriftReport, RegExp]>([
    ["NaN moments", report(0, [{ ...sketch(3, [1, 2]), mean: Number.NaN }]), /not finite/],
    ["a mean outside its values", report(0, [{ ...sketch(3, [1, 2]), mean: 3 }]), /a mean of 3/],
    [
      "a sum of squares past its values",
      report(0, [{ ...sketch(3, [1, 2]), sumSquares: 9 }]),
      /sum of squares/,
    ],
    ["a negative count", report(0, [{ ...sketch(3, [1]), counts: [-1, 2] }]), /no counts/],
    ["half a count", report(0, [{ ...sketch(3, [1]), counts: [0.5, 0.5] }]), /no counts/],
    ["a feature that is there twice", report(0, [sketch(3, [1]), sketch(3, [2])]), /twice/],
    ["a load that is none", report(0, [sketch(3, [1])], { by: "power", band: Number.NaN }), /load/],
    [
      "a window of ten years",
      { ...report(0, [sketch(3, [1])]), toMs: 3660 * dayMs },
      /longer than the period/,
    ],
    ["an end before the beginning", { ...report(2, [sketch(3, [1])]), toMs: 10 * dayMs }, /a report from/],
    ["a time that is none", { ...report(2, [sketch(3, [1])]), fromMs: Number.NaN }, /a report from/],
    ["another day", { ...report(26, [sketch(3, [1])]) }, /cannot merge the day/],
    ["other bins", report(0, [{ ...sketch(3, [1]), counts: [0, 1, 0] }]), /cannot merge feature/],
  ])("refuses %s", (_what, bad, message) => {
    const day = add([report(1, [sketch(3, [1, -1])])]);
    expect(() => addToDay(day, bad, dayMs)).toThrow(RangeError);
    expect(() => addToDay(day, bad, dayMs)).toThrow(message);
  });

  it("refuses a period that is none", () => {
    for (const period of [0, -1, Number.NaN, 40 * dayMs]) {
      expect(() => addToDay(null, report(0, []), period)).toThrow(/a period of/);
    }
  });
});
