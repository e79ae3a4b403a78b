import { expect, test } from "vitest";
import type { Reading } from "../../../src/core/contract/stream.ts";
import { hourMs, minuteMs } from "../../../src/core/maths/durations.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createSourceClock } from "../../../src/gateway/diagnosis/source-clock.ts";

const rightMs = Date.UTC(2026, 10, 28);

/** A source whose values are told to its clock; `gatewayMs` and `sourceMs` are by how much the gateway's calendar and the stamps are off. */
function createToldSource(timeoutMs = minuteMs) {
  const clock = createSourceClock(timeoutMs);
  let passedMs = 0;
  const told = {
    clock,
    gatewayMs: 0,
    sourceMs: 0,
    /** A value comes, `delayMs` after it was stamped; returns by how much its time is after its arrival. */
    say: (delayMs = 0): number => {
      const arrivedMs = rightMs + passedMs + told.gatewayMs;
      const timestampMs = rightMs + passedMs + told.sourceMs - delayMs;
      const of = { deviceId: "WT01", channel: "power", unit: "kW", value: 1 };
      const reading: Reading = { ...of, timestampMs, arrivedMs, arrivedMonotonicMs: 7_000 + passedMs };
      return clock.date(reading).timestampMs - arrivedMs;
    },
    pass: (ms: number) => {
      passedMs += ms;
    },
    /** So many values, so long apart; of each by how much its time is after its arrival. */
    run: (count: number, everyMs: number, delayOf: (at: number) => number = () => 0): readonly number[] =>
      Array.from({ length: count }, (_, at) => {
        told.pass(everyMs);
        return told.say(delayOf(at));
      }),
  };
  return told;
}

const off = (source: ReturnType<typeof createToldSource>): string | undefined => source.clock.finding?.text;

test.each([
  [90_000, "clock is 90 s ahead of this gateway's; time of arrival is used"],
  [hourMs, "clock is 60 min ahead of this gateway's; time of arrival is used"],
])(
  "values every second of a clock that is %d ms ahead are dated by their arrival within a minute, and told",
  (aheadMs, text) => {
    const source = createToldSource();
    source.gatewayMs = -aheadMs;
    source.run(60, 1_000);
    expect(off(source)).toBe(text);
    expect(source.clock.finding?.cure).toMatch(/this gateway's: `aurora doctor`/);
    const before = source.clock.redated;
    expect(source.run(100, 1_000)).toEqual(Array(100).fill(0));
    expect(source.clock.redated - before).toBe(100);
  },
);

test("ten-minute rows of such a clock keep their distances, from the third on, however unevenly they come", () => {
  const random = createRandom(5);
  const source = createToldSource();
  source.sourceMs = hourMs;
  source.run(2, 10 * minuteMs, () => 20_000 * random.uniform());
  const delays = Array.from({ length: 200 }, () => random.integer(20_000));
  const after = source.run(200, 10 * minuteMs, (at) => delays[at]!).map((ms, at) => ms + delays[at]!);
  expect(Math.max(...after) - Math.min(...after)).toBe(0);
  expect(Math.max(...after)).toBeLessThan(minuteMs);
});

test("an outlier, what is late, a backlog, forecasts and what is played are left as they are", () => {
  const source = createToldSource();
  const untouched = (values: readonly number[]): void => {
    expect(off(source)).toBeUndefined();
    expect(source.clock.redated).toBe(0);
    expect(values).not.toEqual([]);
  };
  untouched(source.run(100, 1_000, (at) => (at % 40 === 7 ? -hourMs : 0)));
  untouched(source.run(50, 10 * minuteMs, (at) => (at % 5 === 3 ? -4 * minuteMs : 0)));
  untouched(source.run(200, 1_000, () => 2 * hourMs));
  untouched(source.run(200, 100, (at) => (200 - at) * 10 * minuteMs));
  // A day ahead, at once.
  untouched(source.run(144, 100, (at) => -at * 10 * minuteMs));
  // Twice as fast as the world, from now on.
  untouched(source.run(600, 1_000, (at) => -at * 1_000));
  // The same time again and again.
  untouched(source.run(600, 1_000, (at) => -2 * hourMs + at * 1_000));
});

test("a gateway whose clock is set is believed with the next value, and one that is set back is found with it", () => {
  const source = createToldSource();
  source.gatewayMs = -hourMs;
  source.run(60, 1_000);
  expect(off(source)).toMatch(/60 min ahead/);
  source.gatewayMs = 0;
  expect(source.run(2, 1_000)).toEqual([0, 0]);
  expect(off(source)).toBeUndefined();
  source.run(60, 1_000);
  source.gatewayMs = -hourMs;
  expect(source.run(60, 1_000)).toEqual(Array(60).fill(0));
  expect(off(source)).toMatch(/60 min ahead/);
});

test("a source whose clock is set right, or anew, is followed within a minute", () => {
  const source = createToldSource();
  source.sourceMs = hourMs;
  source.run(60, 1_000);
  source.sourceMs = 2 * hourMs;
  source.run(60, 1_000);
  expect(off(source)).toMatch(/2 h ahead/);
  expect(source.say()).toBe(0);
  source.sourceMs = 5 * minuteMs;
  source.run(60, 1_000);
  expect(off(source)).toMatch(/5 min ahead/);
  source.sourceMs = 0;
  source.run(60, 1_000);
  expect(off(source)).toBeUndefined();
  expect(source.say()).toBe(0);
});

test("of a source whose clock is set right the first value keeps its stamp, and so does the first row that bears its beginning", () => {
  const source = createToldSource();
  source.sourceMs = hourMs;
  source.run(60, 1_000);
  source.sourceMs = 0;
  expect(source.run(60, 1_000)).toEqual(Array(60).fill(0));
  const rows = createToldSource();
  const ageMs = 10 * minuteMs;
  rows.sourceMs = hourMs - ageMs;
  rows.run(6, 10 * minuteMs);
  rows.sourceMs = -ageMs;
  expect(rows.run(6, 10 * minuteMs)).toEqual(Array(6).fill(-ageMs));
});

test("what waited at a source whose clock is ahead keeps its distances, however long it waited", () => {
  const source = createToldSource();
  source.sourceMs = hourMs;
  source.run(60, minuteMs);
  source.pass(5 * hourMs);
  const delayOf = (at: number): number => (299 - at) * minuteMs;
  expect(source.run(300, 100, delayOf).map((ms, at) => ms + delayOf(at))).toEqual(Array(300).fill(0));
});

test.each([
  [10_000, 285_000],
  [30_000, 265_000],
  [60_000, 242_000],
])(
  "where what is older than %d ms is not of now, values of a lead that shrinks a little are of now again within a minute",
  (timeoutMs, leadMs) => {
    const source = createToldSource(timeoutMs);
    source.sourceMs = 5 * minuteMs;
    source.run(60, 1_000);
    source.sourceMs = leadMs;
    source.run(60, 1_000);
    const delayOf = (at: number): number => 1_000 * (at % 5);
    expect(Math.min(...source.run(600, 1_000, delayOf))).toBeGreaterThanOrEqual(-timeoutMs);
    expect(off(source)).toMatch(/ahead/);
  },
);

test("where the gateway's clock was never set the values' times are believed, which is told until it is set", () => {
  const source = createToldSource();
  source.gatewayMs = 100_000 - rightMs;
  const [last] = source.run(60, 1_000).slice(-1);
  expect(last).toBe(-source.gatewayMs);
  expect(off(source)).toMatch(/^clock of this gateway was never set/);
  source.gatewayMs = 0;
  expect(source.run(10, 1_000)).toEqual(Array(10).fill(0));
  expect(off(source)).toBeUndefined();
  expect(source.clock.redated).toBe(0);
});
