import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import type { PointBaselineReport } from "../../src/core/contract/baseline-report.ts";
import type { BaselineSpec } from "../../src/core/contract/bundle/baseline-spec.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { Decision } from "../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { computeMedian } from "../../src/core/maths/robust.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import type { FaultPlan } from "../../src/core/simulate/scenario.ts";
import {
  createTurbineSimulation,
  type TurbineSimulation,
} from "../../src/core/simulate/turbine-simulation.ts";
import { createPipeline, type Pipeline } from "../../src/gateway/points/pipeline.ts";
import { createSiteBaselines, type SiteBaselines } from "../../src/gateway/points/site-baselines.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";
import type { StateStore } from "../../src/gateway/record/state-store.ts";
import { createFakeState } from "./fakes.ts";

const models = join(import.meta.dirname, "..", "..", "models");
const spec: BaselineSpec = {
  levels: bearingLevelSpec,
  reference: [-30, -25, -18, -20, -2].map((locationDb) => ({ locationDb, scaleDb: 3 })),
  minWindows: 32,
  evidence: { clip: 4, allowance: 0.75, raise: 30, clear: 7.5, minProbability: 0.5 },
};
let bundle: LoadedBundle;

beforeAll(async () => {
  const dir = await findNewestVersion(models, "bearing-vibration");
  const verified = await verifyBundle(dir, await loadTrustedKeys(join(models, "release.pub")));
  const served = await serveBundle(dir, verified, { engine: "integer", logger: silentLogger });
  bundle = { ...served, manifest: { ...served.manifest, baseline: spec } };
});
afterAll(() => bundle.retire());

interface StartedPipeline extends Pipeline {
  readonly baselines: SiteBaselines;
}

interface Site {
  readonly simulation: TurbineSimulation;
  readonly state: StateStore;
  readonly decisions: Decision[];
  readonly alerts: AlertEvent[];
  readonly events: string[];
  /** Starts a gateway where the simulation stands. */
  start(epoch?: number, served?: LoadedBundle): StartedPipeline;
  play(pipeline: StartedPipeline, seconds: number): Promise<void>;
}

function createSite(fault: FaultPlan | "none", seed = 21): Site {
  const simulation = createTurbineSimulation({ seed, turbines: 1, fault, meanWindMetresPerSecond: 10 });
  const state = createFakeState();
  const decisions: Decision[] = [];
  const alerts: AlertEvent[] = [];
  const events: string[] = [];
  let nowMs = 0;
  let at = 0;
  return {
    simulation,
    state,
    decisions,
    alerts,
    events,
    start: (epoch = 0, served = bundle) => {
      const point = { component: "b", bundle: bundle.ref.name, device: "mcu", channel: "a" };
      const config = gatewayConfigSchema().parse({
        gateway: { id: "gw", site: "test" },
        devices: [{ id: "mcu", connect: "mqtt" }],
        turbines: [
          {
            id: "WT01",
            points: [{ ...point, bearing: simulation.turbines[0]!.orders, baselineEpoch: epoch }],
          },
        ],
        commissioning: { minWindows: 48, minHours: 0.01 },
      });
      const baselines = createSiteBaselines({
        commissioning: config.commissioning,
        state,
        logger: silentLogger,
        falsePerPointYear: () => 0.1,
        faultPrior: 0.05,
        onEvent: ({ turbine, component }, kind) =>
          events.push(kind === "lost" ? `lost ${turbine}/${component}` : kind),
      });
      const pipeline = createPipeline({
        config,
        register: createAlarmRegister(),
        quality: createDataQuality(),
        snapshots: new Map(),
        logger: silentLogger,
        bundleOf: () => served,
        clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
        baselines,
        sink: {
          onDecision: (decision) => decisions.push(decision),
          onAlerts: (events) => alerts.push(...events),
          onQuarantine: () => {},
          onSchemaDrift: () => {},
        },
      });
      return { ...pipeline, baselines };
    },
    play: async (pipeline, seconds) => {
      const { sampleRateHz, scale } = simulation;
      const end = at + seconds * sampleRateHz;
      for (; at < end; at += 496) {
        nowMs = (at * 1000) / sampleRateHz;
        const { counts, firstSample, shaftRpm } = simulation.nextBlock(0, 496);
        const block = { deviceId: "mcu", channel: "a", unit: "g", timestampMs: nowMs, firstSample };
        pipeline.accept({ ...block, sampleRateHz, scale, shaftRpm, counts, arrivedMonotonicMs: nowMs });
        if (at % sampleRateHz >= 496) continue;
        await pipeline.idle();
        pipeline.baselines.tick();
      }
      await pipeline.idle();
    },
  };
}

const statusOf = ({ baselines }: StartedPipeline) => baselines.conditions[0]!.status!;
const severities = (decisions: readonly Decision[]): number[] =>
  decisions.flatMap(({ severityDb }) => (typeof severityDb === "number" ? [severityDb] : []));

test("a gateway learns what is healthy, then states how far a growing fault has gone, in its alert too", async () => {
  const fault = { turbine: 0, kind: "outer-race", onsetS: 140, growthS: 40, finalSeverity: 8 } as const;
  const site = createSite(fault);
  const pipeline = site.start();
  await site.play(pipeline, 20);
  expect(statusOf(pipeline)).toMatchObject({ state: "learning", version: 0 });
  // Another machine's level is not this one's health: nothing is stated before the baseline is ready.
  expect(severities(site.decisions)).toEqual([]);
  await site.play(pipeline, 115);
  expect(statusOf(pipeline)).toMatchObject({ state: "ready", version: 1, suspicions: [] });
  const before = severities(site.decisions);
  expect(before.length).toBeGreaterThan(5);
  expect(Math.max(...before.map(Math.abs))).toBeLessThan(4);
  await site.play(pipeline, 80);
  const after = severities(site.decisions).slice(-10);
  expect(computeMedian(after) - computeMedian(before)).toBeGreaterThan(4);
  expect(Math.min(...after)).toBeGreaterThan(Math.max(...before));
  expect(site.alerts.at(-1)!.data.failureMode).toBe("outer-race");
  expect(typeof site.alerts.at(-1)!.data.severityDb).toBe("number");
  await pipeline.close();
});

test("a ready baseline survives a kill, a new epoch learns anew, and damage on the disk is told", async () => {
  const site = createSite("none");
  const first = site.start();
  await site.play(first, 100);
  expect(statusOf(first)).toMatchObject({ state: "ready", version: 1 });
  // Never closed: as after a kill. Within a second of when it was ready that is on the disk.
  const second = site.start();
  expect(statusOf(second)).toMatchObject({ state: "ready", version: 1 });
  const third = site.start(1);
  expect(statusOf(third)).toMatchObject({ state: "learning", version: 0, windows: 0 });
  await site.play(third, 100);
  expect(statusOf(third)).toMatchObject({ state: "ready", version: 2 });
  await third.close();
  site.state.set("baseline/WT01/b", '{"epoch":1,"kept":"?"}');
  const fourth = site.start(1);
  expect(statusOf(fourth).state).toBe("learning");
  expect(site.events).toEqual(["ready", "ready", "lost WT01/b"]);
  await Promise.all([first, second, fourth].map((pipeline) => pipeline.close()));
});

test("learning goes on after an orderly restart", async () => {
  const site = createSite("none");
  const first = site.start();
  await site.play(first, 30);
  const learnt = statusOf(first).windows;
  expect(learnt).toBeGreaterThan(5);
  await first.close();
  const second = site.start();
  expect(statusOf(second)).toMatchObject({ state: "learning", windows: learnt });
  await second.close();
});

test("a renewed point learns anew, also after a kill, and says who wanted it; another is refused", async () => {
  const site = createSite("none");
  const first = site.start();
  await site.play(first, 100);
  const order = { atMs: 0, by: "technician", reason: "bearing replaced" };
  const reply = first.baselines.renew({ turbine: "WT01", component: "b" }, order);
  expect(reply).toMatchObject({
    letGo: 1,
    activeAlarms: [],
    isStored: true,
    point: { turbine: "WT01", component: "b", state: "learning", learning: { windows: 0, ofWindows: 48 } },
  });
  for (const place of [
    { turbine: "WT02", component: "b" },
    { turbine: "WT01", component: "c" },
  ]) {
    expect(() => first.baselines.renew(place, order)).toThrow(/no measuring point/);
  }
  // Never closed: as after a kill.
  const second = site.start();
  expect(second.baselines.reports).toMatchObject([{ state: "learning", renewed: { count: 1 } }]);
  await site.play(second, 100);
  expect(second.baselines.reports).toMatchObject([
    { state: "own-reference", reference: { version: 2 }, renewed: { reason: "bearing replaced" } },
  ]);
  expect(site.events).toEqual(["ready", "renewed", "ready"]);
  await Promise.all([first, second].map((pipeline) => pipeline.close()));
});

test("a model that is published again finds the reference in a run and over a restart; another student learns anew", async () => {
  const name = (version: string, change: Partial<Manifest> = {}): LoadedBundle => ({
    ...bundle,
    ref: { ...bundle.ref, version, digest: version.padEnd(64, "0") },
    manifest: { ...bundle.manifest, version, ...change },
  });
  const isLearning = (decisions: readonly Decision[]) => decisions.map((decision) => decision.isLearning);
  const site = createSite("none");
  const first = site.start();
  await site.play(first, 100);
  const [{ reference }] = first.baselines.reports as [PointBaselineReport];
  first.use(name("91.0.0"));
  site.decisions.length = 0;
  await site.play(first, 20);
  expect(isLearning(site.decisions)).not.toContain(true);
  expect(site.decisions.at(-1)!.model.version).toBe("91.0.0");
  const named = { state: "own-reference", reference, model: { version: "91.0.0" } };
  expect(first.baselines.reports).toMatchObject([named]);
  await first.close();
  const second = site.start(0, name("92.0.0"));
  site.decisions.length = 0;
  await site.play(second, 20);
  expect(isLearning(site.decisions)).not.toContain(true);
  expect(second.baselines.reports).toMatchObject([{ ...named, model: { version: "92.0.0" } }]);
  expect(site.events).toEqual(["ready"]);
  const files = bundle.manifest.files.map((file) => ({ ...file, sha256: "1".repeat(64) }));
  second.use(name("93.0.0", { files }));
  await site.play(second, 20);
  expect(second.baselines.reports).toMatchObject([
    { state: "learning", reference: { version: 1, hasScores: false } },
  ]);
  expect(site.events).toEqual(["ready", "relearning"]);
  await second.close();
});
