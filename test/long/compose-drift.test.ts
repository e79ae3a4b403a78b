/** From samples to a told drift, by the gateway alone: the real pipeline, the shipped bundle, periods of two minutes. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { NormalBehaviourSpec } from "../../src/core/contract/bundle/normal-behaviour.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import type { DriftReference } from "../../src/core/drift/drift-reference.ts";
import { levelEdgesDb } from "../../src/core/drift/fit-reference.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { encodeRecord } from "../../src/core/wire/record-codec.ts";
import { composeDrift, describeDriftRow } from "../../src/gateway/compose-drift.ts";
import { createPipeline, type Pipeline } from "../../src/gateway/points/pipeline.ts";
import { createClockWatch } from "../../src/gateway/record/clock-watch.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";
import { createTelemetry } from "../../src/gateway/record/telemetry.ts";
import { createFakeState, createIdleBaselines } from "../gateway/fakes.ts";

const models = join(import.meta.dirname, "..", "..", "models");
const periodMs = 120_000;
/** An hour of such a day. */
const intervalMs = periodMs / 24;
const startMs = Date.UTC(2026, 0, 1);
let bundle: LoadedBundle;
const pipelines: Pipeline[] = [];

/** With the levels that the bundle's baseline knows; it may have been made before references had any. */
function withLevels(reference: DriftReference, names: readonly string[]): DriftReference {
  if (reference.features.some(({ role }) => role === "level")) return reference;
  const counts = new Array<number>(levelEdgesDb.length + 1).fill(1);
  const levels = names.map((name) => ({
    ...reference.features[0]!,
    name,
    role: "level" as const,
    edges: levelEdgesDb,
    counts,
  }));
  return { ...reference, features: [...reference.features, ...levels] };
}

beforeAll(async () => {
  const dir = await findNewestVersion(models, "bearing-vibration");
  const verified = await verifyBundle(dir, await loadTrustedKeys(join(models, "release.pub")));
  const served = await serveBundle(dir, verified, { engine: "integer", logger: silentLogger });
  const names = served.manifest.baseline!.levels.list.map(({ name }) => name);
  bundle = { ...served, reference: withLevels(served.reference, names) };
});
afterAll(async () => {
  await Promise.all(pipelines.map((pipeline) => pipeline.close()));
  await bundle.retire();
});

interface Site {
  readonly records: UplinkRecord[];
  /** What the gateway's log says of points. */
  readonly logged: { readonly name: string; readonly turbine: unknown }[];
  readonly drift: ReturnType<typeof composeDrift>;
  /** Plays so many periods; `scale` is of the second turbine's sensor. */
  play(periods: number, scale?: number): Promise<void>;
}

function createSite(): Site {
  const simulation = createTurbineSimulation({
    seed: 6,
    turbines: 2,
    fault: "none",
    meanWindMetresPerSecond: 10,
  });
  const records: UplinkRecord[] = [];
  const logged: Site["logged"] = [];
  const info = (name: string, fields?: Readonly<Record<string, unknown>>) =>
    logged.push({ name, turbine: fields?.turbine });
  let nowMs = startMs;
  let at = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "test" },
    devices: [0, 1].map((index) => ({ id: `mcu${index}`, connect: "mqtt" })),
    turbines: simulation.turbines.map(({ orders }, index) => ({
      id: `WT0${index + 1}`,
      points: [
        { component: "b", bundle: bundle.ref.name, device: `mcu${index}`, channel: "a", bearing: orders },
      ],
    })),
    drift: { intervalSeconds: intervalMs / 1000, periodSeconds: periodMs / 1000, learnDays: 5 },
  });
  const quality = createDataQuality();
  const state = createFakeState();
  const telemetry = createTelemetry({
    append: (record) => records.push(record),
    outboxRecords: () => 0,
    quality,
    clock,
    driftIntervalMs: intervalMs,
    predictionIntervalMs: 60_000,
    healthIntervalMs: 60_000,
  });
  const served = { names: [bundle.ref.name], current: () => bundle };
  const surroundings = { config, models: served, clock, timers: systemTimers, logger: silentLogger };
  const logger = { ...silentLogger, info };
  const clockWatch = createClockWatch({ clock, onChange: () => {} });
  const drift = composeDrift({ ...surroundings, logger, record: { state, telemetry, clockWatch } });
  const pipeline = createPipeline({
    ...surroundings,
    register: createAlarmRegister(),
    quality,
    snapshots: new Map(),
    bundleOf: () => bundle,
    baselines: createIdleBaselines(),
    sink: {
      onDecision: telemetry.decision,
      onAlerts: () => {},
      onQuarantine: () => {},
      onSchemaDrift: () => {},
    },
  });
  pipelines.push(pipeline);
  return {
    records,
    logged,
    drift,
    play: async (periods, scale = 1) => {
      const { sampleRateHz } = simulation;
      const end = at + (periods * periodMs * sampleRateHz) / 1000;
      for (; at < end; at += 496) {
        nowMs = startMs + (at * 1000) / sampleRateHz;
        for (const index of [0, 1]) {
          const { counts, firstSample, shaftRpm } = simulation.nextBlock(index, 496);
          const block = { deviceId: `mcu${index}`, channel: "a", unit: "g", timestampMs: nowMs, firstSample };
          const gain = simulation.scale * (index === 1 ? scale : 1);
          const arrival = { arrivedMonotonicMs: nowMs };
          pipeline.accept({ ...block, sampleRateHz, scale: gain, shaftRpm, counts, ...arrival });
        }
        if (at % sampleRateHz < 496) await pipeline.idle();
      }
      await pipeline.idle();
    },
  };
}

test("a sensor that became a quarter as sensitive is told of, at its own point and no other, and by how much", async () => {
  const { play, drift, records, logged } = createSite();
  await play(8);
  const levels = (): unknown => drift.standings.map(({ point, level }) => [point.turbine, level]);
  expect(levels()).toEqual([
    ["WT01", "stable"],
    ["WT02", "stable"],
  ]);
  const changedMs = startMs + 8 * periodMs;
  await play(3, 0.25);
  expect(levels()).toEqual([
    ["WT01", "stable"],
    ["WT02", "drift"],
  ]);
  const [, second] = drift.standings;
  expect(Math.abs(second!.sinceMs! - changedMs)).toBeLessThanOrEqual(periodMs);
  expect(second!.title).toMatch(/^WT02's sensor at the b is 1[0-3](\.\d)? dB quieter/);
  expect(new Set(logged.map(({ turbine }) => turbine))).toEqual(new Set(["WT02"]));
  expect(logged.at(-1)!.name).toBe("drift.drift");
  // The collector has verdicts of its own: it is not told a second one.
  expect(records.filter(({ kind }) => kind === "event")).toEqual([]);
  // What the gateway read, the collector can read.
  const reports = records.filter((record) => record.kind === "drift-report");
  expect(reports.length).toBeGreaterThan(100);
  for (const report of reports) expect(() => encodeRecord(report)).not.toThrow();
  const loads = new Set(reports.map(({ load }) => load?.by));
  expect(loads).toEqual(new Set(["speed"]));
}, 300_000);

test("a row of SCADA values is heard by what its model leaves unexplained, if its reference is of that", () => {
  const row = {
    fromMs: 0,
    toMs: 600_000,
    values: Float64Array.of(8, 1200),
    features: Float32Array.of(1, 2),
  };
  const output = { quantised: Uint8Array.of(128), logits: Float64Array.of(0.3) };
  const scored = { row, output, unexplained: Float64Array.of(1.5) };
  const channel = bundle.manifest.channels[0]!;
  const powerCurve = { windChannel: "wind", powerChannel: "power", points: [], minRatio: 0, maxRatio: 2 };
  const manifest = {
    ...bundle.manifest,
    channels: [
      { ...channel, name: "wind" },
      { ...channel, name: "power" },
    ],
    normalBehaviour: { operation: { limits: [], powerCurve } } as unknown as NormalBehaviourSpec,
  };
  const { reference } = bundle;
  const ofConditions = {
    ...reference,
    features: reference.features.map((column) => ({ ...column, role: "condition" as const })),
  };
  const { features } = row;
  expect(describeDriftRow(scored, { manifest, reference: ofConditions })).toEqual({
    toMs: 600_000,
    features,
    scores: scored.unexplained,
    powerKw: 1200,
  });
  expect(describeDriftRow(scored, { manifest, reference })!.scores).toBe(output.logits);
  expect(describeDriftRow({ ...scored, unexplained: null }, { manifest, reference })).toBeNull();
});
