import { expect, test } from "vitest";
import type { SiteBaseline } from "../../../../src/core/contract/site-baseline.ts";
import {
  computeMargins,
  expectMargin,
  expectSeverity,
  toLongRun,
} from "../../../../src/core/decision/reference/margin.ts";

const baseline: SiteBaseline = {
  formatVersion: 1,
  version: 1,
  windows: 200,
  fromMs: 0,
  toMs: 1,
  shaftRpm: { min: 1000, max: 2000, reference: 1500 },
  spec: { catalogueVersion: 1, chains: [], list: [] },
  levels: [],
  model: { name: "m", version: "1.0.0", digest: "d" },
  margins: [
    { location: 1, perOctave: 2, scale: 0.5, autocorrelation: 0.6, wander: 0.3, freedom: 20, blocks: 5 },
  ],
  suspicions: [],
};

test("a margin is the logit above the highest rival, alone the logit itself", () => {
  expect(computeMargins([1, 4, 3])).toEqual([-3, 1, -1]);
  expect(computeMargins([2])).toEqual([2]);
  expect(computeMargins([2, 2])).toEqual([0, 0]);
});

test("modes that the bearing's lines do not tell apart are no rivals: a fault of theirs stands out of both margins", () => {
  expect(computeMargins([2, -3, 2.1], [0, 2])).toEqual([5, -5.1, 5.1]);
  expect(computeMargins([2, 2.1], [0, 1])).toEqual([2, 2.1]);
});

test("what moves all outputs alike cancels", () => {
  expect(computeMargins([11, 14, 13])).toEqual(computeMargins([1, 4, 3]));
});

test("the expected margin follows the speed, and neighbours' correlation widens a window's deviation", () => {
  expect(expectMargin(baseline, 0, 1500)).toEqual({
    location: 1,
    allowed: 0,
    window: 0.5 * Math.sqrt(1.6 / 0.4),
    wander: 0.3,
    single: Math.hypot(0.5, 0.3),
    freedom: 20,
    blocks: 5,
    windows: 200,
  });
  expect(toLongRun(0.5, 0.6)).toBeCloseTo(1, 12);
});

test("outside the learnt speeds it is not extrapolated, and may lie one and a half logits higher from 0.3 to 2 % beyond", () => {
  const atMost = 1 + 2 * Math.log2(2000 / 1500);
  for (const [rpm, higher] of [
    [2000, 0],
    [2003, 0.75],
    [2006, 1.5],
    [2039, 1.5],
    [2041, 0],
    [4000, 0],
  ] as const)
    expect(expectMargin(baseline, 0, rpm)!.location).toBeCloseTo(atMost + higher, 2);
  const atLeast = 1 + 2 * Math.log2(1000 / 1500);
  expect(expectMargin(baseline, 0, 1000)!.location).toBeCloseTo(atLeast, 12);
  expect(expectMargin(baseline, 0, 997)!.location).toBeCloseTo(atLeast + 1.5, 2);
  expect(expectMargin(baseline, 0, 979)!.location).toBeCloseTo(atLeast, 12);
  expect(expectMargin(baseline, 0, Number.NaN)!.location).toBe(1);
  const provisional = { ...baseline, isProvisional: true };
  expect(expectMargin(provisional, 0, 997)!.location).toBeCloseTo(atLeast, 12);
});

test("without a reference, or of an output that it does not know, nothing is expected", () => {
  expect(expectMargin(null, 0, 1500)).toBeNull();
  expect(expectMargin(baseline, 1, 1500)).toBeNull();
});

test("a reference that was kept before wander was learnt is taken for a usual one", () => {
  const margins = [{ location: 1, scale: 0.01, autocorrelation: 0 }];
  expect(expectMargin({ ...baseline, margins }, 0, 1500)).toEqual({
    location: 1,
    allowed: 0,
    window: 0.25,
    wander: 0.5,
    single: Math.hypot(0.25, 0.5),
    freedom: 12,
    blocks: 1,
    windows: 200,
  });
  expect(expectSeverity(baseline)).toMatchObject({ location: 0, window: 1.5, wander: 1.5 });
});
