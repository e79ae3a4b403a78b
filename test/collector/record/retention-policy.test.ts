import { expect, test } from "vitest";
import { expiryTimes, retentionPolicy } from "../../../src/collector/record/retention-policy.ts";

test("what is pruned is kept for the days that the operator chose", () => {
  const nowMs = Date.UTC(2026, 0, 31);
  const expected = Date.UTC(2026, 0, 1);
  expect(expiryTimes(retentionPolicy(30, 60), nowMs)).toEqual({
    predictions: expected,
    drift: expected,
    verdicts: Date.UTC(2025, 11, 2),
    events: expected,
    updates: expected,
  });
});

test("each class has its own time", () => {
  const policy = { ...retentionPolicy(30, 60), predictions: 1 };
  const times = expiryTimes(policy, Date.UTC(2026, 0, 31));
  expect([times.predictions, times.drift]).toEqual([Date.UTC(2026, 0, 30), Date.UTC(2026, 0, 1)]);
});
