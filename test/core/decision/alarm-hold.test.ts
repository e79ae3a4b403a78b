import { expect, test } from "vitest";
import {
  describeMissingWindows,
  type HeldAlarm,
  holdAlarm,
  rebaseAlarm,
  renewAlarm,
} from "../../../src/core/decision/alarm-hold.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const raised: HeldAlarm = {
  sinceMs: 0,
  lane: "fast",
  isMargin: false,
  healthy: -2,
  mean: 4,
  peak: 4,
  quietMs: 0,
  quietWindows: 0,
  toMs: 0,
};
const minuteMs = 60_000;

/** One window further, at a speed that is not known unless it is given. */
function hold(held: HeldAlarm, value: number, toMs: number, shaftRpm = Number.NaN): HeldAlarm | null {
  return holdAlarm(held, { value, toMs, shaftRpm });
}

/** Windows until the alarm is over, one each `stepMs`; `most` where it is not. */
function countUntilOver(value: number, stepMs: number, most: number): number {
  let held: HeldAlarm | null = raised;
  for (let window = 0; window < most; window++) {
    held = hold(held, value, window * stepMs);
    if (held === null) return window;
  }
  return most;
}

test("an alarm stands for ten minutes, and for a day less a little, of healthy windows", () => {
  expect(countUntilOver(-2, 1000, 600)).toBe(600);
  expect(countUntilOver(-2, 10 * minuteMs, 144)).toBe(144);
});

test("it is over after a day near the healthy level", () => {
  // The mean of 32 windows comes near after 44 of them, and the day begins there: 6 · (31/32)^44 ≤ 0.25 · 6.
  expect(countUntilOver(-2, 10 * minuteMs, 1000)).toBe(42 + 144);
});

test("a day of few windows is not enough: there must be sixty", () => {
  expect(countUntilOver(-2, 24 * 60 * minuteMs, 1000)).toBe(43 + 59);
});

/** Windows that end the alarm of a machine that was renewed, one each `hours`; `most` where they do not. */
function countAfterRenewal(valueAt: (window: number) => number, hours: number, most = 200): number {
  let held: HeldAlarm | null = renewAlarm(rebaseAlarm(raised, -1));
  for (let window = 0; window < most; window++) {
    held = hold(held, valueAt(window), (window + 1) * 60 * hours * minuteMs);
    if (held === null) return window + 1;
  }
  return most;
}

test("after a renewal fewer windows end it where they lie hours apart: two dozen over ten days", () => {
  const healthy = () => -2;
  const ended = [1, 4, 6, 12, 24].map((hours) => countAfterRenewal(healthy, hours));
  expect(ended).toEqual([60, 60, 40, 24, 24]);
});

test("after a renewal each of the fewer windows has to show nothing, or sixty are asked for as before", () => {
  const seldom = (window: number) => (window % 20 === 10 ? 0 : -2);
  expect(countAfterRenewal(seldom, 24)).toBe(60);
  expect(countAfterRenewal((window) => (window % 2 === 0 ? 4 : -2), 12)).toBe(200);
});

test("tells what is missing of an alarm's end where windows are, and nothing where a day of data is", () => {
  const play = (held: HeldAlarm, hours: number): string | null => {
    let played = held;
    for (let window = 1; window <= 20; window++) played = hold(played, -2, window * hours * 60 * minuteMs)!;
    return describeMissingWindows(played);
  };
  const quiet = { ...raised, mean: -2 };
  const told = "its signal has been near the healthy level in 20 of 60 windows only, over 10 d";
  expect(play(quiet, 12)).toBe(told);
  expect(play(renewAlarm(quiet), 12)).toBe(
    `${told}; after a renewal 24 in a row that show nothing are enough, over 10 d`,
  );
  expect(play(quiet, 1 / 6)).toBeNull();
  expect(describeMissingWindows(raised)).toBeNull();
});

test("a signal halfway back is still the fault, however long", () => {
  expect(countUntilOver(1, 10 * minuteMs, 5000)).toBe(5000);
});

test("it does not end in a window that shows the fault itself, but in the next that does not", () => {
  const almost: HeldAlarm = { ...raised, mean: -2, quietMs: 24 * 60 * minuteMs, quietWindows: 70 };
  const held = hold(almost, 3, minuteMs);
  expect(held).toMatchObject({ quietWindows: 71 });
  expect(hold(held!, -2, 2 * minuteMs)).toBeNull();
});

test("a fault that returns within the day begins it anew", () => {
  const quiet: HeldAlarm = { ...raised, mean: -2, quietMs: 10, quietWindows: 70 };
  expect(hold({ ...quiet, mean: 3 }, 4, minuteMs)).toMatchObject({ quietMs: 0, quietWindows: 0 });
});

test("a day of standstill is no day of data, nor is a clock that jumps ahead or back", () => {
  const quiet: HeldAlarm = { ...raised, mean: -2, quietMs: 10, quietWindows: 70, toMs: 5000 };
  expect(hold(quiet, -2, 48 * 60 * minuteMs)).toMatchObject({ quietMs: 10 + 60 * minuteMs });
  expect(hold(quiet, -2, 4000)).toMatchObject({ quietMs: 10 });
});

test("under another model it is held by what that one says: a fault stands, a healthy machine ends it", () => {
  const rebased = rebaseAlarm({ ...raised, lane: "slow", isMargin: true }, -5);
  const faulty = hold(rebased, 0, 1000);
  expect(faulty).toMatchObject({ isMargin: false, mean: 0, peak: 0, quietWindows: 0 });
  expect(hold(rebased, -5, 1000)).toMatchObject({ quietWindows: 1 });
});

test("windows far below the speed at which the fault shows end nothing, nor does the fault's speed follow them", () => {
  let held: HeldAlarm | null = { ...raised, seenRpm: 2200 };
  for (let hour = 1; hour <= 7 * 24; hour++) {
    held = hold(held!, -2, hour * 60 * minuteMs, 1500);
    expect(held).toMatchObject({ mean: 4, quietMs: 0, seenRpm: 2200 });
  }
  // Back at its speed it is as it was, or has gone.
  expect(hold(held!, 4, 8 * 24 * 60 * minuteMs, 2200)).toMatchObject({ mean: 4, quietWindows: 0 });
  for (let window = 0; window < 400 && held !== null; window++)
    held = hold(held, -2, (8 * 24 * 60 + 10 * window) * minuteMs, 2000);
  expect(held).toBeNull();
});

test("where a machine that is silent far below that speed scatters to ends nothing either", () => {
  const random = createRandom(1);
  let held: HeldAlarm | null = { ...raised, seenRpm: 2200 };
  for (let minute = 1; minute <= 14 * 24 * 60; minute++)
    held = hold(held!, -2 + random.normal(), minute * minuteMs, 1500);
  expect(held).toMatchObject({ mean: 4, quietMs: 0, seenRpm: 2200 });
  // Where it was silent says nothing of another unit.
  expect(rebaseAlarm(held!, -5).slowMean).toBeUndefined();
});

test("a fault that shows at a lower speed as well stands, and is known there", () => {
  let held: HeldAlarm | null = { ...raised, seenRpm: 1800 };
  const hours = (count: number, value: number, shaftRpm: number): void => {
    for (let minute = 0; minute < 60 * count && held !== null; minute++)
      held = hold(held, value, held.toMs + minuteMs, shaftRpm);
  };
  for (let each = 0; each < 100; each++) {
    hours(1, 4, 1500);
    hours(1, -2, 1800);
  }
  expect(held).not.toBeNull();
  held = { ...raised, seenRpm: 1800 };
  hours(7 * 24, 4, 1500);
  expect((held as HeldAlarm).seenRpm).toBeCloseTo(1500, -1);
  hours(2 * 24, -2, 1500);
  expect(held).toBeNull();
});

test("a fault shows at the speeds at which it is heard, and where no speed is known each window counts", () => {
  expect(hold(raised, 4, minuteMs, 1500)).toMatchObject({ seenRpm: 1500 });
  expect(hold({ ...raised, seenRpm: 1500 }, 4, minuteMs, 1820)).toMatchObject({ seenRpm: 1510 });
  const quiet = { ...raised, mean: -2, seenRpm: 1500 };
  expect(hold(quiet, -2, minuteMs)).toMatchObject({ quietWindows: 1, seenRpm: 1500 });
  expect(hold({ ...raised, mean: -2 }, -2, minuteMs, 100)).toMatchObject({ quietWindows: 1 });
});
