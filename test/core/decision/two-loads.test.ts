/** A machine that works at two loads at one speed: neither is a fault, and a rise at the louder one is raised as of any machine. */
import { expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { baselineSnapshotSchema } from "../../../src/core/decision/reference/baseline-snapshot.ts";
import { createWatch, feedSnapshots, listActive, type WatchScene, watchParts } from "./watch-feed.ts";

const day = 144;
const apartDb = 8;

/** A scene whose load changes each `spell` windows; at the louder one there may be more. */
const inSpells =
  (spell: number, moreDb: number) =>
  (index: number): WatchScene =>
    Math.floor(index / spell) % 2 === 0 ? { levelDb: -30 } : { levelDb: -30 + apartDb + moreDb };

/** A watch that has heard both loads for some days, and when it had its reference. */
function learn(): { readonly watch: PointWatch; readonly learntAt: number } {
  const watch = createWatch();
  const told = feedSnapshots(watch, { from: 0, to: 6 * day }, inSpells(30, 0));
  return { watch, learntAt: told.findIndex(({ event }) => event?.kind === "ready") };
}

/** Does an alarm stand in any of these windows? */
function isRaised(told: ReturnType<typeof feedSnapshots>): boolean {
  return told.some(({ decision }) => decision.modes.some(({ active }) => active));
}

test("neither load of a machine is a fault: it has its reference, which is its louder load, when it has come back to both", () => {
  const { watch, learntAt } = learn();
  expect(learntAt).toBe(95);
  expect(watch.status!.suspicions).toEqual([
    expect.stringMatching(
      /^it went back and forth between two levels [78] dB apart, and is held against the louder one; a fault that comes and goes looks the same$/,
    ),
  ]);
  const told = feedSnapshots(watch, { from: 6 * day, to: 30 * day }, inSpells(2 * day, 0));
  expect(isRaised(told)).toBe(false);
  const severities = told.map(({ decision }) => decision.severityDb!);
  expect(Math.abs(severities[9]!)).toBeLessThan(2.5);
  expect(Math.abs(severities[2 * day + 9]! + apartDb)).toBeLessThan(2.5);
  expect(watch.deafness.isDeaf).toBe(false);
});

test("a rise at the louder load is raised, and days at the fainter one neither end its alarm nor are its trend", () => {
  const { watch } = learn();
  const loud = feedSnapshots(watch, { from: 6 * day, to: 7 * day }, () => ({ levelDb: -30 + apartDb + 10 }));
  expect(isRaised(loud)).toBe(true);
  expect(listActive(watch)).toEqual(["vibration-level"]);
  const before = watch.outlook;
  feedSnapshots(watch, { from: 7 * day, to: 10 * day }, () => ({ levelDb: -30 }));
  expect(listActive(watch)).toEqual(["vibration-level"]);
  expect(watch.outlook).toEqual(before);
  const why = "the machine works at the fainter of its two loads, which says nothing of its level";
  expect(watch.held).toEqual([{ failureMode: "vibration-level", isQuiet: false, whyItStands: why }]);
  feedSnapshots(watch, { from: 10 * day, to: 12 * day }, () => ({ levelDb: -30 + apartDb }));
  expect(listActive(watch)).toEqual([]);
  expect(watch.held).toEqual([]);
});

test("where bands differ the fainter load is as quiet as a window's severity says, and ends no alarm either", () => {
  const watch = createWatch();
  const scene = (index: number, moreDb: number): WatchScene => {
    const isLoud = Math.floor(index / 30) % 2 === 1;
    return { levelDb: -30 + (isLoud ? 2 + moreDb : 0), secondDb: -35 + (isLoud ? 14 + moreDb : 0) };
  };
  feedSnapshots(watch, { from: 0, to: 6 * day }, (index) => scene(index, 0));
  feedSnapshots(watch, { from: 6 * day, to: 7 * day }, () => scene(30, 10));
  expect(listActive(watch)).toEqual(["vibration-level"]);
  const told = feedSnapshots(watch, { from: 7 * day, to: 10 * day }, () => scene(0, 0));
  expect(watch.snapshot().baseline!.quieterDb).toBeCloseTo(-told.at(-1)!.decision.severityDb!, 0);
  expect(watch.deafness.isQuieter).toBe(true);
  expect(listActive(watch)).toEqual(["vibration-level"]);
});

test("how far the loads lie apart is kept over a restart, and forgotten with the levels that were learnt", () => {
  const { watch } = learn();
  const { decider, baseline, outlook } = watch.snapshot();
  const kept = baselineSnapshotSchema.parse(JSON.parse(JSON.stringify(baseline)));
  expect(Math.abs(kept.quieterDb! - apartDb)).toBeLessThan(0.5);
  const restarted = createWatch({ snapshot: { decider, baseline: kept, outlook } });
  const next = { from: 6 * day, to: 7 * day };
  expect(feedSnapshots(restarted, next, inSpells(day / 4, 0))).toEqual(
    feedSnapshots(watch, next, inSpells(day / 4, 0)),
  );
  expect(restarted.snapshot()).toEqual(watch.snapshot());
  // An earlier version kept none.
  const { quieterDb: _, ...older } = kept;
  expect(createWatch({ snapshot: { baseline: older } }).snapshot().baseline).not.toHaveProperty("quieterDb");
  // Levels stay where a bearing's kinds are told apart otherwise, and so does what is known of their loads.
  const others = createWatch({ parts: { ...watchParts, coinciding: [0, 1] }, snapshot: { baseline: kept } });
  feedSnapshots(others, { from: 6 * day, to: 6 * day + 1 }, inSpells(day, 0));
  expect(others.snapshot().baseline).toMatchObject({ quieterDb: kept.quieterDb, baseline: { model: null } });
  restarted.renew({ atMs: 0, by: "somebody", reason: "repaired" });
  expect(restarted.snapshot().baseline).not.toHaveProperty("quieterDb");
});
