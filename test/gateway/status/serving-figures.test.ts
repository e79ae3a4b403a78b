import { describe, expect, it } from "vitest";
import type { Decision, ModeDecision } from "../../../src/core/contract/prediction.ts";
import type { StudentOutput } from "../../../src/core/serving/loaded-bundle.ts";
import { createLatencyRecorder, createServingFigures } from "../../../src/gateway/status/serving-figures.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { windowAt } from "../fakes.ts";

const lower = { quantised: Uint8Array.of(1, 2), logits: Float64Array.of(0, 0) };
const upper = { quantised: Uint8Array.of(3, 4), logits: Float64Array.of(0, 0) };

const point = { site: "s", turbine: "WT01", component: "generator-bearing" };
const mode: ModeDecision = {
  failureMode: "outer",
  probability: 0.25,
  score: -1.5,
  threshold: 0.8,
  active: false,
  sinceMs: null,
  risk: null,
};
const decision: Decision = {
  point,
  windowId: "w",
  fromMs: 0,
  toMs: 1,
  operatingState: "full-performance",
  model: { name: "m", version: "1.0.0", digest: "d" },
  modes: [mode],
  severityDb: 2,
};

function digestOf(...decided: readonly (readonly [decision: Decision, output: StudentOutput])[]): string {
  const figures = createServingFigures(createManualClock());
  for (const [index, [each, output]] of decided.entries())
    figures.record(each, { window: windowAt(index), output });
  return figures.describe().decisionsDigest;
}

const both = { ...lower, bands: { lower, upper } };

it("digests the integers of both bands", () => {
  expect(digestOf([decision, lower])).not.toBe(digestOf([decision, upper]));
  expect(digestOf([decision, lower])).not.toBe(digestOf([decision, both]));
  expect(digestOf([decision, both], [decision, lower])).not.toBe(
    digestOf([decision, lower], [decision, both]),
  );
});

it.each([
  { modes: [{ ...mode, active: true }] },
  { modes: [{ ...mode, probability: 0.25 + 2 ** -50 }] },
  { modes: [{ ...mode, sinceMs: 1 }] },
  { modes: [{ ...mode, risk: 0.1 }] },
  { modes: [] },
  { severityDb: null },
  { isLearning: true },
])("digests what is said of the window: %o", (said) => {
  expect(digestOf([{ ...decision, ...said }, lower])).not.toBe(digestOf([decision, lower]));
});

it("has one digest for points in any order, and another for a point's windows in another", () => {
  const other = { ...decision, point: { site: "s", turbine: "WT02", component: "generator-bearing" } };
  const digest = (order: readonly (readonly [Decision, number])[]): string => {
    const figures = createServingFigures(createManualClock());
    for (const [each, at] of order) figures.record(each, { window: windowAt(at), output: lower });
    return figures.describe().decisionsDigest;
  };
  const mixed = digest([
    [decision, 0],
    [other, 0],
    [decision, 1],
  ]);
  expect(mixed).toBe(
    digest([
      [other, 0],
      [decision, 0],
      [decision, 1],
    ]),
  );
  expect(mixed).not.toBe(
    digest([
      [other, 0],
      [decision, 1],
      [decision, 0],
    ]),
  );
});

describe("a latency recorder", () => {
  it("gives quantiles within two percent", () => {
    const recorder = createLatencyRecorder();
    for (let value = 1; value <= 1000; value++) recorder.record(value / 10);
    expect(recorder.quantile(0.5)).toBeGreaterThanOrEqual(50);
    expect(recorder.quantile(0.5)).toBeLessThanOrEqual(51);
    expect(recorder.quantile(0.99)).toBeGreaterThanOrEqual(99);
    expect(recorder.quantile(0.99)).toBeLessThanOrEqual(101);
  });

  it("takes nothing, zero, negative and absurd values", () => {
    const recorder = createLatencyRecorder();
    expect(recorder.quantile(0.5)).toBe(0);
    for (const value of [0, -5, 1e12]) recorder.record(value);
    expect(Number.isFinite(recorder.quantile(1))).toBe(true);
  });
});
