import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureDistances } from "../../../src/core/drift/measure-distances.ts";

describe("distances", () => {
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

  it("come with the shares that they compare", () => {
    const sketch = { feature: 0, counts: [0, 1, 2], invalid: 0, mean: 0, sumSquares: 1, min: -2, max: 3 };
    const column = { name: "a", edges: [Math.fround(0.1), 1] };
    expect(
      measureDistances(
        [
          [2, 0, 0],
          [0, 2, 0],
        ],
        sketch,
        column,
      ).bins,
    ).toEqual({
      edges: [0.1, 1],
      reference: [0.5, 0.5, 0],
      current: [0, 0.3333, 0.6667],
    });
  });
});
