import { expect, onTestFinished, test, vi } from "vitest";
import { bearingFeatureSpec } from "../../scripts/bearing-feature-spec.ts";
import { type DeciderSnapshot, deciderSnapshotSchema } from "../../src/core/decision/decider-snapshot.ts";
import type { Steps } from "../../src/core/maths/steps.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createSiteBaselines } from "../../src/gateway/points/site-baselines.ts";
import { createFakeState } from "./fakes.ts";
import { scoredWindow, watchedBearing, watchedBundle } from "./watched-bundle.ts";

const points = ["WT01", "WT02", "WT03"].map((turbine) => ({ site: "s", turbine, component: "b" }));

/** Baselines of these points that are fitted in steps, which are taken by hand. */
function openPatient({
  state = createFakeState(),
  orders = watchedBearing,
  bundle = watchedBundle,
  speedRatio,
  decider,
}: {
  readonly state?: ReturnType<typeof createFakeState>;
  readonly orders?: typeof watchedBearing;
  readonly bundle?: typeof watchedBundle;
  readonly speedRatio?: number | undefined;
  readonly decider?: DeciderSnapshot | undefined;
} = {}) {
  const told: string[] = [];
  const details: string[] = [];
  const works: Steps<void>[] = [];
  const baselines = createSiteBaselines({
    commissioning: { minWindows: 96, minHours: 0 },
    falsePerPointYear: () => 0.1,
    faultPrior: 0.05,
    state,
    logger: silentLogger,
    onEvent: ({ turbine }, kind, detail) => {
      told.push(`${turbine} ${kind}`);
      details.push(detail);
    },
    run: (work) => works.push(work),
  });
  const watches = points.map((point) =>
    baselines.create(point, {
      config: { baselineEpoch: 0, bearing: orders, speedRatio },
      bundle,
      decider,
    }),
  );
  const learn = (windows: number): void => {
    for (let at = 1; at <= windows; at++)
      for (const [index, point] of points.entries()) watches[index]!.update(scoredWindow(point, 1000 * at));
  };
  return { baselines, watches, told, details, works, learn };
}

test("a bearing that is configured otherwise is told by the start that finds it so, once there are windows of it by no other", () => {
  const state = createFakeState();
  const before = openPatient({ state });
  before.learn(8);
  before.baselines.save();
  // As rounded in another table.
  expect(openPatient({ state, orders: { ...watchedBearing, bpfo: 3.5801 } }).told).toEqual([]);

  const orders = { ...watchedBearing, bpfo: 3.05, bpfi: 4.95 };
  const changed = openPatient({ state, orders });
  expect(changed.told).toEqual(points.map(({ turbine }) => `${turbine} bearing-changed`));
  expect(changed.details[0]).toContain("bpfo 3.05 (was 3.58), bpfi 4.95 (was 5.42): ");
  changed.learn(1);
  changed.baselines.save();
  expect(openPatient({ state, orders }).told).toEqual([]);
});

test("with another ratio of the speeds all is learnt anew, which the start tells, and an alarm asks for no speed of the other shaft", () => {
  const state = createFakeState();
  const before = openPatient({ state });
  before.learn(96);
  before.baselines.save();
  const kept = before.watches[0]!.snapshot();
  const decider = holdFirst(kept);
  const changed = openPatient({ state, speedRatio: 0.5, decider });
  expect(changed.told).toEqual(points.map(({ turbine }) => `${turbine} relearning`));
  expect(changed.details[0]).toMatch(/^its speedRatio is 0\.5 \(was 1 when it was learnt\): /);
  const { failureMode } = kept.signals[0]!;
  const now = changed.watches[0]!;
  expect(now.condition.status).toMatchObject({ state: "learning", windows: 0 });
  expect(now.condition.held).toMatchObject([{ failureMode }]);
  expect(now.snapshot().signals[0]!.held?.seenRpm).toBeUndefined();
  // Nothing else forgets it.
  expect(openPatient({ state, decider }).watches[0]!.snapshot().signals[0]!.held).toMatchObject(held);
  // As long as an alarm stands nothing is learnt.
  const learning = openPatient({ state, speedRatio: 0.5 });
  learning.learn(8);
  learning.baselines.save();
  const again = openPatient({ state, speedRatio: 0.5 });
  expect([again.told, again.watches[0]!.condition.status?.windows]).toEqual([[], 8]);
  expect(openPatient({ state }).told).toHaveLength(3);
});

test("a ratio of the speeds that was written wrongly for one start costs nothing where no window was heard", () => {
  const state = createFakeState();
  const before = openPatient({ state });
  before.learn(96);
  before.baselines.save();
  const mistaken = openPatient({ state, speedRatio: 0.5 });
  expect(mistaken.watches[0]!.condition.status).toMatchObject({ state: "learning", windows: 0 });
  mistaken.baselines.save();
  const after = openPatient({ state });
  expect([after.told, after.watches[0]!.condition.status?.state]).toEqual([[], "ready"]);
  // With one nothing comes back.
  const heard = openPatient({ state, speedRatio: 0.5 });
  heard.learn(1);
  heard.baselines.save();
  const { status } = openPatient({ state }).watches[0]!.condition;
  expect(status).toMatchObject({ state: "learning", windows: 0 });
});

test("an alarm asks for no speed of another shaft where its baseline was lost as well", () => {
  const before = openPatient({ speedRatio: 2 });
  before.learn(96);
  const kept = holdFirst(before.watches[0]!.snapshot());
  const decider = deciderSnapshotSchema.parse(JSON.parse(JSON.stringify(kept)));
  const seenAt = (speedRatio?: number) => {
    const watch = openPatient({ speedRatio, decider }).watches[0]!;
    watch.update(scoredWindow(points[0]!, 600_000, { logit: -2 }));
    expect(watch.condition.held).toHaveLength(1);
    return watch.snapshot().signals[0]!.held?.seenRpm;
  };
  expect([seenAt(2), seenAt(0.1), seenAt()]).toEqual([1500, undefined, undefined]);
});

/** An alarm of hours that was raised at 1,500 rpm. */
const held = {
  sinceMs: 0,
  lane: "slow",
  isMargin: true,
  healthy: -1,
  mean: 3,
  peak: 3,
  quietMs: 0,
  quietWindows: 0,
  toMs: 0,
  seenRpm: 1500,
} as const;

/** With that alarm on the first signal. */
function holdFirst(kept: DeciderSnapshot): DeciderSnapshot {
  return { ...kept, signals: kept.signals.map((signal, at) => (at === 0 ? { ...signal, held } : signal)) };
}

/** By its features a bearing with {@link alikeOrders} has kinds that look alike. */
const alikeBundle = {
  ...watchedBundle,
  manifest: { ...watchedBundle.manifest, features: bearingFeatureSpec },
};
const alikeOrders = { ...watchedBearing, bsf: 3.48 };

interface LeftReference {
  readonly learnt: number;
  readonly isLost?: boolean;
  /** Serves from the start on, instead of the one of before. */
  readonly bundle?: typeof watchedBundle;
  /** Comes by an update, before the first window. */
  readonly next?: typeof watchedBundle;
  /** Is the alarm still held by its margin? */
  readonly isMargin: boolean;
}

test.each<[string, LeftReference]>([
  ["is there", { learnt: 96, isMargin: true }],
  ["was lost", { learnt: 96, isLost: true, isMargin: false }],
  ["had not been learnt yet", { learnt: 8, isMargin: false }],
  ["has other rivals since the start", { learnt: 96, bundle: alikeBundle, isMargin: false }],
  ["has other rivals by an update", { learnt: 96, next: alikeBundle, isMargin: false }],
])("an alarm of hours whose reference %s ends once its signal is healthy", (_, scene) => {
  const { learnt, isLost = false, bundle, next, isMargin } = scene;
  const kept = createFakeState();
  const before = openPatient({ state: kept, orders: alikeOrders });
  before.learn(learnt);
  before.baselines.save();
  const decider = holdFirst(before.watches[0]!.snapshot());
  const state = isLost ? createFakeState() : kept;
  const watch = openPatient({ state, orders: alikeOrders, bundle: bundle ?? watchedBundle, decider })
    .watches[0]!;
  if (next !== undefined) watch.adopt(next);
  const play = (windows: number, from: number): void => {
    for (let at = from; at < from + windows; at++)
      watch.update(scoredWindow(points[0]!, 600_000 * at, { logit: -2 }));
  };
  play(1, 1);
  expect(watch.snapshot().signals[0]!.held).toMatchObject({ isMargin, seenRpm: 1500 });
  expect(watch.condition.held).toHaveLength(1);
  play(3 * 144, 2);
  expect(watch.condition.held).toEqual([]);
});

test("scores that are learnt anew since two kinds of fault look alike by now are told by the start that lets them go, as far as there were any", () => {
  const state = createFakeState();
  const [orders, bundle] = [alikeOrders, alikeBundle];
  const before = openPatient({ state, orders });
  before.learn(96);
  before.baselines.save();
  const after = openPatient({ state, orders, bundle });
  expect(after.told).toEqual(points.map(({ turbine }) => `${turbine} relearning`));
  expect(after.details[0]).toBe(
    "kinds of fault that look alike on its bearing are outer-race (were none when it was learnt): levels stay, and its scores are learnt anew",
  );
  expect(after.watches[0]!.condition.status).toMatchObject({ state: "learning" });
  after.learn(1);
  after.baselines.save();
  expect(openPatient({ state, orders, bundle }).told).toEqual([]);
});

test("baselines that are due together are fitted one by one, and one whose next window comes at once", () => {
  const { watches, told, works, learn } = openPatient();
  learn(96);
  expect(told).toEqual([]);
  expect(works).toHaveLength(1);
  works[0]!.next();
  expect(told).toEqual(["WT01 ready"]);
  watches[2]!.update(scoredWindow(points[2]!, 97_000));
  expect(told).toEqual(["WT01 ready", "WT03 ready"]);
  while (works[0]!.next().done !== true) {}
  expect(told).toEqual(["WT01 ready", "WT03 ready", "WT02 ready"]);
  expect(watches.map(({ condition }) => condition.status?.state)).toEqual(["ready", "ready", "ready"]);
});

test("an end, an update and an operator's order find every baseline fitted that there was enough for", () => {
  const ended = openPatient();
  ended.learn(96);
  ended.baselines.save();
  expect(ended.told).toEqual(["WT01 ready", "WT02 ready", "WT03 ready"]);

  const changed = openPatient();
  changed.learn(96);
  changed.watches[0]!.takeProgress();
  changed.watches[0]!.adopt(watchedBundle);
  // Under its new name it is not on the disk yet.
  expect(changed.watches[0]!.isDue).toBe(true);
  const order = { atMs: 97_000, by: "operator", reason: "repaired" };
  expect(changed.baselines.renew(points[1]!, order)).toMatchObject({ letGo: 1 });
  expect(changed.told).toEqual(["WT01 ready", "WT02 ready", "WT02 renewed"]);
});

test("an alert and a look at the baselines make no window of what is kept", () => {
  const { baselines, watches, learn } = openPatient();
  learn(80);
  const { prototype } = Object.getPrototypeOf(Float32Array);
  const cut = vi.spyOn(prototype, "subarray");
  onTestFinished(() => cut.mockRestore());
  expect(watches.map((watch) => watch.snapshot().lastWindowId)).toEqual(
    points.map(({ turbine }) => `${turbine}/80000`),
  );
  expect(baselines.reports.map(({ learning }) => learning?.windows)).toEqual([80, 80, 80]);
  expect(cut).not.toHaveBeenCalled();
  // What is written down of the learning is made of them.
  baselines.save();
  expect(cut).toHaveBeenCalled();
});

/** Baselines of so many points that are never ready, and what is written of them, by the name of their turbine. */
function openWritten(turbines: readonly string[], run?: (work: Steps<void>) => void) {
  const writes: string[][] = [];
  const baselines = createSiteBaselines({
    commissioning: { minWindows: 1e6, minHours: 1 },
    falsePerPointYear: () => 0.1,
    faultPrior: 0.05,
    state: {
      get: () => null,
      keys: () => [],
      set: () => true,
      setAll: () => true,
      setDescribed: (entries) => {
        writes.push(Object.keys(entries).map((key) => key.split("/")[1]!));
        return true;
      },
      release: () => {},
      isWritten: true,
    },
    logger: silentLogger,
    onEvent: () => {},
    ...(run === undefined ? {} : { run }),
  });
  const watches = turbines.map((turbine) => {
    const point = { site: "s", turbine, component: "b" };
    const start = {
      config: { baselineEpoch: 0, bearing: watchedBearing },
      bundle: watchedBundle,
      decider: undefined,
    };
    return { point, watch: baselines.create(point, start) };
  });
  const learnUntil = (toMs: number): void => {
    for (const { point, watch } of watches) watch.update(scoredWindow(point, toMs));
  };
  return { baselines, writes, learnUntil };
}

test("what points have learnt for a quarter of an hour of data is written once, at the next tick", () => {
  const { baselines, writes, learnUntil } = openWritten(["WT01", "WT02"]);
  learnUntil(1000);
  baselines.tick();
  expect(writes).toEqual([]);
  learnUntil(901_000);
  expect(writes).toEqual([]);
  baselines.tick();
  expect(writes).toEqual([["WT01"], ["WT02"]]);
  baselines.tick();
  expect(writes).toHaveLength(2);
  baselines.save();
  expect(writes.slice(2)).toEqual([["WT01", "WT02"]]);
});

test("of many points that are due together a few are written at a tick, who has waited longest first", () => {
  const turbines = Array.from({ length: 10 }, (_, index) => `WT${index}`);
  const { baselines, writes, learnUntil } = openWritten(turbines);
  learnUntil(1000);
  learnUntil(901_000);
  baselines.tick();
  expect(writes.flat()).toEqual(turbines.slice(0, 4));
  // The first are due again before the last have had their turn.
  learnUntil(1_801_000);
  for (let tick = 0; tick < 3; tick++) baselines.tick();
  expect(writes.flat().slice(4)).toEqual([...turbines.slice(4), ...turbines.slice(0, 4)]);
  baselines.tick();
  expect(writes).toHaveLength(14);
});

test("others have their turn between two points that are written down, and an end leaves none of them to be written later", () => {
  const works: Steps<void>[] = [];
  const { baselines, writes, learnUntil } = openWritten(["WT01", "WT02", "WT03"], (work) => works.push(work));
  learnUntil(1000);
  learnUntil(901_000);
  baselines.tick();
  works[0]!.next();
  expect(writes).toEqual([["WT01"]]);
  works[0]!.next();
  expect(writes).toEqual([["WT01"], ["WT02"]]);
  baselines.save();
  works[0]!.next();
  expect(writes.slice(2)).toEqual([["WT01", "WT02", "WT03"]]);
});

test("a machine whose sensor is known to be deaf is not found healthy, and can be learnt anew all the same", () => {
  const { baselines, watches, learn } = openPatient();
  learn(110);
  const order = { reason: "looked at it", by: "ana", atMs: 0 };
  const [place] = points;
  const play = (fromS: number, levelDb: number): void => {
    for (let at = 0; at < 12; at++)
      watches[0]!.update(scoredWindow(place!, 1000 * (fromS + at), { levelDb }));
  };
  play(111, -58);
  expect(watches[0]!.condition.isDeaf).toBe(true);
  const before = watches[0]!.report;
  const found = () => baselines.renew(place!, { ...order, foundHealthy: true });
  expect(found).toThrow("the sensor of WT01 b hears 28 dB less than its healthy machine");
  expect(watches[0]!.report).toEqual(before);
  play(123, -30);
  expect(found().letGo).toBe(1);
  expect(baselines.renew(points[1]!, order).letGo).toBe(1);
  for (let at = 0; at < 12; at++)
    watches[2]!.update(scoredWindow(points[2]!, 1000 * (111 + at), { levelDb: -58 }));
  expect(baselines.renew(points[2]!, order).letGo).toBe(1);
});
