import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computePsi } from "../../../src/core/drift/bins.ts";
import {
  computeJensenShannon,
  computeKs,
  computeWasserstein,
  measureDistances,
} from "../../../src/core/drift/measure-distances.ts";

describe("distances", () => {
  it("agree with published values for two samples of ten (A4)", () => {
    const p = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
    const q = [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    expect(computeKs(p, q)).toBeCloseTo(0.2, 12);
    const axis = Array.from({ length: 13 }, (_, index) => index);
    expect(computeWasserstein(p, q, axis)).toBeCloseTo(2, 12);
  });

  it("agree with published values for three shares (A5)", () => {
    const p = [0.5, 0.3, 0.2];
    const q = [0.3, 0.4, 0.3];
    expect(computePsi(p, q)).toBeCloseTo(0.17147984280919268, 14);
    expect(computeJensenShannon(p, q)).toBeCloseTo(0.1457776797019122, 14);
    expect(computeKs(p, q)).toBeCloseTo(0.2, 12);
  });

  it("agree with the published stability index of deciles (A6)", () => {
    const q = [0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.15, 0.15];
    expect(computePsi(new Array<number>(10).fill(0.1), q)).toBeCloseTo(0.10986122886681095, 14);
  });

  it("lie in their ranges, around their values, and are 0 for the same shares", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(counts, { minLength: 2, maxLength: 8 }), counts, (groups, day) => {
        const sketch = { feature: 0, counts: day, invalid: 0, mean: 0, sumSquares: 1, min: -2, max: 3 };
        const measured = measureDistances(groups, sketch, { name: "a", edges: [-1, 0, 1, 2] });
        for (const distance of [measured.psi, measured.ks, measured.wasserstein, measured.jensenShannon]) {
          expect(distance.low).toBeGreaterThanOrEqual(0);
          expect(distance.low).toBeLessThanOrEqual(distance.value);
          expect(distance.high).toBeGreaterThanOrEqual(distance.value);
        }
        expect(measured.ks.value).toBeLessThanOrEqual(1);
        expect(measured.jensenShannon.value).toBeLessThanOrEqual(Math.sqrt(Math.LN2));
        const same = measureDistances([day, day], sketch, { name: "a", edges: [-1, 0, 1, 2] });
        for (const distance of [same.psi, same.ks, same.wasserstein, same.jensenShannon]) {
          expect(distance.value).toBeCloseTo(0, 9);
        }
      }),
    );
  });
});
