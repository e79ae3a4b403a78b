import { expect, test } from "vitest";
import { baselineListSchema } from "../../../../src/core/contract/baseline-report.ts";
import { createPointWatch, type PointWatch } from "../../../../src/core/decision/point-watch.ts";
import { sayPace } from "../../../../src/core/decision/reference/describe-baseline.ts";
import { point } from "../decider-feed.ts";
import { feedWatch, renewParts, watchedWindow, watchOptions, watchParts } from "../watch-feed.ts";

const create = (changes: Partial<typeof watchOptions> = {}) =>
  createPointWatch({ point, parts: watchParts, options: { ...watchOptions, ...changes } });

/** What is said of a point, held to what the command promises. */
function standingOf({ standing }: PointWatch) {
  const report = { turbine: point.turbine, component: point.component, ...standing };
  return baselineListSchema().parse(JSON.parse(JSON.stringify({ points: [report] }))).points[0]!;
}

test("before the first window nothing is learnt, and it is said what counts", () => {
  const { state, why, learning, reference, severityDb, renewed } = standingOf(create());
  expect([state, reference, severityDb, renewed]).toEqual(["learning", null, null, null]);
  expect(why).toContain("only those of an operating turbine");
  expect(learning).toEqual({
    windows: 0,
    ofWindows: 64,
    neededWindows: 96,
    hours: 0,
    ofHours: 1 / 60,
    since: null,
  });
});

test("learning is stated in windows and hours of what is wanted, the larger of installation and bundle", () => {
  const watch = create({ minWindows: 5, minDurationMs: 7_200_000 });
  feedWatch(watch, { from: 0, to: 40 });
  feedWatch(watch, { from: 40, to: 900 }, { state: "standby" });
  feedWatch(watch, { from: 900, to: 901 });
  const { learning, why } = standingOf(watch);
  expect(learning).toEqual({
    windows: 41,
    ofWindows: 64,
    neededWindows: 96,
    hours: 0.25,
    ofHours: 2,
    since: "1970-01-01T00:00:00.000Z",
  });
  expect(why).toBe(
    "41 of 96 windows until a provisional reference; for the final one: 41 of 64 windows heard, 0.25 of 2 hours",
  );
});

const halfLearnt = { windows: 300, ofWindows: 600, hours: 40, ofHours: 24, since: null };
const hourMs = 3_600_000;

test.each([
  ["as many windows again", halfLearnt, 40 * hourMs, "about 2 days more at the pace so far"],
  ["hours", { ...halfLearnt, windows: 700, hours: 18 }, 18 * hourMs, "about 6 hours more at the pace so far"],
  [
    "one hour",
    { ...halfLearnt, windows: 599, hours: 24 },
    24 * hourMs,
    "about 1 hour more at the pace so far",
  ],
  ["nothing of less than an hour", { ...halfLearnt, hours: 0.9 }, 0.9 * hourMs, null],
  ["nothing of what is enough", { ...halfLearnt, windows: 600 }, 40 * hourMs, null],
  ["nothing beyond a year", { ...halfLearnt, windows: 1 }, 24 * hourMs, null],
  ["nothing without a window", { ...halfLearnt, windows: 0 }, 24 * hourMs, null],
] as const)("the pace of learning: %s", (_, progress, elapsedMs, words) => {
  expect(sayPace(progress, elapsedMs)).toBe(words);
});

test("a point that learns for hours says how long it will take as it went so far", () => {
  const watch = create({ minWindows: 5, minDurationMs: 7_200_000 });
  for (let place = 0; place < 40; place++) watch.update(watchedWindow(120 * place));
  expect(standingOf(watch).why).toMatch(/ hours, about 1 hour more at the pace so far$/);
});

test("a provisional reference says what the final one waits for, and of what there is enough", () => {
  const watch = create({ minWindows: 128, minDurationMs: 1_800_000 });
  feedWatch(watch, { from: 0, to: 610 });
  const { state, why, learning, reference } = standingOf(watch);
  expect(state).toBe("own-reference");
  expect(learning).not.toHaveProperty("neededWindows");
  expect(why).toBe(
    `it has its own reference: version ${reference!.version}, of ${reference!.windows} windows, provisional until the final one: 610 windows heard (enough), 0.17 of 0.5 hours`,
  );
});

test("progress is what the learner counts: a standstill is no time of learning", () => {
  const watch = create({ minWindows: 500, minDurationMs: 7_200_000 });
  feedWatch(watch, { from: 0, to: 60 });
  // Three days later.
  feedWatch(watch, { from: 3 * 86_400, to: 3 * 86_400 + 20 });
  const { learning } = standingOf(watch);
  expect(learning).toMatchObject({ windows: 80, ofWindows: 500, ofHours: 2 });
  expect(learning!.hours).toBeLessThan(7);
});

test("what looks faulty is called refused, with the reason and when it is tried again", () => {
  const watch = create();
  // Too little to raise an alarm, too much to be learnt as healthy.
  feedWatch(watch, { from: 0, to: 70 }, { logits: [1.6, -1] });
  const { state, why, learning, reference } = standingOf(watch);
  expect([state, reference]).toEqual(["refused", null]);
  expect(why).toMatch(
    /^it is not learnt from, since it looks faulty: half of the windows look like .*; it is tried again with 128 windows; for the final one: 70 windows heard \(enough\), 0\.02 hours \(enough\)/,
  );
  expect(learning).toMatchObject({ ofWindows: 64 });
});

test("an own reference is stated with its version, speeds, time and suspicions, and the severity above it", () => {
  const watch = create();
  feedWatch(watch, { from: 0, to: 70 });
  feedWatch(watch, { from: 70, to: 71 }, { levelDb: -20 });
  const { state, why, learning, reference, severityDb } = standingOf(watch);
  expect([state, learning]).toEqual(["own-reference", null]);
  expect(why).toBe("it has its own reference: version 1, of 64 windows");
  expect(reference).toEqual({
    version: 1,
    windows: 64,
    from: "1970-01-01T00:00:00.000Z",
    to: "1970-01-01T00:01:04.000Z",
    shaftRpm: { min: 1500, max: 1500, reference: 1500 },
    hasScores: true,
    suspicions: [],
  });
  expect(severityDb).toBeGreaterThan(8);
  expect(severityDb).toBe(Math.round(severityDb! * 10) / 10);
});

test("a reference that was learnt of a doubtful machine says why in its first sentence", () => {
  const watch = create();
  feedWatch(watch, { from: 0, to: 70 }, { levelDb: 10 });
  const { why, reference } = standingOf(watch);
  expect(reference!.suspicions.join()).toContain("louder");
  expect(why).toContain(reference!.suspicions[0]!);
});

test("data that moved while it was learnt, and another model's scores, are said to be why it is learning", () => {
  const moving = create();
  for (let index = 0; index < 70; index++) {
    moving.update(watchedWindow(index, { levelDb: -30 + 0.2 * index }));
  }
  expect(standingOf(moving).why).toContain("what was learnt moved");
  const updated = create();
  feedWatch(updated, { from: 0, to: 70 });
  updated.adopt(renewParts());
  const { state, why, reference } = standingOf(updated);
  expect([state, reference!.hasScores]).toEqual(["learning", false]);
  expect(why).toContain("levels are held against version 1, the scores of m 2.0.0 are learnt");
});

test("a model without baselines, and a renewal, are named", () => {
  const watch = create();
  feedWatch(watch, { from: 0, to: 70 });
  watch.renew({ atMs: 0, by: "ops", reason: "new sensor" });
  expect(standingOf(watch).why).toContain("version 1 was let go when it was renewed");
  const { baseline: _none, ...without } = renewParts();
  watch.adopt(without);
  const { state, why, learning, reference } = standingOf(watch);
  expect([state, learning, reference]).toEqual(["none", null, null]);
  expect(why).toBe("the model m 2.0.0 knows no baselines: nothing is learnt on site");
});

test("times that a device's broken clock has given are held within the years that can be stated", () => {
  const watch = create();
  const { prediction, ...window } = watchedWindow(0);
  watch.update({ ...window, prediction: { ...prediction, fromMs: -9e15, toMs: 9e15 } });
  expect(standingOf(watch).learning!.since).toBe("1970-01-01T00:00:00.000Z");
  watch.renew({ atMs: 9e15, by: "ops", reason: "new sensor" });
  expect(standingOf(watch).renewed!.at).toBe("9999-12-31T00:00:00.000Z");
});
