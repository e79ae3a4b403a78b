import { expect, onTestFinished, test } from "vitest";
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { startDeviceSimulator } from "../../../src/cli/device/device-simulator.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type BackPressure, startBackPressure } from "../../../src/gateway/devices/back-pressure.ts";
import type { DeviceLinks } from "../../../src/gateway/devices/device-links.ts";
import { createPipeline } from "../../../src/gateway/points/pipeline.ts";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";
import { createDataQuality, type DataQuality } from "../../../src/gateway/record/data-quality.ts";
import { createManualTimers } from "../../firmware-bridge/manual-timers.ts";
import { until } from "../../support/until.ts";
import { createFakeBundle, createIdleBaselines } from "../fakes.ts";
import { openLinks } from "../open-links.ts";
import { createMadeSource } from "../turbines.ts";

const marks = { high: 132, low: 33 };
/** Three revolutions of a fast shaft: a packet of 480 samples is 4 windows. */
const windowSamples = 120;
const wantedWindows = 2_000;

interface Bench {
  readonly quality: DataQuality;
  readonly pressure: BackPressure;
  readonly links: DeviceLinks;
  readonly most: () => number;
}

/** A gateway whose model takes 13 windows every few milliseconds. */
async function startSlowGateway(connect: string): Promise<Bench> {
  const bundle = createFakeBundle();
  const queue: (() => void)[] = [];
  const ticker = setInterval(() => {
    for (const next of queue.splice(0, 13)) next();
  }, 2);
  onTestFinished(() => clearInterval(ticker));
  const { score } = bundle;
  bundle.score = async (window) => {
    await new Promise<void>((resolve) => queue.push(resolve));
    return await score(window);
  };
  const quality = createDataQuality();
  const gauge = createWorkGauge(marks);
  let most = 0;
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    devices: [{ id: "mcu", connect }],
    turbines: [
      {
        id: "WT01",
        points: [
          {
            component: "bearing",
            bundle: "bearing-sample",
            device: "mcu",
            channel: "accel-de",
            bearing: { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 },
          },
        ],
      },
    ],
  });
  const pipeline = createPipeline({
    config,
    quality,
    clock: systemClock,
    logger: silentLogger,
    snapshots: new Map(),
    baselines: createIdleBaselines(),
    register: createAlarmRegister(),
    load: {
      ...gauge,
      begin: () => {
        gauge.begin();
        most = Math.max(most, gauge.waiting);
      },
    },
    bundleOf: () => bundle,
    sink: { onDecision: () => {}, onAlerts: () => {}, onQuarantine: () => {}, onSchemaDrift: () => {} },
  });
  const links = await openLinks(config.devices, silentLogger, pipeline);
  const pressure = startBackPressure({
    gauge,
    links: links.sessions.map(({ session }) => session),
    timers: systemTimers,
    logger: silentLogger,
  });
  onTestFinished(() => pressure.close());
  return { quality, pressure, links, most: () => most };
}

test("a device that is faster than the model waits, and not a window is lost", async () => {
  const random = createRandom(3);
  let sent = 0;
  const source = createMadeSource((into) => {
    const samples = Math.min(into.length, wantedWindows * windowSamples - sent);
    for (let index = 0; index < samples; index++) into[index] = random.normal() * 500;
    sent += samples;
    return { samples, shaftRpm: (60 * 3 * 12_000) / windowSamples };
  });
  const device = await startDeviceSimulator({
    deviceId: "mcu",
    source,
    speed: Number.POSITIVE_INFINITY,
    samplesPerPacket: 480,
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
  });
  onTestFinished(() => device.close());
  const { quality, pressure, links, most } = await startSlowGateway(device.address);
  expect(await device.ended).toBe("source-ended");
  // The last window is complete with the first sample after it.
  await until(() => quality.total.processed >= wantedWindows - 1, "all windows", 20_000);
  expect(quality.total).toMatchObject({ quarantined: 0, dropped: 0, byReason: {} });
  expect(device.droppedSamples).toBe(0);
  expect(pressure.pauses).toBeGreaterThan(1);
  expect(pressure.forcedEnds).toBe(0);
  const [link] = links.sessions;
  expect(link!.session.ignoredStops).toBe(0);
  expect(link!.session.statistics).toMatchObject({ lostFrames: 0, duplicates: 0 });
  // What was on its way when the word was taken back: 64 packets.
  expect(most()).toBeLessThanOrEqual(marks.high + 64 * 4);
});

test("devices do not wait for ever for a model that hangs", () => {
  const timers = createManualTimers();
  const gauge = createWorkGauge({ high: 2, low: 0 });
  const said: string[] = [];
  const say = (what: string) => () => void said.push(what);
  const links = [{ pause: say("pause"), resume: say("resume"), hold: say("hold"), letGo: say("let go") }];
  const pressure = startBackPressure({ gauge, links, timers, logger: silentLogger });
  gauge.begin();
  expect(said).toEqual([]);
  gauge.begin();
  gauge.begin();
  expect([said.splice(0), pressure.isPaused]).toEqual([["hold", "pause"], true]);
  // Its health and its introduction are read again long before it may go on.
  timers.advance(linkTiming.pauseMaxMs / 2);
  expect([said.splice(0), pressure.isPaused]).toEqual([["let go"], true]);
  timers.advance(linkTiming.pauseMaxMs / 2);
  expect(said.splice(0)).toEqual(["resume"]);
  expect(pressure).toMatchObject({ isPaused: false, pauses: 1, forcedEnds: 1 });
  // Only when what waited is done may they be stopped again.
  gauge.begin();
  for (let waiting = 4; waiting > 0; waiting--) gauge.end();
  expect(said).toEqual([]);
  gauge.begin();
  gauge.begin();
  gauge.end();
  gauge.end();
  expect(said).toEqual(["hold", "pause", "resume", "let go"]);
  expect(timers.waiting).toBe(0);
});
