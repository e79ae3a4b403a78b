import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import type { Quarantine, SampleBlock } from "../../../src/core/contract/stream.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { type LogFields, silentLogger } from "../../../src/core/platform/logger.ts";
import type { ChainStart } from "../../../src/gateway/points/chain-messages.ts";
import { chainThreadLimits } from "../../../src/gateway/points/chain-thread.ts";
import { createPipeline, type LossSink, type PipelineOptions } from "../../../src/gateway/points/pipeline.ts";
import { countWorkers } from "../../../src/gateway/points/share-devices.ts";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import { inventSnapshots } from "../../core/serving/snapshots.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { beginCompiledWorker } from "../compiled-worker.ts";
import { blockAt, createFakeBundle, createIdleBaselines, startMs } from "../fakes.ts";

const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
const turbines = 5;
const noLosses: LossSink = {
  setAside: () => {},
  workDue: () => {},
  samplesDue: () => {},
  lost: () => {},
  overload: () => {},
};
const deviceOf = (index: number): string => `mcu-${index}`;

/** Each turbine has a device of two channels; two points of the first share one channel. */
function createConfig(changes: object = {}) {
  const pointOf = (index: number, component: string, channel: string, bundle: string) => {
    return { component, bundle, device: deviceOf(index), channel, bearing };
  };
  return gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north", ...changes },
    mqtt: { url: "mqtt://127.0.0.1:1883" },
    devices: Array.from({ length: turbines }, (_, index) => {
      return { id: deviceOf(index), connect: `tcp://127.0.0.1:${9 + index}` };
    }),
    turbines: Array.from({ length: turbines }, (_, index) => ({
      id: `WT${index}`,
      points: [
        pointOf(index, "drive-end", "de", "bearing-sample"),
        pointOf(index, "free-end", "fe", "other"),
        ...(index === 0 ? [pointOf(index, "gearbox", "de", "other")] : []),
      ],
    })),
    bundles: { dir: ".", trustedKeys: ["release.pub"], engine: "integer" },
  });
}

/** A pipeline of these points, and all that it says. */
function start(workers: number, changes: Partial<PipelineOptions> = {}) {
  const clock = createManualClock();
  const bundles = new Map(
    ["bearing-sample", "other"].map((name) => [name, createFakeBundle("1.0.0", { name })]),
  );
  const all = [...bundles.values()];
  const said: Record<string, unknown[]> = {};
  const say = (who: string, what: unknown): void => {
    said[who] ??= [];
    said[who].push(what);
  };
  const nameOf = ({ turbine, component }: Decision["point"]): string => `${turbine}/${component}`;
  const quarantines: (Quarantine & { turbine: string | null })[] = [];
  const ended: number[] = [];
  const quality = createDataQuality();
  const pipeline = createPipeline({
    config: createConfig(),
    workers,
    quality,
    clock,
    logger: silentLogger,
    snapshots: new Map(),
    baselines: createIdleBaselines(),
    register: createAlarmRegister(),
    bundleOf: (name) => bundles.get(name)!,
    sink: {
      onDecision: (decision, scored) => {
        const { window, powerKw, bundle } = scored ?? {};
        say(nameOf(decision.point), { decision, window, powerKw, version: bundle?.ref.version });
      },
      onAlerts: (events) => {
        for (const { id, data } of events) say(`alerts ${data.turbine}/${data.component}`, id);
      },
      onQuarantine: (quarantine, turbine) => {
        quarantines.push({ ...quarantine, turbine });
        say(`set aside ${quarantine.deviceId}/${quarantine.channel}`, { quarantine, turbine });
      },
      onSchemaDrift: (drift) => say(`schema ${drift.deviceId}`, drift),
      onSilence: (point, silence) => say(`silence ${nameOf(point)}`, silence),
      onWorkerEnded: (worker) => ended.push(worker),
    },
    ...changes,
  });
  onTestFinished(() => pipeline.close());
  const use = (name: string, version: string): void => {
    const next = createFakeBundle(version, {
      name,
      // Every other one cuts other windows.
      ...(version.endsWith(".0") ? {} : { window: { unit: "revolutions", length: 5, hop: 2 } }),
    });
    all.push(next);
    bundles.set(name, next);
    pipeline.use(next);
  };
  return { pipeline, clock, said, quarantines, ended, quality, all, use };
}

/** Frames, readings, updates, standstills and pauses as `seed` draws them. */
function play(seed: number, { pipeline, clock, use }: ReturnType<typeof start>): void {
  const random = createRandom(seed);
  const next = new Map<string, number>();
  const draw = (below: number): number => Math.floor(random.uniform() * below);
  const rpmOf = (): number => [18_000, 18_000, 17_900, 15_000, 0, Number.NaN][draw(6)]!;
  const change = (): Partial<SampleBlock> => {
    switch (draw(30)) {
      case 0:
        return { unit: "bar" };
      case 1:
        return { counts: new Int16Array(100).fill(32_767) };
      case 2:
        return { timestampMs: Number.NaN };
      case 3:
        return { counts: Int16Array.from({ length: 333 }, (_, index) => (index * 31) % 97) };
      default:
        return {};
    }
  };
  for (let index = 0; index < turbines; index++) {
    const channels = ["de", "fe", "odd"].map((name) => {
      return { name, unit: "g", sampleRateHz: 10_000, scale: 0.001 };
    });
    pipeline.announce({
      type: "hello",
      protocolMajor: 1,
      protocolMinor: 1,
      deviceId: deviceOf(index),
      firmware: "test",
      sessionId: 1,
      channels,
    });
  }
  let rpm = 18_000;
  for (let step = 0; step < 3000; step++) {
    const deviceId = deviceOf(draw(turbines));
    const channel = draw(50) === 0 ? "odd" : draw(2) === 0 ? "de" : "fe";
    const key = `${deviceId}/${channel}`;
    // Some frames are lost.
    const index = (next.get(key) ?? 0) + (draw(40) === 0 ? 2 : 0);
    next.set(key, index + 1);
    if (draw(25) === 0) rpm = rpmOf();
    clock.advance(draw(200) === 0 ? 11_000 : 1);
    pipeline.accept(
      blockAt(index, {
        deviceId,
        channel,
        shaftRpm: rpm,
        arrivedMonotonicMs: clock.monotonicMs(),
        ...change(),
      }),
    );
    if (draw(20) === 0) {
      const turbine = `WT${draw(turbines)}`;
      const [name, unit, value] =
        draw(2) === 0 ? ["shaft-speed", "rpm", 17_000] : ["power", "kW", draw(2000)];
      const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
      const timestampMs = clock.nowMs();
      pipeline.acceptReading({ deviceId: turbine, channel: name, unit, value, timestampMs, ...arrival });
    }
    if (draw(200) === 0) pipeline.tick();
    if (draw(300) === 0) use(draw(2) === 0 ? "bearing-sample" : "other", `1.${step}.${draw(2)}`);
  }
  clock.advance(600_000);
  pipeline.tick();
}

test.for([1, 2, 3])("the same frames give the same decisions in the same order, seed %i", async (seed) => {
  const runs = await Promise.all(
    [0, 1, 2].map(async (workers) => {
      const run = start(workers, { beginWorker: beginCompiledWorker });
      play(seed, run);
      await run.pipeline.idle();
      await run.pipeline.close();
      return run;
    }),
  );
  const [alone, ...others] = runs;
  expect(Object.keys(alone!.said).length).toBeGreaterThan(turbines * 4);
  expect(alone!.quality.total.processed).toBeGreaterThan(1000);
  for (const other of others) {
    expect(Object.keys(other.said).toSorted()).toEqual(Object.keys(alone!.said).toSorted());
    for (const [who, what] of Object.entries(alone!.said)) expect(other.said[who], who).toEqual(what);
    expect(other.quality.total).toEqual(alone!.quality.total);
  }
  // Every window gave its bundle back.
  for (const { all } of runs) expect(all.map(({ holders }) => holders)).toEqual(all.map(() => 0));
});

interface Mortal extends Partial<PipelineOptions> {
  readonly spoil?: (start: ChainStart) => ChainStart;
  /** What the first runs instead of cutting windows. */
  readonly firstRuns?: string;
}

/** A pipeline with one worker, which a test may end; the first begins with what `spoil` makes of its start. */
function startMortal({ spoil = (start) => start, firstRuns, ...changes }: Mortal = {}) {
  const begun: Worker[] = [];
  const run = start(1, {
    ...changes,
    beginWorker: (given) => {
      const workerData = begun.length === 0 ? spoil(given) : given;
      const worker =
        begun.length === 0 && firstRuns !== undefined
          ? new Worker(firstRuns, { eval: true, resourceLimits: chainThreadLimits })
          : beginCompiledWorker(workerData);
      begun.push(worker);
      return worker;
    },
  });
  const feed = (from: number, to: number): void => {
    for (let index = from; index < to; index++) {
      for (let device = 0; device < turbines; device++) {
        const { clock, pipeline } = run;
        pipeline.accept(
          blockAt(index, {
            deviceId: deviceOf(device),
            channel: "de",
            arrivedMonotonicMs: clock.monotonicMs(),
          }),
        );
      }
    }
  };
  return { ...run, begun, feed };
}

test("a worker that dies is replaced, its points go on, and what was on its way is declared", async () => {
  const { pipeline, clock, said, begun, feed, ended, quarantines, quality, all, use } = startMortal();
  feed(0, 10);
  const half = blockAt(10, { deviceId: deviceOf(0), channel: "de" });
  pipeline.accept({ ...half, counts: half.counts.subarray(0, 50) });
  pipeline.tick();
  await pipeline.idle();
  expect(said["WT1/drive-end"]).toHaveLength(10);

  await begun[0]!.terminate();
  await until(() => ended.length === 1, "the end");
  expect(pipeline.workers).toMatchObject({ running: 0, ended: 1 });
  // Two points share the channel of the windows that were open; of those whose windows had ended nothing is lost.
  expect(quarantines.map(({ reason, turbine }) => [reason, turbine])).toEqual([
    ["gap", "WT0"],
    ["gap", "WT0"],
  ]);
  expect(quality.total.quarantined).toBe(2);

  // While there is none, and beyond: nothing that comes is lost, and what serves is the newest.
  use("bearing-sample", "1.1.1");
  use("bearing-sample", "1.2.0");
  feed(10, 20);
  await until(() => begun.length === 2, "another worker");
  expect(pipeline.workers).toMatchObject({ running: 1, ended: 1 });
  feed(20, 30);
  await pipeline.idle();
  expect(said["WT1/drive-end"]).toHaveLength(30);
  expect(said["WT1/drive-end"]?.map((each) => (each as { version: string }).version)).toEqual(
    Array.from({ length: 30 }, (_, index) => (index < 10 ? "1.0.0" : "1.2.0")),
  );
  expect(quarantines).toHaveLength(2);
  // Those of before are let go.
  expect(all.map(({ holders }) => holders)).toEqual([0, 1, 0, 1]);

  // It knows what its points were like: one that falls silent is told of as ever.
  clock.advance(600_000);
  pipeline.tick();
  await pipeline.idle();
  expect(said["silence WT1/drive-end"]).toHaveLength(1);
});

test("a worker that allocates without end is ended and replaced like any other", async () => {
  const logged: LogFields[] = [];
  const { pipeline, begun, feed, ended, said } = startMortal({
    firstRuns: "const all = []; for (;;) all.push(new Array(1 << 20).fill(0.5));",
    logger: { ...silentLogger, error: (_, fields) => logged.push(fields ?? {}) },
  });
  feed(0, 10);
  await until(() => ended.length === 1, "the end", 20_000);
  expect(logged.map(({ error }) => error)).toMatchObject([{ code: "ERR_WORKER_OUT_OF_MEMORY" }]);
  expect(pipeline.workers).toEqual({ running: 0, ended: 1, lostSamples: 10 * 100 * turbines });
  await until(() => begun.length === 2, "another worker");
  feed(10, 20);
  await pipeline.idle();
  expect(said["WT1/drive-end"]?.length).toBeGreaterThanOrEqual(9);
  expect(pipeline.workers.running).toBe(1);
});

test("a point whose worker dies before it told how it was heard is told of when it falls silent", async () => {
  const { pipeline, clock, said, begun, feed } = startMortal();
  feed(0, 5);
  await pipeline.idle();
  await begun[0]!.terminate();
  await until(() => begun.length === 2, "another worker");
  clock.advance(600_000);
  pipeline.tick();
  await pipeline.idle();
  expect(said["silence WT1/drive-end"]).toHaveLength(1);
  expect(said["WT1/drive-end"]).toHaveLength(6);
});

test("what a worker told in its last moment is decided and not counted as lost", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const { begun, feed, ended, pipeline, quarantines, said } = startMortal();
    const worker = begun[0]!;
    worker.once("message", () => void worker.terminate());
    feed(0, 400);
    await until(() => ended.length === 1, "the end");
    const decided = (said["WT1/drive-end"] ?? []).length * 100;
    const lost = quarantines.filter(({ turbine }) => turbine === "WT1").map(({ samples }) => samples);
    expect(decided).toBeGreaterThan(0);
    expect(decided + lost.reduce((sum, samples) => sum + samples, 0)).toBe(400 * 100);
    await pipeline.close();
  }
});

test("a worker that is ended while it has work is waited for: what it told is decided, nothing comes later", async () => {
  const { begun, feed, pipeline, said, all } = startMortal();
  feed(0, 2000);
  // It would take longer than the bound of a stop.
  const exited = once(begun[0]!, "exit");
  void begun[0]!.terminate();
  await pipeline.close();
  await exited;
  const decided = (said["WT1/drive-end"] ?? []).length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(said["WT1/drive-end"] ?? []).toHaveLength(decided);
  expect(all.map(({ holders }) => holders)).toEqual(all.map(() => 0));
});

test("what a worker had not taken when it ended is counted", async () => {
  const { begun, feed, ended, pipeline, quarantines, said } = startMortal();
  // Before it has begun.
  feed(0, 50);
  await begun[0]!.terminate();
  await until(() => ended.length === 1, "the end");
  const decided = (said["WT1/drive-end"] ?? []).length * 100;
  expect(pipeline.workers.lostSamples + decided * turbines).toBeGreaterThanOrEqual(50 * 100 * turbines - 100);
  const samples = quarantines.filter(({ turbine }) => turbine === "WT1").map((each) => each.samples);
  expect(samples).toEqual([5000 - decided]);
});

test("what a worker has not told of is known with its time, until it is told or the worker ends", async () => {
  const load = createWorkGauge();
  let grown = 0;
  const lost: unknown[] = [];
  const { begun, feed, ended, pipeline } = startMortal({
    load,
    losses: {
      ...noLosses,
      samplesDue: () => grown++,
      lost: (span, reason) => lost.push({ ...span, reason }),
    },
  });
  // Before it has begun.
  feed(0, 50);
  const wholeSeconds = { fromMs: startMs, toMs: startMs + 1000 };
  expect([load.held, grown]).toEqual([{ windows: 0, ...wholeSeconds }, 1]);
  await pipeline.idle();
  expect(load.held).toBeNull();
  feed(50, 150);
  const untold = { fromMs: startMs, toMs: startMs + 2000 };
  expect([load.held, lost]).toEqual([{ windows: 0, ...untold }, []]);
  await begun[0]!.terminate();
  await until(() => ended.length === 1, "the end");
  await pipeline.idle();
  expect(load.held).toBeNull();
  // Unless it was quicker.
  if (pipeline.workers.lostSamples > 0) expect(lost).toEqual([{ windows: 0, ...untold, reason: "killed" }]);
});

test.for([0, 1, 2])(
  "open windows are known with their time, and declared at the end, %i workers",
  async (workers) => {
    const load = createWorkGauge();
    const lost: unknown[] = [];
    let grown = 0;
    const { pipeline, clock, all, said, use } = start(workers, {
      beginWorker: beginCompiledWorker,
      load,
      losses: {
        ...noLosses,
        samplesDue: () => grown++,
        lost: (span, reason) => lost.push({ ...span, reason }),
      },
    });
    // A tenth of a window each, on one channel of two devices; the same samples over and over would be a stuck buffer.
    const feed = (from: number, to: number): void => {
      for (let index = from; index < to; index++)
        for (const deviceId of [deviceOf(1), deviceOf(2)])
          pipeline.accept({
            ...blockAt(0, { deviceId, channel: "fe", shaftRpm: 1_800 }),
            counts: blockAt(0, {}).counts.map((count) => count + (index % 97)),
            timestampMs: startMs + index * 10,
            firstSample: index * 100,
            arrivedMonotonicMs: clock.monotonicMs(),
          });
    };
    feed(0, 125);
    pipeline.tick();
    await pipeline.idle();
    expect(said["WT1/free-end"]).toHaveLength(12);
    // They began at 1.2 s.
    const opened = { fromMs: startMs + 1000, toMs: startMs + 2000 };
    expect(load.held).toEqual({ windows: 2, ...opened });
    expect(grown).toBeLessThan(10);
    // Another bundle serves from the next windows on; those of the old one are still open.
    use("other", "1.1.1");
    feed(125, 126);
    pipeline.tick();
    await pipeline.idle();
    expect(load.held).toEqual({ windows: 2, ...opened });
    // One device falls silent: what it had open is set aside and counted.
    clock.advance(60_300);
    pipeline.accept({
      ...blockAt(0, { deviceId: deviceOf(2), channel: "fe", shaftRpm: 1_800 }),
      timestampMs: startMs + 1260,
      firstSample: 12_600,
      arrivedMonotonicMs: clock.monotonicMs(),
    });
    pipeline.tick();
    await pipeline.idle();
    expect(load.held).toEqual({ windows: 1, ...opened });
    expect(lost).toEqual([]);

    await pipeline.close();
    const [{ windows, reason, fromMs, toMs }] = lost as [
      { windows: number; reason: string; fromMs: number; toMs: number },
    ];
    expect([lost.length, windows, reason]).toEqual([1, 1, "stopped"]);
    expect(fromMs).toBeLessThanOrEqual(startMs + 1200);
    expect(fromMs).toBeGreaterThanOrEqual(startMs + 1000);
    expect(toMs).toBeGreaterThanOrEqual(startMs + 1270);
    expect(toMs).toBeLessThanOrEqual(startMs + 2000);
    expect(load.held).toBeNull();
    expect(all.map(({ holders }) => holders)).toEqual(all.map(() => 0));
  },
);

test("a worker that throws is one that dies", async () => {
  const errors: unknown[] = [];
  const { begun, feed, ended, pipeline, said } = startMortal({
    logger: { ...silentLogger, error: (_, fields) => errors.push(fields) },
    // Begun with a moment that no thread can have.
    spoil: (start) => ({ ...start, moment: null as never }),
  });
  feed(0, 5);
  await until(() => ended.length === 1, "the end");
  expect(errors).toMatchObject([{ worker: 1, code: 1, error: { name: "TypeError" } }]);
  await until(() => begun.length === 2, "another worker");
  feed(5, 10);
  await pipeline.idle();
  expect(said["WT0/drive-end"]).toHaveLength(5);
});

test.each([
  ["before", 0],
  ["after", 239],
])(
  "devices are held while their worker has too much to do, and let go, whoever watches since %s that",
  async (_, since) => {
    const { pipeline, clock, said } = start(1);
    const told: string[] = [];
    const watch = (): void =>
      pipeline.watchPressure({
        onHigh: (devices) => told.push(`hold ${devices.length}`),
        onLow: (devices) => told.push(`let go ${devices.length}`),
      });
    const counts = new Int16Array(30_000);
    for (let index = 0; index < 240; index++) {
      const firstSample = index * counts.length;
      for (let at = 0; at < counts.length; at++) counts[at] = ((at + index) * 37) % 101;
      const timestampMs = startMs + firstSample / 10;
      const arrivedMonotonicMs = clock.monotonicMs();
      if (index === since) watch();
      pipeline.accept(
        blockAt(0, { deviceId: "mcu-1", counts, firstSample, timestampMs, arrivedMonotonicMs }),
      );
    }
    expect(told).toEqual(["hold 5"]);
    await pipeline.idle();
    expect(told).toEqual(["hold 5", "let go 5"]);
    watch();
    expect(told).toHaveLength(2);
    expect(said["WT1/drive-end"]).toHaveLength(72_000);
  },
);

test("what finds no room at all is set aside and counted, and declared with its time", async () => {
  const load = createWorkGauge();
  const declared: unknown[] = [];
  const { pipeline, clock, quarantines } = start(1, {
    load,
    losses: { ...noLosses, overload: (span, samples) => declared.push({ ...span, samples }) },
  });
  const counts = Int16Array.from({ length: 30_000 }, (_, at) => (at * 37) % 101);
  const accept = (index: number): void => {
    const firstSample = index * counts.length;
    const timestampMs = startMs + firstSample / 10;
    const arrivedMonotonicMs = clock.monotonicMs();
    pipeline.accept(blockAt(0, { deviceId: "mcu-1", counts, firstSample, timestampMs, arrivedMonotonicMs }));
  };
  for (let index = 0; index < 500; index++) accept(index);
  expect(new Set(quarantines.map(({ reason }) => reason))).toEqual(new Set(["overload"]));
  await pipeline.idle();
  const refused = quarantines.filter(({ reason }) => reason === "overload");
  expect(refused.length).toBeGreaterThan(100);
  expect(refused.every(({ turbine, samples }) => turbine === "WT1" && samples === 30_000)).toBe(true);
  // Until that is declared, a kill would declare it.
  const times = refused.map(({ timestampMs }) => timestampMs);
  const span = { fromMs: Math.min(...times), toMs: Math.max(...times) + 3_000 };
  expect(load.held).toEqual({ windows: 0, ...span });
  accept(500);
  // Two blocks are missing of themselves.
  accept(503);
  await pipeline.idle();
  for (let tick = 0; tick < 60; tick++) pipeline.tick();
  expect(declared).toEqual([{ windows: 0, ...span, samples: refused.length * 30_000 }]);
  await pipeline.idle();
  expect(load.held).toBeNull();
  const missing = quarantines.filter(({ reason, samples }) => reason === "gap" && samples > 0);
  expect(missing).toMatchObject([{ turbine: "WT1", samples: 60_000, detail: "60000 samples are missing" }]);
  await pipeline.close();
  expect(declared).toHaveLength(1);
});

test("workers are counted by points and cores, unless they are configured", () => {
  const config = createConfig();
  expect(countWorkers(config, 8)).toBe(0);
  const many = { ...config, turbines: Array.from({ length: 40 }, () => config.turbines).flat() };
  // 440 points on five devices.
  expect([1, 2, 4, 64].map((cores) => countWorkers(many, cores))).toEqual([0, 2, 4, 5]);
  expect(countWorkers(createConfig({ workers: 0 }), 8)).toBe(0);
  expect(countWorkers(createConfig({ workers: 9 }), 1)).toBe(5);
  expect(countWorkers({ ...many, gateway: { profile: "small", workers: null } }, 8)).toBe(0);
});

test.each([0, 2])(
  "%i workers pool no snapshot with those before its machine was changed",
  async (workers) => {
    const window = { unit: "revolutions", length: 30, hop: 30 } as const;
    const other = createFakeBundle("1.0.0", { name: "other" });
    const pooling = createFakeBundle("1.0.0", {
      name: "bearing-sample",
      window,
      features: bearingFeatureSpec,
    });
    const { pipeline, clock, said } = start(workers, {
      bundleOf: (name) => (name === "other" ? other : pooling),
      beginWorker: beginCompiledWorker,
    });
    const snapshots = inventSnapshots({
      snapshots: 12,
      revolutions: 3,
      sampleRateHz: 10_000,
      everyMs: 20_000,
    });
    for (const [index, snapshot] of snapshots.entries()) {
      if (index === 6) pipeline.renew({ turbine: "WT3", component: "drive-end" });
      for (const deviceId of [deviceOf(2), deviceOf(3)])
        pipeline.accept({ ...snapshot, deviceId, arrivedMonotonicMs: clock.monotonicMs() });
      clock.advance(19_000);
      pipeline.tick();
      await pipeline.idle();
      clock.advance(1000);
    }
    const windowsOf = (turbine: string): number =>
      (said[`${turbine}/drive-end`] ?? []).filter(
        (each) => (each as { window?: unknown }).window !== undefined,
      ).length;
    // Of three revolutions each two are too few for a window.
    expect(windowsOf("WT3")).toBeGreaterThan(2);
    expect(windowsOf("WT2") - windowsOf("WT3")).toBe(2);
  },
);
