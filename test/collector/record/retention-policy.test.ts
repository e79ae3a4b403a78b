import { expect, test } from "vitest";
import {
  expiryTimes,
  retentionPolicy,
  thinningTimes,
} from "../../../src/collector/record/retention-policy.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";

const nowMs = Date.UTC(2026, 0, 31);
const policyOf = (config: object) => retentionPolicy(collectorConfigSchema().parse(config));

test("what is pruned is kept for the days that the operator chose", () => {
  const expected = Date.UTC(2026, 0, 1);
  expect(expiryTimes(policyOf({ retentionDays: 30, drift: { verdictDays: 60 } }), nowMs)).toEqual({
    predictions: expected,
    drift: expected,
    verdicts: Date.UTC(2025, 11, 2),
    events: expected,
    updates: Date.UTC(2025, 11, 2),
  });
});

test("each class has its own time", () => {
  const times = expiryTimes(policyOf({ retentionDays: 30, predictions: { retentionDays: 1 } }), nowMs);
  expect([times.predictions, times.drift]).toEqual([Date.UTC(2026, 0, 30), Date.UTC(2026, 0, 1)]);
});

test("predictions alone are thinned, after a week and after a month, the longest rows first", () => {
  const policy = policyOf({});
  const thinned = Object.entries(policy).filter(([, each]) => each.thinned.length > 0);
  expect(thinned.map(([name]) => name)).toEqual(["predictions"]);
  expect(thinningTimes(policy.predictions, nowMs)).toEqual([
    { receivedBeforeMs: Date.UTC(2026, 0, 1), rowMs: 3_600_000 },
    { receivedBeforeMs: Date.UTC(2026, 0, 24), rowMs: 600_000 },
  ]);
  expect(policyOf({ predictions: { thinning: [] } }).predictions.thinned).toEqual([]);
});

test.for([
  [
    "younger",
    [
      { afterDays: 30, rowSeconds: 600 },
      { afterDays: 7, rowSeconds: 3_600 },
    ],
  ],
  [
    "finer",
    [
      { afterDays: 7, rowSeconds: 3_600 },
      { afterDays: 30, rowSeconds: 600 },
    ],
  ],
  ["of no whole part of a day", [{ afterDays: 7, rowSeconds: 700 }]],
  ["finer than what gateways send", [{ afterDays: 7, rowSeconds: 1 }]],
] as const)("a step of thinning that is %s is refused", ([, thinning]) => {
  expect(collectorConfigSchema().safeParse({ predictions: { thinning } }).success).toBe(false);
});
