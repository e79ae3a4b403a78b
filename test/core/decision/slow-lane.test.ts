import { expect, test } from "vitest";
import type { SlowReference } from "../../../src/core/decision/slow-evidence.ts";
import {
  evidenceOfSlow,
  idleSlow,
  moveSlow,
  type SlowState,
  slowStateSchema,
  stepSlow,
} from "../../../src/core/decision/slow-lane.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const reference: SlowReference = {
  location: 1,
  allowed: 0,
  window: 0.8,
  single: 0.95,
  wander: 0.5,
  freedom: 30,
  blocks: 4,
  windows: 64,
};
const minuteMs = 60_000;

function play(from: SlowState, values: readonly number[], start = 0, of = reference): SlowState {
  return values.reduce((state, value, at) => {
    const fromMs = start + at * 4 * minuteMs;
    return stepSlow(state, { fromMs, toMs: fromMs + 4 * minuteMs, value }, of);
  }, from);
}

test("an hour of windows is one block: score and sum by hand", () => {
  // 15 windows 3 above what is expected: t = 3 / √(0.25 · 1.25 + 0.64 · (1/15 + 1/64)) = 4.9597,
  // with 30 degrees of freedom as far out as a normal 4.236 (Wallace); less the allowance of 3.
  const state = play(
    idleSlow,
    Array.from({ length: 15 }, () => 4),
  );
  expect(state.score).toBeCloseTo(4.2, 1);
  const t = 3 / Math.sqrt(0.25 * 1.25 + 0.64 * (1 / 15 + 1 / 64));
  const wallace = (241 / 243) * Math.sqrt(30 * Math.log(1 + (t * t) / 30));
  expect(state.score).toBeCloseTo(wallace, 12);
  expect(state).toMatchObject({ sum: expect.closeTo(wallace - 3, 12), sinceMs: 0, block: null });
});

test("a block says nothing before its hour is over", () => {
  const state = play(
    idleSlow,
    Array.from({ length: 14 }, () => 40),
  );
  expect(state).toMatchObject({ sum: 0, score: 0, block: { fromMs: 0, count: 14 } });
});

test("one block counts for 3 at most, one like it after it for a tenth of that, and all of them for 30", () => {
  const hour = Array.from({ length: 15 }, () => 400);
  let state = play(idleSlow, hour);
  expect(state.sum).toBe(3);
  state = play(state, hour, 60 * minuteMs);
  expect(state.sum).toBeCloseTo(3.3, 12);
  for (let block = 2; block < 100; block++) state = play(state, hour, block * 60 * minuteMs);
  expect(state.sum).toBe(30);
});

test("healthy hours take back what one bad hour gave, and `since` with it", () => {
  const bad = play(
    idleSlow,
    Array.from({ length: 15 }, () => 4),
  );
  const good = play(
    bad,
    Array.from({ length: 15 }, () => 1),
    60 * minuteMs,
  );
  expect(good).toMatchObject({ sum: 0, sinceMs: null });
});

test("windows that lie far apart make a block of three at least", () => {
  let state = idleSlow;
  const scores: number[] = [];
  for (const hour of [0, 2, 4, 6]) {
    const fromMs = hour * 60 * minuteMs;
    state = stepSlow(state, { fromMs, toMs: fromMs + 1000, value: 4 }, reference);
    scores.push(state.score);
  }
  expect(scores.map((score) => score === 0)).toEqual([true, true, false, false]);
  // Fewer windows say less.
  expect(state.score).toBeLessThan(
    play(
      idleSlow,
      Array.from({ length: 15 }, () => 4),
    ).score!,
  );
});

/** Snapshots three hours apart, from `startHours` on, of which each three are a block. */
function playSparse(from: SlowState, values: readonly number[], startHours = 0, of = reference): SlowState {
  return values.reduce((state, value, at) => {
    const fromMs = (startHours + 3 * at) * 60 * minuteMs;
    return stepSlow(state, { fromMs, toMs: fromMs + 1000, value }, of);
  }, from);
}

test("three windows that do not agree say less than three that do: by hand", () => {
  const agreeing = playSparse(idleSlow, [5, 5, 5]);
  const odd = playSparse(idleSlow, [2, 4, 9]);
  // Both 4 above what is expected; the squares of what the odd ones lie apart are 26, and what was learnt, 0.6525, counts as 4 windows.
  const scatter = (4 + 26 / (0.95 ** 2 - 0.5 ** 2)) / 6;
  const score = (times: number): number => {
    const t = 4 / Math.sqrt(0.25 * 1.25 + 0.64 * (times / 3 + 1 / 64));
    return (241 / 243) * Math.sqrt(30 * Math.log(1 + (t * t) / 30));
  };
  expect(agreeing.score).toBeCloseTo(score(1), 12);
  expect(odd.score).toBeCloseTo(score(scatter), 12);
  expect([agreeing.sum > 1, odd.sum]).toEqual([true, 0]);
  // An hour's share their weather: how far they lie apart is told by what was learnt.
  const hours = [half(5, 15), half(5, 15).map((value, at) => value + (at % 3) - 1)];
  expect(play(idleSlow, hours[1]!).score).toBeCloseTo(play(idleSlow, hours[0]!).score, 12);
});

test("against the last day three windows that do not agree are no evidence, as high as they are together", () => {
  const random = createRandom(3);
  const days = playSparse(
    idleSlow,
    Array.from({ length: 300 }, () => 1 + 0.3 * random.normal()),
  );
  expect(days).toMatchObject({ sum: 0, recent: { sum: 0 } });
  expect(playSparse(days, [3.6, 3.5, 3.7], 900).recent!.sum).toBeGreaterThan(1);
  expect(playSparse(days, [1.4, 3, 6.4], 900).recent!.sum).toBe(0);
});

test("how far the windows of an open block lie apart is the same against another reference", () => {
  const other = { ...reference, location: 0 };
  const open = playSparse(idleSlow, [2, 4]);
  const moved = playSparse(moveSlow(open, { from: reference, to: other }), [9], 6, other);
  expect(moved.score).toBeCloseTo(playSparse(idleSlow, [2, 4, 9], 0, other).score, 12);
});

test("each window is held against what is expected at its own speed", () => {
  let state = idleSlow;
  for (let at = 0; at < 16; at++) {
    const location = at % 2 === 0 ? -3 : 3;
    const fromMs = at * 4 * minuteMs;
    const window = { fromMs, toMs: fromMs + 4 * minuteMs, value: location };
    state = stepSlow(state, window, { ...reference, location });
  }
  expect(Math.abs(state.score!)).toBeLessThan(0.01);
});

test("a clock that goes back begins another block", () => {
  const state = play(idleSlow, [4, 4, 4], 1e9);
  expect(play(state, [4], 0).block).toMatchObject({ fromMs: 0, count: 1 });
});

test("a state from a disk is read as it was", () => {
  const state = play(idleSlow, [4, 4, 4]);
  expect(slowStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
});

const half = (value: number, windows = 8): number[] => new Array<number>(windows).fill(value);

test("the hour between two blocks counts when its half of the second is over, as a block does: by hand", () => {
  // 7 windows as expected and 8 high ones, then high ones until half of the second hour is over.
  const first = play(idleSlow, [...half(1, 8), ...half(5, 7)]);
  expect(first).toMatchObject({ sum: 0, between: null, block: null, first: null });
  const before = play(first, half(5, 7), 60 * minuteMs);
  expect(before.between).toBeNull();
  const state = play(before, half(5, 1), 88 * minuteMs);
  // 15 windows 4 above what is expected, half an hour after the first block began.
  const t = 4 / Math.sqrt(0.25 * 1.25 + 0.64 * (1 / 15 + 1 / 64));
  const wallace = (241 / 243) * Math.sqrt(30 * Math.log(1 + (t * t) / 30));
  expect(state.between).toMatchObject({ sum: expect.closeTo(wallace - 3, 12), sinceMs: 30 * minuteMs });
  expect(evidenceOfSlow(state)).toBe(state.between);
  // What lies between two blocks is none of them: neither sum, nor score, nor day knows it.
  expect([state.sum, state.score, state.recent]).toEqual([first.sum, first.score, first.recent]);
  // It is held until the second block is over, which counts then.
  const second = play(state, half(1, 7), 92 * minuteMs);
  expect(second).toMatchObject({ between: null, first: null, last: expect.anything() });
});

test("the hour between two blocks counts on what had gathered before the first of them, which it shares", () => {
  const hour = half(5, 15);
  const one = play(idleSlow, hour);
  const two = play(one, hour, 60 * minuteMs);
  const three = play(two, half(5, 8), 120 * minuteMs);
  expect(three.between!.sum).toBeCloseTo(two.sum, 12);
  expect(evidenceOfSlow(three).sum).toBeCloseTo(two.sum, 12);
  expect(three.between!.sinceMs).toBe(0);
});

test("windows that lie far apart make an hour between two blocks as they make a block: of three at least", () => {
  let far = idleSlow;
  const counts: (number | null)[] = [];
  for (let at = 0; at < 9; at++) {
    const fromMs = at * 120 * minuteMs;
    far = stepSlow(far, { fromMs, toMs: fromMs + 1000, value: 4 }, reference);
    counts.push(far.between === null ? null : far.last!.second.count + far.first!.count);
  }
  // Blocks end with the third, sixth and ninth window; with the fifth and the eighth the third and the sixth make one.
  expect(counts).toEqual([null, null, null, null, 3, null, null, 3, null]);
});

test("no hour lies between two blocks across a clock that went back", () => {
  const hourMs = 60 * minuteMs;
  const ahead = play(play(idleSlow, half(1, 15), 100 * hourMs), half(5, 7), 101 * hourMs);
  expect(play(ahead, half(5, 8), 0).between).toBeNull();
  // Forward it goes on: a turbine stands still.
  const pause = play(play(idleSlow, [...half(1, 8), ...half(5, 7)]), half(5, 8), 9 * hourMs);
  expect(pause.between!.sum).toBeGreaterThan(1.8);
});

test("a state with halves is kept as plain JSON, moves with its reference, and one without is read", () => {
  const open = play(play(idleSlow, half(3, 15)), half(3, 9), 60 * minuteMs);
  expect(open).toMatchObject({ first: { count: 8 }, last: { second: { count: 7 } } });
  expect(slowStateSchema.parse(JSON.parse(JSON.stringify(open)))).toEqual(open);
  const moved = moveSlow(open, { from: reference, to: { ...reference, location: 2 } });
  // 8 and 7 windows 2 above what was expected are 1 above what is.
  expect(moved.first).toEqual({
    ...open.first,
    total: expect.closeTo(open.first!.total - 8, 12),
    squares: expect.closeTo(8, 12),
  });
  expect(moved.last!.second).toEqual({
    ...open.last!.second,
    total: expect.closeTo(14 - 7, 12),
    squares: expect.closeTo(7, 12),
  });
  const { first: _, last: __, between: ___, ...earlier } = open;
  expect(slowStateSchema.parse(earlier)).toEqual({ ...open, first: null, last: null, between: null });
});

/** Hours of 15 windows about these levels, which scatter by a tenth. */
function playHours(from: SlowState, levels: readonly number[], startHour: number): SlowState {
  return levels.reduce((state, level, at) => {
    const hour = Array.from(
      { length: 15 },
      (_, index) => level + (index % 3) / 10 - 0.1 + ((at % 5) - 2) / 20,
    );
    return play(state, hour, (startHour + at) * 60 * minuteMs);
  }, from);
}

test("a rise within hours that the reference still allows is evidence against the last day", () => {
  const days = playHours(idleSlow, new Array<number>(72).fill(1), 0);
  expect(evidenceOfSlow(days).sum).toBe(0);
  const risen = playHours(days, [2.6, 2.6], 72);
  expect(risen.sum).toBe(0);
  expect(evidenceOfSlow(risen)).toMatchObject({ sum: expect.any(Number), sinceMs: 72 * 60 * minuteMs });
  expect(evidenceOfSlow(risen).sum).toBeGreaterThan(1.5);
  // The same on the first day: nothing is known of how it scatters.
  expect(
    evidenceOfSlow(playHours(playHours(idleSlow, new Array<number>(10).fill(1), 0), [2.6, 2.6], 10)).sum,
  ).toBe(0);
});

test("an hour above the last day that is like any other of the reference is no evidence", () => {
  const low = playHours(idleSlow, new Array<number>(72).fill(-1), 0);
  // Two above the day before, and where the reference expects it.
  expect(evidenceOfSlow(playHours(low, [1, 1, 1], 72)).sum).toBe(0);
  expect(evidenceOfSlow(playHours(low, [2.6, 2.6], 72)).sum).toBeGreaterThan(1.5);
});

test("what gathered against the last day goes as soon as the reference finds the hours usual", () => {
  const days = playHours(idleSlow, new Array<number>(72).fill(1), 0);
  const risen = playHours(days, [2.6], 72);
  expect(risen.recent!.sum).toBeGreaterThan(0);
  expect(playHours(risen, [1.6], 73).recent!.sum).toBe(0);
});

test("what wanders from day to day is no evidence against the last day", () => {
  const wander = Array.from({ length: 400 }, (_, hour) => 1 + 1.2 * Math.sin((2 * Math.PI * hour) / 168));
  let state = playHours(idleSlow, wander.slice(0, 30), 0);
  for (let hour = 30; hour < wander.length; hour++) {
    state = playHours(state, wander.slice(hour, hour + 1), hour);
    expect(evidenceOfSlow(state).sum).toBeLessThan(1.5);
  }
});

test("the last day goes on against another reference of the same machine as if it had been that from the first", () => {
  const to = { ...reference, location: 1.4, windows: 200 };
  const hours = Array.from({ length: 40 }, (_, hour) => 1 + 0.1 * Math.sin(hour));
  // A block is open, and evidence has gathered.
  const open = play(playHours(playHours(idleSlow, hours, 0), [2.6], 40), [2.5, 2.5], 41 * 60 * minuteMs);
  const moved = moveSlow(open, { from: reference, to });
  const { means, windows, sum } = moved.recent!;
  expect(means).toEqual(open.recent!.means.map((mean) => expect.closeTo(mean - 0.4, 12)));
  expect([windows, sum]).toEqual([200, open.recent!.sum]);
  expect(sum).toBeGreaterThan(0);
  expect(moved.block).toEqual({
    ...open.block,
    total: expect.closeTo(open.block!.total - 0.8, 12),
    squares: expect.closeTo(2 * 1.1 ** 2, 12),
  });
  const next = play(moved, new Array<number>(15).fill(4), 42 * 60 * minuteMs, to);
  expect(next.recent!.sum).toBeGreaterThan(sum);
  expect(moveSlow(idleSlow, { from: reference, to })).toEqual(idleSlow);
  // What a window beside the learnt speeds is allowed is of that window alone.
  const beside = { ...to, location: to.location + 1.5, allowed: 1.5 };
  expect(moveSlow(open, { from: reference, to: beside }).recent).toEqual(moved.recent);
});

test("the last day begins anew with another reference, and is kept as plain JSON", () => {
  const days = playHours(idleSlow, new Array<number>(40).fill(1), 0);
  expect(slowStateSchema.parse(JSON.parse(JSON.stringify(days)))).toEqual(days);
  expect(days.recent!.means.length).toBe(27);
  const hour = Array.from({ length: 15 }, () => 5);
  const other = play(days, hour, 40 * 60 * minuteMs, { ...reference, windows: 200 });
  expect(other.recent).toMatchObject({ means: [expect.any(Number)], sum: 0, windows: 200 });
});

test("after years an hour is held against the day before it as sharply as after weeks", () => {
  const random = createRandom(5);
  const hour = 60 * minuteMs;
  let state = idleSlow;
  const live = (fromHour: number, toHour: number): void => {
    for (let at = fromHour; at < toHour; at++) {
      const value = reference.location + 0.3 * random.normal();
      for (const part of [0, 20, 40]) {
        const fromMs = at * hour + part * minuteMs;
        state = stepSlow(state, { fromMs, toMs: fromMs + 20 * minuteMs, value }, reference);
      }
    }
  };
  const deviation = (): number => Math.sqrt(state.recent!.squares / state.recent!.count);
  live(0, 1500);
  const young = deviation();
  live(1500, 20_000);
  expect(deviation() / young).toBeGreaterThan(0.9);
  expect(deviation() / young).toBeLessThan(1.1);
});

test("an hour is evidence where a third of its windows are, and no few of them however high", () => {
  const hourOf = (values: readonly number[], first: number): SlowState =>
    values.reduce((state, value, at) => {
      const fromMs = (first + at) * 10 * minuteMs;
      return stepSlow(state, { fromMs, toMs: fromMs + 10 * minuteMs, value }, reference);
    }, idleSlow);
  const quiet = reference.location;
  expect(hourOf([quiet, quiet, 40, quiet, quiet, quiet], 0)).toMatchObject({ sum: 0, score: 0 });
  expect(hourOf([quiet, 40, 40, quiet, quiet, quiet], 0)).toMatchObject({ sum: 0, score: 0 });
  expect(hourOf([quiet, 40, 40, 40, quiet, quiet], 0).sum).toBeGreaterThan(2);
});

test("a block ends with a pause of more than a day, and what is seen after it began after it", () => {
  const healthy = play(idleSlow, [1, 1]);
  const week = 7 * 24 * 60 * minuteMs;
  const after = play(healthy, new Array<number>(15).fill(5), week);
  expect(after.sinceMs).toBe(week);
  expect(after.score).toBe(play(idleSlow, new Array<number>(15).fill(5)).score);
  // A point that is heard twice a day gathers its hour over a day and more.
  const seldom = [0, 12, 24, 36].reduce((state, hour) => {
    const fromMs = hour * 60 * minuteMs;
    return stepSlow(state, { fromMs, toMs: fromMs + 1000, value: 5 }, reference);
  }, idleSlow);
  expect(seldom.sum).toBeGreaterThan(0);
});

test("no hour lies across days of silence, wherever they find a block", () => {
  for (const [stepMinutes, silenceDays] of [
    [10, 3],
    [20, 6.5],
    [60, 3],
  ] as const) {
    for (let phase = 0; phase < 12; phase++) {
      let state = idleSlow;
      let atMs = 0;
      const hear = (value: number): void => {
        state = stepSlow(state, { fromMs: atMs, toMs: atMs + 1000, value }, reference);
        atMs += stepMinutes * minuteMs;
      };
      for (let at = 0; at < 60 + phase; at++) hear(reference.location);
      atMs += silenceDays * 24 * 60 * minuteMs;
      const beganMs = atMs;
      for (let at = 0; at < 12; at++) {
        hear(reference.location + 6);
        expect(evidenceOfSlow(state).sinceMs ?? beganMs).toBeGreaterThanOrEqual(beganMs);
      }
      expect(evidenceOfSlow(state).sum).toBeGreaterThan(0);
    }
  }
});

test("windows that resemble their neighbours are high by their own deviation", () => {
  // Of a correlation of .9: 4.4 times the deviation of a window for the mean of many.
  const alike = {
    ...reference,
    window: 0.8 * Math.sqrt(1.9 / 0.1),
    wander: 0.3,
    single: Math.hypot(0.8, 0.3),
  };
  const state = play(idleSlow, new Array<number>(1500).fill(reference.location + 2.5), 0, alike);
  expect(state.score).toBeGreaterThan(0);
});

test("what an earlier version summed up of a machine's days for years begins anew", () => {
  const { score: _, ...earlier } = playHours(idleSlow, new Array<number>(40).fill(1), 0).recent!;
  const read = (count: number) =>
    slowStateSchema.parse({ ...idleSlow, recent: { ...earlier, squares: 8000, count } }).recent;
  expect(read(2000)).toMatchObject({ squares: 0, count: 0, score: 0 });
  expect(read(1999)).toMatchObject({ squares: 8000, count: 1999, score: 0 });
});
