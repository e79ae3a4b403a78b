import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createFeed, options, partsOf, point, startMs } from "./decider-feed.ts";

describe("the decider over any stream", () => {
  const logit = fc.double({ min: -8, max: 8, noNaN: true });
  const stream = fc.array(fc.tuple(logit, logit, fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 120,
  });

  test("never flaps under input that alternates between faulty and healthy", () => {
    const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
    let changes = 0;
    let before = false;
    for (let window = 0; window < 3_000; window++) {
      const { active } = feed.next([window % 20 < 10 ? 5 : -5]).modes[0]!;
      if (active !== before) changes++;
      before = active;
    }
    expect(changes).toBe(1);
  });

  test("raises nothing on machines that scatter as healthy ones do, wherever each lies", () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = createRandom(seed);
      const decider = createDecider(point, partsOf(["inner", "outer", "ball"]), options);
      const feed = createFeed(decider);
      const level = -1 + 0.7 * random.normal();
      for (let window = 0; window < 1_500; window++) {
        feed.next([0, 1, 2].map(() => level + 0.55 * random.normal()));
      }
      expect(decider.active).toEqual([]);
    }
  });

  test("never throws, whatever finite logits and times come, and says probabilities and risks within 0 and 1", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
    const times = fc.oneof(fc.integer({ min: -1e15, max: 1e15 }), fc.integer({ min: 0, max: 10_000 }));
    const windows = fc.array(fc.tuple(fc.oneof(logit, finite), fc.oneof(logit, finite), times), {
      maxLength: 80,
    });
    const site = fc.record({
      falsePerYear: fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
      faultPrior: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    fc.assert(
      fc.property(windows, site, (each, chosen) => {
        const decider = createDecider(point, partsOf(["inner", "outer"]), chosen);
        const feed = createFeed(decider);
        for (const [inner, outer, atMs] of each) {
          feed.atMs = atMs;
          for (const { probability, risk, threshold } of feed.next([inner, outer]).modes) {
            for (const share of [probability, risk ?? 0, threshold]) {
              expect(share).toBeGreaterThanOrEqual(0);
              expect(share).toBeLessThanOrEqual(1);
            }
          }
        }
        const stored: unknown = JSON.parse(JSON.stringify(decider.snapshot()));
        expect(deciderSnapshotSchema.parse(stored)).toEqual(stored);
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
          // JSON knows no negative zero.
          const decision = first.next([inner + 0, outer + 0]);
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
    const run = fc.tuple(logit, fc.integer({ min: 1, max: 60 }));
    let stood = 0;
    fc.assert(
      fc.property(fc.array(run, { maxLength: 8 }), (runs) => {
        const feed = createFeed(createDecider(point, partsOf(["inner"]), options));
        let before: { active: boolean; sinceMs: number | null } = { active: false, sinceMs: null };
        for (const [p, length] of [[6, 40] as const, ...runs]) {
          feed.atMs += 120_000;
          for (let window = 0; window < length; window++) {
            const mode = feed.next([p]).modes[0]!;
            if (mode.active) expect(mode.sinceMs).not.toBeNull();
            if (mode.active && before.active) {
              expect(mode.sinceMs).toBe(before.sinceMs);
              stood++;
            }
            before = mode;
          }
        }
      }),
    );
    expect(stood).toBeGreaterThan(1000);
  });

  test("takes alarms, not evidence, from the snapshot of another model", () => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const feed = createFeed(decider);
    for (let window = 0; window < 3; window++) feed.next([5, -2]);
    const other = createDecider(point, partsOf(["inner", "outer"], "2.0.0"), {
      ...options,
      snapshot: decider.snapshot(),
    });
    expect(other.active).toEqual([{ failureMode: "inner", sinceMs: startMs }]);
    expect(other.snapshot().signals.map(({ fast }) => fast.sum)).toEqual([0, 0]);
  });
});
