import { expect, test } from "vitest";
import type { MeasuredSignal } from "../../../src/core/decision/choose-alarm.ts";
import { weighRisk } from "../../../src/core/decision/compute-risk.ts";
import { describeMode } from "../../../src/core/decision/describe-mode.ts";
import { type EvidenceHeights, splitBudget } from "../../../src/core/decision/false-alarm-budget.ts";
import { usualSpread } from "../../../src/core/decision/fast-lane.ts";
import { beginSignal } from "../../../src/core/decision/signal-watch.ts";

const measured: MeasuredSignal = {
  name: "inner",
  score: -2,
  window: {
    fromMs: 0,
    toMs: 1000,
    value: -2,
    compared: -2,
    leads: true,
    isForeign: false,
    isExplained: false,
    ceiling: 0,
    isPooled: false,
    isVouched: false,
    isCalm: false,
    isUsual: true,
    isFaint: false,
    isEmpty: false,
    isBound: false,
    shaftRpm: Number.NaN,
  },
  reference: null,
  calibration: { slope: 1, intercept: 0 },
  spread: usualSpread,
};
const pictureOf = (heights: EvidenceHeights) => ({
  baseline: null,
  outputs: [],
  coinciding: [],
  signals: new Map(),
  heights,
});
const picture = pictureOf({ fast: 8, slow: 2 });
const riskAt = (sum: number, faultPrior: number): number | null | undefined => {
  const idle = beginSignal(usualSpread);
  const state = { ...idle, fast: { ...idle.fast, sum } };
  return describeMode(measured, state, { faultPrior, picture, isLearning: false }).risk;
};

test("risk is the site's prior without evidence, and rises evenly in log odds, at most 1,000 to 1", () => {
  const oddsAt = (sum: number, prior: number): number => {
    const risk = riskAt(sum, prior)!;
    return risk / (1 - risk) / (prior / (1 - prior));
  };
  expect(riskAt(0, 0.05)).toBeCloseTo(0.05, 12);
  expect(Math.log(oddsAt(8, 0.05))).toBeCloseTo(2 * Math.log(oddsAt(4, 0.05)), 9);
  expect(oddsAt(8, 0.3)).toBeCloseTo(oddsAt(8, 0.05), 9);
  expect(oddsAt(1000, 0.05)).toBeCloseTo(1000, 6);
});

test("at the default budget and prior three of four alarms are right that just raise, by either lane", () => {
  const { fast, slow } = splitBudget(0.1, 4);
  expect(weighRisk({ fast, slow: 0, kept: 1 }, 0.058)).toBeCloseTo(0.75, 2);
  expect(weighRisk({ fast: 0, slow, kept: 1 }, 0.058)).toBeCloseTo(0.75, 2);
});

test("of an alarm that an older version raised no more is known than that it was", () => {
  const idle = beginSignal(usualSpread);
  const held = { sinceMs: 0, lane: null, isMargin: false, healthy: -1, mean: null, peak: null } as const;
  const state = { ...idle, held: { ...held, quietMs: 0, quietWindows: 0, toMs: 0 } };
  const context = { faultPrior: 0.058, picture: pictureOf(splitBudget(0.1, 4)), isLearning: true };
  expect(describeMode(measured, state, context).risk).toBeCloseTo(0.75, 2);
});

test("at a prior of none the risk is none, whatever has gathered", () => {
  for (const sum of [0, 4, 8]) expect(riskAt(sum, 0)).toBe(0);
});
