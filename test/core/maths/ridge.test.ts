import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createRidge } from "../../../src/core/maths/ridge.ts";

test("finds the coefficients that made the targets when the penalty is small", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, regressors) => {
      const random = createRandom(seed);
      const truth = Array.from({ length: regressors * 2 }, () => random.normal());
      const ridge = createRidge(regressors, 2);
      for (let row = 0; row < 50; row++) {
        const x = Array.from({ length: regressors }, () => random.normal());
        const y = [0, 1].map((k) => x.reduce((sum, value, i) => sum + value * truth[i * 2 + k]!, 0));
        ridge.add(x, y);
      }
      for (const [index, value] of ridge.solve(1e-12).entries()) expect(value).toBeCloseTo(truth[index]!, 6);
    }),
    { numRuns: 30 },
  );
});

test("shrinks towards nothing as the penalty grows, and copes with regressors that say the same", () => {
  const ridge = createRidge(2, 1);
  for (let row = 1; row <= 10; row++) ridge.add([row, row], [2 * row]);
  const [a, b] = ridge.solve(1e-6);
  expect(a! + b!).toBeCloseTo(2, 4);
  expect(a).toBeCloseTo(b!, 4);
  expect(Math.abs(ridge.solve(1e9)[0]!)).toBeLessThan(1e-6);
});

test("refuses to solve without rows or penalty", () => {
  const ridge = createRidge(1, 1);
  expect(() => ridge.solve(1)).toThrow(RangeError);
  ridge.add([1], [1]);
  expect(() => ridge.solve(0)).toThrow(RangeError);
});
