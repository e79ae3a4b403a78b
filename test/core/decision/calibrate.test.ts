import fc from "fast-check";
import { expect, it } from "vitest";
import { computeFaultProbability } from "../../../src/core/decision/calibrate.ts";

const calibration = [
  { slope: 3, intercept: -1 },
  { slope: 1, intercept: 4 },
];

it("any fault is as likely as the highest raw logit under the mean calibration", () => {
  expect(computeFaultProbability([0.5, -2], calibration)).toBeCloseTo(
    1 / (1 + Math.exp(-(2 * 0.5 + 1.5))),
    12,
  );
  // The mode whose own calibration lifts it does not win by that.
  expect(computeFaultProbability([1, 0.9], calibration)).toBe(computeFaultProbability([1, -9], calibration));
});

it("any fault ranks machines as their highest logit does", () => {
  const logits = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 2 });
  fc.assert(
    fc.property(logits, logits, (first, second) => {
      const [a, b] = [
        computeFaultProbability(first, calibration),
        computeFaultProbability(second, calibration),
      ];
      expect(a >= 0 && a <= 1).toBe(true);
      if (Math.max(...first) > Math.max(...second)) expect(a).toBeGreaterThanOrEqual(b);
    }),
  );
});
