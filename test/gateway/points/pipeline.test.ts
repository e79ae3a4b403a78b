import { describe, expect, it } from "vitest";
import type { GatewayConfig } from "../../../src/core/contract/config/gateway-config.ts";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import type { Quarantine, SchemaDrift } from "../../../src/core/contract/stream.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createPipeline, type PipelineOptions } from "../../../src/gateway/points/pipeline.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { blockAt, createFakeBundle, createIdleBaselines, type FakeBundle, startMs } from "../fakes.ts";

const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
const points = (change = {}) => [
  {
    component: "drive-end",
    bundle: "bearing-sample",
    device: "mcu",
    channel: "de",
    bearing,
    shaftRpm: null,
    baselineEpoch: 0,
    ...change,
  },
];

/** A reading that is stamped as it comes. */
const stampNow = (clock: ManualClock) => ({
  timestampMs: clock.nowMs(),
  arrivedMs: clock.nowMs(),
  arrivedMonotonicMs: clock.monotonicMs(),
});

/** A turbine without SCADA. */
const plain = { scadaBundle: null, repairs: [] };

function create(
  turbines: GatewayConfig["turbines"] = [{ ...plain, id: "WT01", points: points() }],
  doubtOf: PipelineOptions["doubtOf"] = () => null,
) {
  const clock = createManualClock();
  const bundles = new Map<string, FakeBundle>(
    ["bearing-sample", "other"].map((name) => [name, createFakeBundle("1.0.0", { name })]),
  );
  const decisions: (Decision & { isScored: boolean })[] = [];
  const quarantines: (Quarantine & { turbine: string | null })[] = [];
  const drifts: SchemaDrift[] = [];
  const untold: { readonly fromMs: number; readonly toMs: number | undefined; readonly windows: number }[] =
    [];
  const quality = createDataQuality();
  const config: GatewayConfig = {
    gateway: {
      id: "gw",
      site: "north",
      stateDir: ".",
      httpHost: "127.0.0.1",
      httpNames: [],
      httpPort: 0,
      profile: "standard",
      workers: null,
    },
    mqtt: {
      url: "mqtt://127.0.0.1",
      base: "aurora/v1",
      username: null,
      passwordFile: null,
      caFile: null,
      certFile: null,
      keyFile: null,
      maxPacketBytes: 1e6,
    },
    devices: [],
    turbines,
    scada: [],
    modbus: [],
    opcua: [],
    bundles: { dir: ".", trustedKeys: [], engine: "integer" },
    updates: { enabled: false, url: null, caFile: null, rootFile: null, pollSeconds: 60 },
    operation: { standbyBelowRpm: 60, dataTimeoutSeconds: 10 },
    commissioning: { minWindows: 600, minHours: 24 },
    alarms: { falsePerTurbineYear: 0.1, faultPrior: 0.058, stopDb: null },
    drift: { intervalSeconds: 600, periodSeconds: 86_400, falsePerPointDay: 0.001, learnDays: 14 },
    uplink: {
      predictionIntervalSeconds: 60,
      healthIntervalSeconds: 60,
      ackKeyFile: null,
      backlogKibibytesPerSecond: 256,
    },
    store: { maxMebibytes: 256, reserveMebibytes: 1 },
    evidence: {
      allow: [],
      secondsBefore: 20,
      secondsAfter: 10,
      referenceSeconds: 10,
      bufferBytes: 1e6,
      dailyBytes: 1e6,
      diskBytes: 1e6,
    },
    log: { level: "info" },
  };
  const pipeline = createPipeline({
    config,
    quality,
    clock,
    logger: silentLogger,
    snapshots: new Map(),
    baselines: createIdleBaselines(),
    register: createAlarmRegister(),
    doubtOf,
    losses: {
      workDue: () => {},
      samplesDue: () => {},
      setAside: ({ timestampMs, endMs }, windows) =>
        untold.push({ fromMs: timestampMs, toMs: endMs, windows }),
      lost: () => {},
      overload: () => {},
    },
    bundleOf: (name) => bundles.get(name)!,
    sink: {
      onDecision: (decision, scored) => decisions.push({ ...decision, isScored: scored !== null }),
      onAlerts: () => {},
      onQuarantine: (quarantine, turbine) => quarantines.push({ ...quarantine, turbine }),
      onSchemaDrift: (drift) => drifts.push(drift),
    },
  });
  let next = 0;
  const accept = async (change = {}): Promise<void> => {
    pipeline.accept(
      blockAt(next++, { sampleRateHz: 10_000, arrivedMonotonicMs: clock.monotonicMs(), ...change }),
    );
    await pipeline.idle();
  };
  const read = (channel: string, unit: string, value: number, turbine = "WT01"): void =>
    pipeline.acceptReading({ deviceId: turbine, channel, unit, value, ...stampNow(clock) });
  const states = (): string[] => decisions.map(({ operatingState }) => operatingState);
  return { clock, bundles, decisions, quarantines, drifts, quality, pipeline, accept, read, states, untold };
}

describe("the pipeline", () => {
  it("decides no window of a device whose data may be of another machine, and counts it", async () => {
    let isDoubted = false;
    const doubtOf = (turbine: string, device: string): string | null =>
      isDoubted && turbine === "WT01" && device === "mcu" ? "two devices use its id" : null;
    const { accept, decisions, quarantines, quality, untold } = create(undefined, doubtOf);
    await accept();
    isDoubted = true;
    await accept();
    expect(decisions).toHaveLength(1);
    expect(quarantines).toMatchObject([
      {
        reason: "malformed",
        deviceId: "mcu",
        channel: "de",
        detail: "two devices use its id",
        turbine: "WT01",
      },
    ]);
    expect(quality.total).toMatchObject({ processed: 1, quarantined: 1, byReason: { malformed: 1 } });
    expect(untold.at(-1)).toMatchObject({ windows: 1 });
    isDoubted = false;
    await accept();
    expect(decisions).toHaveLength(2);
  });

  it("decides every window of every point that a channel feeds", async () => {
    const { accept, decisions, quality } = create([
      { ...plain, id: "WT01", points: points() },
      { ...plain, id: "WT02", points: points() },
    ]);
    for (let index = 0; index < 3; index++) await accept();
    expect(decisions.map(({ point }) => point.turbine).toSorted()).toEqual([
      "WT01",
      "WT01",
      "WT01",
      "WT02",
      "WT02",
      "WT02",
    ]);
    expect(quality.total).toMatchObject({ processed: 6, quarantined: 0, dropped: 0 });
  });

  it("takes the shaft's speed from the device, else from SCADA, else from the configuration, else sets aside", async () => {
    const { accept, read, decisions, quarantines } = create([
      { ...plain, id: "WT01", points: points({ shaftRpm: 18_000 }) },
    ]);
    const unknown = { shaftRpm: Number.NaN };
    await accept({ shaftRpm: -18_000 });
    await accept(unknown);
    read("shaft-speed", "rpm", 17_900);
    await accept(unknown);
    expect([decisions.map(({ isScored }) => isScored), quarantines]).toEqual([[true, true], []]);

    const without = create();
    await without.accept(unknown);
    expect(without.quarantines).toMatchObject([
      { reason: "no-shaft-speed", cause: "unknown-speed", turbine: "WT01" },
    ]);
    without.read("shaft-speed", "rpm", 18_000);
    await without.accept(unknown);
    expect(without.decisions).toHaveLength(1);
    // A reading from long ago says nothing of now.
    without.clock.advance(10_001);
    await without.accept(unknown);
    expect(without.decisions).toHaveLength(1);
  });

  it("calls a turbine's speed full or partial by the fastest one seen", async () => {
    const { accept, states } = create();
    await accept({ shaftRpm: 18_000 });
    await accept({ shaftRpm: 18_000 });
    for (let index = 0; index < 4; index++) await accept({ shaftRpm: 12_000 });
    expect(new Set(states().slice(0, 2))).toEqual(new Set(["full-performance"]));
    expect(states().at(-1)).toBe("partial-performance");
  });

  it("takes a turbine that makes no power for standing by, whatever its shaft does", async () => {
    const { clock, accept, read, decisions } = create();
    read("power", "kW", 1200);
    await accept();
    clock.advance(1000);
    read("power", "kW", -3);
    await accept();
    expect(decisions.map(({ operatingState, modes }) => [operatingState, modes.length])).toEqual([
      ["full-performance", 1],
      ["standby", 0],
    ]);
  });

  it("says once that a turbine stands, and nothing of bad data", async () => {
    const { clock, pipeline, accept, states, quarantines } = create();
    await accept();
    for (let index = 0; index < 3; index++) await accept({ shaftRpm: 0 });
    clock.advance(5000);
    pipeline.tick();
    expect(states()).toEqual(["full-performance", "information-unavailable"]);
    expect(quarantines).toEqual([]);
    await accept();
    expect(states().at(-1)).toBe("full-performance");
  });

  it("says once that a point is silent, from its last data on, and again only after it spoke", async () => {
    const { clock, pipeline, accept, decisions } = create();
    pipeline.tick();
    expect(decisions).toEqual([]);
    await accept();
    const silence = (): void => {
      clock.advance(10_001);
      pipeline.tick();
      pipeline.tick();
    };
    silence();
    expect(decisions.map(({ isScored }) => isScored)).toEqual([true, false]);
    expect(decisions[1]).toMatchObject({ operatingState: "information-unavailable", fromMs: startMs });
    await accept();
    silence();
    expect(decisions.map(({ isScored }) => isScored)).toEqual([true, false, true, false]);
  });

  it("says of data without a single good window what it says of silence", async () => {
    const { clock, pipeline, accept, decisions } = create();
    for (let second = 0; second < 30; second++) {
      await accept({
        firstSample: second * 10_000,
        timestampMs: startMs + second * 1000,
        counts: blockAt(second).counts.subarray(0, 90),
      });
      pipeline.tick();
      clock.advance(1000);
    }
    expect(decisions.map(({ isScored, operatingState }) => [isScored, operatingState])).toEqual([
      [false, "information-unavailable"],
    ]);
  });

  it("counts what belongs to nobody without a turbine, and what belongs to one with it", async () => {
    const { accept, quarantines, quality } = create();
    await accept({ channel: "nde" });
    await accept({ unit: "m/s2" });
    expect(quarantines.map(({ reason, turbine }) => [reason, turbine])).toEqual([
      ["unknown-channel", null],
      ["unit", "WT01"],
    ]);
    expect(quality.total.byReason).toEqual({ "unknown-channel": 1, unit: 1 });
    expect(quality.ofTurbine("WT01").quarantinedByReason).toEqual({ unit: 1 });
  });

  it("does not take a turbine's speed or power for a new channel of its device, and gives them to its turbines", async () => {
    const { pipeline, clock, accept, drifts, decisions } = create();
    const channel = { sampleRateHz: 1, scale: 1 };
    pipeline.announce({
      type: "hello",
      protocolMajor: 1,
      protocolMinor: 0,
      deviceId: "mcu",
      firmware: "1",
      sessionId: 1,
      channels: [
        { name: "de", unit: "g", sampleRateHz: 10_000, scale: 0.001 },
        { ...channel, name: "shaft-speed", unit: "rpm" },
        { ...channel, name: "power", unit: "kW" },
      ],
    });
    expect(drifts).toEqual([]);
    pipeline.acceptDeviceReading({
      deviceId: "mcu",
      channel: "shaft-speed",
      unit: "rpm",
      value: 18_000,
      ...stampNow(clock),
    });
    await accept({ shaftRpm: Number.NaN });
    expect(decisions).toHaveLength(1);
  });

  it("cuts windows by a device's own readings while SCADA tells another speed", async () => {
    const { pipeline, clock, accept, read, decisions, quarantines } = create();
    for (let index = 0; index < 4; index++) {
      const speed = { deviceId: "mcu", channel: "shaft-speed", unit: "rpm", value: 18_000 };
      pipeline.acceptDeviceReading({ ...speed, ...stampNow(clock) });
      clock.advance(500);
      read("shaft-speed", "rpm", 15);
      await accept({ shaftRpm: Number.NaN });
      clock.advance(500);
    }
    expect([decisions.length, quarantines]).toEqual([4, []]);
  });

  it("gives a new bundle to the points of its name alone", async () => {
    const { pipeline, accept, decisions } = create([
      { ...plain, id: "WT01", points: points() },
      { ...plain, id: "WT02", points: points({ bundle: "other" }) },
    ]);
    pipeline.use(createFakeBundle("2.0.0", { name: "other" }));
    await accept();
    expect(decisions.map(({ point, model }) => [point.turbine, model.version]).toSorted()).toEqual([
      ["WT01", "1.0.0"],
      ["WT02", "2.0.0"],
    ]);
  });

  it("counts a window that could not be decided as dropped, and says its time for a kill", async () => {
    const { accept, bundles, quality, decisions, untold } = create();
    bundles.get("bearing-sample")!.answer = new Error("the engine failed");
    await accept();
    expect([quality.total.dropped, quality.total.processed, decisions.length]).toEqual([1, 0, 0]);
    expect(untold).toEqual([{ fromMs: expect.any(Number), toMs: expect.any(Number), windows: 1 }]);
    expect(untold[0]!.toMs).toBeGreaterThan(untold[0]!.fromMs);
  });
});
