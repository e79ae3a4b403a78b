import fc from "fast-check";
import { expect, test } from "vitest";
import type { RemainingLifeSpec } from "../../../src/core/contract/bundle/remaining-life.ts";
import { estimateRemainingLife } from "../../../src/core/decision/remaining-life.ts";

const spec: RemainingLifeSpec = {
  unit: "cycle",
  capSteps: 100,
  minHistorySteps: 10,
  coverage: 0.9,
  interval: [
    { predicted: 20, low: -4, high: 8 },
    { predicted: 60, low: -20, high: 24 },
  ],
};

test("the interval is interpolated between knots and kept beyond them", () => {
  expect(estimateRemainingLife(spec, 0.4)).toEqual({ value: 40, low: 28, high: 56, openEnded: false });
  expect(estimateRemainingLife(spec, 0.1)).toEqual({ value: 10, low: 6, high: 18, openEnded: false });
  expect(estimateRemainingLife(spec, 0.7)).toEqual({ value: 70, low: 50, high: 94, openEnded: false });
});

test("an interval that reaches the cap is open, and nothing leaves 0 to the cap", () => {
  expect(estimateRemainingLife(spec, 0.9)).toEqual({ value: 90, low: 70, high: 100, openEnded: true });
  fc.assert(
    fc.property(fc.double({ min: -2, max: 3, noNaN: true }), (output) => {
      const { value, low, high } = estimateRemainingLife(spec, output);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(high).toBeLessThanOrEqual(100);
    }),
  );
});
