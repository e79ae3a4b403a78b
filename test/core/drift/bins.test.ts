import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computePsi, computeShares, findBin, fitBinEdges } from "../../../src/core/drift/bins.ts";

describe("fixed bins", () => {
  it("hold equal shares of a continuous feature", () => {
    const values = Float32Array.from({ length: 1600 }, (_, index) => Math.sin(index * 0.7919) * 100);
    const edges = fitBinEdges(values, 16);
    expect(edges).toHaveLength(15);
    const counts = new Array<number>(16).fill(0);
    for (const value of values) counts[findBin(edges, 0, edges.length, value)]!++;
    for (const count of counts) expect(Math.abs(count - 100)).toBeLessThanOrEqual(2);
  });

  it("give a constant feature a bin below, at and above its value", () => {
    for (const constant of [0, -0, 3.25, -1e-20, 1e30]) {
      const edges = fitBinEdges(new Float32Array(100).fill(constant), 16);
      expect(edges).toHaveLength(2);
      expect(findBin(edges, 0, 2, Math.fround(constant))).toBe(1);
      expect(findBin(edges, 0, 2, Math.fround(constant) - (Math.abs(constant) * 1e-3 + 1e-30))).toBe(0);
      expect(findBin(edges, 0, 2, Math.fround(constant) + (Math.abs(constant) * 1e-3 + 1e-30))).toBe(2);
    }
  });

  it("increase strictly, are float32 and at most one fewer than bins, whatever the values", () => {
    const float = fc.float({ noDefaultInfinity: false });
    const tied = fc.constantFrom(0, 1, 1, 1, 2);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(float, tied), { maxLength: 200 }),
        fc.integer({ min: 3, max: 64 }),
        (v, bins) => {
          const edges = fitBinEdges(v, bins);
          expect(edges.length).toBeLessThan(bins);
          for (const [index, edge] of edges.entries()) {
            expect(Math.fround(edge)).toBe(edge);
            if (index > 0) expect(edge).toBeGreaterThan(edges[index - 1]!);
          }
        },
      ),
    );
  });

  it("find the bin that a plain search finds", () => {
    const edges = fc.uniqueArray(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 });
    fc.assert(
      fc.property(edges, fc.float({ noNaN: true }), (unsorted, value) => {
        const sorted = [...unsorted].sort((a, b) => a - b);
        expect(findBin(sorted, 0, sorted.length, value)).toBe(sorted.filter((edge) => edge <= value).length);
      }),
    );
  });
});

describe("the population stability index", () => {
  it("agrees with vector A5", () => {
    expect(computePsi([0.5, 0.3, 0.2], [0.3, 0.4, 0.3])).toBeCloseTo(0.17147984280919268, 14);
  });

  it("agrees with vector A6", () => {
    const deciles = new Array<number>(10).fill(0.1);
    const moved = [0.05, 0.05, ...new Array<number>(6).fill(0.1), 0.15, 0.15];
    expect(computePsi(deciles, moved)).toBeCloseTo(0.10986122886681095, 14);
  });

  it("is zero for equal histograms, symmetric, finite and not negative for any counts", () => {
    const counts = fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const a = computeShares(first);
        const b = computeShares(second);
        expect(computePsi(a, a)).toBe(0);
        expect(computePsi(a, b)).toBeCloseTo(computePsi(b, a), 10);
        expect(computePsi(a, b)).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(computePsi(a, b))).toBe(true);
      }),
    );
  });

  it("counts an empty bin as half a value", () => {
    expect(computeShares([0, 100])).toEqual([0.005, 1]);
    expect(computeShares([0, 0])).toEqual([0.5, 0.5]);
  });
});
