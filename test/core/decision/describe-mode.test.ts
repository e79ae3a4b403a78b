import { expect, test } from "vitest";
import type { MeasuredSignal } from "../../../src/core/decision/choose-alarm.ts";
import { describeMode } from "../../../src/core/decision/describe-mode.ts";
import { usualSpread } from "../../../src/core/decision/fast-lane.ts";
import { beginSignal } from "../../../src/core/decision/signal-watch.ts";

const measured: MeasuredSignal = {
  name: "inner",
  window: { fromMs: 0, toMs: 1000, value: -2, compared: -2, leads: true },
  reference: null,
  calibration: { slope: 1, intercept: 0 },
  spread: usualSpread,
};
const heights = { fast: 8, slow: 2 };
const riskAt = (sum: number, faultPrior: number): number | null | undefined => {
  const idle = beginSignal(usualSpread);
  const state = { ...idle, fast: { ...idle.fast, sum } };
  return describeMode(measured, state, { faultPrior, heights, leading: null, isLearning: false }).risk;
};

test("risk is the site's prior without evidence, three quarters where it raises, and rises between", () => {
  expect(riskAt(0, 0.05)).toBeCloseTo(0.05, 12);
  expect(riskAt(8, 0.05)).toBeCloseTo(0.75, 12);
  expect(riskAt(1000, 0.05)).toBeCloseTo(0.75, 12);
  const risks = [0, 1, 2, 4, 8].map((sum) => riskAt(sum, 0.05)!);
  expect(risks).toEqual([...risks].sort((a, b) => a - b));
});

test("at a prior of none the risk is none, whatever has gathered", () => {
  for (const sum of [0, 4, 8]) expect(riskAt(sum, 0)).toBe(0);
});
