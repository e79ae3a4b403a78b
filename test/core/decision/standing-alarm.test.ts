/** What ends a standing alarm, and what does not: another kind that rages, a sensor that hears nothing, a bearing that was corrected. */
import { describe, expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { feed as tell } from "./alarms/feed-register.ts";
import { createFeed, options, partsOf, point } from "./decider-feed.ts";
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

const day = 24 * 60;

test("an alarm stands while another kind of fault rages, and ends a day after that has gone as well", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const feed = createFeed(decider);
  const play = (minutes: number, logits: readonly number[]): void => {
    for (let minute = 0; minute < minutes; minute++) {
      feed.next(logits);
      feed.atMs += 59_000;
    }
  };
  play(60, [-3, -3]);
  for (let second = 0; second < 60; second++) feed.next([5, 0]);
  expect(decider.active.map(({ failureMode }) => failureMode)).toEqual(["inner"]);
  const [{ sinceMs } = { sinceMs: 0 }] = decider.active;
  play(3 * day, [-4, 5]);
  expect(decider.active).toEqual([{ failureMode: "inner", sinceMs }]);
  expect(feed.next([-4, 5]).modes[0]).toMatchObject({ active: true, leadingMode: "outer" });
  const why = "there is evidence of outer too, and no alarm ends while another kind shows";
  expect(decider.held).toEqual([{ failureMode: "inner", isQuiet: false, whyItStands: why }]);
  // While its own shows it stands for that.
  play(60, [5, 4]);
  expect(decider.held).toMatchObject([{ isQuiet: false, whyItStands: null }]);
  play(2 * day, [-3, -3]);
  expect(decider.active).toEqual([]);
});

/** A window every ten minutes. */
function playSnapshots(watch: PointWatch, from: number, count: number, scene: WatchScene): number {
  for (let index = 0; index < count; index++) watch.update(watchedWindow(from + 600 * index, scene));
  return from + 600 * count;
}

test("a sensor that hears its machine no more ends no alarm", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  expect(watch.status?.state).toBe("ready");
  feedWatch(watch, { from: 200, to: 400 }, { logits: [5, -1], levelDb: -20 });
  expect(listActive(watch)).toEqual(["outer-race"]);
  const dead = playSnapshots(watch, 400, 3 * 144, { levelDb: -60 });
  expect([listActive(watch), watch.severity.db! < -9]).toEqual([["outer-race"], true]);
  const whyItStands = expect.stringMatching(
    /^its sensor hears far less .* no alarm ends by what is not heard$/,
  );
  expect(watch.held).toMatchObject([{ isQuiet: false, whyItStands }]);
  playSnapshots(watch, dead, 2 * 144, {});
  expect(listActive(watch)).toEqual([]);
});

test("a sensor with a loose contact, whose spells are too short for a deaf one, ends no alarm either", () => {
  const faulty: WatchScene = { logits: [5, -1], levelDb: -20 };
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  feedWatch(watch, { from: 200, to: 400 }, faulty);
  const before = watch.active;
  let second = 400;
  for (let spell = 0; spell < 40; spell++) {
    second = playSnapshots(watch, second, 11, { levelDb: -60 });
    expect(watch.deafness.isDeaf).toBe(false);
    second = playSnapshots(watch, second, 1, faulty);
    expect(watch.active).toEqual(before);
  }
  expect(before).toHaveLength(1);
  // Mended, with a contact that is loose all the same: what it hears counts.
  for (let spell = 0; spell < 40; spell++) {
    second = playSnapshots(watch, second, 6, { levelDb: -60 });
    second = playSnapshots(watch, second, 6, {});
  }
  expect(watch.active).toEqual([]);
});

/** A run that ends in a restart: what is kept goes through the disk. */
function restartWatch(watch: PointWatch, parts = watchParts): PointWatch {
  const { decider, baseline } = JSON.parse(JSON.stringify(watch.snapshot()));
  return createWatch({ parts, snapshot: { decider, baseline: baselineSnapshotSchema.parse(baseline) } });
}

test("a gateway that restarts each day counts on how long a sensor has been deaf, and its alarm stands", () => {
  let watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  feedWatch(watch, { from: 200, to: 400 }, { logits: [5, -1], levelDb: -20 });
  expect(watch.snapshot().baseline).not.toHaveProperty("quietWindows");
  let second = 400;
  for (let run = 0; run < 20; run++) {
    watch = restartWatch(watch);
    // Ten windows of a day, an hour apart.
    for (let hour = 0; hour < 10; hour++, second += 3600)
      watch.update(watchedWindow(second, { levelDb: -60 }));
  }
  expect([listActive(watch), watch.deafness]).toMatchObject([
    ["outer-race"],
    { isDeaf: true, quietWindows: 200 },
  ]);
  // Against a reference that is learnt anew nothing was quiet yet, nor where a model watches other levels.
  const anew = createWatch({ options: { ...watchOptions, epoch: 1 }, snapshot: watch.snapshot() });
  expect(anew.deafness.quietWindows).toBe(0);
  const { levels, ...spec } = watchParts.baseline!;
  const list = levels.list.map((level) => ({ ...level, name: `${level.name}-new` }));
  const other = renewParts({ baseline: { ...spec, levels: { ...levels, list } } });
  // Of a model that serves on after all it is what it was.
  const mistaken = restartWatch(restartWatch(watch, other), other);
  mistaken.adopt(watchParts);
  expect(mistaken.deafness.quietWindows).toBe(200);
  watch.adopt(other);
  watch.update(watchedWindow(second, { levelDb: -60 }, other));
  expect(watch.deafness.quietWindows).toBe(0);
  watch = restartWatch(mistaken);
  watch.renew({ atMs: 0, by: "ana", reason: "sensor replaced" });
  expect(restartWatch(watch).deafness.quietWindows).toBe(0);
});

test("what was learnt at other lines is not what a corrected bearing's lines are held against", () => {
  const wrong = { ...watchParts, orders: [3.07, 4.93, 4, 0.38] };
  const right = { ...watchParts, orders: [3.58, 5.42, 4.71, 0.4] };
  const watch = createWatch({ parts: wrong });
  feedWatch(watch, { from: 0, to: 200 });
  const { decider, baseline } = watch.snapshot();
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
  const restart = (parts: typeof wrong) => createWatch({ parts, snapshot: { decider, baseline: kept } });
  // At the right lines this healthy machine scores higher.
  const scene = { logits: [0.2, -1.5] } as const;
  const unaware = restart(wrong);
  feedWatch(unaware, { from: 200, to: 4_000 }, scene);
  expect(listActive(unaware)).toEqual(["outer-race"]);
  const corrected = restart(right);
  expect(corrected.standing).toMatchObject({ state: "learning", reference: { hasScores: false } });
  feedWatch(corrected, { from: 200, to: 4_000 }, scene);
  expect(listActive(corrected)).toEqual([]);
  expect(corrected.severity.db).not.toBeNull();
  // The same orders, rounded otherwise, are the same.
  const rounded = restart({ ...watchParts, orders: [3.0701, 4.9299, 4.0002, 0.38] });
  expect(rounded.standing.state).toBe("own-reference");
});

test("what keeps a renewed machine from being learnt is said", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  feedWatch(watch, { from: 200, to: 300 }, { logits: [5, -1] });
  watch.renew({ atMs: 300_000, by: "ana", reason: "bearing replaced" });
  feedWatch(watch, { from: 300, to: 400 });
  expect(watch.standing.why).toMatch(
    /; nothing is learnt as long as its alarm of outer race stands, which ends after a day of data and sixty windows near the healthy level$/,
  );
});

describe("under an alarm of before a renewal", () => {
  /** An outer race's alarm, renewed, and then a window each ten minutes of this scene. */
  const play = (scene: WatchScene, parts = watchParts, isRenewed = true): PointWatch => {
    const watch = createWatch({ parts });
    feedWatch(watch, { from: 0, to: 200 });
    feedWatch(watch, { from: 200, to: 300 }, { logits: [5, -1] });
    if (isRenewed) watch.renew({ atMs: 300_000, by: "ana", reason: "bearing replaced" });
    const restarted = restartWatch(watch, parts);
    playSnapshots(restarted, 400, 20, {});
    playSnapshots(restarted, 20_000, 60, scene);
    return restarted;
  };
  const ball: WatchScene = { logits: [-3, 5] };

  test("another kind raises an alarm of its own, over a restart, and the old one ends", () => {
    expect(listActive(play(ball, watchParts, false))).toEqual(["outer-race"]);
    const watch = play(ball);
    expect(listActive(watch)).toEqual(["outer-race", "ball"]);
    const { modes } = watch.update(watchedWindow(60_000, ball)).decision;
    expect(modes.map(({ leadingMode }) => leadingMode)).toEqual([undefined, undefined]);
    const restarted = restartWatch(watch);
    playSnapshots(restarted, 60_600, 144, ball);
    expect(listActive(restarted)).toEqual(["ball"]);
  });

  test("a machine that was not mended has the one alarm, and one whose kinds look alike", () => {
    expect(listActive(play({ logits: [5, -1] }))).toEqual(["outer-race"]);
    const alike = { ...watchParts, coinciding: [0, 1] };
    expect(listActive(play(ball, alike))).toEqual(["outer-race"]);
  });

  test("a machine that is loud, of a bearing that was corrected, has no second alarm of its level", () => {
    const watch = createWatch({ parts: { ...watchParts, orders: [3.07, 4.93, 4, 0.38] } });
    feedWatch(watch, { from: 0, to: 200 });
    feedWatch(watch, { from: 200, to: 300 }, { logits: [5, -1] });
    const corrected = restartWatch(watch, { ...watchParts, orders: [3.58, 5.42, 4.71, 0.4] });
    playSnapshots(corrected, 400, 60, { levelDb: -10 });
    expect([listActive(corrected), corrected.severity.db! > 16]).toEqual([["outer-race"], true]);
  });

  test("what a machine that lies high is held against is said, and what ends it", () => {
    const [alarm] = play({ logits: [3, -1] }).held;
    expect(alarm!.whyItStands).toMatch(
      /^since the renewal it is held against healthy machines in general, .* --found-healthy` ends it$/,
    );
    expect(play({ logits: [3, -1] }, watchParts, false).held[0]!.whyItStands).toBeNull();
  });
});

test("a machine that is heard twice a day says how many windows its alarm wants, and a renewed one wants fewer", () => {
  const play = (isRenewed: boolean, windows: number): PointWatch => {
    const watch = createWatch();
    feedWatch(watch, { from: 0, to: 200 });
    feedWatch(watch, { from: 200, to: 300 }, { logits: [5, -1] });
    if (isRenewed) watch.renew({ atMs: 300_000, by: "ana", reason: "bearing replaced" });
    const restarted = isRenewed ? restartWatch(watch) : watch;
    for (let window = 1; window <= windows; window++) restarted.update(watchedWindow(43_200 * window, {}));
    return restarted;
  };
  const watch = play(true, 20);
  const [alarm] = watch.held;
  expect(alarm!.whyItStands).toMatch(/ in \d+ of 60 windows only, over \d+ d; after a renewal 24 in a row /);
  expect(watch.standing.why).toContain(alarm!.whyItStands!);
  expect(listActive(play(true, 30))).toEqual([]);
  expect(listActive(play(false, 30))).toEqual(["outer-race"]);
});

test("a kind that is likelier than not on this healthy machine keeps no other alarm standing", () => {
  // As the shipped bundle states it: -0.5 is a probability of four fifths.
  const calibration = [0, 1].map(() => ({ slope: 1.33, intercept: 2.15 }));
  const watch = createWatch({ parts: { ...watchParts, calibration } });
  // Its ball lies there from its first day, as of some healthy machines, and is learnt.
  const usual: WatchScene = { logits: [-3, -0.5] };
  feedWatch(watch, { from: 0, to: 200 }, usual);
  feedWatch(watch, { from: 200, to: 400 }, { logits: [5, -1] });
  expect(listActive(watch)).toEqual(["outer-race"]);
  playSnapshots(watch, 400, 2 * 144, usual);
  expect(listActive(watch)).toEqual([]);
});

test("a machine at a speed that was not learnt is quieter, and its sensor not deaf", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  const quiet: WatchScene = { levelDb: -50 };
  for (let index = 0; index < 60; index++) {
    watch.update({ ...watchedWindow(200 + index, quiet), shaftRpm: 900 });
  }
  expect(watch.deafness.isDeaf).toBe(false);
  feedWatch(watch, { from: 300, to: 320 }, quiet);
  expect(watch.deafness).toMatchObject({ isDeaf: true, quietWindows: 20 });
});

test("two kinds that lie alike take no turns in what is told, nor do kinds of one place", () => {
  const random = createRandom(5);
  for (const coinciding of [[], [0, 1]]) {
    const decider = createDecider(point, { ...partsOf(["inner", "outer"]), coinciding }, options);
    const feed = createFeed(decider);
    for (let window = 0; window < 60; window++) feed.next([5, 4]);
    expect(decider.active).toHaveLength(1);
    const register = createAlarmRegister();
    const told: (string | undefined)[] = [];
    for (let window = 0; window < 20_000; window++) {
      const logits = [5 + random.normal(), 5 + random.normal()];
      for (const { data } of tell(register, feed.next(logits))) told.push(data.leadingMode);
    }
    expect(told.filter((mode) => mode !== undefined)).toEqual([]);
  }
});

test("a bearing that was written wrongly for one start costs nothing where no window was heard", () => {
  const right = { ...watchParts, orders: [3.58, 5.42, 4.71, 0.4] };
  const wrong = { ...watchParts, orders: [3.07, 4.93, 4, 0.38] };
  const watch = createWatch({ parts: right });
  feedWatch(watch, { from: 0, to: 200 });
  feedWatch(watch, { from: 200, to: 210 }, { logits: [5, -1] });
  const before = watch.snapshot();
  const mistaken = createWatch({ parts: wrong, snapshot: before });
  expect(mistaken.held).toMatchObject([{ failureMode: "outer-race" }]);
  const after = createWatch({ parts: right, snapshot: mistaken.snapshot() });
  expect(after.standing).toMatchObject({ state: "own-reference", reference: { hasScores: true } });
  expect(after.snapshot()).toMatchObject({ decider: before.decider, baseline: before.baseline! });
});
