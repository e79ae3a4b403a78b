import { expect, test } from "vitest";
import {
  beginFast,
  type FastState,
  fastStateSchema,
  findBound,
  stepFast,
  usualSpread,
} from "../../../src/core/decision/fast-lane.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const strictBound = -1 + 3 * 0.7 + 1.25 * 0.55;

interface Scene {
  readonly value: (at: number) => number;
  readonly windows: number;
  readonly stepMs?: number;
  readonly leads?: boolean;
  readonly isHum?: boolean;
}

/** Windows of a second, the first one after the last of `from`. */
function play(
  from: FastState,
  { value, windows, stepMs = 1000, leads = true, isHum = false }: Scene,
): FastState {
  let state = from;
  for (let at = 0; at < windows; at++) {
    const fromMs = (state.toMs ?? 0) + stepMs - 1000;
    state = stepFast(state, { fromMs, toMs: fromMs + 1000, value: value(at), leads, isHum }, usualSpread);
  }
  return state;
}

const fresh = beginFast(usualSpread);
const healthy = (level: number) => {
  const random = createRandom(7);
  return () => level + 0.3 * random.normal();
};

test("before anything was heard only what hardly a healthy machine shows is evidence", () => {
  expect(findBound(fresh, usualSpread, 0)).toBeCloseTo(strictBound, 12);
  expect(play(fresh, { value: () => strictBound - 0.01, windows: 1 }).sum).toBe(0);
  const heard = play(fresh, { value: () => strictBound + 0.55, windows: 1 });
  expect([heard.sum, heard.sinceMs]).toEqual([expect.closeTo(1, 9), 0]);
  // One window counts for 5.5 at most, however far out.
  expect(play(fresh, { value: () => 1e6, windows: 1 }).sum).toBe(5.5);
});

test("what was heard of this machine narrows the bound, wherever it lies", () => {
  for (const level of [-4, -2, 0]) {
    const state = play(fresh, { value: healthy(level), windows: 200 });
    expect(state.level).toBeCloseTo(level, 0);
    expect(state.sum).toBe(0);
    expect(findBound(state, usualSpread, 1000) - level).toBeLessThan(1.4);
  }
});

test("a level that wanders slowly is followed", () => {
  const noise = healthy(0);
  const day = play(fresh, { value: (at) => -2 + 0.001 * at + noise(), windows: 2000 });
  expect(day.level).toBeCloseTo(0, 0);
  expect(day.sum).toBeLessThan(3);
});

test("a fault that grows within minutes is not learnt", () => {
  const before = play(fresh, { value: healthy(-2), windows: 300 });
  const grown = play(before, { value: (at) => -2 + 0.15 * at, windows: 40 });
  expect(grown.level - before.level).toBeLessThan(0.2);
  expect(grown.sum).toBeGreaterThan(20);
});

test("windows that lie far apart never make a level certain", () => {
  const state = play(fresh, { value: healthy(-2), windows: 300, stepMs: 3_600_000 });
  expect(findBound(state, usualSpread, 3_600_000)).toBeGreaterThan(-2 + 3 * 0.5);
  // The same rise: evidence a second after, nothing an hour after.
  const close = play(fresh, { value: healthy(-2), windows: 300 });
  expect(play(close, { value: () => -0.2, windows: 1 }).sum).toBeGreaterThan(0);
  expect(play(close, { value: () => -0.2, windows: 1, stepMs: 3_600_000 }).sum).toBe(0);
});

test("a clock that goes back makes the rule as strict as at first", () => {
  const state = play(fresh, { value: healthy(-4), windows: 300 });
  const back = stepFast(state, { fromMs: 0, toMs: 1000, value: 0, leads: true, isHum: false }, usualSpread);
  expect(back.sum).toBe(0);
  expect(back).toMatchObject({ level: -1, variance: usualSpread.machine ** 2, toMs: 1000 });
});

test("windows in which another signal leads are no evidence for this one, and may speak against it", () => {
  const before = play(fresh, { value: healthy(-2), windows: 100 });
  expect(play(before, { value: () => 6, windows: 50, leads: false }).sum).toBe(0);
  const gathered = play(before, { value: () => 6, windows: 2 });
  expect(play(gathered, { value: () => -2, windows: 3, leads: false }).sum).toBeLessThan(gathered.sum);
});

test("windows in which nothing but hum speaks for a signal gather nothing, and are learnt", () => {
  const before = play(fresh, { value: healthy(-2), windows: 100 });
  const humming = play(before, { value: () => 2, windows: 400, isHum: true });
  expect(humming.sum).toBe(0);
  expect(humming.level).toBeGreaterThan(before.level + 1);
  // A fault on top of it is heard above what was learnt.
  expect(play(humming, { value: () => 2, windows: 5 }).sum).toBeLessThan(
    play(before, { value: () => 2, windows: 5 }).sum,
  );
  expect(play(humming, { value: () => 8, windows: 5 }).sum).toBeGreaterThan(20);
});

test("evidence does not grow for ever", () => {
  expect(play(fresh, { value: () => 8, windows: 500 }).sum).toBe(60);
});

test("independent normal windows about a known level raise no more often than the height says", () => {
  // Wald: sums with allowance 1.25 reach 4 about once in e^(2 · 1.25 · 4) = 22,026 windows.
  const random = createRandom(3);
  const known: FastState = { ...fresh, level: 0, variance: 1e-6, noise: 1, learnt: 1e9 };
  const still = { location: 0, machine: 0.001, window: 1, wander: 1e-9 };
  let state = known;
  let reached = 0;
  const windows = 400_000;
  for (let at = 0; at < windows; at++) {
    const next = stepFast(
      { ...state, level: 0, noise: 1, waiting: [] },
      { fromMs: at, toMs: at + 1, value: random.normal(), leads: true, isHum: false },
      still,
    );
    state = next.sum >= 4 ? known : next;
    if (next.sum >= 4) reached++;
  }
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan(1.5 * (windows / Math.exp(10)));
});

test("a state from a disk is read as it was, and a damaged one is not", () => {
  const state = play(fresh, { value: () => 3, windows: 9 });
  expect(fastStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  expect(fastStateSchema.safeParse({ ...state, noise: 0 }).success).toBe(false);
});
