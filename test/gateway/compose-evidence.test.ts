import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { EvidenceOrder } from "../../src/core/contract/evidence.ts";
import type { Decision } from "../../src/core/contract/prediction.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { type Closers, openWhole } from "../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { composeEvidence } from "../../src/gateway/compose-evidence.ts";
import { createRecordingRun } from "../../src/gateway/devices/recording.ts";
import type { StateStore } from "../../src/gateway/record/state-store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createFakeMqtt, createFakeState } from "./fakes.ts";

const model = { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) };
const component = "generator-bearing";
const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
const rateHz = 12_000;
const data = { turbine: "WT01", component, failureMode: "outer-race", probability: 0.9, model };

interface PlaceOptions {
  readonly diskBytes?: number;
  /** What a gateway that was killed has left. */
  readonly left?: { readonly stateDir: string; readonly state: StateStore };
}

/** What keeps evidence of one turbine at a gateway that may keep alarms, references and what is asked for. */
async function createPlace({ diskBytes, left }: PlaceOptions = {}) {
  const clock = createManualClock();
  const { stateDir, state } = left ?? { stateDir: createTemporaryFolder(), state: createFakeState() };
  const point = { component, device: "mcu-1", channel: "vibration", bundle: model.name, bearing };
  const parsed = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north", stateDir },
    devices: [{ id: point.device, connect: "tcp://127.0.0.1:9" }],
    turbines: [{ id: "WT01", points: [point] }],
    evidence: { allow: ["alarm", "reference", "request"], secondsBefore: 2, secondsAfter: 10 },
  });
  const config = {
    ...parsed,
    evidence: { ...parsed.evidence, diskBytes: diskBytes ?? parsed.evidence.diskBytes },
  };
  const events: string[] = [];
  const told: string[] = [];
  // The collector answers nothing: what is kept stays.
  const outbox = {
    append: () => {},
    counts: () => ({ lanes: { raw: { records: 1, pending: 0 } } }),
    peek: () => null,
  };
  const telemetry = {
    event: (name: string, subject: string, detail: string) => {
      events.push(name);
      told.push(`${name} ${subject}: ${detail}`);
    },
  };
  const mqtt: MqttClient = {
    ...createFakeMqtt(),
    subscribe: async (topic, _qos, accept) => {
      hear = (order) => accept(topic, Buffer.from(JSON.stringify(order)), false);
    },
  };
  let hear: (order: EvidenceOrder) => void = () => {};
  const reserve = { isHeld: true };
  const uplink = { counts: () => ({ bytesByLane: { raw: 0 }, acksReceived: 0 }) };
  let close: Closers["closeAll"] = async () => {};
  const evidence = await openWhole(silentLogger, (closers) => {
    close = closers.closeAll;
    const around = {
      config,
      ackKey: null,
      record: { outbox, state, telemetry, file: { reserve } },
      uplink,
      register: { list: () => [] },
      mqtt,
      topics: createTopics("aurora/v1"),
      modelOf: () => model,
      clock,
      logger: silentLogger,
    };
    return composeEvidence(around as unknown as Parameters<typeof composeEvidence>[0], closers);
  });
  onTestFinished(() => close());
  const capture = async () => {
    const run = createRecordingRun(rateHz);
    run.accept(nextBlock());
    return { recording: run.longest!, receivedSamples: rateHz, gaps: 0 };
  };
  let firstSample = 0;
  const nextBlock = () => {
    const block = {
      deviceId: "mcu-1",
      channel: "vibration",
      unit: "g",
      timestampMs: clock.nowMs(),
      firstSample,
      sampleRateHz: rateHz,
      scale: 0.001,
      shaftRpm: 1_500,
      counts: Int16Array.from({ length: rateHz }, (_, index) => 1_000 * Math.sin(index / 7)),
    };
    firstSample += rateHz;
    return block;
  };
  return {
    clock,
    events,
    told,
    reserve,
    left: { stateDir, state },
    /** Somebody asks for samples. */
    ask: (id: string) =>
      hear({ type: "request", id, gateway: "gw-1", turbine: "WT01", component, seconds: 1, askedMs: 0 }),
    /** Its device can be asked for samples from now on. */
    connect: (answer: () => Promise<unknown> = capture) =>
      evidence.connect({ check: () => {}, capture: answer } as unknown as Parameters<
        typeof evidence.connect
      >[0]),
    evidence,
    close: () => close(),
    state,
    /** Waits until samples are kept. */
    written: () =>
      until(() => (evidence.describe() as { readonly waiting: number }).waiting === 1, "they are written"),
    files: () => readdirSync(join(stateDir, "evidence")).sort(),
    /** Samples come for so many seconds. */
    run: (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        evidence.accept(nextBlock());
        clock.advance(1_000);
      }
    },
  };
}

test("a gateway that stops before all samples after an alarm have come keeps those that have", async () => {
  const { run, evidence, close, files } = await createPlace();
  run(5);
  evidence.alert({ id: "alert-1", type: "io.aurora.alert.raised.v1", data } as unknown as AlertEvent);
  run(3);
  expect(files()).toEqual([]);
  await close();
  expect(files()).toEqual([expect.stringMatching(/\.json$/), expect.stringMatching(/\.pack$/)]);
});

test("a disk on which a write never ends does not keep the gateway from closing", async () => {
  const { run, evidence, close } = await createPlace();
  const file = await open(import.meta.filename);
  const sync = vi.spyOn(Object.getPrototypeOf(file), "sync").mockReturnValue(new Promise(() => {}));
  onTestFinished(() => sync.mockRestore());
  await file.close();
  run(5);
  evidence.alert({ id: "alert-1", type: "io.aurora.alert.raised.v1", data } as unknown as AlertEvent);
  run(3);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let isClosed = false;
  const closing = close().then(() => {
    isClosed = true;
  });
  await vi.waitFor(() => expect(sync).toHaveBeenCalled());
  expect(isClosed).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  await closing;
});

test("on a full disk samples are dropped with the reason, and the request is refused", async () => {
  const { ask, connect, told, reserve } = await createPlace();
  connect();
  reserve.isHeld = false;
  ask("r-1");
  const dropped = () => told.filter((line) => line.startsWith("evidence-dropped"));
  await until(() => dropped().length === 1, "the request is dropped");
  const reason = "the disk is full, and what room is left is for alerts";
  expect(dropped()[0]).toMatch(new RegExp(`: request: ${reason}$`));
  const refused = "its samples could not be kept until they are sent";
  await until(() => told.length === 3, "the request is refused");
  expect(told[2]).toBe(`evidence-request-refused WT01/${component}: request r-1: ${refused}`);
});

test("a healthy reference for which there is no room is not kept, and tried again a day later", async () => {
  const { clock, events, evidence, files, state, connect } = await createPlace({ diskBytes: 1_000 });
  connect();
  const decision = {
    point: { site: "north", turbine: "WT01", component },
    operatingState: "full-performance",
    isLearning: false,
    modes: [{ active: false }],
    model,
  } as unknown as Decision;
  const countDropped = (): number => events.filter((name) => name === "evidence-dropped").length;
  for (const [hours, dropped] of [
    [1, 1],
    [12, 1],
    [12, 2],
  ] as const) {
    evidence.decision(decision);
    clock.advance(hours * 3_600_000);
    evidence.tick();
    await until(() => countDropped() === dropped, "it is dropped");
    // Whoever waits for it goes on.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(countDropped()).toBe(dropped);
  }
  expect(evidence.describe()).toMatchObject({ kept: 0, waiting: 0 });
  expect([files(), state.get("evidence/references")]).toEqual([[], null]);
});

const raised = { id: "alert-1", type: "io.aurora.alert.raised.v1", data } as unknown as AlertEvent;

test("a gateway that was killed before the samples of an alarm were written tells so once at its next start", async () => {
  const { run, evidence, left } = await createPlace();
  run(5);
  evidence.alert(raised);
  run(3);
  const { told } = await createPlace({ left });
  expect(told).toEqual([
    `evidence-dropped WT01/${component}: alarm: of alert alert-1: the gateway ended before its samples were written`,
  ]);
  expect((await createPlace({ left })).told).toEqual([]);
});

test("of an alarm whose samples are written nothing is told after a kill, and of one without samples at once", async () => {
  const { run, evidence, written, left, told } = await createPlace();
  run(5);
  evidence.alert(raised);
  run(11);
  await written();
  expect((await createPlace({ left })).told).toEqual([]);
  const silent = await createPlace();
  silent.evidence.alert(raised);
  silent.clock.advance(60_000);
  silent.evidence.tick();
  expect(silent.told).toEqual([
    expect.stringMatching(/^evidence-dropped .*: no samples of its channel came$/),
  ]);
  expect([told, silent.left.state.keys("evidence-begun/")]).toEqual([[], []]);
});

test("who asked a gateway that was killed while it recorded is refused at its next start, and may ask again", async () => {
  const { ask, connect, told, left } = await createPlace();
  connect(() => new Promise(() => {}));
  ask("r-1");
  const accepted = `evidence-request-accepted WT01/${component}: request r-1: 1 s are recorded`;
  expect(told).toEqual([accepted]);
  const next = await createPlace({ left });
  next.ask("r-1");
  expect(next.told).toEqual([
    `evidence-request-refused WT01/${component}: request r-1: the gateway ended while it recorded; ask again`,
  ]);
  expect((await createPlace({ left })).told).toEqual([]);
});

test("of what an earlier run began is told once its folder can be used, if it could not be at the start, and of nothing else", async () => {
  const { left } = await createPlace();
  const folder = join(left.stateDir, "evidence");
  const old = { kind: "request", id: "r-1", turbine: "WT01", component, evidence: "ab".repeat(32) };
  left.state.set("evidence-begun/r-1", JSON.stringify(old));
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  const { ask, connect, clock, evidence, told, written } = await createPlace({ left });
  expect(told).toEqual([expect.stringMatching(/^evidence-fault /)]);
  rmSync(folder);
  connect();
  ask("r-2");
  await written();
  clock.advance(1_000);
  evidence.tick();
  expect(told.slice(1)).toEqual([
    expect.stringMatching(/^evidence-request-accepted .* request r-2/),
    expect.stringMatching(
      /^evidence-request-refused .* request r-1: its files are gone, or were never written$/,
    ),
  ]);
  expect(left.state.keys("evidence-begun/")).toEqual(["evidence-begun/r-2"]);
});

test.for([".json", ".pack"])(
  "who asked for samples whose %s is damaged while they wait is refused with that reason",
  async (ending) => {
    const { ask, connect, files, written, left, close } = await createPlace();
    connect();
    ask("r-1");
    await written();
    // Or it may find the damage itself, just as the next one looks.
    await close();
    const name = files().find((file) => file.endsWith(ending))!;
    writeFileSync(join(left.stateDir, "evidence", name), "");
    const { told } = await createPlace({ left });
    const known = ending === ".pack" ? "request: " : "";
    expect(told).toEqual([
      `evidence-dropped ${name.slice(0, 64)}: ${known}its files are gone or damaged`,
      `evidence-request-refused WT01/${component}: request r-1: its files are gone or damaged`,
    ]);
    expect(left.state.keys("evidence-begun/")).toEqual([]);
  },
);

test("who asked is told once that the day's bytes are used up and until when, and the status page says it until a day is over", async () => {
  const { left, clock } = await createPlace();
  const dayMs = 86_400_000;
  left.state.set("evidence/budget", JSON.stringify({ sinceMs: clock.nowMs(), reserved: 20_971_520 }));
  const next = await createPlace({ left });
  expect(next.evidence.describe()).toMatchObject({ pausedUntilMs: null });
  next.connect();
  next.ask("r-1");
  await next.written();
  await until(() => next.evidence.describe()?.pausedUntilMs !== null, "it waits");
  expect(next.evidence.describe()?.pausedUntilMs).toBe(next.clock.nowMs() + dayMs);
  for (let second = 0; second < 3; second++) next.evidence.tick();
  expect(next.told.slice(1)).toEqual([
    expect.stringMatching(
      /^evidence-request-delayed WT01\/.*: request r-1: .* used up; samples are sent on by themselves after 2023-11-15T.*Z\. .*dailyBytes/,
    ),
  ]);
  next.clock.advance(dayMs);
  next.evidence.tick();
  expect(next.evidence.describe()).toMatchObject({ pausedUntilMs: null });
});
