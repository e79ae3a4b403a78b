import { expect, test } from "vitest";
import {
  beginRecent,
  measureDay,
  type RecentBlocks,
  stepRecent,
} from "../../../src/core/decision/last-day.ts";
import type { SlowReference, WholeBlock } from "../../../src/core/decision/slow-evidence.ts";
import { hourMs } from "../../../src/core/maths/durations.ts";

const reference: SlowReference = {
  location: -3,
  allowed: 0,
  window: 0.4,
  single: 0.6,
  wander: 0.4,
  freedom: 12,
  blocks: 30,
  windows: 600,
};

/** An hour whose windows lie so far above what the reference expects, by which it counts where that is 2 deviations at least. */
function hourAt(place: number, mean: number): WholeBlock {
  return { mean, ownScore: mean / reference.wander, fromMs: place * hourMs, count: 60, scatter: 1 };
}

/** A machine that lies where its reference expects it for so many hours. */
function playHours(hours: number): RecentBlocks {
  let state = beginRecent(undefined, reference);
  for (let place = 0; place < hours; place++) state = stepRecent(state, hourAt(place, 0), reference);
  return state;
}

test("an hour is held against the last day in the twelfth hour, and not before", () => {
  const high = hourAt(20, 3);
  expect(measureDay(playHours(10), high, reference)).toBeNull();
  expect(measureDay(playHours(11), high, reference)?.score).toBeGreaterThan(3);
});

test("the three hours before are not part of the day that an hour is held against", () => {
  let state = playHours(11);
  for (let place = 11; place < 14; place++) state = stepRecent(state, hourAt(place, 0.6), reference);
  expect(measureDay(state, hourAt(14, 0.6), reference)?.excess).toBeCloseTo(0.6, 9);
});
