import { readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { Decision } from "../../src/core/contract/prediction.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { type Closers, openWhole } from "../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { composeEvidence } from "../../src/gateway/compose-evidence.ts";
import { createRecordingRun } from "../../src/gateway/devices/recording.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { createFakeMqtt, createFakeState } from "./fakes.ts";

const model = { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) };
const component = "generator-bearing";
const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
const rateHz = 12_000;
const data = { turbine: "WT01", component, failureMode: "outer-race", probability: 0.9, model };

/** What keeps evidence of one turbine at a gateway that may keep alarms and references. */
async function createPlace({ diskBytes }: { readonly diskBytes?: number } = {}) {
  const clock = createManualClock();
  const stateDir = createTemporaryFolder();
  const point = { component, device: "mcu-1", channel: "vibration", bundle: model.name, bearing };
  const parsed = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north", stateDir },
    devices: [{ id: point.device, connect: "tcp://127.0.0.1:9" }],
    turbines: [{ id: "WT01", points: [point] }],
    evidence: { allow: ["alarm", "reference"], secondsBefore: 2, secondsAfter: 10 },
  });
  const config = {
    ...parsed,
    evidence: { ...parsed.evidence, diskBytes: diskBytes ?? parsed.evidence.diskBytes },
  };
  const events: string[] = [];
  const state = createFakeState();
  // The collector answers nothing: what is kept stays.
  const outbox = { append: () => {}, counts: () => ({ lanes: { raw: { records: 1 } } }), peek: () => null };
  const telemetry = { event: (name: string) => void events.push(name) };
  const uplink = { counts: () => ({ bytesByLane: { raw: 0 }, acksReceived: 0 }) };
  let close: Closers["closeAll"] = async () => {};
  const evidence = await openWhole(silentLogger, (closers) => {
    close = closers.closeAll;
    const around = {
      config,
      ackKey: null,
      record: { outbox, state, telemetry },
      uplink,
      register: { list: () => [] },
      mqtt: createFakeMqtt(),
      topics: createTopics("aurora/v1"),
      modelOf: () => model,
      clock,
      logger: silentLogger,
    };
    return composeEvidence(around as unknown as Parameters<typeof composeEvidence>[0], closers);
  });
  onTestFinished(() => close());
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
    evidence,
    close: () => close(),
    state,
    nextBlock,
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

test("a healthy reference for which there is no room is not kept, and tried again a day later", async () => {
  const { clock, events, evidence, files, nextBlock, state } = await createPlace({ diskBytes: 1_000 });
  const capture = async () => {
    const run = createRecordingRun(rateHz);
    run.accept(nextBlock());
    return { recording: run.longest!, receivedSamples: rateHz, gaps: 0 };
  };
  evidence.connect({ capture } as unknown as Parameters<typeof evidence.connect>[0]);
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
