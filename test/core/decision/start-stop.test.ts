/** A machine that stands at times while a speed is stated of it: its noise is not learnt, and says nothing for or against a fault. */
import { expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  createWatch as createAnyWatch,
  listActive,
  snapshotsMs,
  watchedWindow,
  watchOptions,
  watchParts,
} from "./watch-feed.ts";

const day = 144;

/** Snapshots every ten minutes; left out: of a healthy machine that runs. */
interface Scene {
  readonly logits?: readonly [number, number];
  /** dB above what is usual of it. */
  readonly louderDb?: number;
  /** Which levels are heard; absent: those of the machine. */
  readonly levels?: readonly number[];
  readonly shaftRpm?: number;
}

/** As the shipped bundle has them, rounded; the machine is like those of training. */
const training = [-30.5, -26, -19.7, -18.9, -4.1];
/** White, as electronics make it, and what comes through the floor of a neighbour. */
const noise: Scene = { levels: [-74, -70, -65.2, -62.6, -52], logits: [-2.5, -2.5] };
const neighbour: Scene = { levels: [-48, -52, -51, -58, -36], logits: [-2.5, -2.5] };
const options = { ...watchOptions, minDurationMs: 24 * 3_600_000 };
const parts = {
  ...watchParts,
  baseline: {
    levels: bearingLevelSpec,
    reference: training.map((locationDb) => ({ locationDb, scaleDb: 3 })),
    minWindows: 64,
  },
};

function createWatch(snapshot: Parameters<typeof createAnyWatch>[0] = {}): PointWatch {
  return createAnyWatch({ parts, options, ...snapshot });
}

function feed(
  watch: PointWatch,
  { from, to }: { readonly from: number; readonly to: number },
  sceneOf: (index: number) => Scene,
): ReturnType<PointWatch["update"]>[] {
  return Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    const { louderDb = 0, levels = training, ...scene } = sceneOf(index);
    const random = createRandom(index + 7);
    const load = louderDb + 0.3 * random.normal();
    const { prediction, ...rest } = watchedWindow(index, scene);
    const fromMs = index * snapshotsMs;
    return watch.update({
      ...rest,
      levels: Float32Array.from(levels, (level) => level + load + 0.3 * random.normal()),
      prediction: { ...prediction, fromMs, toMs: fromMs + 1000 },
    });
  });
}

/** Which snapshots are of a standstill, in spells of some hours. */
function drawStandstills(seed: number, share: number): (index: number) => boolean {
  const random = createRandom(seed);
  const stands: boolean[] = [];
  for (let isStanding = false; stands.length < 40 * day; isStanding = !isStanding) {
    const spell = Math.ceil(-Math.log(random.uniform()) * 36 * (isStanding ? share : 1 - share));
    for (let at = 0; at < spell; at++) stands.push(isStanding);
  }
  return (index) => stands[index]!;
}

test.each([0.2, 0.5, 0.8])(
  "a healthy machine that stands %d of the time is learnt as it runs, and raises nothing",
  (share) => {
    for (let seed = 1; seed <= 10; seed++) {
      const stands = drawStandstills(seed, share);
      const watch = createWatch();
      const random = createRandom(seed);
      const told = feed(watch, { from: 0, to: 20 * day }, (index) =>
        // Its kinds lie apart, as noise has none; at times its load makes it louder.
        stands(index) ? noise : { logits: [-4.5, -2.5], louderDb: 2 * random.normal() },
      );
      expect(told.filter(({ decision }) => decision.modes.some(({ active }) => active))).toEqual([]);
      expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
      expect(watch.standing.reference!.suspicions).toEqual([]);
      feed(watch, { from: 20 * day, to: 20 * day + 1 }, () => ({}));
      expect(Math.abs(watch.severity.db!)).toBeLessThan(2);
      const words = told.flatMap(({ event }) => (event?.detail.includes("does it stand?") ? [event] : []));
      expect(words).toHaveLength(1);
    }
  },
);

test("a machine that was heard standing alone has no reference, says why, and raises nothing when it starts", () => {
  const watch = createWatch();
  feed(watch, { from: 0, to: 4 * day }, () => noise);
  expect(watch.status).toMatchObject({ state: "learning", version: 0 });
  expect(watch.status!.standstill).toBe(
    "its speed is stated as 1500 rpm while it is as faint as a sensor's own noise, in 96 of 96 windows: does it stand? Nothing is learnt of these; send its speed or its state; if it turns, once it was inspected: aurora baseline renew … --found-healthy (in a manifest: renewedAt with found: healthy)",
  );
  expect(watch.standing.why).toContain(watch.status!.standstill!);
  const told = feed(watch, { from: 4 * day, to: 7 * day }, () => ({}));
  expect(told.filter(({ decision }) => decision.modes.some(({ active }) => active))).toEqual([]);
  expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
  expect(watch.status).not.toHaveProperty("standstill");
});

test.each([false, true])(
  "a slow machine below its sensor's noise is learnt where its speed was measured, with a doubt unless it was inspected (%s)",
  (foundHealthy) => {
    const watch = createWatch();
    if (foundHealthy) watch.renew({ atMs: 0, by: "me", reason: "inspected", foundHealthy });
    const random = createRandom(4);
    const told = feed(watch, { from: 0, to: 4 * day }, () => ({
      ...noise,
      shaftRpm: 13 * 2 ** (0.1 * random.normal()),
    }));
    expect(told.flatMap(({ event }) => event?.kind ?? [])).not.toContain("standstill");
    expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
    const doubt = "as faint as a sensor's own noise: does its sensor hear it?";
    expect(watch.standing.reference!.suspicions).toEqual(foundHealthy ? [] : [doubt]);
    expect(listActive(watch)).toEqual([]);
    feed(watch, { from: 4 * day, to: 6 * day }, () => ({ ...noise, logits: [4, -3] }));
    expect(listActive(watch)).toEqual(["outer-race"]);
  },
);

test("what a start adds to a standstill is no rise of the level", () => {
  const watch = createWatch();
  feed(watch, { from: 0, to: 2 * day }, () => ({}));
  for (let hour = 0; hour < 48; hour++) {
    const from = 2 * day + 6 * hour;
    feed(watch, { from, to: from + 6 }, () => (hour % 2 === 0 ? noise : { louderDb: 4.5 }));
    expect(listActive(watch)).toEqual([]);
  }
});

test("a fault that grows while it runs is raised as on a machine that never stands, and no standstill ends its alarm", () => {
  const grownBy = (stands: (index: number) => boolean): number => {
    const watch = createWatch();
    feed(watch, { from: 0, to: 10 * day }, (index) => (stands(index) ? noise : {}));
    for (let index = 10 * day; index < 16 * day; index++) {
      const logit = -3 + (6 * (index - 10 * day)) / (3 * day);
      feed(watch, { from: index, to: index + 1 }, () =>
        stands(index) ? noise : { logits: [Math.min(3, logit), -3] },
      );
      if (watch.active.length === 0) continue;
      expect(listActive(watch)).toEqual(["outer-race"]);
      feed(watch, { from: index + 1, to: index + 1 + 4 * day }, () => noise);
      expect(listActive(watch)).toEqual(["outer-race"]);
      return index;
    }
    throw new Error("nothing was raised");
  };
  const always = grownBy(() => false);
  for (let seed = 1; seed <= 10; seed++) {
    const stands = drawStandstills(seed, 0.5);
    const raised = grownBy(stands);
    const later = Array.from({ length: Math.max(0, raised - always) }, (_, at) => always + at);
    // Of what it says when it runs, some hours more.
    expect(later.filter((index) => !stands(index)).length).toBeLessThan(day / 4);
  }
});

test("how loud it stands is known after a restart", () => {
  const stands = drawStandstills(3, 0.5);
  const watch = createWatch();
  feed(watch, { from: 0, to: 6 * day }, (index) => (stands(index) ? neighbour : {}));
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(watch.snapshot().baseline)));
  expect(kept.standsUpToDb).toBeLessThan(-20);
  const { decider } = watch.snapshot();
  const restarted = createWatch({ snapshot: { decider, baseline: kept } });
  feed(restarted, { from: 6 * day, to: 8 * day }, () => ({ ...neighbour, logits: [5, -3] }));
  expect(listActive(restarted)).toEqual([]);
});

test("a sensor that hears less from one day on, of a machine that was not heard to stand, still raises a fault", () => {
  const watch = createWatch();
  feed(watch, { from: 0, to: 3 * day }, () => ({}));
  feed(watch, { from: 3 * day, to: 4 * day }, () => ({ louderDb: -12 }));
  feed(watch, { from: 4 * day, to: 6 * day }, () => ({ louderDb: -12, logits: [4, -3] }));
  expect(listActive(watch)).toEqual(["outer-race"]);
});
