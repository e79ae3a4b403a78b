/** An alarm that is held by how far its kind stands out, while other kinds come to lie as high. */
import { expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { createWatch, feedSnapshots, listActive, type WatchScene, watchOptions } from "./watch-feed.ts";

const day = 144;

/** A watch of four healthy days, and of six in which an outer race grows to `logit`. */
function createRaised(healthy: number, logit: number): PointWatch {
  const watch = createWatch({ options: { ...watchOptions, minWindows: 2 * day } });
  feedSnapshots(watch, { from: 0, to: 4 * day }, () => ({ logits: [healthy, -3] }));
  const rise = (logit - healthy) / (6 * day);
  feedSnapshots(watch, { from: 4 * day, to: 10 * day }, (index) => ({
    logits: [healthy + rise * (index - 4 * day), -3],
  }));
  const [outer] = watch.snapshot().decider.signals;
  expect([listActive(watch), outer!.held]).toMatchObject([["outer-race"], { lane: "slow", isMargin: true }]);
  return watch;
}

/** Plays so many days from the tenth on. */
function play(watch: PointWatch, days: number, sceneOf: (day: number) => WatchScene): void {
  feedSnapshots(watch, { from: 10 * day, to: (10 + days) * day }, (index) => sceneOf(index / day - 10));
}

test("an alarm of hours stands while its fault does, though another kind comes to lie as high", () => {
  const watch = createRaised(-3, 4);
  play(watch, 20, (days) => ({ logits: [4, Math.min(5, -3 + 3 * days)] }));
  expect(watch.held).toMatchObject([{ failureMode: "outer-race", isQuiet: false }]);
  expect(watch.held[0]!.whyItStands).toMatch(/^by itself it lies where no healthy machine does, /);
});

test("it ends where the machine is as it was, also one that lies higher than most", () => {
  for (const healthy of [-3, 1]) {
    const watch = createRaised(healthy, healthy + 7);
    play(watch, 3, () => ({ logits: [healthy, -3] }));
    expect(listActive(watch)).toEqual([]);
  }
});
