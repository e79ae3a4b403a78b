import { describe, expect, test } from "vitest";
import type { PointId } from "../../../src/core/contract/stream.ts";
import { vibrationLevelMode } from "../../../src/core/decision/choose-alarm.ts";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import type { ModelOutcome } from "../../../src/core/drift/outcome-event.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { composeOutcome } from "../../../src/gateway/points/confirmed-outcomes.ts";
import { createSiteBaselines } from "../../../src/gateway/points/site-baselines.ts";
import { createFakeState } from "../fakes.ts";
import { scoredWindow, watchedBearing, watchedBundle } from "../watched-bundle.ts";

const point = { site: "s", turbine: "WT01", component: "b" };

/** A point, of which a run before has kept that much of its decider. */
function open(decider?: DeciderSnapshot, state = createFakeState()) {
  const told: [PointId, ModelOutcome, number][] = [];
  const details: string[] = [];
  const baselines = createSiteBaselines({
    commissioning: { minWindows: 64, minHours: 0 },
    falsePerPointYear: () => 0.1,
    faultPrior: 0.05,
    state,
    logger: silentLogger,
    onEvent: (_, kind, detail) => kind === "renewed" && details.push(detail),
    onOutcome: (...each) => told.push(each),
  });
  const start = { config: { baselineEpoch: 0, bearing: watchedBearing } };
  const watch = baselines.create(point, { ...start, bundle: watchedBundle, decider });
  let toMs = 0;
  const hear = (logit: number, windows: number): void => {
    for (let index = 0; index < windows; index++) {
      toMs += 1000;
      watch.update(scoredWindow(point, toMs, { logit }));
    }
  };
  const order = { atMs: 1e9, by: "operator", reason: "looked" };
  return {
    told,
    state,
    details,
    hear,
    renew: (found: { foundHealthy?: true; foundFault?: true } = {}) =>
      baselines.renew(point, { ...order, ...found }),
    snapshot: () => watch.snapshot(),
  };
}

describe("what somebody found at a machine", () => {
  test("is told beside the alarm that stood, at the time of the model's last word", () => {
    const { told, details, hear, renew } = open();
    hear(0, 80);
    hear(9, 40);
    expect(renew({ foundHealthy: true }).activeAlarms).toEqual(["outer-race"]);
    const [, outcome] = told[0]!;
    expect(told).toEqual([
      [point, { modelDigest: "d", raised: true, risk: expect.any(Number), isFault: false }, 120_000],
    ]);
    expect(outcome.risk).toBeGreaterThan(0.5);
    expect(details).toEqual([expect.stringMatching(/^by operator: found healthy, looked /)]);
  });

  test("is a fault that was missed where no alarm stood", () => {
    const { told, details, hear, renew } = open();
    hear(0, 80);
    renew({ foundFault: true });
    expect(told).toEqual([
      [point, { modelDigest: "d", raised: false, risk: expect.any(Number), isFault: true }, 80_000],
    ]);
    expect(told[0]![1].risk).toBeLessThan(0.2);
    expect(details).toEqual([expect.stringMatching(/^by operator: found a fault, looked /)]);
  });

  test("is told once, also of a machine that has run since, and again when its reference is learnt anew", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    renew({ foundFault: true });
    renew({ foundFault: true });
    for (let call = 0; call < 3; call++) {
      hear(0, 1);
      renew({ foundFault: true });
    }
    expect(told).toHaveLength(1);
    hear(0, 80);
    renew({ foundFault: true });
    expect(told).toHaveLength(2);
  });

  test("is told once of an alarm that stands on while the point learns", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    hear(9, 40);
    for (let call = 0; call < 3; call++) {
      renew({ foundFault: true });
      hear(9, 1);
    }
    expect(told).toMatchObject([[point, { raised: true, isFault: true }, 120_000]]);
  });

  test("is nothing that a point which learns without an alarm has missed", () => {
    const { told, hear, renew } = open();
    hear(0, 10);
    renew({ foundFault: true });
    expect(told).toEqual([]);
  });

  test("is told of what this run has heard alone: of an alarm that stands after a restart with its next window", () => {
    const { told, hear, renew, snapshot } = open();
    renew({ foundHealthy: true });
    expect(told).toEqual([]);
    hear(0, 80);
    hear(9, 40);
    const next = open(snapshot());
    next.renew({ foundFault: true });
    expect(next.told).toEqual([]);
    next.hear(9, 1);
    next.renew({ foundFault: true });
    expect(next.told).toMatchObject([[point, { raised: true, isFault: true }, expect.any(Number)]]);
  });

  test("is told once over a restart as well, and corrected after it", () => {
    const { told, state, hear, renew, snapshot } = open();
    hear(0, 80);
    hear(9, 40);
    renew({ foundFault: true });
    hear(9, 1);
    const next = open(snapshot(), state);
    next.hear(9, 1);
    next.renew({ foundFault: true });
    expect([told.length, next.told.length]).toEqual([1, 0]);
    next.renew({ foundHealthy: true });
    expect(next.told).toMatchObject([[point, { raised: true, isFault: false }, expect.any(Number)]]);
  });

  test("is told anew where it is corrected, of what had been said all the same", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    hear(9, 40);
    renew({ foundHealthy: true });
    renew({ foundFault: true });
    expect(told.map(([, { raised, isFault }]) => [raised, isFault])).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  test("takes nothing back that was found before a repair, where an alarm still stands after it", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    hear(9, 40);
    renew({ foundFault: true });
    hear(0, 50);
    renew({ foundHealthy: true });
    expect(told).toMatchObject([
      [point, { raised: true, isFault: true }, 120_000],
      [point, { raised: true, isFault: false }, 170_000],
    ]);
  });

  test("takes no missed fault back where the point learns after its repair", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    renew({ foundFault: true });
    hear(0, 50);
    renew({ foundHealthy: true });
    expect(told).toMatchObject([[point, { raised: false, isFault: true }, 80_000]]);
  });

  test("is not told by a renewal that does not say it", () => {
    const { told, hear, renew } = open();
    hear(0, 80);
    renew();
    expect(told).toEqual([]);
  });

  test("holds nothing against the model that it does not say: how loud a machine is", () => {
    const said = {
      model: watchedBundle.ref,
      modes: [vibrationLevelMode, "outer-race"].map((failureMode, index) => ({
        failureMode,
        probability: 0.5,
        score: 0,
        threshold: 0.8,
        active: index === 0,
        sinceMs: null,
        risk: index === 0 ? 0.9 : 0.1,
      })),
    };
    expect(composeOutcome(said, true)).toEqual({
      modelDigest: "d",
      raised: false,
      risk: 0.1,
      isFault: true,
    });
  });
});
