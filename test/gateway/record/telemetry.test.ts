import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Decision, OperatingState } from "../../../src/core/contract/prediction.ts";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import type { DriftReference } from "../../../src/core/drift/drift-reference.ts";
import type { StudentOutput } from "../../../src/core/serving/loaded-bundle.ts";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import { type HeldInMemory, noLossMark } from "../../../src/gateway/record/loss-mark.ts";
import { createTelemetry } from "../../../src/gateway/record/telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { alertAt, createFakeBundle, point, windowAt } from "../fakes.ts";

const bundle = createFakeBundle();
const output = { quantised: Uint8Array.of(128), logits: Float64Array.of(0) };

/** As the bundle's, and a level. */
const withLevel: DriftReference = {
  ...bundle.reference,
  features: [
    ...bundle.reference.features,
    { ...bundle.reference.features[0]!, name: "low.rms", role: "level", edges: [-40], counts: [20, 20] },
  ],
};

interface Heard {
  readonly operatingState?: OperatingState;
  readonly powerKw?: number;
  readonly levels?: Float32Array;
  readonly reference?: DriftReference;
}

function create(predictionIntervalMs = 60_000) {
  const clock = createManualClock();
  const records: UplinkRecord[] = [];
  const quality = createDataQuality();
  const load = createWorkGauge();
  const marked: (HeldInMemory | null)[] = [];
  const telemetry = createTelemetry({
    append: (record) => records.push(record),
    outboxRecords: () => records.length,
    quality,
    clock,
    driftIntervalMs: 600_000,
    predictionIntervalMs,
    healthIntervalMs: 30_000,
    mark: { ...noLossMark, note: (now) => marked.push(now["open-predictions"] ?? null) },
    undecided: () => load.held,
  });
  /** What the mark says at the end of a turn of the event loop. */
  const markTurn = async (): Promise<HeldInMemory | null | undefined> => {
    await setImmediate();
    return marked.at(-1);
  };
  const decide = (
    index: number,
    isScored = true,
    scored: StudentOutput = output,
    { operatingState = "full-performance", powerKw, ...changes }: Heard = {},
  ): void => {
    const window = windowAt(index, changes.levels === undefined ? {} : { levels: changes.levels });
    const mode = {
      failureMode: "inner-race",
      probability: 0.1,
      score: 0,
      threshold: 0.8,
      active: false,
      sinceMs: null,
    };
    const decision: Decision = {
      point,
      windowId: window.id,
      fromMs: window.fromMs,
      toMs: window.toMs,
      operatingState,
      model: bundle.ref,
      modes: [mode],
    };
    const served = { ...bundle, reference: changes.reference ?? bundle.reference };
    telemetry.decision(decision, isScored ? { window, output: scored, bundle: served, powerKw } : null);
  };
  const kinds = (): string[] => records.map(({ kind }) => kind);
  return { clock, records, quality, load, telemetry, decide, kinds, markTurn };
}

describe("telemetry", () => {
  it("says of windows that wait to be decided that a kill loses them, until they are gathered", async () => {
    const { load, telemetry, decide, markTurn } = create();
    const windows = [windowAt(0), windowAt(1), windowAt(2)];
    for (const window of windows) {
      load.begin(window);
      telemetry.workDue();
    }
    const whole = { records: 0, windows: 3, fromMs: windows[0]!.fromMs, toMs: windows[2]!.toMs };
    expect(await markTurn()).toEqual(whole);
    decide(0);
    load.end(windows[0]);
    expect(await markTurn()).toEqual(whole);
    for (const index of [1, 2]) {
      decide(index);
      load.end(windows[index]);
    }
    expect(await markTurn()).toMatchObject({ windows: 3, toMs: windows[2]!.toMs });
    telemetry.flush();
    expect(await markTurn()).toBeNull();
  });

  it("marks what was set aside until a health record tells of it", async () => {
    const { telemetry, records, markTurn, clock } = create();
    telemetry.tick();
    telemetry.setAside({ timestampMs: 5_400, endMs: 6_600 }, 1);
    telemetry.setAside({ timestampMs: 6_600, endMs: 7_800 }, 1);
    expect(await markTurn()).toEqual({ records: 0, windows: 2, fromMs: 5_000, toMs: 8_000 });
    // A block whose own time is what was wrong with it.
    telemetry.setAside({ timestampMs: 9e13 }, 0);
    expect(await markTurn()).toMatchObject({
      windows: 2,
      toMs: Math.max(8_000, Math.ceil(clock.nowMs() / 1000) * 1000),
    });
    clock.advance(30_000);
    telemetry.tick();
    expect(records.filter(({ kind }) => kind === "health")).toHaveLength(2);
    telemetry.tick();
    expect(await markTurn()).toBeNull();
  });

  it("says how the gateway is at its start, then once an interval", () => {
    const { clock, records, quality, telemetry, kinds } = create();
    quality.processed("WT01");
    quality.quarantined("WT01", "gap", 1);
    quality.quarantined(null, "unknown-channel", 0);
    for (let second = 0; second < 60; second++) {
      telemetry.tick();
      clock.advance(1000);
    }
    expect(kinds()).toEqual(["health", "health"]);
    expect(records[1]).toMatchObject({
      uptimeMs: 30_000,
      windowsProcessed: 1,
      windowsQuarantined: 1,
      windowsDropped: 0,
      outboxRecords: 1,
      quarantined: { gap: 1, "unknown-channel": 1 },
    });
  });

  it("sketches and thins scored windows only, and gives what is gathered at the end", () => {
    const { records, telemetry, decide } = create();
    for (const index of [0, 1, 2]) decide(index);
    decide(3, false);
    telemetry.flush();
    expect(records.map(({ kind }) => kind).toSorted()).toEqual([
      "drift-report",
      "health",
      "prediction-batch",
    ]);
    expect(records.find(({ kind }) => kind === "prediction-batch")).toMatchObject({ windows: [3] });
  });

  it("sketches the lower band of a window with two, as the reference knows it", () => {
    const [one, two] = [create(), create()];
    const upper = { quantised: Uint8Array.of(200), logits: Float64Array.of(1.9) };
    one.decide(0);
    two.decide(0, true, { ...output, logits: Float64Array.of(1.3), bands: { lower: output, upper } });
    for (const { telemetry } of [one, two]) telemetry.flush();
    const reportOf = ({ records }: typeof one) => records.find(({ kind }) => kind === "drift-report");
    expect(reportOf(one)).toBeDefined();
    expect(reportOf(two)).toEqual(reportOf(one));
  });

  it("sketches levels and the load, of turbines that operate only", () => {
    const { telemetry, records, decide } = create();
    const heard: unknown[] = [];
    telemetry.onDriftReport((report) => heard.push(report));
    decide(0, true, output, { operatingState: "standby" });
    decide(1, true, output, { operatingState: "information-unavailable" });
    telemetry.flush();
    expect(records.filter(({ kind }) => kind === "drift-report")).toEqual([]);
    decide(2, true, output, { powerKw: 800, levels: Float32Array.of(-30), reference: withLevel });
    telemetry.flush();
    const [report] = records.filter((record) => record.kind === "drift-report");
    expect(heard).toEqual([report]);
    expect(report).toMatchObject({ load: { by: "power", band: 19 } });
    expect(report!.sketches[3]).toMatchObject({ feature: 3, mean: -30, counts: [0, 1] });
  });

  it("judges a batch's age by the data's own time, which in a replay runs ahead of the clock", () => {
    const { telemetry, decide, kinds } = create();
    // Ends with a minute.
    const first = 3600 + 59 - ((windowAt(0).fromMs / 1000) % 60);
    decide(first);
    telemetry.tick();
    decide(first + 299);
    telemetry.tick();
    expect(kinds()).toEqual(["health"]);
    decide(first + 300);
    expect(kinds()).toEqual(["health", "prediction-batch"]);
  });

  it("gives a batch that is old enough though no window comes any more", () => {
    const { clock, telemetry, decide, kinds } = create();
    decide(0);
    telemetry.tick();
    clock.advance(300_000);
    telemetry.tick();
    expect(kinds()).toContain("prediction-batch");
  });

  it("thins what comes behind the clock as what comes in time", () => {
    const { clock, telemetry, decide, kinds } = create();
    for (let second = 0; second < 600; second++) {
      decide(second - 400);
      clock.advance(1000);
      telemetry.tick();
    }
    expect(kinds().filter((kind) => kind === "prediction-batch").length).toBeLessThanOrEqual(2);
  });

  it.for([
    [10, 50],
    [60, 300],
    [120, 240],
    [290, 290],
    [600, 600],
  ] as const)(
    "gives rows of %i s in batches of %i s, and cuts none of them",
    ([rowSeconds, batchSeconds]) => {
      const { clock, records, telemetry, decide } = create(rowSeconds * 1000);
      const beginMs = windowAt(0).toMs;
      const untilRow = rowSeconds - ((beginMs / 1000) % rowSeconds);
      for (let second = 0; second < untilRow + 3 * batchSeconds; second++) {
        decide(second);
        clock.advance(1000);
        telemetry.tick();
      }
      telemetry.flush();
      const batches = records.filter((record) => record.kind === "prediction-batch");
      const whole = batches.flatMap(({ windows }) => windows).slice(1, -1);
      expect(new Set(whole)).toEqual(new Set([rowSeconds]));
      expect(batches.length).toBeLessThanOrEqual(5);
    },
  );

  it("passes alerts on as they were published, and events with a bounded detail", () => {
    const { records, telemetry } = create();
    telemetry.alert(alertAt(1));
    telemetry.event("store-corrupt", "gateway.db", "x".repeat(5000));
    telemetry.schemaDrift({
      deviceId: "mcu",
      timestampMs: 1,
      change: "unit",
      channel: "de",
      expected: "g",
      actual: "m/s2",
    });
    expect(records[0]).toEqual({ kind: "alert", id: alertAt(1).id, json: JSON.stringify(alertAt(1)) });
    expect(records[1]).toMatchObject({ kind: "event", name: "store-corrupt", detail: "x".repeat(1000) });
    expect(records[2]).toMatchObject({
      name: "schema-drift.unit",
      subject: "mcu/de",
      detail: "expected g, got m/s2",
    });
  });
});
