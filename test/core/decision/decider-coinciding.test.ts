import { describe, expect, test } from "vitest";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { baselineOf, createFeed, options, partsOf, point, predictionFor, startMs } from "./decider-feed.ts";

describe("modes that the bearing's lines do not tell apart", () => {
  const play = (coinciding: readonly number[], windows: readonly (readonly number[])[]): string[] => {
    const parts = partsOf(["inner-race", "outer-race", "ball"]);
    const decider = createDecider(point, { ...parts, coinciding }, options);
    for (let at = 0; at < 60; at++) {
      const window = { windowId: `${at}`, fromMs: startMs + 1000 * at, toMs: startMs + 1000 * (at + 1) };
      const { quantised, operatingState, model } = predictionFor(decider);
      const logits = Float64Array.from(windows[at % windows.length]!);
      decider.update({ point, ...window, quantised, logits, model, operatingState });
    }
    return decider.active.map(({ failureMode }) => failureMode);
  };
  // The one leads, and then the other; what speaks for neither by itself does not last.
  const inTurn = [
    [2.2, -3, 2.1],
    [2.1, -3, 2.2],
    [1.45, -3, 1.4],
  ];

  test("gather evidence in every window in which either leads", () => {
    expect(play([], inTurn)).toEqual([]);
    expect(play([0, 2], inTurn)).toHaveLength(1);
    expect(play([1, 2], inTurn)).toEqual([]);
  });

  test("are told with the student's own logits, which an explanation sums up to", () => {
    const parts = { ...partsOf(["inner-race", "outer-race", "ball"]), coinciding: [0, 2] };
    const feed = createFeed(createDecider(point, parts, options));
    for (let window = 0; window < 60; window++) feed.next([0.1, -3, 0.2]);
    const { modes } = feed.next([0.1, -3, 0.2]);
    expect(modes.map(({ active }) => active)).toEqual([false, false, true, false].slice(0, modes.length));
    expect(modes.map(({ score }) => score)).toEqual([0.1, -3, 0.2]);
  });

  test("gather none where another mode leads", () => {
    const outer = [[1, 3, 1]];
    expect(play([0, 2], outer)).toEqual(["outer-race"]);
  });
});

test("a fault that lifts two modes alike leaves the machine's own reference where they are no rivals", () => {
  const raisedOf = (coinciding: readonly number[], margin: number): string[] => {
    const parts = { ...partsOf(["inner-race", "outer-race", "ball"]), coinciding };
    const decider = createDecider(point, parts, options);
    const baseline = baselineOf(decider, [margin, -0.4, margin]);
    for (let at = 0; at < 24 * 60; at++) {
      const fromMs = startMs + 60_000 * at;
      const window = { windowId: `${at}`, fromMs, toMs: fromMs + 60_000 };
      const { quantised, operatingState, model } = predictionFor(decider);
      const logits = Float64Array.of(-0.9, -3, -0.9);
      decider.update(
        { point, ...window, quantised, logits, model, operatingState },
        { baseline, severityDb: null, shaftRpm: 1500 },
      );
    }
    return decider.active.map(({ failureMode }) => failureMode);
  };
  // Healthy, both stood 0.4 above the third.
  expect(raisedOf([], 0)).toEqual([]);
  expect(raisedOf([0, 2], 0.4)).toEqual(["inner-race"]);
});
