import { describe, expect, test } from "vitest";
import { createDecider, rivalMargin } from "../../../src/core/decision/decider.ts";
import { createFeed, options, partsOf, point, predictionFor, startMs } from "./decider-feed.ts";

describe("the decider", () => {
  test("raises after 3 of 5 windows, since the first of them, and clears after 4 windows below", () => {
    const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
    const active: boolean[] = [];
    const sinceMs: (number | null)[] = [];
    for (const p of [0.1, 0.9, 0.1, 0.9, 0.9, 0.6, 0.4, 0.4, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4]) {
      const [mode] = feed.next([p]).modes;
      active.push(mode!.active);
      sinceMs.push(mode!.sinceMs === null ? null : (mode!.sinceMs - startMs) / 1_000);
    }
    expect(active).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(sinceMs).toEqual([null, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, null, null]);
  });

  test("states probability, score and threshold of every mode", () => {
    const parts = {
      ...partsOf(["inner", "outer"]),
      calibration: [
        { slope: 2, intercept: -1 },
        { slope: 1, intercept: 0 },
      ],
    };
    const decision = createFeed(createDecider(point, parts, options)).next([0.5, 0.9]);
    expect(decision).toMatchObject({ point, operatingState: "full-performance", model: parts.model });
    expect(decision.modes[0]).toMatchObject({
      failureMode: "inner",
      score: 0,
      threshold: 0.8,
      active: false,
    });
    expect(decision.modes[0]!.probability).toBeCloseTo(1 / (1 + Math.E), 12);
    expect(decision.modes[1]!.probability).toBeCloseTo(0.9, 12);
    expect(decision.modes[1]!.score).toBeCloseTo(Math.log(9), 12);
  });

  test("raises only the leading mode from the same evidence", () => {
    const decider = createDecider(point, partsOf(["inner", "outer", "ball"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 50; window++) feed.next([0.95, 0.97, 0.9]);
    expect(decider.active.map(({ failureMode }) => failureMode)).toEqual(["outer"]);
  });

  test("raises a second mode only when it beats the active one by the margin", () => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const feed = createFeed(decider);
    const odds = (logit: number): number => 1 / (1 + Math.exp(-logit));
    for (let window = 0; window < 5; window++) feed.next([odds(2), odds(-2)]);
    for (let window = 0; window < 30; window++) feed.next([odds(2), odds(2 + rivalMargin * 0.9)]);
    expect(decider.active.map(({ failureMode }) => failureMode)).toEqual(["inner"]);
    for (let window = 0; window < 3; window++) feed.next([odds(2), odds(2 + rivalMargin * 1.1)]);
    expect(decider.active.map(({ failureMode }) => failureMode)).toEqual(["inner", "outer"]);
  });

  test("lets the earlier mode lead when both are saturated alike", () => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 9; window++) feed.next([0.99, 0.99]);
    expect(decider.active.map(({ failureMode }) => failureMode)).toEqual(["inner"]);
  });

  test.each(["standby", "information-unavailable"] as const)(
    "says nothing of a turbine in %s, and keeps its alarm",
    (state) => {
      const decider = createDecider(point, partsOf(["inner"]), options);
      const feed = createFeed(decider);
      for (let window = 0; window < 5; window++) feed.next([0.9]);
      for (let window = 0; window < 30; window++) {
        expect(feed.next([0.01], state)).toMatchObject({ operatingState: state, modes: [] });
      }
      expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    },
  );

  test("calls a window whose logits are not finite unavailable", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 9; window++) {
      expect(feed.next([Number.NaN])).toMatchObject({ operatingState: "information-unavailable", modes: [] });
    }
    expect(decider.active).toEqual([]);
  });

  test("calls missing data unavailable, forgets streaks and keeps alarms", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const feed = createFeed(decider);
    feed.next([0.9]);
    feed.next([0.9]);
    expect(decider.noteMissing(feed.atMs, feed.atMs + 500)).toMatchObject({
      operatingState: "information-unavailable",
      modes: [],
    });
    expect(feed.next([0.9]).modes[0]!.active).toBe(false);
    feed.next([0.9]);
    expect(feed.next([0.9]).modes[0]!.active).toBe(true);
    decider.noteMissing(feed.atMs, feed.atMs + 500);
    expect(decider.active.length).toBe(1);
  });

  test.each([
    ["forwards", 3_600_000],
    ["back", -3_600_000],
  ])("neither raises nor clears because the clock jumps an hour %s", (_way, jumpMs) => {
    const raising = createDecider(point, partsOf(["inner"]), options);
    const first = createFeed(raising);
    first.next([0.9]);
    first.next([0.9]);
    first.atMs += jumpMs;
    expect(first.next([0.9]).modes[0]!.active).toBe(false);
    first.next([0.9]);
    expect(first.next([0.9]).modes[0]!.active).toBe(true);

    const clearing = createDecider(point, partsOf(["inner"]), options);
    const second = createFeed(clearing);
    for (let window = 0; window < 3; window++) second.next([0.9]);
    for (let window = 0; window < 3; window++) second.next([0.1]);
    second.atMs += jumpMs;
    expect(second.next([0.1]).modes[0]).toMatchObject({ active: true, sinceMs: startMs });
    for (let window = 0; window < 2; window++) second.next([0.1]);
    expect(second.next([0.1]).modes[0]!.active).toBe(false);
  });

  test("goes on counting over a small step of the clock", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const feed = createFeed(decider);
    feed.next([0.9]);
    feed.atMs -= 1_500;
    feed.next([0.9]);
    expect(feed.next([0.9]).modes[0]!.active).toBe(true);
  });

  test("does not count a repeated window twice", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const window = predictionFor(decider);
    const first = decider.update(window);
    for (let repeat = 0; repeat < 9; repeat++) expect(decider.update(window)).toEqual(first);
    expect(decider.active).toEqual([]);
  });

  test("keeps active alarms over a change of model, and names those that it cannot clear any more", () => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 3; window++) feed.next([0.9, 0.1]);
    expect(decider.adopt(partsOf(["outer", "inner", "cage"], "1.1.0"))).toEqual([]);
    expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    expect(feed.next([0.1, 0.9, 0.1]).model.version).toBe("1.1.0");
    expect(decider.adopt(partsOf(["outer"], "2.0.0"))).toEqual(["inner"]);
    expect(decider.active).toEqual([]);
  });

  test("forgets the old model's streaks when the model changes", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const feed = createFeed(decider);
    feed.next([0.9]);
    feed.next([0.9]);
    decider.adopt(partsOf(["inner"], "1.1.0"));
    expect(feed.next([0.9]).modes[0]!.active).toBe(false);
  });

  test("treats a prediction of another point, model or size as a bug of the caller", () => {
    const decider = createDecider(point, partsOf(["inner"]), options);
    const prediction = predictionFor(decider);
    expect(() => decider.update({ ...prediction, point: { ...point, turbine: "t2" } })).toThrow("t2");
    expect(() => decider.update({ ...prediction, model: { ...decider.parts.model, digest: "x" } })).toThrow(
      "model x",
    );
    expect(() => decider.update({ ...prediction, logits: new Float64Array(2) })).toThrow("2 outputs");
  });
});
