/** A device that infers sends scores and no samples: its machine has a reference of scores all the same. */
import { expect, test } from "vitest";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  createWatch,
  feedWatch,
  listActive,
  renewParts,
  type WatchScene,
  watchedWindow,
} from "./watch-feed.ts";

const alone: WatchScene = { isUnheard: true };

test("scores alone become a reference; how loud the machine is stays unknown", () => {
  const watch = createWatch();
  const steps = feedWatch(watch, { from: 0, to: 80 }, alone);
  expect(steps.flatMap(({ event }) => event?.kind ?? [])).toEqual(["ready"]);
  expect(watch.status).toMatchObject({ state: "ready", isProvisional: false, version: 1, suspicions: [] });
  expect(steps.at(-1)!.decision).toMatchObject({ severityDb: null, isLearning: false });
  expect(steps.at(-1)!.decision.modes.map(({ failureMode }) => failureMode)).toEqual(["outer-race", "ball"]);
  expect(watch.outlook).toEqual({ cannotSay: "how loud this machine is when healthy is not known" });
  expect(watch.standing).toMatchObject({ state: "own-reference", severityDb: null });
});

test.for([2400, 60_000, 600_000])(
  "a fault that grows for days is heard by scores alone, a window every %i ms",
  (everyMs) => {
    const random = createRandom(3);
    const watch = createWatch();
    const daily = 86_400_000 / everyMs;
    let lane: string | undefined;
    for (let index = 0; index < 5 * daily && lane === undefined; index++) {
      const grown = Math.max(0, (index / daily - 2) / 3);
      const { prediction, ...rest } = watchedWindow(index, alone);
      const logits = Float64Array.of(-3 + 6 * grown + 0.4 * random.normal(), -3 + 0.4 * random.normal());
      const fromMs = index * everyMs;
      const { decision } = watch.update({
        ...rest,
        prediction: { ...prediction, logits, fromMs, toMs: fromMs + 1000 },
      });
      lane = decision.modes.find(({ active }) => active)?.lane;
      if (lane !== undefined) expect(grown).toBeGreaterThan(0);
    }
    expect(lane).toBe("slow");
    expect(listActive(watch)).toEqual(["outer-race"]);
  },
);

test("a strong fault raises at once, and is not learnt", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 }, { logits: [3, -3], isUnheard: true });
  expect(listActive(watch)).toEqual(["outer-race"]);
  expect(watch.status).toMatchObject({ state: "learning" });
  expect(watch.status!.windows).toBeLessThan(6);
});

test("where levels are heard later they are learnt beside the scores, which stay what they were", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 }, alone);
  const scores = watch.snapshot().baseline?.baseline;
  // It has worn a little since, too little to be heard.
  const steps = feedWatch(watch, { from: 80, to: 300 }, { logits: [-2.2, -3] });
  expect(steps.every(({ decision }) => decision.isLearning === false)).toBe(true);
  expect(steps.flatMap(({ event }) => event?.kind ?? [])).toEqual(["ready"]);
  expect(watch.status).toMatchObject({ state: "ready", isProvisional: false, version: 2 });
  const both = watch.snapshot().baseline?.baseline;
  expect(both).toMatchObject({
    version: 2,
    levelsVersion: 2,
    margins: scores!.margins,
    windows: scores!.windows,
  });
  expect(both?.levels.every((level) => level !== null)).toBe(true);
  expect(Math.abs(steps.at(-1)!.decision.severityDb!)).toBeLessThan(2);
  // And nothing is learnt any more, of either.
  feedWatch(watch, { from: 300, to: 600 }, { levelDb: -29 });
  feedWatch(watch, { from: 600, to: 900 }, alone);
  expect(watch.snapshot().baseline?.baseline).toEqual(both);
});

test("a reference of levels holds scores that come alone, and says nothing of loudness meanwhile", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 });
  const steps = feedWatch(watch, { from: 80, to: 100 }, alone);
  expect(steps.at(-1)!.decision).toMatchObject({ severityDb: null, isLearning: false });
  const [heard] = feedWatch(watch, { from: 100, to: 101 });
  expect(Math.abs(heard!.decision.severityDb!)).toBeLessThan(2);
});

test("it goes on after a restart and with another model, whose scores are learnt, and levels once they are heard", () => {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 80 }, alone);
  const { decider, baseline } = watch.snapshot();
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
  const restarted = createWatch({ snapshot: { decider, baseline: kept } });
  expect(restarted.status).toEqual(watch.status);
  const next = renewParts();
  // Of the old model nothing is left: no level was heard.
  expect(restarted.adopt(next)).toEqual({
    kind: "relearning",
    detail: "the scores of another model are learnt",
  });
  expect(restarted.standing).toMatchObject({ state: "learning", reference: null });
  const feed = (from: number, to: number, scene: WatchScene) => {
    for (let index = from; index < to; index++) restarted.update(watchedWindow(index, scene, next));
  };
  feed(80, 200, alone);
  expect(restarted.status).toMatchObject({ state: "ready", version: 2 });
  feed(200, 400, {});
  expect(restarted.status).toMatchObject({ state: "ready", version: 3 });
  expect(Math.abs(restarted.severity.db!)).toBeLessThan(2);
});
