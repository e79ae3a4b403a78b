import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { createFeed, options, partsOf, point, startMs, threshold } from "./decider-feed.ts";

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
            restarted = createDecider(point, restarted.parts, {
              ...options,
              snapshot: deciderSnapshotSchema.parse(stored),
            });
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
    const other = createDecider(point, partsOf(["inner", "outer"], "2.0.0"), {
      ...options,
      snapshot: decider.snapshot(),
    });
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
