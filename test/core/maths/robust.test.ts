import fc from "fast-check";
import { expect, test } from "vitest";
import { computeMedian, computeTheilSenSlope } from "../../../src/core/maths/robust.ts";

/** By its definition: every pair in turn, of which every so many is looked at. */
function slopeByDefinition(x: readonly number[], y: readonly number[], minDistance: number): number {
  const step = Math.max(1, Math.ceil((x.length * x.length) / 2 / 20_000));
  const slopes: number[] = [];
  let pair = 0;
  for (let first = 0; first < x.length; first++) {
    for (let second = first + 1; second < x.length; second++) {
      if (pair++ % step !== 0) continue;
      const distance = x[second]! - x[first]!;
      if (Math.abs(distance) >= minDistance) slopes.push((y[second]! - y[first]!) / distance);
    }
  }
  return slopes.length < 8 ? 0 : computeMedian(slopes);
}

test("the slope is the median over pairs that lie far enough apart, of many points over evenly chosen ones", () => {
  const value = fc.oneof(
    { weight: 30, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
  );
  const points = fc
    .tuple(fc.integer({ min: 0, max: 6 }), fc.array(fc.tuple(value, value), { maxLength: 120 }))
    .map(([times, some]) => Array.from({ length: times + 1 }, () => some).flat());
  fc.assert(
    fc.property(points, fc.constantFrom(1e-9, 1 / 6, 0.5, 1.9, 3), (given, minDistance) => {
      const [x, y] = [given.map(([at]) => at), given.map(([, of]) => of)];
      expect(computeTheilSenSlope(x, y, minDistance)).toBe(slopeByDefinition(x, y, minDistance));
    }),
  );
});
