import { expect, test } from "vitest";
import type { PointWatch } from "../../../src/core/decision/point-watch.ts";
import { createWatch, feedSnapshots, feedWatch, listActive, type WatchScene } from "./watch-feed.ts";

/** A watch that was learnt at 1500 rpm. */
function createLearnt(): PointWatch {
  const watch = createWatch();
  feedWatch(watch, { from: 0, to: 200 });
  expect([watch.status?.state, watch.status?.beyond]).toEqual(["ready", undefined]);
  return watch;
}

/** Windows every ten minutes at 3000 rpm. */
function playFast(watch: PointWatch, count: number, scene: WatchScene): ReturnType<typeof watch.update>[] {
  return feedSnapshots(watch, { from: 200, to: 200 + count }, () => ({ ...scene, shaftRpm: 3000 }));
}

const unknown = "it was learnt at 1500 rpm, not at 3000 rpm";

test("at a speed that was not learnt no severity is told, and why, and none makes an alarm critical", () => {
  const watch = createLearnt();
  const steps = playFast(watch, 60, { levelDb: -12 });
  for (const { decision } of steps)
    expect(decision).toMatchObject({ severityDb: null, severityUnknown: unknown, stopDb: null });
  expect([listActive(watch), watch.severity.db]).toEqual([[], null]);
  expect(watch.outlook).toEqual({
    cannotSay: expect.stringContaining(`, as far as that is known: ${unknown}`),
  });
  expect(watch.standing).toMatchObject({
    severityDb: null,
    why: expect.stringMatching(/at 1500 rpm, and about 100 % of the last day's windows were at other speeds/),
  });
  expect(watch.status?.beyond).toContain("at other speeds");
});

test("a machine that is louder there than its speed explains is raised all the same, one that speed explains is not", () => {
  // An octave faster: 24 dB are explained, and 10 dB more raise.
  for (const [aboveDb, raised] of [
    [28, []],
    [40, ["vibration-level"]],
  ] as const) {
    const watch = createLearnt();
    playFast(watch, 288, { levelDb: -30 + aboveDb });
    expect(listActive(watch)).toEqual(raised);
  }
});

test("silence there ends no alarm of the level: that it is at least as quiet is not known", () => {
  const watch = createLearnt();
  playFast(watch, 288, { levelDb: 10 });
  expect(listActive(watch)).toEqual(["vibration-level"]);
  playFast(watch, 288, { levelDb: -20 });
  expect(listActive(watch)).toEqual(["vibration-level"]);
});

test("nor does the least that it can be, which is nearer to the healthy level than the loudest was", () => {
  const watch = createLearnt();
  playFast(watch, 288, { levelDb: 25 });
  playFast(watch, 288, { levelDb: -1 });
  expect(listActive(watch)).toEqual(["vibration-level"]);
});

test("a sensor that dies there is deaf", () => {
  const watch = createLearnt();
  playFast(watch, 24, {});
  expect(watch.deafness.isDeaf).toBe(false);
  playFast(watch, 24, { levelDb: -80 });
  expect(watch.deafness.isDeaf).toBe(true);
});

test("just beside the learnt speeds the slow lane raises a kind that stands out by one and a half logits more", () => {
  const play = (above: number, shaftRpm: number): string[] => {
    const watch = createLearnt();
    feedSnapshots(watch, { from: 200, to: 272 }, () => ({ logits: [-1, -1 - above], shaftRpm }));
    return listActive(watch);
  };
  const outer = ["outer-race"];
  expect([1450, 1485, 1500, 1515, 1550].map((rpm) => play(5, rpm))).toEqual([outer, [], outer, [], outer]);
  expect([play(6.5, 1485), play(6.5, 1515)]).toEqual([outer, outer]);
});

test("an alarm that was raised there is held against what was learnt", () => {
  const watch = createLearnt();
  const play = (from: number, days: number, above: number, shaftRpm: number): void => {
    feedSnapshots(watch, { from, to: from + 144 * days }, () => ({ logits: [-1, -1 - above], shaftRpm }));
  };
  play(200, 2, 7, 1485);
  expect(listActive(watch)).toEqual(["outer-race"]);
  play(200 + 288, 8, 3, 1500);
  expect(listActive(watch)).toEqual(["outer-race"]);
});

test("of a machine that was learnt at one exact speed and runs just beside it from then on its state names the cure", () => {
  const watch = createLearnt();
  const scene = { levelDb: -30, shaftRpm: 1508 };
  feedSnapshots(watch, { from: 200, to: 300 }, () => scene);
  expect(watch.status?.beyond).toBe(
    "it was learnt at 1500 rpm, and about 100 % of the last day's windows were just beside, where a fault has to stand out more and is raised later: if that is its speed from now on, learn it anew (aurora baseline renew)",
  );
});
