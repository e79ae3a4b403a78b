import { expect, test } from "vitest";
import { splitBudget } from "../../../src/core/decision/false-alarm-budget.ts";

test("a tenth of a false alarm a year over four signals: heights by hand", () => {
  // Fast: −ln(0.025 · 0.2 / 3e7) / 2.5 = ln(6e9) / 2.5. Slow: Φ⁻¹(1 − 0.025 · 0.8 / 2 / (1.5 · 8766)) − 3 = 4.8085 − 3.
  const { fast, slow } = splitBudget(0.1, 4);
  expect(fast).toBeCloseTo(9.006, 3);
  expect(slow).toBeCloseTo(1.8085, 2);
});

test("less budget and more signals ask for more evidence, and the heights end somewhere", () => {
  const heights = [1e5, 1000, 10, 0.1, 1e-4].map((budget) => splitBudget(budget, 4));
  for (const [at, { fast, slow }] of heights.entries()) {
    expect(fast).toBeGreaterThanOrEqual(heights[at - 1]?.fast ?? 3);
    expect(slow).toBeGreaterThanOrEqual(heights[at - 1]?.slow ?? 0.5);
  }
  expect(splitBudget(1e12, 1)).toEqual({ fast: 3, slow: 0.5 });
  expect(splitBudget(0.1, 32).fast).toBeGreaterThan(splitBudget(0.1, 2).fast);
});
