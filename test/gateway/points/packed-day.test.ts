import fc from "fast-check";
import { expect, test } from "vitest";
import type { DayFeature, DaySummary } from "../../../src/core/drift/day-summary.ts";
import { packDay, unpackDay } from "../../../src/gateway/points/packed-day.ts";

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const moment = fc.double({ noNaN: true, noDefaultInfinity: true });
const load = fc.option(
  fc.record({ by: fc.constantFrom("power", "speed"), band: fc.integer({ min: -200, max: 200 }) }),
);
const feature: fc.Arbitrary<DayFeature> = fc.record({
  sketch: fc.record({
    feature: count,
    counts: fc.array(count, { maxLength: 34 }),
    invalid: count,
    mean: moment,
    sumSquares: moment,
    min: moment,
    max: moment,
  }),
  cells: fc.array(
    fc.record({
      slot: fc.integer({ min: 0, max: 23 }),
      load,
      count,
      mean: moment,
      sumSquares: moment,
    }),
    { maxLength: 60 },
  ),
});
const day: fc.Arbitrary<DaySummary> = fc.record({
  fromMs: count,
  periodMs: fc.integer({ min: 1000, max: 86_400_000 }),
  features: fc.array(feature, { maxLength: 5 }),
});

test("a day that was packed is the same day", () => {
  fc.assert(
    fc.property(day, (whole) => {
      expect(unpackDay(packDay(whole))).toEqual(whole);
    }),
  );
  const none: DaySummary = { fromMs: 0, periodMs: 86_400_000, features: [] };
  expect(unpackDay(packDay(none))).toEqual(none);
});
