import fc from "fast-check";
import { expect, test } from "vitest";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { outlookSnapshotSchema } from "../../../src/core/decision/outlook/outlook-snapshot.ts";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import type { WatchParts } from "../../../src/core/decision/reference/own-reference.ts";
import {
  createWatch,
  feedWatch,
  listActive,
  renewParts,
  type WatchScene,
  watchedWindow,
  watchOptions,
  watchParts,
} from "./watch-feed.ts";

const former: WatchParts = { ...watchParts, scoringDigest: "s1" };
/** The same student under another version. */
const republished = renewParts({ scoringDigest: "s1" });
/** Another student. */
const retrained = renewParts({ scoringDigest: "s2" });

const faulty: WatchScene = { logits: [3, -3], levelDb: -22 };
const refused: WatchScene = { logits: [0.9, -3] };
const scenes = fc.constantFrom<WatchScene>({}, faulty, refused, { state: "standby" }, { isUnheard: true });
const streams = fc.array(fc.record({ scene: scenes, windows: fc.integer({ min: 1, max: 90 }) }), {
  minLength: 1,
  maxLength: 8,
});
const order = { atMs: Date.UTC(2026, 4, 1), by: "technician", reason: "raceways clean" };

/** As a later run starts with what `watch` has kept. */
function restart(watch: PointWatch, parts: WatchParts, change: object = {}): PointWatch {
  const { decider, baseline, outlook } = JSON.parse(JSON.stringify(watch.snapshot()));
  const snapshot = {
    decider: deciderSnapshotSchema.parse(decider),
    baseline: baselineSnapshotSchema.optional().parse(baseline),
    outlook: outlookSnapshotSchema.optional().parse(outlook),
  };
  return createWatch({ parts, snapshot, ...change });
}

/** What is said and kept, under whichever name of the model. */
function nameless(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(/"d2"/g, '"d1"')
      .replaceAll(/2\.0\.0/g, "1.0.0"),
  );
}

const ways = {
  "in a run": (watch: PointWatch): PointWatch => {
    // Whatever was due is fitted before.
    expect(watch.adopt(republished)).toBeNull();
    return watch;
  },
  "over a restart": (watch: PointWatch): PointWatch => restart(watch, republished),
  "over two starts, of which the first heard nothing": (watch: PointWatch): PointWatch =>
    restart(restart(watch, republished), republished),
  "and back to a device that has the former one still": (watch: PointWatch): PointWatch => {
    const started = restart(watch, former);
    started.adopt(republished);
    return started;
  },
};

test.for(Object.entries(ways))(
  "a model that gives the same scores goes on as the one before: %s",
  ([, go]) => {
    fc.assert(
      fc.property(streams, fc.nat(), fc.boolean(), (stream, cut, isVouched) => {
        const laid = stream.flatMap(({ scene, windows }) => Array.from({ length: windows }, () => scene));
        const stop = cut % (laid.length + 1);
        const [whole, before] = [createWatch({ parts: former }), createWatch({ parts: former })];
        for (const watch of [whole, before]) {
          if (isVouched) watch.renew({ ...order, foundHealthy: true });
          for (let index = 0; index < stop; index++) watch.update(watchedWindow(index, laid[index], former));
        }
        const renamed = go(before);
        expect(renamed.model).toEqual(republished.model);
        expect(renamed.status).toEqual(whole.status);
        expect(nameless(renamed.standing)).toEqual(nameless({ ...whole.standing, severityDb: null }));
        for (let index = stop; index < laid.length; index++) {
          const said = renamed.update(watchedWindow(index, laid[index], republished));
          expect(said.decision.model).toEqual(republished.model);
          expect(nameless(said)).toEqual(nameless(whole.update(watchedWindow(index, laid[index], former))));
        }
        expect(nameless(renamed.snapshot())).toEqual(nameless(whole.snapshot()));
        if (stop === laid.length) return;
        const { decider, baseline } = renamed.snapshot();
        expect([decider.modelDigest, baseline!.modelDigest]).toEqual(["d2", "d2"]);
        if (baseline!.baseline?.model) expect(baseline!.baseline.model).toEqual(republished.model);
      }),
      { numRuns: 30 },
    );
  },
);

test("a reference that is due when the model gets another name is fitted of the windows that were heard", () => {
  const watch = createWatch({ parts: former, options: { ...watchOptions, settlesLater: true } });
  for (let index = 0; !watch.isDue; index++) watch.update(watchedWindow(index, {}, former));
  expect(watch.adopt(republished)).toMatchObject({ kind: "ready" });
  expect(watch.status).toMatchObject({ state: "ready", version: 1 });
});

test("its alarm stands on and is told under the new name, its calibration is the new bundle's", () => {
  const watch = createWatch({ parts: former });
  feedWatch(watch, { from: 0, to: 80 });
  for (let index = 80; index < 100; index++) watch.update(watchedWindow(index, faulty, former));
  expect(listActive(watch)).toEqual(["outer-race"]);
  const [before] = watch.snapshot().decider.signals;
  watch.adopt({ ...republished, calibration: [0, 1].map(() => ({ slope: 1, intercept: -2 })) });
  expect(watch.snapshot().decider.signals[0]).toEqual(before);
  const { decision } = watch.update(watchedWindow(100, faulty, republished));
  expect(decision.model.version).toBe("2.0.0");
  const [mode] = decision.modes;
  expect(mode).toMatchObject({ active: true, sinceMs: before!.held!.sinceMs });
  expect(mode!.probability).toBeCloseTo(1 / (1 + Math.exp(2 - mode!.score)), 6);
});

const relearning = {
  kind: "relearning",
  detail: "the scores of another model are learnt; levels stay as they were",
};

test("two models of one version are told apart by their digests, when what was learnt of one is learnt again", () => {
  const watch = createWatch({ parts: former });
  feedWatch(watch, { from: 0, to: 80 });
  const rebuilt = { ...retrained, model: { ...former.model, digest: "0123456789abcdef" } };
  const { event } = restart(watch, rebuilt).update(watchedWindow(80, {}, rebuilt));
  const { name, version, digest } = former.model;
  expect(event?.detail).toMatch(
    `the scores of another ${name} ${version} (0123456789ab, before it ${digest}) are learnt`,
  );
});

test("a model with another student keeps levels and alarms alone, in a run and over a restart", () => {
  for (const go of [
    (watch: PointWatch) => {
      expect(watch.adopt(retrained)).toEqual(relearning);
      return watch;
    },
    (watch: PointWatch) => restart(watch, retrained),
  ]) {
    const before = createWatch({ parts: former });
    feedWatch(before, { from: 0, to: 80 });
    for (let index = 80; index < 100; index++) before.update(watchedWindow(index, faulty, former));
    const watch = go(before);
    const isRestarted = watch !== before;
    expect(watch.standing).toMatchObject({ state: "learning", reference: { version: 1, hasScores: false } });
    // A run that begins with it says so with its first window: until then it may be the former that serves.
    const { decision, event } = watch.update(watchedWindow(100, faulty, retrained));
    expect(event).toEqual(isRestarted ? relearning : null);
    expect(watch.update(watchedWindow(101, faulty, retrained)).event).toBeNull();
    expect(decision).toMatchObject({ isLearning: true, severityDb: expect.any(Number) });
    expect(listActive(watch)).toEqual(["outer-race"]);
    expect(watch.snapshot().decider.signals[0]!.fast.learnt).toBeLessThan(20);
  }
});

test("an update before the first window is as a start with it, and told once, with that window", () => {
  const watch = createWatch({ parts: former });
  feedWatch(watch, { from: 0, to: 80 });
  const { baseline: _none, ...without } = retrained;
  const third = { ...renewParts({ scoringDigest: "s3" }), model: { ...former.model, digest: "d3" } };
  for (const begun of [retrained, without]) {
    const started = restart(watch, begun);
    expect(started.adopt(third)).toBeNull();
    expect(started.snapshot()).toEqual(restart(watch, third).snapshot());
    const { event, decision } = started.update(watchedWindow(80, {}, third));
    expect(event?.detail).toMatch(
      /^the scores of another m 1\.0\.0 \(d3, before it d1\) are learnt; levels stay/,
    );
    expect(decision.severityDb).toEqual(expect.any(Number));
    expect(started.update(watchedWindow(81, {}, third)).event).toBeNull();
  }
});

test("what an earlier version kept says nothing of scores, and goes on with the very model that it is of alone", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  const { decider, baseline } = JSON.parse(JSON.stringify(watch.snapshot()));
  expect([decider, baseline].map((kept) => "scoringDigest" in kept)).toEqual([false, false]);
  expect(restart(watch, former).status).toMatchObject({ state: "ready" });
  expect(restart(watch, former).snapshot().baseline!.scoringDigest).toBe("s1");
  expect(restart(watch, republished).status).toMatchObject({ state: "learning" });
});

test("another bearing, and another epoch, are no other model's affair: what they let go is let go", () => {
  const orders = [6.14, 7.86, 7, 0.44];
  const watch = createWatch({ parts: { ...former, orders } });
  feedWatch(watch, { from: 0, to: 80 });
  const corrected = restart(watch, { ...republished, orders: [5.4, 7.86, 7, 0.44] });
  expect(corrected.standing).toMatchObject({ state: "learning", reference: { hasScores: false } });
  const moved = restart(watch, { ...republished, orders }, { options: { ...watchOptions, epoch: 1 } });
  expect(moved.status).toMatchObject({ state: "learning", version: 0 });
});
