import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBin, fitBinEdges } from "../../../src/core/drift/bins.ts";

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
