import { expect, test } from "vitest";
import { computeChiSquareQuantile, computeNormalTail } from "../../../src/core/maths/normal.ts";

test("tails are those of published tables, on either side", () => {
  for (const [z, tail] of [
    [0, 0.5],
    [1.281552, 0.1],
    [1.959964, 0.025],
    [3.090232, 0.001],
  ] as const) {
    expect(computeNormalTail(z)).toBeCloseTo(tail, 6);
    expect(computeNormalTail(-z)).toBeCloseTo(1 - tail, 6);
  }
  expect(computeNormalTail(Number.POSITIVE_INFINITY)).toBe(0);
});

test("quantiles of χ² are within a per cent of published ones", () => {
  for (const [degrees, upperTail, quantile] of [
    [2, 0.01, 9.2103],
    [9, 0.001, 27.877],
    [30, 0.05, 43.773],
  ] as const) {
    expect(Math.abs(computeChiSquareQuantile(degrees, upperTail) / quantile - 1)).toBeLessThan(0.01);
  }
});
