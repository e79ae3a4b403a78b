/** Some healthy machines look faulty: somebody has looked at one, and said so. */
import { describe, expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import {
  createWatch,
  feedSnapshots,
  feedWatch,
  listActive,
  renewParts,
  type WatchScene,
  watchedWindow,
  watchOptions,
  watchParts,
} from "./watch-feed.ts";

/** What no healthy machine of training looks like: raises within a minute, and is refused where it does not. */
const faultyLooking: WatchScene = { logits: [3, -3] };
const found = { atMs: 1, by: "somebody", reason: "endoscope: raceways clean", foundHealthy: true } as const;

/** A machine that raised an alarm of an outer race's fault and was inspected. */
function inspect(): ReturnType<typeof createWatch> {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 60 }, faultyLooking);
  expect(listActive(watch)).toEqual(["outer-race"]);
  expect(watch.renew(found)).toEqual({ letGo: 0 });
  return watch;
}

describe("a machine that was found healthy", () => {
  test("has no alarm from its next window on, is learnt as it is, and its reference says so", () => {
    const watch = inspect();
    const [first] = feedWatch(watch, { from: 60, to: 61 }, faultyLooking);
    expect(first!.decision.modes.map(({ active }) => active)).toEqual([false, false]);
    feedWatch(watch, { from: 61, to: 400 }, faultyLooking);
    expect(listActive(watch)).toEqual([]);
    expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
    expect(watch.status!.suspicions).toEqual([
      expect.stringMatching(
        /^found healthy, though half of the windows look like outer-race \(logit ≥ [23]\.\d\)$/,
      ),
    ]);
    expect(watch.standing.renewed).toEqual({
      count: 1,
      at: "1970-01-01T00:00:00.001Z",
      by: "somebody",
      reason: "endoscope: raceways clean",
      foundHealthy: true,
    });
  });

  test("is so as well where that is said twice, with no window in between, and where nothing was heard of it", () => {
    for (const watch of [inspect(), createWatch()]) {
      watch.renew(found);
      watch.renew({ ...found, atMs: 2, reason: "looked once more" });
      feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
      expect([listActive(watch), watch.status?.state]).toEqual([[], "ready"]);
      feedWatch(watch, { from: 400, to: 460 }, { logits: [8, -3] });
      expect(listActive(watch)).toEqual(["outer-race"]);
    }
  });

  test("raises what rises above that: at once, while it is learnt, and against its own reference", () => {
    for (const learnt of [62, 90, 400]) {
      const watch = inspect();
      feedWatch(watch, { from: 60, to: learnt }, faultyLooking);
      expect(listActive(watch)).toEqual([]);
      feedWatch(watch, { from: learnt, to: learnt + 60 }, { logits: [8, -3] });
      expect(listActive(watch), `after ${learnt}`).toEqual(["outer-race"]);
      // Nor is that learnt as healthy.
      feedWatch(watch, { from: learnt + 60, to: learnt + 900 }, { logits: [8, -3] });
      expect(listActive(watch)).toEqual(["outer-race"]);
    }
  });

  test("has an alarm that ends when the machine is back where it was vouched for, before it is learnt", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 80 }, faultyLooking);
    feedWatch(watch, { from: 80, to: 120 }, { logits: [9, -3] });
    expect(listActive(watch)).toEqual(["outer-race"]);
    feedSnapshots(watch, { from: 200, to: 400 }, () => faultyLooking);
    expect(listActive(watch)).toEqual([]);
  });

  test("is where it was when that was said: not where a clock that is set back or one odd window puts it", () => {
    const back = inspect();
    feedWatch(back, { from: 5000, to: 5040 }, faultyLooking);
    feedWatch(back, { from: 0, to: 60 }, { logits: [9, -3] });
    expect(listActive(back)).toEqual(["outer-race"]);
    const odd = inspect();
    feedWatch(odd, { from: 60, to: 61 }, { logits: [9, -3] });
    feedWatch(odd, { from: 61, to: 90 }, faultyLooking);
    expect(listActive(odd)).toEqual([]);
    feedWatch(odd, { from: 90, to: 120 }, { logits: [9, -3] });
    expect(listActive(odd)).toEqual(["outer-race"]);
  });

  test("is not raised anew by the window that came before the order, when that comes once more", () => {
    const watch = inspect();
    const [{ decision }] = feedWatch(watch, { from: 59, to: 60 }, faultyLooking) as [
      ReturnType<PointWatch["update"]>,
    ];
    expect(decision.modes).toEqual([]);
  });

  test("is as it was found once its lines are back after a quiet hour, and what rises above that is raised", () => {
    const quietHour = (back: WatchScene): string[] => {
      const watch = inspect();
      feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
      expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
      feedWatch(watch, { from: 400, to: 4000 });
      feedWatch(watch, { from: 4000, to: 4600 }, back);
      return listActive(watch);
    };
    expect(quietHour(faultyLooking)).toEqual([]);
    expect(quietHour({ logits: [7, -3] })).toEqual(["outer-race"]);
    // Its rivals with it: against these it stands no higher than it did.
    expect(quietHour({ logits: [8, 2] })).toEqual(["outer-race"]);
  });

  test("is as it was found also where the quiet spell comes first", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 400 });
    feedWatch(watch, { from: 400, to: 600 }, faultyLooking);
    expect(listActive(watch)).toEqual([]);
    feedWatch(watch, { from: 600, to: 700 }, { logits: [8, -3] });
    expect(listActive(watch)).toEqual(["outer-race"]);
  });

  test("raises another kind of fault, which nobody has vouched for", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
    feedWatch(watch, { from: 400, to: 500 }, { logits: [3, 7] });
    expect(listActive(watch)).toEqual(["ball"]);
  });

  test("is known to be so after a restart, before and after it is learnt", () => {
    for (const learnt of [60, 80, 400]) {
      const watch = inspect();
      feedWatch(watch, { from: 60, to: learnt }, faultyLooking);
      const { decider, baseline } = watch.snapshot();
      const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
      const restarted = createWatch({ snapshot: { decider, baseline: kept } });
      feedWatch(restarted, { from: learnt, to: 900 }, faultyLooking);
      expect([listActive(restarted), restarted.status?.state], `after ${learnt}`).toEqual([[], "ready"]);
      // Where the decider is lost it begins with the machine as it is.
      const lost = createWatch({ snapshot: { baseline: kept } });
      feedWatch(lost, { from: learnt, to: 900 }, faultyLooking);
      expect(listActive(lost)).toEqual([]);
    }
  });

  test("is so for another model too", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
    const next = renewParts();
    watch.adopt(next);
    for (let index = 400; index < 800; index++) watch.update(watchedWindow(index, faultyLooking, next));
    expect([listActive(watch), watch.status?.state]).toEqual([[], "ready"]);
    // And where a gateway starts with one.
    const { decider, baseline } = watch.snapshot();
    const later = renewParts({ model: { ...next.model, version: "3.0.0", digest: "d3" } });
    const started = createWatch({ parts: later, snapshot: { decider, baseline } });
    for (let index = 800; index < 1200; index++) started.update(watchedWindow(index, faultyLooking, later));
    expect([listActive(started), started.status?.state]).toEqual([[], "ready"]);
  });

  test("is one of which nobody knows anything after a renewal, and with another epoch, also when that is told twice", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
    const { foundHealthy: _, ...repaired } = found;
    const { decider, baseline } = watch.snapshot();
    watch.renew(repaired);
    feedWatch(watch, { from: 400, to: 500 }, faultyLooking);
    expect([listActive(watch), watch.standing.renewed?.foundHealthy]).toEqual([["outer-race"], undefined]);
    const other = { ...watchOptions, epoch: 1 };
    const first = createWatch({ options: other, snapshot: { baseline } });
    expect(first.standing.renewed).toMatchObject({ count: 1, reason: found.reason });
    const second = createWatch({ options: other, snapshot: { baseline: first.snapshot().baseline } });
    feedWatch(second, { from: 400, to: 500 }, faultyLooking);
    expect(listActive(second)).toEqual(["outer-race"]);
    expect(decider.signals).toHaveLength(3);
  });

  test("is held against nothing that was refused before", () => {
    const watch = createWatch();
    feedWatch(watch, { from: 0, to: 400 }, { logits: [1.6, -3] });
    expect(watch.status?.state).toBe("refused");
    watch.renew(found);
    expect(watch.status?.state).toBe("learning");
    expect(watch.snapshot().baseline?.doubted).toBeUndefined();
    feedWatch(watch, { from: 400, to: 600 }, { logits: [1.6, -3] });
    expect(watch.status?.state).toBe("ready");
  });

  test("is refused like any other where it looks faulty and moves, however slowly it does", () => {
    const options = { ...watchOptions, minWindows: 600, minDurationMs: 86_400_000 };
    /** By how much a fault has grown when it is raised. */
    const growUntilRaised = (healthy: number, perHour: number, isVouched: boolean): number => {
      const watch = createWatch({ options });
      if (isVouched) watch.renew(found);
      for (let index = 0; index < 2000; index++) {
        feedSnapshots(watch, { from: index, to: index + 1 }, () => ({
          logits: [healthy + (perHour * index) / 6, -6],
        }));
        if (listActive(watch).length > 0) return (perHour * index) / 6;
      }
      return Number.POSITIVE_INFINITY;
    };
    for (const perHour of [0.1, 0.2, 0.5, 1]) {
      const ordinary = growUntilRaised(-3.2, perHour, false);
      expect(growUntilRaised(1, perHour, true), `${perHour} an hour`).toBeLessThanOrEqual(ordinary);
    }
    const moving = createWatch();
    moving.renew(found);
    const details = feedSnapshots(moving, { from: 0, to: 400 }, (index) => ({
      ...faultyLooking,
      levelDb: index % 64 < 32 ? -30 : -24,
    })).flatMap(({ event }) => (event === null ? [] : [`${event.kind} ${event.detail}`]));
    expect(details[0]).toMatch(
      /^refused half of the windows look like outer-race .*, and the level wandered by/,
    );
    expect(details.join()).not.toContain("unsteady");
  });

  test("is held to its reference once it has one: a fault is none of what was vouched for, also when a clock is set back", () => {
    const watch = createWatch();
    watch.renew(found);
    feedWatch(watch, { from: 4000, to: 4400 });
    expect(watch.status).toMatchObject({ state: "ready", isProvisional: false });
    feedWatch(watch, { from: 0, to: 30 }, { logits: [4, -3] });
    expect(listActive(watch)).toEqual(["outer-race"]);
    // One that is as its reference says begins where it lies.
    const odd = inspect();
    feedWatch(odd, { from: 4000, to: 4400 }, faultyLooking);
    feedWatch(odd, { from: 0, to: 300 }, faultyLooking);
    expect([listActive(odd), odd.status?.state]).toEqual([[], "ready"]);
  });

  test("may begin with a window that is lower or higher than the others: it is never stricter than with a stranger", () => {
    for (const [first, then] of [
      [-5, -1.5],
      [-4, -1],
    ] as const) {
      const watch = createWatch();
      watch.renew(found);
      feedWatch(watch, { from: 0, to: 1 }, { logits: [first, -6] });
      feedWatch(watch, { from: 1, to: 90 }, { logits: [then, -6] });
      expect(listActive(watch), `${first}`).toEqual([]);
    }
    // How it looked when it was inspected counts, too.
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 63 }, { logits: [-3, -6] });
    feedWatch(watch, { from: 63, to: 120 }, { logits: [2.5, -3] });
    expect(listActive(watch)).toEqual([]);
  });

  test("says so beside the levels of the model before, where the next one's scores look faulty", () => {
    const watch = createWatch();
    watch.renew(found);
    feedWatch(watch, { from: 0, to: 200 });
    expect(watch.status).toMatchObject({ state: "ready", suspicions: [] });
    const next = renewParts();
    watch.adopt(next);
    for (let index = 200; index < 600; index++) watch.update(watchedWindow(index, faultyLooking, next));
    expect(watch.status!.suspicions).toEqual([expect.stringMatching(/^found healthy, though half of /)]);
  });

  test("is not vouched for with another model while something has gathered against it", () => {
    const watch = inspect();
    feedWatch(watch, { from: 60, to: 400 }, faultyLooking);
    for (let index = 400; listActive(watch).length === 0; index++) {
      feedWatch(watch, { from: index, to: index + 1 }, { logits: [7, -3] });
    }
    watch.adopt(renewParts());
    expect(watch.standing.renewed).toMatchObject({ count: 1, reason: found.reason });
    expect(watch.standing.renewed).not.toHaveProperty("foundHealthy");
  });

  test("is one whose model knows baselines: nothing is changed of another", () => {
    const { baseline: _, ...parts } = watchParts;
    const watch = createWatch({ parts });
    for (let index = 0; index < 60; index++) watch.update(watchedWindow(index, faultyLooking));
    expect(listActive(watch)).toEqual(["outer-race"]);
    const before = watch.snapshot();
    expect(watch.renew(found)).toBeNull();
    expect(watch.snapshot()).toEqual(before);
  });
});

test("that a bearing was found healthy says nothing of the next one, whichever model its device still runs", () => {
  const old = { ...watchParts, orders: [3.58, 5.42, 4.71, 0.4] };
  const orders = [3.07, 4.93, 4, 0.38];
  const watch = createWatch({ parts: old });
  watch.renew(found);
  feedWatch(watch, { from: 0, to: 20 }, faultyLooking);
  const { decider, baseline } = JSON.parse(JSON.stringify(watch.snapshot()));
  const snapshot = { decider, baseline: baselineSnapshotSchema.parse(baseline) };
  const restart = (change: { readonly orders: number[] }): PointWatch => {
    const started = createWatch({ parts: renewParts(change), snapshot });
    started.adopt({ ...watchParts, ...change });
    return started;
  };
  // The same bearing under the model that its device had.
  const same = restart({ orders: old.orders });
  feedWatch(same, { from: 20, to: 400 }, faultyLooking);
  expect([same.status?.state, same.standing.renewed?.foundHealthy]).toEqual(["ready", true]);
  const replaced = restart({ orders });
  expect(replaced.standing.renewed?.foundHealthy).toBeUndefined();
  feedWatch(replaced, { from: 20, to: 400 }, faultyLooking);
  expect(replaced.status?.state).not.toBe("ready");
  expect(listActive(replaced)).toEqual(["outer-race"]);
});
