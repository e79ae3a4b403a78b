/** One run of one scenario: a gateway's session and a device on a simulated line, and what came of it. */

import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createDeviceEndpoint, type DeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createDeviceSession } from "../../firmware-bridge/session/device-session.ts";
import type {
  ByteTransport,
  ByteTransportHandlers,
} from "../../firmware-bridge/transports/byte-transport.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createHostileTally, type HostileResult } from "./hostile-result.ts";
import type { HostileScenario } from "./hostile-scenarios.ts";
import { createSimulatedLine } from "./simulated-line.ts";
import { createVirtualTime } from "./virtual-time.ts";

const tickMs = 10;
/** A packet of 32 samples every 32 ms: 1 kHz. */
const packetSamples = 32;
const packetTicks = 3;

/** Runs a scenario for so many simulated seconds. */
export function runHostile(scenario: HostileScenario, seed: number, seconds: number): HostileResult {
  const random = createRandom(seed);
  const time = createVirtualTime();
  const tally = createHostileTally(time);
  const defer = (callback: () => void): void => void time.after(0, callback);
  let stuck = false;
  let down = false;
  const line = createSimulatedLine({
    bitsPerSecond: 115_200,
    timers: time,
    monotonicMs: () => time.nowMs,
    disturb: (bytes) => (stuck ? new Uint8Array(0) : (scenario.damage?.(bytes, random) ?? bytes)),
  });
  const gatewayTap = tap(line.gatewayEnd);
  const deviceTap = tap(line.deviceEnd);
  let sessionId = 0;
  let device: DeviceEndpoint | undefined;
  let nextSample = 0;

  const session = createDeviceSession({
    link: createFramedLink(gatewayTap.transport, defer),
    gatewayId: "gateway-1",
    runtimeVersion: "0",
    expectedDeviceId: "device-1",
    mode: "both",
    random: createRandom(seed + 1),
    timers: time,
    onHello: () => {
      tally.sessions++;
    },
    onMessage: (message, hello) => {
      if (message.type === "raw-window") {
        message.counts.forEach((count, index) => {
          const isRight =
            hello.sessionId === sessionId &&
            message.firstSample + index < nextSample &&
            count === measureAt(hello.sessionId, message.firstSample + index);
          if (!isRight) tally.wrongValues++;
        });
        tally.deliveredSamples += message.counts.length;
        tally.progress();
      }
      // The device sends one reading a packet: the index of its next sample.
      if (message.type === "reading" && (message.value > nextSample || message.value % packetSamples !== 0))
        tally.wrongValues++;
      if (message.type === "score") tally.wrongValues++;
    },
  });

  function startDevice(): void {
    sessionId = 1 + Math.floor(random.uniform() * (2 ** 32 - 2));
    nextSample = 0;
    const started = createDeviceEndpoint({
      link: createFramedLink(deviceTap.transport, defer),
      deviceId: "device-1",
      firmware: "hostile",
      sessionId,
      channels: [
        { name: "vibration", unit: "g", sampleRateHz: 1_000, scale: 1 },
        { name: "count", unit: "1", sampleRateHz: 0, scale: 1 },
      ],
      random: createRandom(sessionId),
      timers: time,
      limits: { maxInFlightFrames: 8 },
      onConfig: ({ mode }) => {
        if (mode !== "both") tally.wrongConfigurations++;
      },
    });
    device = started;
    void started.open();
  }

  const counts = new Int16Array(packetSamples);
  function sample(): void {
    for (let index = 0; index < packetSamples; index++)
      counts[index] = measureAt(sessionId, nextSample + index);
    if (stuck || device === undefined) return;
    const first = nextSample;
    nextSample += packetSamples;
    if (
      device.send({
        type: "raw-window",
        channel: 0,
        firstSample: first,
        timestampUs: 0,
        shaftRpm: 1_500,
        counts: counts.subarray(0, packetSamples),
      })
    )
      tally.sentSamples += packetSamples;
    device.send({ type: "reading", channel: 1, timestampUs: 0, value: nextSample });
  }

  void session.open();
  startDevice();
  // Frames are sent when a tick begins, and take most of it: at its border there is nothing to cut.
  const midway = (action: () => void): void => void time.after(random.uniform() * tickMs, action);
  const hands = {
    unplug: () =>
      midway(() => {
        down = true;
        line.unplug();
      }),
    plug: () => {
      if (down) tally.progress();
      down = false;
      line.plug();
    },
    resetDevice: () =>
      midway(() => {
        void device?.close();
        line.cutOff("to-gateway");
        startDevice();
      }),
    stick: (isStuck: boolean) => {
      if (stuck && !isStuck) tally.progress();
      stuck = isStuck;
    },
    inject: (bytes: Uint8Array, direction: "to-gateway" | "to-device") =>
      (direction === "to-gateway" ? gatewayTap : deviceTap).inject(bytes),
  };
  const ticks = (seconds * 1000) / tickMs;
  for (let tick = 0; tick < ticks; tick++) {
    scenario.act?.(tick, hands, random);
    if (tick % packetTicks === 0) sample();
    time.advance(tickMs);
    if (down || stuck) tally.progress();
    tally.watch();
  }
  const result = tally.finish(scenario.name, seconds, session.statistics);
  void session.close();
  void device?.close();
  return result;
}

/** What a session's device measures at an index: no two sessions alike. */
function measureAt(sessionId: number, index: number): number {
  return (Math.imul(sessionId ^ (index * 0x9e3779b1), 0x85ebca6b) >>> 16) - 32_768;
}

/** A transport into which bytes can be put from outside. */
function tap(inner: ByteTransport): { readonly transport: ByteTransport; inject(bytes: Uint8Array): void } {
  let handlers: ByteTransportHandlers | undefined;
  return {
    transport: {
      ...inner,
      open: (given) => {
        handlers = given;
        return inner.open(given);
      },
      close: async () => {
        handlers = undefined;
        await inner.close();
      },
    },
    inject: (bytes) => handlers?.onBytes(Uint8Array.from(bytes)),
  };
}
