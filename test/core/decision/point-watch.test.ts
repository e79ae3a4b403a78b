import fc from "fast-check";
import { expect, test } from "vitest";
import type { SiteBaseline } from "../../../src/core/contract/site-baseline.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { isOperating } from "../../../src/core/decision/operating-state.ts";
import { outlookSnapshotSchema } from "../../../src/core/decision/outlook/outlook-snapshot.ts";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { createBaselineLearner } from "../../../src/core/decision/reference/baseline-learner.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import type { WatchParts } from "../../../src/core/decision/reference/own-reference.ts";
import { computeSeverity } from "../../../src/core/decision/reference/severity.ts";
import { point } from "./decider-feed.ts";
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

const faulty: WatchScene = { logits: [3, -3], levelDb: -22 };
const scenes: readonly WatchScene[] = [
  {},
  faulty,
  { state: "standby" },
  { state: "information-unavailable" },
  { isUnheard: true },
  { logits: [-1, 0.5], levelDb: -27 },
];
const streams = fc.array(
  fc.record({ scene: fc.constantFrom(...scenes), windows: fc.integer({ min: 1, max: 90 }) }),
  { minLength: 1, maxLength: 8 },
);

/** The scene of every window of a stream. */
function layOut(stream: readonly { readonly scene: WatchScene; readonly windows: number }[]): WatchScene[] {
  return stream.flatMap(({ scene, windows }) => Array.from({ length: windows }, () => scene));
}

test("a watch is its learner, its severity and its decider, each window held against what was learnt before it", () => {
  const { baseline: spec, ...rest } = watchParts;
  fc.assert(
    fc.property(streams, (stream) => {
      const watch = createWatch();
      const learner = createBaselineLearner({ ...rest, spec: spec! }, watchOptions);
      const decider = createDecider(point, watchParts, watchOptions);
      for (const [index, scene] of layOut(stream).entries()) {
        const { prediction, levels, shaftRpm } = watchedWindow(index, scene);
        const isLoudnessKnown = levels !== undefined && isOperating(prediction.operatingState);
        const measure = (baseline: SiteBaseline | null): number | null => {
          if (!isLoudnessKnown || baseline === null) return null;
          const db = computeSeverity({ levels, shaftRpm }, spec!, baseline);
          return Number.isNaN(db) ? null : db;
        };
        const [known, refused] = [learner.current, learner.doubted];
        const severityDb = measure(known);
        const reference = { baseline: known, doubted: refused, severityDb, shaftRpm };
        const decided = decider.update(prediction, reference);
        const heard = levels ?? Float32Array.of(Number.NaN, Number.NaN);
        if (!decider.isSuspicious) learner.update({ prediction, levels: heard, shaftRpm });
        const event = learner.settle();
        const isLearning = (known?.model ?? null) === null;
        const updated = watch.update({ prediction, levels, shaftRpm });
        const { stopDb } = updated.decision;
        expect(updated).toEqual({
          decision: { ...decided, severityDb, severityUnknown: null, stopDb, isLearning },
          event,
        });
        if (severityDb !== null) expect(stopDb).toBeGreaterThanOrEqual(16);
        expect([watch.status, watch.active]).toEqual([learner.status, decider.active]);
        const kept = watch.snapshot().decider.signals.flatMap(({ failureMode, held }) =>
          held === null
            ? []
            : [
                {
                  failureMode,
                  isQuiet: held.quietWindows > 0,
                  whyItStands: expect.toBeOneOf([null, expect.any(String)]),
                },
              ],
        );
        expect(watch.held).toEqual(kept);
      }
    }),
    { numRuns: 40 },
  );
});

test("whenever a baseline is fitted that there is enough for, decisions, events and what is kept are the same", () => {
  fc.assert(
    fc.property(streams, fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }), (stream, asked) => {
      const prompt = createWatch();
      const patient = createWatch({ options: { ...watchOptions, settlesLater: true } });
      const told: object[][] = [[], []];
      for (const [index, scene] of layOut(stream).entries()) {
        const window = watchedWindow(index, scene);
        const expected = prompt.update(window);
        const { decision, event } = patient.update(window);
        expect(decision).toEqual(expected.decision);
        expect(patient.active).toEqual(prompt.active);
        const asks = asked[index % asked.length] === true;
        const later = asks ? patient.settle() : null;
        if (asks) expect(patient.isDue).toBe(false);
        if (expected.event !== null) told[0]!.push(expected.event);
        for (const each of [event, later]) if (each !== null) told[1]!.push(each);
      }
      expect(prompt.isDue).toBe(false);
      const last = patient.settle();
      if (last !== null) told[1]!.push(last);
      expect(told[1]).toEqual(told[0]);
      expect(patient.snapshot()).toEqual(prompt.snapshot());
      expect(patient.standing).toEqual(prompt.standing);
    }),
    { numRuns: 40 },
  );
});

test("a watch learns, says so once, and states severity from the next window on", () => {
  const watch = createWatch();
  expect(watch.status).toMatchObject({ state: "learning", version: 0, windows: 0 });
  const steps = feedWatch(watch, { from: 0, to: 80 });
  const ready = steps.findIndex(({ event }) => event?.kind === "ready");
  expect(steps.filter(({ event }) => event !== null)).toHaveLength(1);
  expect(watch.status).toMatchObject({ state: "ready", version: 1 });
  expect(steps.map(({ decision }) => typeof decision.severityDb === "number")).toEqual(
    steps.map((_, index) => index > ready),
  );
  const [loud] = feedWatch(watch, { from: 80, to: 81 }, { levelDb: -20 });
  expect(loud!.decision.severityDb).toBeGreaterThan(8);
  expect(watch.severity.db).toBe(loud!.decision.severityDb);
});

test("a point without data says nothing of its modes, and its alarm stays", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 6 }, faulty);
  const decision = watch.noteMissing(6000, 66_000);
  expect(decision).toMatchObject({ operatingState: "information-unavailable", modes: [], toMs: 66_000 });
  expect(watch.active).toHaveLength(1);
});

test("a watch goes on after a restart as if there had been none, from the parts as they are stored", () => {
  const starts = fc.constantFrom([watchParts], [renewParts()], [renewParts(), renewParts()]);
  fc.assert(
    fc.property(streams, fc.nat(), starts, (stream, cut, gatewayStarts) => {
      const whole = createWatch();
      const laid = layOut(stream);
      const stop = cut % (laid.length + 1);
      for (let index = 0; index < stop; index++) whole.update(watchedWindow(index, laid[index]));
      const restart = (watch: PointWatch, parts: WatchParts): PointWatch => {
        const { decider, baseline, outlook } = watch.snapshot();
        const snapshot = {
          decider: deciderSnapshotSchema.parse(JSON.parse(JSON.stringify(decider))),
          baseline: baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline))),
          outlook: outlookSnapshotSchema.optional().parse(outlook && JSON.parse(JSON.stringify(outlook))),
        };
        return createWatch({ parts, snapshot });
      };
      // A device may infer with the model that it had, whatever its gateway starts with, and starts with again.
      const resumed = gatewayStarts.reduce(restart, whole);
      if (resumed.model.digest !== watchParts.model.digest) expect(resumed.adopt(watchParts)).toBeNull();
      for (let index = stop; index < laid.length; index++) {
        const window = watchedWindow(index, laid[index]);
        expect(resumed.update(window)).toEqual(whole.update(window));
      }
      expect(JSON.parse(JSON.stringify(resumed.snapshot()))).toEqual(
        JSON.parse(JSON.stringify(whole.snapshot())),
      );
    }),
    { numRuns: 30 },
  );
});

test("each part that an earlier run stored is read without the other", () => {
  const stored = {
    decider:
      '{"modes":[{"failureMode":"outer-race","active":true,"sinceMs":1000,"recent":[true],"belowClear":0}],' +
      '"lastToMs":5000,"lastWindowId":"w4","modelDigest":"d1"}',
    baseline:
      '{"epoch":0,"modelDigest":"d1","version":3,"baseline":null,"kept":[],"seen":0,"stride":1,"firstMs":null,"refusals":0}',
  };
  const decider = deciderSnapshotSchema.parse(JSON.parse(stored.decider));
  const baseline = baselineSnapshotSchema.parse(JSON.parse(stored.baseline));
  expect(createWatch({ snapshot: { decider } }).active).toEqual([
    { failureMode: "outer-race", sinceMs: 1000 },
  ]);
  const watch = createWatch({ snapshot: { baseline } });
  expect(watch.active).toEqual([]);
  feedWatch(watch, { from: 0, to: 80 });
  expect(watch.status).toMatchObject({ state: "ready", version: 4 });
});

test("another model: what it does not know ends, its scores are learnt, the levels stay", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  feedWatch(watch, { from: 80, to: 86 }, faulty);
  const outputs = ["cage", "ball"].map((failureMode) => ({ failureMode, title: failureMode }));
  const next = renewParts({ outputs });
  expect(watch.adopt(next)).toMatchObject({ kind: "relearning" });
  expect([watch.model, watch.active]).toEqual([next.model, []]);
  const { decision } = watch.update(watchedWindow(86, { levelDb: -20 }, next));
  expect(decision.severityDb).toBeGreaterThan(8);
  expect(() => watch.update(watchedWindow(87))).toThrow("model d1");
});

test("a device that infers with an older model than its gateway starts with loses nothing that was learnt of it", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  const { decider, baseline } = watch.snapshot();
  const started = createWatch({ parts: renewParts(), snapshot: { decider, baseline } });
  // Stopped before anything was heard, and started once more.
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(started.snapshot().baseline)));
  expect(kept).toEqual(baseline);
  const again = createWatch({ parts: renewParts(), snapshot: { decider, baseline: kept } });
  expect(again.adopt(watchParts)).toBeNull();
  expect(again.standing).toMatchObject({
    state: "own-reference",
    reference: { version: 1, hasScores: true },
  });
  expect(feedWatch(again, { from: 80, to: 90 }).map(({ decision }) => decision.isLearning)).not.toContain(
    true,
  );
  // With a window of the newer one its scores are learnt.
  const other = createWatch({ parts: renewParts(), snapshot: { decider, baseline: kept } });
  other.update(watchedWindow(80, {}, renewParts()));
  expect(other.adopt(watchParts)).toMatchObject({ kind: "relearning" });
  expect(other.status).toMatchObject({ state: "learning", version: 1 });
  // Nor is it brought back after a renewal.
  const renewed = createWatch({ parts: renewParts(), snapshot: { decider, baseline: kept } });
  renewed.renew(order);
  renewed.adopt(watchParts);
  expect(renewed.status).toMatchObject({ state: "learning", version: 0 });
});

test("what gathered before a renewal or another machine does not come back with the model that a device still runs", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  feedWatch(watch, { from: 80, to: 82 }, faulty);
  const snapshot = watch.snapshot();
  const gatheredAfter = (change: Parameters<typeof createWatch>[0], step?: (watch: PointWatch) => void) => {
    const started = createWatch({ parts: renewParts(), snapshot, ...change });
    step?.(started);
    started.adopt(watchParts);
    // Neither for a fault nor against one.
    started.update(watchedWindow(82, { state: "standby" }));
    return started.snapshot().decider.signals[0]!.fast.sum;
  };
  expect(gatheredAfter({})).toBeGreaterThan(0);
  expect(gatheredAfter({}, (started) => started.renew(order))).toBe(0);
  expect(gatheredAfter({ options: { ...watchOptions, epoch: 1 } })).toBe(0);
});

test("a bundle without a baseline section decides all the same, and states no severity", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  const { baseline: _none, ...without } = renewParts();
  watch.adopt(without);
  expect([watch.status, watch.severity.db, watch.snapshot().baseline]).toEqual([null, null, undefined]);
  const { decision, event } = watch.update(watchedWindow(80, {}, without));
  expect([decision.modes.length, decision.severityDb, event]).toEqual([2, null, null]);
  const third = { ...watchParts, model: { name: "m", version: "3.0.0", digest: "d3" } };
  watch.adopt(third);
  expect(watch.status).toMatchObject({ state: "learning", version: 0 });
});

test("where the bearing is another one after a restart, levels stay and margins are learnt again", () => {
  const alike = { ...watchParts, coinciding: [0, 1] };
  const watch = createWatch({ parts: alike });
  feedWatch(watch, { from: 0, to: 80 });
  expect(watch.status).toMatchObject({ state: "ready" });
  const text = JSON.stringify(watch.snapshot().baseline);
  const baseline = baselineSnapshotSchema.parse(JSON.parse(text));
  expect(baseline.coinciding).toEqual([0, 1]);
  const same = createWatch({ parts: alike, snapshot: { baseline } });
  expect(same.status).toMatchObject({ state: "ready" });
  const other = createWatch({ snapshot: { baseline } });
  expect(other.status).toMatchObject({ state: "learning" });
  const { decision } = other.update(watchedWindow(81));
  expect(decision.isLearning).toBe(true);
  expect(decision.severityDb).toEqual(expect.any(Number));
  expect(other.snapshot().baseline).not.toHaveProperty("coinciding");
});

const order = { atMs: Date.UTC(2026, 4, 1), by: "technician", reason: "bearing replaced" };

test("a renewal lets the baseline go, and what is learnt next is the mended machine, under a new version", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  expect(watch.renew(order)).toEqual({ letGo: 1 });
  expect([watch.status, watch.severity.db]).toMatchObject([
    { state: "learning", version: 0, windows: 0 },
    null,
  ]);
  expect(feedWatch(watch, { from: 80, to: 81 }, { levelDb: -20 })[0]!.decision.severityDb).toBeNull();
  feedWatch(watch, { from: 81, to: 160 }, { levelDb: -20 });
  expect(watch.status).toMatchObject({ state: "ready", version: 2 });
  const [usual] = feedWatch(watch, { from: 160, to: 161 }, { levelDb: -20 });
  expect(Math.abs(usual!.decision.severityDb!)).toBeLessThan(2);
});

test("a renewal forgets the evidence against the old baseline, and ends no alarm", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  feedWatch(watch, { from: 80, to: 100 }, faulty);
  expect(listActive(watch)).toEqual(["outer-race"]);
  expect(watch.snapshot().decider.baselineVersion).toBe(1);
  const sums = () => watch.snapshot().decider.signals.map(({ fast, slow }) => Math.max(fast.sum, slow.sum));
  expect(Math.max(...sums())).toBeGreaterThan(0);
  watch.renew(order);
  expect(watch.active).toHaveLength(1);
  expect(sums()).toEqual([0, 0, 0]);
  feedWatch(watch, { from: 100, to: 101 });
  expect(watch.active).toHaveLength(1);
  expect(watch.snapshot().decider.baselineVersion).toBe(0);
});

/** Windows that lie ten minutes apart, so that a day is 144 of them. */
function feedTenths(
  watch: PointWatch,
  { from, to }: { readonly from: number; readonly to: number },
  scene: WatchScene,
): void {
  for (let tenth = from; tenth < to; tenth++) watch.update(watchedWindow(tenth * 600, scene));
}

test("a mended machine's alarm ends a day after its renewal, wherever among healthy machines it lies, and it is learnt", () => {
  for (const logit of [-3, -1, -0.4, 0.2]) {
    const healthy: WatchScene = { logits: [logit, logit - 1] };
    const watch = createWatch();
    feedTenths(watch, { from: 0, to: 200 }, healthy);
    feedTenths(watch, { from: 200, to: 300 }, { logits: [logit + 6, logit - 1] });
    expect(listActive(watch)).toEqual(["outer-race"]);
    watch.renew(order);
    feedTenths(watch, { from: 300, to: 430 }, healthy);
    expect(listActive(watch)).toEqual(["outer-race"]);
    feedTenths(watch, { from: 430, to: 450 }, healthy);
    expect(listActive(watch), `${logit}`).toEqual([]);
    feedTenths(watch, { from: 450, to: 550 }, healthy);
    expect(watch.status).toMatchObject({ state: "ready", version: 2 });
  }
});

test("an alarm of a machine that was not mended outlives a renewal, and its fault is not learnt", () => {
  const watch = createWatch();
  feedTenths(watch, { from: 0, to: 200 }, {});
  feedTenths(watch, { from: 200, to: 300 }, faulty);
  watch.renew(order);
  feedTenths(watch, { from: 300, to: 900 }, faulty);
  expect(listActive(watch)).toEqual(["outer-race"]);
  expect(watch.status).toMatchObject({ state: "learning", windows: 0 });
});

test("an alarm of loudness ends a day after the machine's new reference is there, against which it is not loud", () => {
  const watch = createWatch();
  feedTenths(watch, { from: 0, to: 200 }, {});
  feedTenths(watch, { from: 200, to: 300 }, { levelDb: -18 });
  expect(listActive(watch)).toEqual(["vibration-level"]);
  watch.renew(order);
  feedTenths(watch, { from: 300, to: 420 }, { levelDb: -29 });
  expect(watch.status).toMatchObject({ state: "ready", version: 2 });
  // A warmer week is a decibel louder.
  feedTenths(watch, { from: 420, to: 600 }, { levelDb: -28 });
  expect(listActive(watch)).toEqual([]);
});

test("a renewal is kept, also in the very moment of it, and renewing again only starts over", () => {
  const first = createWatch();
  feedWatch(first, { from: 0, to: 80 });
  first.renew(order);
  const keep = (watch: PointWatch) => {
    const baseline = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(watch.snapshot().baseline)));
    return createWatch({ snapshot: { ...watch.snapshot(), baseline } });
  };
  const second = keep(first);
  expect([second.status, second.standing]).toEqual([first.status, first.standing]);
  expect(second.standing.renewed).toEqual({
    count: 1,
    at: "2026-05-01T00:00:00.000Z",
    by: "technician",
    reason: "bearing replaced",
  });
  feedWatch(second, { from: 80, to: 100 });
  expect(second.renew({ ...order, reason: "again" })).toEqual({ letGo: 0 });
  expect(second.status).toMatchObject({ state: "learning", windows: 0 });
  const third = keep(second);
  feedWatch(third, { from: 100, to: 180 });
  expect(third.status).toMatchObject({ state: "ready", version: 2 });
  expect(keep(third).standing.renewed).toMatchObject({ count: 2, reason: "again" });
});

test("where the bundle knows no baselines there is none to renew, and what was renewed before stays known", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  watch.renew(order);
  const { baseline: _none, ...without } = renewParts();
  watch.adopt(without);
  expect(watch.renew(order)).toBeNull();
  expect(watch.standing).toMatchObject({ state: "none", renewed: { count: 1 } });
});

test("a watch says of a standing alarm whether its signal is near the healthy level again", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 300 });
  expect(watch.held).toEqual([]);
  feedWatch(watch, { from: 300, to: 500 }, faulty);
  const [loud] = watch.held;
  expect(loud).toMatchObject({ isQuiet: false });
  feedWatch(watch, { from: 500, to: 700 });
  expect(watch.held).toEqual([{ ...loud, isQuiet: true }]);
});

test("what keeps its hertz whatever the speed is no evidence over hours, though lines of hum would be", () => {
  const play = (steadyModes: readonly string[]): string[] => {
    const watch = createWatch();
    feedWatch(watch, { from: 0, to: 300 });
    expect(watch.status!.state).toBe("ready");
    for (let minute = 10; minute < 12 * 60; minute++) {
      const window = watchedWindow(60 * minute, { logits: [3, -3] });
      watch.update({ ...window, foreignModes: ["outer-race"], steadyModes });
    }
    return listActive(watch);
  };
  expect(play([])).toEqual(["outer-race"]);
  expect(play(["outer-race"])).toEqual([]);
});
