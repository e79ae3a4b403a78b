import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FleetSource, KnownModel } from "../../../src/collector/fleet/fleet-source.ts";
import { loadPerformance } from "../../../src/collector/fleet/load-performance.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { performanceAssumption } from "../../../src/core/drift/estimate-performance.ts";
import { type ModelOutcome, outcomeEventName } from "../../../src/core/drift/outcome-event.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { findNewestVersion } from "../../../src/core/serving/served-models.ts";
import { createDriftBench, type DriftBench, dayName, firstDayMs, point } from "../drift-bench.ts";
import { knownModel } from "../known-model.ts";

/** Calibrated so that a usual day's scores are of small probabilities, and with a table of what held-out data said of them. */
function statedModel(): KnownModel {
  const threshold = { raise: 0.5, onCount: 6, onWindows: 10, clear: 0.3, offWindows: 10 };
  const { manifest } = knownModel("d");
  return {
    ...knownModel("d"),
    manifest: { ...manifest, calibration: [{ slope: 0.5, intercept: -4 }], thresholds: [threshold] },
    reliability: [
      { stated: 0.02, observed: 0.02, cases: 3_000 },
      { stated: 0.8, observed: 0.8, cases: 1_500 },
    ],
  };
}

async function openFleet(): Promise<{ bench: DriftBench; fleet: FleetSource }> {
  const bench = createDriftBench();
  bench.models.set("d", statedModel());
  await bench.sendDay(point("wt-01"), 0);
  await bench.sendDay(point("wt-02"), 0);
  const clock = { nowMs: () => firstDayMs + 30 * 3_600_000 };
  return {
    bench,
    fleet: {
      record: bench.record,
      models: bench.models,
      clock,
      silentAfterMs: 1e9,
      warningShare: 0.01,
      brokerLostMs: () => null,
    },
  };
}

function outcomeEvents(outcomes: readonly ModelOutcome[]) {
  return outcomes.map((outcome, index) => ({
    kind: "event" as const,
    timeMs: firstDayMs + index,
    name: outcomeEventName,
    subject: "north-sea/wt-01/generator-bearing",
    detail: JSON.stringify(outcome),
  }));
}

const query = { day: dayName(0), limit: 100 };

describe("the performance of models", () => {
  it("is estimated for every point of a day from its scores, with the assumption beside it", async () => {
    const { fleet } = await openFleet();
    const view = await loadPerformance(fleet, query);
    expect(view.day).toBe(dayName(0));
    expect(view.assumption).toBe(performanceAssumption);
    expect(view.models).toEqual([]);
    expect(view.points.map(({ turbine }) => turbine)).toEqual(["wt-01", "wt-02"]);
    for (const { estimate } of view.points) {
      if (estimate.kind !== "estimate") throw new Error(estimate.reason);
      expect(estimate.cases).toBe(144);
      expect(estimate.accuracy.value).toBeGreaterThan(0.9);
      expect(estimate.accuracy.low).toBeLessThan(estimate.accuracy.value);
      expect(estimate.precision).toBeNull();
    }
    expect((await loadPerformance(fleet, { ...query, turbine: "wt-02" })).points).toHaveLength(1);
    expect((await loadPerformance(fleet, { limit: 100 })).day).toBe(dayName(0));
  });

  it("is silent without a bundle, without its reliability, or where its scores are beyond it", async () => {
    const { bench, fleet } = await openFleet();
    const reasonOf = async (): Promise<string> => {
      const { estimate } = (await loadPerformance(fleet, query)).points[0]!;
      return estimate.kind === "silent" ? estimate.reason : "spoke";
    };
    bench.models.set("d", { ...statedModel(), reliability: undefined });
    expect(await reasonOf()).toMatch(/states no reliability/);
    bench.models.set("d", { ...statedModel(), reliability: [{ stated: 0.9, observed: 0.9, cases: 5_000 }] });
    expect(await reasonOf()).toBe(
      "100 % of the decisions have probabilities that its calibration hardly saw",
    );
    bench.models.delete("d");
    expect(await reasonOf()).toMatch(/not known here/);
  });

  it("is silent for the shipped model of normal behaviour, also where a reliability is stated beside it", async () => {
    const { bench, fleet } = await openFleet();
    const { manifest } = await readBundle(
      await findNewestVersion(join(packageRoot(), "models"), "turbine-scada"),
    );
    bench.models.set("d", { ...statedModel(), manifest });
    const { points } = await loadPerformance(fleet, query);
    expect(points.map(({ estimate }) => estimate.kind)).toEqual(["silent", "silent"]);
    expect(points[0]!.estimate).toMatchObject({ reason: expect.stringMatching(/states no probabilities/) });
  });

  it("is silent for a point that has drifted, and for no other", async () => {
    const { bench, fleet } = await openFleet();
    for (let day = 1; day < 12; day++) {
      const by = day === 11 ? 6 : 0;
      await bench.runAt(day + 1, 0);
      await bench.sendDay(point("wt-01"), day, { shift: { columns: [0, 1], by } });
      await bench.sendDay(point("wt-02"), day);
    }
    await bench.runAt(12, 3);
    const { points } = await loadPerformance(fleet, { ...query, day: dayName(11) });
    expect(points.map(({ turbine, estimate }) => `${turbine} ${estimate.kind}`)).toEqual([
      "wt-01 silent",
      "wt-02 estimate",
    ]);
  });

  it("speaks of the newest assessed day where none is asked for, silenced by what is known of drift", async () => {
    const { bench, fleet } = await openFleet();
    for (let day = 1; day < 12; day++) {
      await bench.runAt(day + 1, 0);
      await bench.sendDay(point("wt-01"), day, { shift: { columns: [0, 1], by: day === 11 ? 6 : 0 } });
    }
    await bench.runAt(12, 3);
    await bench.sendDay(point("wt-01"), 12, { hours: [0, 3], shift: { columns: [0, 1], by: 6 } });
    const later = { ...fleet, clock: { nowMs: () => bench.nowMs } };
    const { day, points } = await loadPerformance(later, { limit: 100 });
    expect([day, points.map(({ estimate }) => estimate.kind)]).toEqual([dayName(11), ["silent"]]);
  });

  it("is silent once confirmed outcomes contradict the model, and says when they did", async () => {
    const { bench, fleet } = await openFleet();
    const outcome = { modelDigest: "d", raised: false, risk: 0.02, isFault: false };
    await bench.send(outcomeEvents([outcome, { ...outcome, modelDigest: "other" }]));
    const before = await loadPerformance(fleet, query);
    expect(before.points[0]!.estimate.kind).toBe("estimate");
    expect(before.models).toMatchObject([
      { modelDigest: "d", contradictedMs: null, verdict: { change: null, outcomes: 1, errors: 0 } },
      { modelDigest: "other" },
    ]);
    const missed = { ...outcome, isFault: true };
    await bench.send(outcomeEvents([outcome, outcome, missed, missed, missed, missed]));
    const after = await loadPerformance(fleet, query);
    expect(after.models[0]!.contradictedMs).toBeGreaterThan(firstDayMs);
    expect(after.points[0]!.estimate).toMatchObject({
      kind: "silent",
      reason: expect.stringMatching(/outcomes contradict/),
    });
  });

  it("counts of each decision what was told of it last", async () => {
    const { bench, fleet } = await openFleet();
    const found = { modelDigest: "d", raised: true, risk: 0.8, isFault: false };
    const [event] = outcomeEvents([found]);
    for (const isFault of [false, true, false, true])
      await bench.send([{ ...event!, detail: JSON.stringify({ ...found, isFault }) }]);
    const verdict = { outcomes: 1, errors: 0, faults: 1 };
    expect((await loadPerformance(fleet, query)).models).toMatchObject([{ modelDigest: "d", verdict }]);
  });

  it("passes over events that are no outcomes", async () => {
    const { bench, fleet } = await openFleet();
    const event = { kind: "event" as const, timeMs: firstDayMs, subject: "s" };
    await bench.send([
      { ...event, name: outcomeEventName, detail: "not JSON" },
      {
        ...event,
        name: outcomeEventName,
        detail: '{"modelDigest":"d","raised":true,"risk":7,"isFault":true}',
      },
      { ...event, name: "schema-drift.unit", detail: "{}" },
    ]);
    expect((await loadPerformance(fleet, query)).models).toEqual([]);
  });
});
