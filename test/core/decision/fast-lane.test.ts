import { expect, test } from "vitest";
import {
  beginFast,
  type FastState,
  fastStateSchema,
  findBound,
  findHighestHealthy,
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
  readonly isForeign?: boolean;
  readonly ceiling?: number;
  readonly isVouched?: boolean;
}

const known = Number.POSITIVE_INFINITY;
const boundOf = (state: FastState, elapsedMs = 0, ceiling = known): number =>
  findBound(state, usualSpread, { elapsedMs, ceiling, isPooled: false });

/** Windows of a second, the first one after the last of `from`. */
function play(
  from: FastState,
  {
    value,
    windows,
    stepMs = 1000,
    leads = true,
    isForeign = false,
    ceiling = known,
    isVouched = false,
  }: Scene,
): FastState {
  let state = from;
  for (let at = 0; at < windows; at++) {
    const fromMs = (state.toMs ?? 0) + stepMs - 1000;
    const window = {
      fromMs,
      toMs: fromMs + 1000,
      value: value(at),
      leads,
      isForeign,
      ceiling,
      isPooled: false,
      isVouched,
      isUsual: true,
    };
    state = stepFast(state, window, usualSpread);
  }
  return state;
}

const fresh = beginFast(usualSpread);
const healthy = (level: number) => {
  const random = createRandom(7);
  return () => level + 0.3 * random.normal();
};

test("before anything was heard only what hardly a healthy machine shows is evidence", () => {
  expect(boundOf(fresh)).toBeCloseTo(strictBound, 12);
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
    expect(boundOf(state, 1000) - level).toBeLessThan(1.4);
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
  expect(boundOf(state, 3_600_000)).toBeGreaterThan(-2 + 3 * 0.5);
  // The same rise: evidence a second after, nothing an hour after.
  const close = play(fresh, { value: healthy(-2), windows: 300 });
  expect(play(close, { value: () => -0.2, windows: 1 }).sum).toBeGreaterThan(0);
  expect(play(close, { value: () => -0.2, windows: 1, stepMs: 3_600_000 }).sum).toBe(0);
});

test("a clock that goes back makes the rule as strict as at first", () => {
  const state = play(fresh, { value: healthy(-4), windows: 300 });
  const earlier = {
    fromMs: 0,
    toMs: 1000,
    value: 0,
    leads: true,
    isForeign: false,
    ceiling: known,
    isPooled: false,
    isVouched: false,
    isUsual: true,
  };
  const back = stepFast(state, earlier, usualSpread);
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
  const humming = play(before, { value: () => 2, windows: 400, isForeign: true });
  expect(humming.sum).toBe(0);
  expect(humming.level).toBeGreaterThan(before.level + 1);
  // A fault on top of it is heard above what was learnt.
  expect(play(humming, { value: () => 2, windows: 5 }).sum).toBeLessThan(
    play(before, { value: () => 2, windows: 5 }).sum,
  );
  expect(play(humming, { value: () => 8, windows: 5 }).sum).toBeGreaterThan(20);
});

test("of a machine without a reference no level above any healthy machine's is taken for its own, however slowly it rose", () => {
  const ceiling = findHighestHealthy(usualSpread);
  const noise = healthy(0);
  const risen = (scene: Pick<Scene, "ceiling" | "stepMs">): FastState =>
    play(fresh, { value: (at) => Math.min(6, -2 + 0.001 * at) + noise(), windows: 8200, ...scene });
  for (const stepMs of [1000, 60_000, 600_000]) {
    expect(risen({ stepMs }).sum).toBeLessThan(3);
    expect(risen({ stepMs, ceiling }).sum).toBe(60);
    // One whose level lies at the end of healthy ones gathers nothing, nor does one that hums.
    expect(play(fresh, { value: healthy(ceiling - 0.3), windows: 2000, stepMs, ceiling }).sum).toBeLessThan(
      3,
    );
    expect(play(fresh, { value: () => 4, windows: 500, stepMs, ceiling, isForeign: true }).sum).toBe(0);
  }
  expect(boundOf({ ...fresh, level: 4 }, 3_600_000, ceiling)).toBeCloseTo(
    ceiling + 1.25 * usualSpread.window,
    12,
  );
});

test("a machine that was found healthy lies at first where it lies, and a rise from there is evidence", () => {
  const settled = play(fresh, { value: healthy(4), windows: 300, isVouched: true });
  expect(settled.sum).toBe(0);
  expect(settled.level).toBeCloseTo(4, 0);
  expect(play(fresh, { value: healthy(4), windows: 300 }).sum).toBe(60);
  expect(play(fresh, { value: (at) => (at < 3 ? 4 : 9), windows: 13, isVouched: true }).sum).toBeGreaterThan(
    20,
  );
});

test("where another kind's fault had pressed a signal down, that it is back is no evidence for longer than a day", () => {
  const pressed = play(fresh, { value: healthy(-6), windows: 400, stepMs: 600_000 });
  const back = { value: healthy(-1), stepMs: 600_000 };
  const hours = play(pressed, { ...back, windows: 140 });
  expect(hours.sum).toBeGreaterThan(20);
  const days = play(hours, { ...back, windows: 20 });
  expect(days.sum).toBe(0);
  expect(days.level).toBeGreaterThan(-1.6);
  expect(play(days, { ...back, windows: 500 }).sum).toBe(0);
  // Few windows say little, however long it was, and what lies above all healthy machines does not become usual.
  expect(play(pressed, { value: healthy(1), windows: 40, stepMs: 86_400_000 }).sum).toBeGreaterThan(20);
  for (const likely of [0.8, 2.5]) {
    expect(play(pressed, { value: healthy(likely), windows: 2000, stepMs: 600_000 }).sum).toBe(60);
  }
});

test("evidence does not grow for ever", () => {
  expect(play(fresh, { value: () => 8, windows: 500 }).sum).toBe(60);
});

test("independent normal windows about a known level raise no more often than the height says", () => {
  // Wald: sums with allowance 1.25 reach 4 about once in e^(2 · 1.25 · 4) = 22,026 windows.
  const reached = countReached({ deviation: 1, windows: 400_000 });
  expect(reached).toBeGreaterThan(0);
  expect(reached).toBeLessThan((1.5 * 400_000) / Math.exp(10));
});

test("windows that share most of their spectrum reach a height no oftener than the snapshots that they are pooled of", () => {
  // The mean of twelve scatters by a fifth of what one does, and that is what is learnt of it.
  const pooled = { deviation: Math.sqrt(1 / 23), windows: 400_000, memory: 12 };
  expect(countReached({ ...pooled, isPooled: true })).toBeLessThan((1.5 * 400_000) / Math.exp(10));
  expect(countReached({ ...pooled, isPooled: false })).toBeGreaterThan((100 * 400_000) / Math.exp(10));
});

test("a pooled window that lies far above all that is plausible is as much evidence as one by itself", () => {
  const play = (isPooled: boolean, value: number): number => {
    const window = { fromMs: 0, toMs: 1000, value, leads: true, isForeign: false, ceiling: known, isPooled };
    return stepFast(fresh, { ...window, isVouched: false, isUsual: true }, usualSpread).sum;
  };
  expect(play(true, 7)).toBe(play(false, 7));
  expect(play(true, strictBound + 0.2)).toBe(0);
  expect(play(false, strictBound + 0.2)).toBeGreaterThan(0);
});

test("a state from a disk is read as it was, and a damaged one is not", () => {
  const state = play(fresh, { value: () => 3, windows: 9 });
  expect(fastStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  expect(fastStateSchema.safeParse({ ...state, noise: 0 }).success).toBe(false);
});

/** How often the sum reaches 4 on windows that lie at the level, each of which scatters by 1 or is the mean of the last ones, about `memory`. */
function countReached({
  deviation,
  windows,
  memory = 1,
  isPooled = false,
}: {
  readonly deviation: number;
  readonly windows: number;
  readonly memory?: number;
  readonly isPooled?: boolean;
}): number {
  const random = createRandom(3);
  const noise = deviation ** 2;
  const settled: FastState = { ...fresh, level: 0, variance: 1e-6, noise, learnt: 1e9 };
  // A snapshot of half a window scatters by 1.
  const still = { location: 0, machine: 0.001, window: memory === 1 ? 1 : Math.SQRT1_2, wander: 1e-9 };
  let state = settled;
  let reached = 0;
  let value = 0;
  for (let at = 0; at < windows; at++) {
    value += (random.normal() - value) / memory;
    const next = stepFast(
      { ...state, level: 0, noise, waiting: [] },
      {
        fromMs: at,
        toMs: at + 1,
        value,
        leads: true,
        isForeign: false,
        ceiling: known,
        isPooled,
        isVouched: false,
        isUsual: true,
      },
      still,
    );
    state = next.sum >= 4 ? settled : next;
    if (next.sum >= 4) reached++;
  }
  return reached;
}
