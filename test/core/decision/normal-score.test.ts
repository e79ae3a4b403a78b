import { expect, test } from "vitest";
import { findUpperDeviate, toNormalScore } from "../../../src/core/decision/normal-score.ts";

/** t, degrees of freedom, and −norm.ppf(t.sf(t, freedom)) of SciPy 1's stats. */
const scores = [
  [0.5, 3, 0.4518],
  [2, 3, 1.4783],
  [4, 3, 2.1972],
  [8, 3, 2.8722],
  [2, 5, 1.6355],
  [8, 5, 3.4846],
  [0.5, 12, 0.4872],
  [4, 12, 3.1277],
  [8, 12, 4.6242],
  [4, 30, 3.5523],
  [8, 30, 5.8095],
  [8, 200, 7.4425],
] as const;

test.each(scores)("t = %d with %d degrees of freedom is as far out as %d", (t, freedom, exact) => {
  expect(Math.abs(toNormalScore(t, freedom) - exact)).toBeLessThan(freedom < 12 ? 0.05 : 0.015);
  expect(toNormalScore(-t, freedom)).toBe(-toNormalScore(t, freedom));
});

/** Probability and norm.isf of SciPy 1's stats. */
const deviates = [
  [0.5, 0],
  [0.1, 1.28155],
  [0.01, 2.32635],
  [1e-4, 3.71902],
  [2.3e-6, 4.58225],
  [1e-10, 6.36134],
] as const;

test.each(deviates)("a standard normal exceeds with %d what is %d", (probability, exact) => {
  expect(Math.abs(findUpperDeviate(probability) - exact)).toBeLessThan(4.5e-4);
});
