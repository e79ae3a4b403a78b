import { expect, test } from "vitest";
import { findBest } from "../../../scripts/drift/best-test.ts";

const known = { shift: 0.12, rho: 0, learnDays: 14, columns: 8, falsePerDay: 0.001 };

test("of independent rows the best test is that of two means, whose tables are known", () => {
  // 2,016 rows against 432, 0.12 standard deviations: 2.263 standard errors, 2.748 asked for.
  expect(findBest(known).ofDays).toBeCloseTo(0.3139, 3);
  // Nothing is learnt of 432 rows: 2.494 standard errors.
  expect(findBest(known).ofEndlessDays).toBeCloseTo(0.3998, 3);
  expect(findBest(known).ofRows).toBeCloseTo(0.3998, 3);
});

test("who is told less finds less, until many days tell it all but where and which way", () => {
  for (const rho of [0, 0.5, 0.9, 0.98]) {
    const { ofDays, ofEndlessDays, ofRows, untold } = findBest({ ...known, shift: 0.5, rho });
    expect(untold).toBeLessThanOrEqual(ofDays);
    expect(ofDays).toBeLessThanOrEqual(ofEndlessDays);
    expect(ofEndlessDays).toBeLessThanOrEqual(ofRows + 1e-9);
  }
  const long = findBest({ ...known, learnDays: 300 });
  // 3.556 standard errors are asked for where one of sixteen tests may be it: .1414, were the scatter known.
  expect(long.untold).toBeGreaterThan(0.13);
  expect(long.untold).toBeLessThan(0.1414);
});

test("a shift of nothing is found as often as false alarms are granted", () => {
  const { ofDays, ofRows } = findBest({ ...known, shift: 0 });
  expect(ofDays).toBeCloseTo(0.003, 6);
  expect(ofRows).toBeCloseTo(0.003, 6);
});
