import fc from "fast-check";
import { expect, test } from "vitest";
import { explainLargestZ } from "../../../../src/core/decision/normal-behaviour/explain-largest-z.ts";

const sensorsOf = (values: readonly number[]) => values.map((z, index) => ({ name: `s${index}`, z }));

/** Shapley's own formula: the mean marginal contribution over all orders. */
function bruteForce(values: readonly number[]): number[] {
  const orders = (rest: readonly number[]): number[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((first) =>
          orders(rest.filter((each) => each !== first)).map((tail) => [first, ...tail]),
        );
  const all = orders(values.map((_, index) => index));
  const shares = values.map(() => 0);
  for (const order of all) {
    let largest = 0;
    for (const index of order) {
      const next = Math.max(largest, Math.abs(values[index]!));
      shares[index]! += (next - largest) / all.length;
      largest = next;
    }
  }
  return shares;
}

test("shares are the exact Shapley values of the largest distance", () => {
  const value = fc.double({ min: -8, max: 8, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
      const { groups, gap } = explainLargestZ(sensorsOf(values));
      for (const [index, share] of bruteForce(values).entries()) {
        expect(groups[index]!.share).toBeCloseTo(share, 9);
      }
      expect(gap).toBeLessThan(1e-9);
    }),
    { numRuns: 60 },
  );
});

test("a sensor of which nothing is known has no share", () => {
  expect(explainLargestZ(sensorsOf([Number.NaN, -3])).groups).toEqual([{ name: "s1", share: 3 }]);
  expect(explainLargestZ([]).groups).toEqual([]);
});
