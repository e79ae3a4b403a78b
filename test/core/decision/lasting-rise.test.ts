import { expect, test } from "vitest";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import { beginFast, usualSpread } from "../../../src/core/decision/fast-lane.ts";
import { describeRise, findLastingRise } from "../../../src/core/decision/lasting-rise.ts";
import { idleSlow } from "../../../src/core/decision/slow-lane.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createWatch, listActive, watchedWindow, watchOptions } from "./watch-feed.ts";

const outputs = ["outer-race", "ball"].map((failureMode) => ({ failureMode, title: failureMode }));
const calibration = [0, 1].map(() => ({ slope: 1, intercept: 0 }));

/** A signal whose last hours lay so far above what is expected, and whose level is so high by now. */
function signalOf(
  failureMode: string,
  hours: readonly number[],
  level = 0.5,
): DeciderSnapshot["signals"][number] {
  const day = { means: hours, squares: 1, count: 1, sum: 0, sinceMs: null, score: 0, windows: 600 };
  return {
    failureMode,
    fast: { ...beginFast(usualSpread), level },
    slow: { ...idleSlow, recent: day },
    held: null,
  };
}

const hoursOf = (high: number, low = 0, logits = 2.5): number[] => [
  ...Array.from({ length: low }, () => 0),
  ...Array.from({ length: high }, () => logits),
];
const find = (...signals: DeciderSnapshot["signals"]) =>
  findLastingRise(new Map(signals.map((each) => [each.failureMode, each])), { outputs, calibration });

test("a kind that stood clearly higher in most hours of a day, and is likelier than not, has risen", () => {
  const rise = find(signalOf("outer-race", hoursOf(18, 6)));
  expect(rise).toEqual({ failureMode: "outer-race", logits: 2.5 });
  expect(describeRise(rise!)).toContain("outer race has stood 2.5 above its own reference in most hours");
});

test.each([
  ["in too few hours", signalOf("outer-race", hoursOf(17, 7))],
  ["in less than a day", signalOf("outer-race", hoursOf(23))],
  ["that is not clear", signalOf("outer-race", hoursOf(24, 0, 1.9))],
  ["which is still less likely than not", signalOf("outer-race", hoursOf(24), -0.1)],
  ["of which no day is known", { ...signalOf("outer-race", []), slow: idleSlow }],
  ["of what is no kind", signalOf("vibration-level", hoursOf(24, 0, 9), 9)],
])("a rise %s is none", (_, signal) => {
  expect(find(signal)).toBeNull();
});

test("hours of more than a day ago say nothing, the kind that rose most is named, and beside an alarm none is", () => {
  expect(find(signalOf("outer-race", [...hoursOf(3, 0, 0), ...hoursOf(24)]))).not.toBeNull();
  const both = [signalOf("outer-race", hoursOf(24)), signalOf("ball", hoursOf(24, 0, 3))];
  expect(find(...both)?.failureMode).toBe("ball");
  const held = {
    sinceMs: 0,
    lane: null,
    isMargin: false,
    healthy: -1,
    mean: null,
    peak: null,
    quietMs: 0,
    quietWindows: 0,
    toMs: 0,
  };
  expect(find(...both, { ...signalOf("vibration-level", []), held })).toBeNull();
});

test("a watch tells it of a step that raises nothing, and no more once the machine is as it was", () => {
  const watch = createWatch({ options: { ...watchOptions, minWindows: 600, minDurationMs: 4 * dayMs } });
  const random = createRandom(2);
  let [hour, wander] = [0, 0];
  /** So many hours of a machine that wanders by half a logit over a day. */
  const play = (hours: number, outer: number): void => {
    for (const end = hour + hours; hour < end; hour++) {
      wander = Math.exp(-1 / 24) * wander + 0.5 * Math.sqrt(1 - Math.exp(-1 / 12)) * random.normal();
      for (let at = 0; at < 6; at++)
        watch.update(watchedWindow(3600 * hour + 600 * at, { logits: [outer + wander, -3] }));
    }
  };
  play(20 * 24, -1.5);
  expect([watch.lastingRise, listActive(watch)]).toEqual([null, []]);
  let told: number | null = null;
  for (let hours = 0; hours < 4 * 24 && told === null; hours++) {
    play(1, 0.6);
    told = watch.lastingRise?.logits ?? null;
  }
  expect(told).toBeCloseTo(2.3, 0);
  expect(listActive(watch)).toEqual([]);
  play(24, -1.5);
  expect(watch.lastingRise).toBeNull();
});
