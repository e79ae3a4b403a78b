import { expect, test } from "vitest";
import type { SiteMargin } from "../../../../src/core/contract/site-baseline.ts";
import {
  type BaselineSubject,
  fitSiteBaseline,
  type HealthyWindow,
} from "../../../../src/core/decision/reference/fit-site-baseline.ts";
import { priorFreedom, usualWander } from "../../../../src/core/decision/reference/margin.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createWatch, watchedWindow, watchParts } from "../watch-feed.ts";

const { baseline: spec, outputs, model } = watchParts;
const subject: BaselineSubject = { spec: spec!, outputs, model };

/** Windows whose first logit has a level a block of sixteen. */
function windowsOf(levels: readonly number[], second = -4): HealthyWindow[] {
  const random = createRandom(5);
  return levels.flatMap((level, block) =>
    Array.from({ length: 16 }, (_, at) => ({
      fromMs: (16 * block + at) * 1000,
      toMs: (16 * block + at + 1) * 1000,
      shaftRpm: 1500,
      levels: [-30 + 0.5 * random.normal(), -35 + 0.5 * random.normal()],
      logits: [level + 0.2 * random.normal(), second + 0.2 * random.normal()],
    })),
  );
}

function baselineOf(windows: readonly HealthyWindow[], of = subject) {
  const fitted = fitSiteBaseline(windows, of, 1);
  if (!fitted.ok) throw new Error(fitted.error.detail);
  return fitted.value;
}

/** The same windows, hours apart instead of seconds. */
function overDays(windows: readonly HealthyWindow[]): HealthyWindow[] {
  return windows.map((window, at) => {
    const laterMs = at * 3 * 3_600_000;
    return { ...window, fromMs: window.fromMs + laterMs, toMs: window.toMs + laterMs };
  });
}

test("of a steady machine the wander is still believed to be there: prior knowledge weighs as twelve blocks", () => {
  const [margin] = baselineOf(overDays(windowsOf([-3, -3, -3, -3]))).margins;
  expect(margin!.wander!).toBeGreaterThan(0.8 * usualWander * Math.sqrt(priorFreedom / (priorFreedom + 3)));
  expect(margin!.wander!).toBeLessThan(usualWander);
  expect(margin!.freedom!).toBeLessThanOrEqual(priorFreedom + 3);
});

test("blocks of one day count as one, whatever they show", () => {
  const apart = Array.from({ length: 32 }, (_, block) => -3 + (block % 2 === 0 ? 1 : -1) * 0.9);
  const [margin] = baselineOf(windowsOf(apart)).margins;
  expect(margin).toMatchObject({ blocks: 1, freedom: priorFreedom, wander: usualWander });
});

test("blocks that lie apart widen it, and many of them make it certain", () => {
  const apart = Array.from({ length: 32 }, (_, block) => -3 + (block % 2 === 0 ? 1 : -1) * 0.9);
  const [margin] = baselineOf(overDays(windowsOf(apart))).margins;
  expect(margin!.wander!).toBeGreaterThan(0.7);
  expect(margin!.freedom!).toBeCloseTo(priorFreedom + 31, 0);
});

test("blocks that drift together count for fewer than they are", () => {
  const drift = Array.from({ length: 32 }, (_, block) => -3 + 0.3 * Math.sin(block / 5));
  const [margin] = baselineOf(windowsOf(drift)).margins;
  expect(margin!.blocks!).toBeLessThan(16);
});

test("half of the windows beyond what healthy machines show is a fault, and no baseline", () => {
  // −1 + 3.5 · 0.7 = 1.45 where the bundle states no healthy logits.
  expect(fitSiteBaseline(windowsOf([1.7, 1.7, 1.7, 1.7]), subject, 1)).toMatchObject({
    ok: false,
    error: { kind: "faulty", detail: expect.stringContaining("outer-race") },
  });
  expect(fitSiteBaseline(windowsOf([1.2, 1.2, 1.2, 1.2]), subject, 1).ok).toBe(true);
  const healthy = { location: 0, machine: 1, window: 0.5, wander: 0.5 };
  const stated = { ...subject, spec: { ...spec!, healthy } };
  expect(fitSiteBaseline(windowsOf([1.7, 1.7, 1.7, 1.7]), stated, 1).ok).toBe(true);
});

test("a third of faulty windows is a knock or a gust; a level alone is learnt without a model", () => {
  const some = windowsOf([-3, -3, -3, -3]).map((window, at) =>
    at % 3 === 0 ? { ...window, logits: [4, -4] } : window,
  );
  expect(fitSiteBaseline(some, subject, 1)).not.toMatchObject({ ok: false, error: { kind: "faulty" } });
  expect(baselineOf(windowsOf([5, 5, 5, 5]), { ...subject, model: null }).margins).toEqual([]);
});

test("windows in which a mode is explained are left out of its own margin, unless few others are left", () => {
  const healthy = windowsOf([-3, -3, -3, -3]);
  const hum = (share: number, explained?: readonly number[]): HealthyWindow[] =>
    overDays(
      healthy.map((window, at) =>
        at % 10 < 10 * share ? { ...window, logits: [-0.5, -4], levels: [-26, -31], explained } : window,
      ),
    );
  const without = baselineOf(overDays(healthy));
  const humming = baselineOf(hum(0.4));
  const explained = baselineOf(hum(0.4, [0]));
  expect(humming.margins[0]!.scale).toBeGreaterThan(3 * without.margins[0]!.scale);
  expect(explained.margins[0]!.location).toBeCloseTo(without.margins[0]!.location, 1);
  expect(explained.margins[0]!.scale).toBeCloseTo(without.margins[0]!.scale, 1);
  expect(explained.margins[0]!.unlearntRpm).toBeUndefined();
  expect(explained.margins[1]).toEqual(humming.margins[1]);
  expect(explained.levels).toEqual(humming.levels);
  expect(baselineOf(hum(0.7, [0])).margins).toEqual(baselineOf(hum(0.7)).margins);
});

test("a mode is not learnt about the speeds at which more windows were left out than not, and at no others", () => {
  const unlearntOf = (explainedAt: (at: number) => boolean): SiteMargin["unlearntRpm"] =>
    baselineOf(
      overDays(
        windowsOf([-3, -3, -3, -3]).map((window, at) => {
          const shaftRpm = 1200 + 10 * (at % 60);
          return { ...window, shaftRpm, explained: explainedAt(shaftRpm) ? [0] : undefined };
        }),
      ),
    ).margins[0]!.unlearntRpm;
  const about = unlearntOf((rpm) => Math.abs(rpm - 1500) < 35);
  expect(about!.length).toBeLessThan(4);
  for (const { min, max } of about!) {
    expect(min).toBeGreaterThan(1465);
    expect(max).toBeLessThan(1535);
  }
  // Two windows, however far apart, and one in a few of a speed, say nothing of speeds.
  let few = 0;
  expect(unlearntOf((rpm) => (rpm === 1210 || rpm === 1780) && few++ < 2)).toBeUndefined();
  expect(unlearntOf((rpm) => rpm === 1500)).toBeUndefined();
});

test("what is left out of a margin leaves its blocks where they are", () => {
  const levels = Array.from({ length: 24 }, (_, block) => -3 + 1.2 * Math.sin(block ** 2));
  const windows = overDays(windowsOf(levels, -9));
  const marked = windows.map((window, at) => (at % 2 === 0 ? { ...window, explained: [0] } : window));
  const [whole, half] = [baselineOf(windows).margins[0]!, baselineOf(marked).margins[0]!];
  expect(whole.wander).toBeGreaterThan(1.2 * usualWander);
  expect(half.wander! / whole.wander!).toBeCloseTo(1, 1);
  expect(half.autocorrelation).toBeGreaterThan(0.5);
});

test("windows of the fainter of two loads are left out of the levels and of their scatter, and not of the margins", () => {
  const healthy = overDays(windowsOf([-3, -3, -3, -3, -3, -3]));
  const windows = healthy.map((window, at) =>
    Math.floor(at / 8) % 2 === 0 ? window : { ...window, levels: [-36, -41], isQuieter: true as const },
  );
  const [louder, both] = [baselineOf(healthy), baselineOf(windows)];
  for (const [at, level] of both.levels.entries()) {
    expect(level!.locationDb).toBeCloseTo(louder.levels[at]!.locationDb, 0);
    expect(level!.scaleDb).toBeLessThan(1);
  }
  expect(both.severity!.wander).toBeLessThan(1.6);
  expect(both.margins).toEqual(louder.margins);
});

test("of two loads the scatter of the louder one is of its own days and its own neighbours alone", () => {
  const windows = windowsOf([-3, -3, -3, -3, -3, -3, -3, -3]);
  const marked = windows.map((window, at) => {
    const isQuieter = at % 16 >= 8 ? (true as const) : undefined;
    const spellDb = Math.floor(at / 16) % 2 === 0 ? 1 : -1;
    return { ...window, isQuieter, levels: Array.from(window.levels, (level) => level + spellDb) };
  });
  // Windows of one spell wander together; the next spell is no neighbour of theirs.
  expect(baselineOf(marked).severity!.window).toBeGreaterThan(3);
  const [early, days] = [windows.slice(0, 64), overDays(windows).slice(64)];
  const late = days.map((window) => ({ ...window, isQuieter: true as const }));
  expect(baselineOf([...early, ...late]).severity).toMatchObject({ blocks: 1 });
});

/** Of 96 snapshots, whose scores are a mean in which the newest weighs a twelfth, and which stands `step` higher from the middle on. */
function pooledWindows(seed: number, step = 0): HealthyWindow[] {
  const random = createRandom(seed);
  let mean = 0;
  const next = (): number => (mean += (2 * random.normal() - mean) / 12);
  for (let earlier = 0; earlier < 48; earlier++) next();
  return windowsOf([-3, -3, -3, -3, -3, -3]).map((window, at) => ({
    ...window,
    logits: [-3 + next() + (at < 48 ? 0 : step), -8],
    isPooled: true,
  }));
}

test("a steady machine whose snapshots are pooled is learnt at the first try, and one that moves is refused", () => {
  const refusedOf = (step: number, change: (window: HealthyWindow) => HealthyWindow): number =>
    Array.from({ length: 40 }, (_, seed) =>
      fitSiteBaseline(pooledWindows(seed + 1, step).map(change), subject, 1),
    ).filter((fitted) => !fitted.ok && fitted.error.kind === "unsteady").length;
  expect(refusedOf(0, (window) => window)).toBeLessThanOrEqual(2);
  expect(refusedOf(0, ({ isPooled: _, ...window }) => window)).toBeGreaterThan(6);
  expect(refusedOf(1.5, (window) => window)).toBeGreaterThanOrEqual(35);
});

test("that what a window scores is of the snapshots before it as well is kept with it", () => {
  const watch = createWatch();
  watch.update({ ...watchedWindow(0), isPooled: true });
  watch.update(watchedWindow(1));
  const kept = watch.snapshot().baseline!.kept.map(({ isPooled = false }) => isPooled);
  expect(kept).toEqual([true, false]);
});
