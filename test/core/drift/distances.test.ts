import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBin } from "../../../src/core/drift/bins.ts";
import {
  type BinnedSample,
  computeJensenShannon,
  computeKs,
  computeWasserstein,
} from "../../../src/core/drift/distances.ts";
import { createNumpyRandom } from "../../support/mersenne-twister.ts";

const counts = fc.array(fc.nat(50), { minLength: 6, maxLength: 6 });

function bin(values: readonly number[], edges: readonly number[]): BinnedSample {
  const binned = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) binned[findBin(edges, 0, edges.length, value)]!++;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { counts: binned, mean, min: Math.min(...values), max: Math.max(...values) };
}

describe("distances between binned distributions", () => {
  it("agree with vector A5, whatever the counts sum to", () => {
    const [p, q] = [
      [0.5, 0.3, 0.2],
      [0.3, 0.4, 0.3],
    ];
    expect(computeJensenShannon(p, q)).toBeCloseTo(0.1457776797019122, 14);
    expect(computeJensenShannon([50, 30, 20], [3, 4, 3])).toBeCloseTo(0.1457776797019122, 14);
    expect(computeKs(p, q)).toBeCloseTo(0.2, 14);
  });

  it("agree with vector A4 where a bin holds one value", () => {
    const edges = Array.from({ length: 12 }, (_, index) => index + 1.5);
    const a = bin([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], edges);
    const b = bin([3, 4, 5, 6, 7, 8, 9, 10, 11, 12], edges);
    expect(computeKs(a.counts, b.counts)).toBeCloseTo(0.2, 14);
    // The bins of samples end at their own smallest and largest value, which costs a little of 2.0.
    expect(Math.abs(computeWasserstein(edges, a, b) - 2)).toBeLessThan(0.06);
  });

  it("find the shift of a normal distribution, vector A8", () => {
    const random = createNumpyRandom(1);
    const draw = (mean: number, count: number): number[] =>
      Array.from({ length: count }, () => mean + random.normal());
    const reference = draw(0, 10_000);
    const sorted = Float64Array.from(reference).sort();
    const edges = Array.from({ length: 63 }, (_, k) => sorted[Math.floor(((k + 1) * 10_000) / 64)]!);
    const moved = draw(1, 1_000);
    expect(Math.abs(computeWasserstein(edges, bin(reference, edges), bin(moved, edges)) - 1.01)).toBeLessThan(
      0.03,
    );
  });

  it("are the distance of two constants, and 0 for equal counts or where nothing is", () => {
    const at = (value: number): BinnedSample => bin([value, value], [0, 1, 2]);
    expect(computeWasserstein([0, 1, 2], at(0.25), at(1.75))).toBeCloseTo(1.5, 14);
    expect(computeWasserstein([0, 1, 2], at(-5), at(7))).toBeCloseTo(12, 12);
    expect(computeWasserstein([0, 1, 2], at(0.5), at(0.5))).toBe(0);
    const empty = { counts: [0, 0, 0, 0], mean: 0, min: 0, max: 0 };
    expect(computeWasserstein([0, 1, 2], at(0.5), empty)).toBe(0);
    expect(computeKs([1, 2], [0, 0])).toBe(0);
    expect(computeJensenShannon([0, 0], [1, 2])).toBe(0);
    expect(computeJensenShannon([1, 0], [0, 1])).toBeCloseTo(Math.sqrt(Math.LN2), 14);
    expect(computeKs([1, 0], [0, 1])).toBe(1);
  });

  it("are symmetric, not negative, within their range, and 0 against itself", () => {
    const edges = [-2, -1, 0, 1, 2];
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const a = { counts: first, mean: 0, min: -4, max: 5 };
        const b = { counts: second, mean: 0, min: -3, max: 3 };
        expect(computeKs(first, first)).toBe(0);
        expect(computeJensenShannon(first, first)).toBeCloseTo(0, 7);
        expect(computeWasserstein(edges, a, a)).toBe(0);
        expect(computeKs(first, second)).toBeCloseTo(computeKs(second, first), 12);
        expect(computeKs(first, second)).toBeLessThanOrEqual(1 + 1e-12);
        expect(computeJensenShannon(first, second)).toBeCloseTo(computeJensenShannon(second, first), 12);
        expect(computeJensenShannon(first, second)).toBeLessThanOrEqual(Math.sqrt(Math.LN2) + 1e-12);
        const area = computeWasserstein(edges, a, b);
        expect(area).toBeCloseTo(computeWasserstein(edges, b, a), 10);
        expect(area).toBeGreaterThanOrEqual(0);
        expect(area).toBeLessThanOrEqual(9);
      }),
    );
  });

  it("are never less than the difference of the means, where all of a day lies beyond the edges", () => {
    const random = createNumpyRandom(2);
    const draw = (mean: number): number[] => Array.from({ length: 500 }, () => mean + random.normal());
    const edges = [-1.5, -0.5, 0.5, 1.5];
    const far = computeWasserstein(edges, bin(draw(0), edges), bin(draw(20), edges));
    expect(Math.abs(far - 20)).toBeLessThan(0.3);
  });

  it("scale with the column's unit, and move by what everything moves", () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 100, noNaN: true }), (given, factor) => {
        fc.pre(given.some((count) => count > 0));
        const edges = [-2, -1, 0, 1, 2];
        const here = { counts: given, mean: 0, min: -3, max: 3 };
        const there = { counts: [...given.slice(1), given[0]!], mean: 0, min: -3, max: 3 };
        const scaled = (sample: typeof here): typeof here => ({
          ...sample,
          min: -3 * factor,
          max: 3 * factor,
        });
        const area = computeWasserstein(edges, here, there);
        const larger = computeWasserstein(
          edges.map((edge) => edge * factor),
          scaled(here),
          scaled(there),
        );
        expect(larger / factor).toBeCloseTo(area, 8);
      }),
    );
  });
});
