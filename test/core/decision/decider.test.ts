import { describe, expect, test } from "vitest";
import { createDecider, type Decider } from "../../../src/core/decision/decider.ts";
import { baselineOf, createFeed, options, partsOf, point, predictionFor, startMs } from "./decider-feed.ts";

const faulty = 5;
const healthy = -2;
const hourMs = 3_600_000;

/** Feeds the same logits; returns the first window whose alarm is active, or -1. */
function playUntilRaised(
  feed: ReturnType<typeof createFeed>,
  windows: number,
  logits: readonly number[],
): number {
  let raised = -1;
  for (let window = 0; window < windows; window++) {
    const { modes } = feed.next(logits);
    if (raised < 0 && modes.some(({ active }) => active)) raised = window;
  }
  return raised;
}

function open(failureModes: readonly string[] = ["inner"], change: Partial<typeof options> = {}) {
  const decider = createDecider(point, partsOf(failureModes), { ...options, ...change });
  return { decider, feed: createFeed(decider) };
}

const namesOf = ({ active }: Decider): string[] => active.map(({ failureMode }) => failureMode);

describe("the decider", () => {
  test("raises after a few windows of a clear fault, since the first of them, by the fast lane", () => {
    const { feed } = open();
    playUntilRaised(feed, 30, [healthy]);
    const raised = playUntilRaised(feed, 10, [faulty]);
    expect(raised).toBeGreaterThan(0);
    expect(raised).toBeLessThan(4);
    expect(feed.next([faulty]).modes[0]).toMatchObject({
      active: true,
      sinceMs: startMs + 30_000,
      lane: "fast",
    });
  });

  test("a standing alarm's risk is that of its evidence at the site's prior, and grows with the fault", () => {
    const risksAt = (faultPrior: number): number[] => {
      const { feed } = open(["inner"], { faultPrior });
      playUntilRaised(feed, 30, [healthy]);
      const decisions = Array.from({ length: 20 }, () => feed.next([faulty]));
      return decisions.flatMap(({ modes }) => modes.filter(({ active }) => active).map(({ risk }) => risk!));
    };
    // The lanes' evidence is the same; what it means is not.
    const [rare, usual, common] = [0.002, 0.058, 0.4].map((prior) => risksAt(prior));
    expect(usual![0]).toBeGreaterThan(0.7);
    expect(usual![0]).toBeLessThan(0.95);
    expect(rare![0]).toBeLessThan(usual![0]! - 0.3);
    expect(common![0]).toBeGreaterThan(usual![0]!);
    // No evidence makes it certain.
    expect(usual!.at(-1)).toBeCloseTo(0.984, 3);
  });

  test("a standing alarm's risk outlasts windows that show nothing, and falls on the way to its end", () => {
    const { feed } = open();
    playUntilRaised(feed, 30, [healthy]);
    playUntilRaised(feed, 20, [faulty]);
    const highest = feed.next([faulty]).modes[0]!.risk!;
    playUntilRaised(feed, 300, [healthy]);
    expect(feed.next([healthy]).modes[0]).toMatchObject({ active: true, risk: expect.closeTo(highest, 2) });
    const risks: number[] = [];
    for (let hour = 0; hour < 22; hour++) {
      feed.atMs += hourMs;
      risks.push(feed.next([healthy]).modes[0]!.risk!);
    }
    expect(risks).toEqual([...risks].sort((a, b) => b - a));
    expect(risks.at(-1)).toBeLessThan(0.1);
    expect(feed.next([healthy]).modes[0]!.active).toBe(true);
  });

  describe("a mode for which nothing but electrical hum speaks", () => {
    const unknown = { baseline: null, severityDb: null, shaftRpm: 1500 };
    const play = (foreignModes: readonly string[], windows: number): string[] => {
      const decider = createDecider(point, partsOf(["outer-race", "ball"]), options);
      for (let at = 0; at < windows; at++) {
        const window = { windowId: `${at}`, fromMs: startMs + 1000 * at, toMs: startMs + 1000 * (at + 1) };
        const { quantised, operatingState, model } = predictionFor(decider);
        const logits = Float64Array.of(3, -3);
        decider.update(
          { point, ...window, quantised, logits, model, operatingState },
          { ...unknown, foreignModes },
        );
      }
      expect(decider.isSuspicious).toBe(decider.active.length > 0);
      return decider.active.map(({ failureMode }) => failureMode);
    };

    test("raises nothing within minutes, and is no reason to learn nothing", () => {
      expect(play([], 20)).toEqual(["outer-race"]);
      expect(play(["ball"], 20)).toEqual(["outer-race"]);
      expect(play(["outer-race"], 400)).toEqual([]);
    });

    interface Heard {
      readonly shaftRpm: number;
      readonly foreignModes?: readonly string[];
      readonly steadyModes?: readonly string[];
      readonly logits?: readonly [number, number];
    }
    const playMinutes = (hear: (minute: number) => Heard): string[] => {
      const decider = createDecider(point, partsOf(["outer-race", "ball"]), options);
      const baseline = baselineOf(decider, [-2, -2]);
      let atMs = startMs;
      for (let at = 0; at < 12 * 60 && decider.active.length === 0; at++) {
        const { quantised, operatingState, model } = predictionFor(decider);
        const window = { windowId: `${at}`, fromMs: atMs, toMs: atMs + 60_000 };
        atMs += 60_000;
        const { logits = [3, -3], ...own } = hear(at);
        decider.update(
          { point, ...window, quantised, logits: Float64Array.from(logits), model, operatingState },
          { baseline, severityDb: null, ...own },
        );
      }
      return decider.active.map(({ failureMode }) => failureMode);
    };
    const playHours = (own: Heard): string[] => playMinutes(() => own);

    test("is raised over hours where it leaves the machine's own reference", () => {
      expect(playHours({ shaftRpm: 1500, foreignModes: ["outer-race"] })).toEqual(["outer-race"]);
    });

    test("is raised by no lane at speeds that the reference has not heard: a hum is in another place there", () => {
      const [{ min, max }] = [baselineOf(open().decider, [-2]).shaftRpm];
      for (const shaftRpm of [0.97 * min, 1.03 * max]) {
        expect(playHours({ shaftRpm, foreignModes: ["outer-race"] })).toEqual([]);
        // Lines of its own raise it there as well.
        expect(playHours({ shaftRpm })).toEqual(["outer-race"]);
      }
      expect(playHours({ shaftRpm: 1.01 * max, foreignModes: ["outer-race"] })).toEqual(["outer-race"]);
    });

    test("is raised by no lane at any speed where its lines keep their hertz", () => {
      const foreignModes = ["outer-race"];
      expect(playHours({ shaftRpm: 1500, foreignModes, steadyModes: ["outer-race"] })).toEqual([]);
      expect(playHours({ shaftRpm: 1500, foreignModes, steadyModes: ["ball"] })).toEqual(["outer-race"]);
    });

    test("adds nothing to hours in which other windows are just short of evidence", () => {
      const play = (steadyModes: readonly string[]): string[] =>
        playMinutes((minute) =>
          minute % 6 === 0
            ? { shaftRpm: 1500, logits: [-2, -2.1] }
            : { shaftRpm: 1500, foreignModes: ["outer-race"], steadyModes },
        );
      expect(play([])).toEqual(["outer-race"]);
      expect(play(["outer-race"])).toEqual([]);
    });

    test("raises nothing by what gathered before it was told: that decays", () => {
      const play = (steadyModes: readonly string[]): string[] =>
        playMinutes((minute) => ({
          shaftRpm: 1500,
          foreignModes: ["outer-race"],
          steadyModes: minute < 40 ? [] : steadyModes,
        }));
      expect(play([])).toEqual(["outer-race"]);
      expect(play(["outer-race"])).toEqual([]);
    });
  });

  test("a smaller budget asks for more windows", () => {
    const windows = [10, 0.1, 0.001].map((falsePerYear) =>
      playUntilRaised(open(["inner"], { falsePerYear }).feed, 60, [2.4]),
    );
    expect(windows[0]).toBeGreaterThan(0);
    expect(windows).toEqual([...windows].sort((a, b) => a - b));
    expect(windows[2]).toBeGreaterThan(windows[0]!);
  });

  test("states probability, score and the threshold of this moment, of every mode", () => {
    const parts = {
      ...partsOf(["inner", "outer"]),
      calibration: [
        { slope: 2, intercept: -1 },
        { slope: 1, intercept: 0 },
      ],
    };
    const decision = createFeed(createDecider(point, parts, options)).next([0, 2]);
    expect(decision).toMatchObject({ point, operatingState: "full-performance", model: parts.model });
    expect(decision.modes[0]).toMatchObject({ failureMode: "inner", score: 0, active: false, sinceMs: null });
    expect(decision.modes[0]!.probability).toBeCloseTo(Math.fround(1 / (1 + Math.E)), 12);
    expect(decision.modes[1]!.probability).toBeCloseTo(Math.fround(1 / (1 + Math.exp(-2))), 12);
    // −1 + 3 · 0.7 + 1.25 · 0.55, of which calibration makes a probability.
    expect(decision.modes[1]!.threshold).toBeCloseTo(Math.fround(1 / (1 + Math.exp(-1.7875))), 12);
  });

  test("says no risk while it is learning, for that is not a risk of none", () => {
    const { feed } = open();
    expect(feed.next([healthy]).modes[0]!.risk).toBeNull();
  });

  test("raises only the leading mode from the same evidence, and no second one beside it", () => {
    const { decider, feed } = open(["inner", "outer", "ball"]);
    playUntilRaised(feed, 50, [4, 5, 3]);
    expect(namesOf(decider)).toEqual(["outer"]);
    playUntilRaised(feed, 50, [9, 5, 3]);
    expect(namesOf(decider)).toEqual(["outer"]);
  });

  test("keeps the alarm where another mode takes the lead, and names it", () => {
    const { feed } = open(["inner", "outer"]);
    playUntilRaised(feed, 10, [5, 0]);
    expect(feed.next([5, 0]).modes[0]!.leadingMode).toBeUndefined();
    playUntilRaised(feed, 60, [2, 6]);
    const [inner, outer] = feed.next([2, 6]).modes;
    expect(inner).toMatchObject({ active: true, leadingMode: "outer", sinceMs: startMs });
    expect(outer!.active).toBe(false);
  });

  test("lets the earlier mode lead when both are saturated alike", () => {
    const { decider, feed } = open(["inner", "outer"]);
    playUntilRaised(feed, 9, [5, 5]);
    expect(namesOf(decider)).toEqual(["inner"]);
  });

  test.each([10 * 60, 6 * 3600])(
    "an alarm of which nothing is seen any more stands %d s later",
    (seconds) => {
      const { decider, feed } = open();
      playUntilRaised(feed, 20, [faulty]);
      playUntilRaised(feed, seconds, [healthy]);
      expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    },
  );

  test("an alarm is over after a day near the healthy level, and can be raised again", () => {
    const { decider, feed } = open();
    playUntilRaised(feed, 20, [faulty]);
    for (let window = 0; window < 200; window++) {
      feed.atMs += 599_000;
      feed.next([healthy]);
    }
    expect(decider.active).toEqual([]);
    playUntilRaised(feed, 20, [faulty]);
    expect(namesOf(decider)).toEqual(["inner"]);
  });

  test.each(["standby", "information-unavailable"] as const)(
    "says nothing of a turbine in %s, and keeps its alarm",
    (state) => {
      const { decider, feed } = open();
      playUntilRaised(feed, 10, [faulty]);
      for (let window = 0; window < 30; window++) {
        expect(feed.next([healthy], state)).toMatchObject({ operatingState: state, modes: [] });
      }
      expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    },
  );

  test("calls a window whose logits are not finite unavailable", () => {
    const { decider, feed } = open();
    for (let window = 0; window < 9; window++) {
      expect(feed.next([Number.NaN])).toMatchObject({ operatingState: "information-unavailable", modes: [] });
    }
    expect(decider.active).toEqual([]);
  });

  test("calls missing data unavailable, and keeps alarms and what has gathered", () => {
    const { decider, feed } = open();
    feed.next([faulty]);
    expect(decider.noteMissing(feed.atMs, feed.atMs + 500)).toMatchObject({
      operatingState: "information-unavailable",
      modes: [],
    });
    expect(feed.next([faulty]).modes[0]!.active).toBe(true);
    decider.noteMissing(feed.atMs, feed.atMs + 500);
    expect(namesOf(decider)).toEqual(["inner"]);
  });

  test.each([
    ["forwards", hourMs],
    ["back", -hourMs],
  ])("neither raises nor ends an alarm because the clock jumps an hour %s", (_way, jumpMs) => {
    const raising = open();
    playUntilRaised(raising.feed, 60, [healthy]);
    raising.feed.atMs += jumpMs;
    expect(playUntilRaised(raising.feed, 60, [healthy])).toBe(-1);

    const ending = open();
    playUntilRaised(ending.feed, 20, [faulty]);
    playUntilRaised(ending.feed, 100, [healthy]);
    ending.feed.atMs += jumpMs;
    playUntilRaised(ending.feed, 10, [healthy]);
    expect(ending.decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
  });

  test("does not count a repeated window twice", () => {
    const { decider } = open();
    const window = predictionFor(decider);
    const first = decider.update(window);
    for (let repeat = 0; repeat < 9; repeat++) expect(decider.update(window)).toEqual(first);
    expect(decider.active).toEqual([]);
  });

  test("keeps active alarms over a change of model, and names those that it cannot end any more", () => {
    const { decider, feed } = open(["inner", "outer"]);
    playUntilRaised(feed, 5, [faulty, healthy]);
    expect(decider.adopt(partsOf(["outer", "inner", "cage"], "1.1.0"))).toEqual([]);
    expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    expect(feed.next([healthy, faulty, healthy]).model.version).toBe("1.1.0");
    expect(decider.adopt(partsOf(["outer"], "2.0.0"))).toEqual(["inner"]);
    expect(decider.active).toEqual([]);
  });

  test("forgets what has gathered for the old model when the model changes", () => {
    const { decider, feed } = open();
    feed.next([faulty]);
    decider.adopt(partsOf(["inner"], "1.1.0"));
    expect(feed.next([faulty]).modes[0]!.active).toBe(false);
    expect(feed.next([faulty]).modes[0]!.active).toBe(true);
  });

  test("is suspicious while anything gathers or stands, so that it is not learnt as healthy", () => {
    const { decider, feed } = open();
    playUntilRaised(feed, 50, [healthy]);
    expect(decider.isSuspicious).toBe(false);
    feed.next([faulty]);
    expect(decider.isSuspicious).toBe(true);
    playUntilRaised(feed, 100, [faulty]);
    playUntilRaised(feed, 100, [healthy]);
    expect(decider.isSuspicious).toBe(true);
  });

  test("treats a prediction of another point, model or size as a bug of the caller", () => {
    const { decider } = open();
    const prediction = predictionFor(decider);
    expect(() => decider.update({ ...prediction, point: { ...point, turbine: "t2" } })).toThrow("t2");
    expect(() => decider.update({ ...prediction, model: { ...decider.parts.model, digest: "x" } })).toThrow(
      "model x",
    );
    expect(() => decider.update({ ...prediction, logits: new Float64Array(2) })).toThrow("2 outputs");
  });
});
