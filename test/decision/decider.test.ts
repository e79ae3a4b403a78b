import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Threshold } from "../../src/contract/manifest.ts";
import type { Decision, OperatingState } from "../../src/contract/prediction.ts";
import { createDecider, type Decider, type DeciderParts, rivalMargin } from "../../src/decision/decider.ts";
import { deciderSnapshotSchema } from "../../src/decision/decider-snapshot.ts";

const point = { site: "north", turbine: "t1", component: "generator-bearing" };
const threshold: Threshold = { raise: 0.8, onCount: 3, onWindows: 5, clear: 0.5, offWindows: 4 };
const options = { maxGapMs: 60_000 };
const startMs = Date.UTC(2026, 0, 1);

function partsOf(
  failureModes: readonly string[],
  version = "1.0.0",
  of: Threshold = threshold,
): DeciderParts {
  return {
    outputs: failureModes.map((failureMode) => ({ failureMode, title: failureMode })),
    calibration: failureModes.map(() => ({ slope: 1, intercept: 0 })),
    thresholds: failureModes.map(() => of),
    model: { name: "bearing-vibration", version, digest: `digest-${version}` },
  };
}

/** Feeds windows of one second each; a probability a mode. */
function createFeed(
  decider: Decider,
  fromMs = startMs,
): {
  atMs: number;
  next(probabilities: readonly number[], operatingState?: OperatingState): Decision;
} {
  let window = 0;
  return {
    atMs: fromMs,
    next(probabilities, operatingState = "full-performance") {
      const from = this.atMs;
      this.atMs += 1_000;
      const logits = Float64Array.from(probabilities, (p) => Math.log(p / (1 - p)));
      return decider.update({
        point,
        windowId: `t1/generator-bearing/${from}/${window++}`,
        fromMs: from,
        toMs: from + 1_000,
        quantised: new Uint8Array(probabilities.length),
        logits,
        model: decider.parts.model,
        operatingState,
      });
    },
  };
}

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
    const window = {
      point,
      windowId: "w",
      fromMs: 0,
      toMs: 1,
      quantised: new Uint8Array(1),
      logits: Float64Array.of(5),
      model: decider.parts.model,
      operatingState: "full-performance" as const,
    };
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
    const prediction = {
      point,
      windowId: "w",
      fromMs: 0,
      toMs: 1,
      quantised: new Uint8Array(1),
      logits: Float64Array.of(5),
      model: decider.parts.model,
      operatingState: "full-performance" as const,
    };
    expect(() => decider.update({ ...prediction, point: { ...point, turbine: "t2" } })).toThrow("t2");
    expect(() => decider.update({ ...prediction, model: { ...decider.parts.model, digest: "x" } })).toThrow(
      "model x",
    );
    expect(() => decider.update({ ...prediction, logits: new Float64Array(2) })).toThrow("2 outputs");
  });
});

describe("the decider over any stream", () => {
  const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  const stream = fc.array(fc.tuple(probability, probability, fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 120,
  });

  test("never flaps under input that alternates around the thresholds", () => {
    const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
    let changes = 0;
    let before = false;
    for (let window = 0; window < 1_000; window++) {
      const { active } = feed.next([window % 2 === 0 ? 0.95 : 0.05]).modes[0]!;
      if (active !== before) changes++;
      before = active;
    }
    expect(changes).toBe(1);
  });

  test("raises only after onCount counting windows of the last onWindows, clears only after offWindows below", () => {
    fc.assert(
      fc.property(stream, (windows) => {
        const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
        const history: number[] = [];
        let before = false;
        for (const [p] of windows) {
          const { active } = feed.next([p]).modes[0]!;
          history.push(p);
          const counted = history
            .slice(-threshold.onWindows)
            .filter((value) => value >= threshold.raise).length;
          const below = history.slice(-threshold.offWindows);
          if (active && !before) expect(counted).toBeGreaterThanOrEqual(threshold.onCount);
          if (!active && before) {
            expect(below.length).toBe(threshold.offWindows);
            expect(below.every((value) => value < threshold.clear)).toBe(true);
          }
          before = active;
        }
      }),
    );
  });

  test("goes on after a restart from its snapshot exactly as it would have gone on", () => {
    fc.assert(
      fc.property(stream, fc.nat(119), (windows, at) => {
        const kept = createDecider(point, partsOf(["inner", "outer"]), options);
        let restarted = createDecider(point, partsOf(["inner", "outer"]), options);
        const first = createFeed(kept);
        for (const [index, [inner, outer, jump]] of windows.entries()) {
          if (index === at) {
            const stored: unknown = JSON.parse(JSON.stringify(restarted.snapshot()));
            restarted = createDecider(point, restarted.parts, options, deciderSnapshotSchema.parse(stored));
          }
          // Every now and then a gap or a step back.
          if (jump < 2) first.atMs += jump === 0 ? 120_000 : -120_000;
          const fromMs = first.atMs;
          const decision = first.next([inner, outer]);
          const second = restarted.update({
            point,
            windowId: decision.windowId,
            fromMs,
            toMs: fromMs + 1_000,
            quantised: new Uint8Array(2),
            logits: Float64Array.from(decision.modes, ({ score }) => score),
            model: restarted.parts.model,
            operatingState: "full-performance",
          });
          expect(second).toEqual(decision);
        }
        expect(restarted.snapshot()).toEqual(kept.snapshot());
      }),
    );
  });

  test("keeps `since` for as long as an alarm is active", () => {
    fc.assert(
      fc.property(stream, (windows) => {
        const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
        let before: { active: boolean; sinceMs: number | null } = { active: false, sinceMs: null };
        for (const [p, , jump] of windows) {
          if (jump === 0) feed.atMs += 120_000;
          const mode = feed.next([p]).modes[0]!;
          if (mode.active) expect(mode.sinceMs).not.toBeNull();
          if (mode.active && before.active) expect(mode.sinceMs).toBe(before.sinceMs);
          before = mode;
        }
      }),
    );
  });

  test("takes alarms, not streaks, from the snapshot of another model", () => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 3; window++) feed.next([0.9, 0.1]);
    const other = createDecider(point, partsOf(["inner", "outer"], "2.0.0"), options, decider.snapshot());
    expect(other.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    expect(other.snapshot().modes[0]!.recent).toEqual([]);
  });

  test("does not take a snapshot that is damaged", () => {
    const mode = { failureMode: "a", active: true, sinceMs: null, recent: [], belowClear: 0 };
    const snapshot = { modes: [mode], lastToMs: null, lastWindowId: null, modelDigest: "d" };
    expect(deciderSnapshotSchema.safeParse(snapshot).success).toBe(false);
    expect(deciderSnapshotSchema.safeParse({ ...snapshot, modes: [{ ...mode, sinceMs: 1 }] }).success).toBe(
      true,
    );
  });
});
