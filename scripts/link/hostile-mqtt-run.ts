/** A device behind a network of brokers that loses, doubles and reorders messages, and now and then goes away. */

import { createMqttLink, type MqttPort } from "../../firmware-bridge/framing/mqtt-link.ts";
import { createDeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createDeviceSession } from "../../firmware-bridge/session/device-session.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { createHostileTally, type HostileResult } from "./hostile-result.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";

const tickMs = 10;
const packetSamples = 100;

/** Runs the scenario for so many simulated seconds. */
export async function runHostileMqtt(seed: number, seconds: number): Promise<HostileResult> {
  const random = createRandom(seed);
  const time = createVirtualTime();
  const tally = createHostileTally(time);
  const network = createNetwork(time, random);
  const sessionId = 1 + Math.floor(random.uniform() * 2 ** 31);
  let nextSample = 0;
  let lastFirst = -1;
  const session = createDeviceSession({
    link: createMqttLink({ mqtt: network.connect(), listenTopic: "tx", sendTopic: "rx" }),
    gatewayId: "gateway-1",
    runtimeVersion: "0",
    mode: "both",
    random: createRandom(seed + 1),
    timers: time,
    onHello: () => {
      tally.sessions++;
    },
    onMessage: (message) => {
      if (message.type !== "raw-window") return;
      // In order, each once, and as it was sent.
      if (message.firstSample <= lastFirst) tally.wrongValues++;
      lastFirst = message.firstSample;
      message.counts.forEach((count, index) => {
        if (count !== measureAt(message.firstSample + index)) tally.wrongValues++;
      });
      tally.deliveredSamples += message.counts.length;
      tally.progress();
    },
  });
  const device = createDeviceEndpoint({
    link: createMqttLink({ mqtt: network.connect(), listenTopic: "rx", sendTopic: "tx" }),
    deviceId: "device-1",
    firmware: "hostile",
    sessionId,
    channels: [{ name: "vibration", unit: "g", sampleRateHz: 1_000, scale: 1 }],
    random: createRandom(seed + 2),
    timers: time,
    onConfig: ({ mode }) => {
      if (mode !== "both") tally.wrongConfigurations++;
    },
  });
  await session.open();
  await device.open();
  const counts = new Int16Array(packetSamples);
  for (let tick = 0; tick < (seconds * 1000) / tickMs; tick++) {
    if (tick % 10 === 0) {
      for (let index = 0; index < packetSamples; index++) counts[index] = measureAt(nextSample + index);
      if (
        device.send({
          type: "raw-window",
          channel: 0,
          firstSample: nextSample,
          timestampUs: 0,
          shaftRpm: 1_500,
          counts: counts.subarray(0, packetSamples),
        })
      )
        tally.sentSamples += packetSamples;
      nextSample += packetSamples;
    }
    // Two seconds in every minute nobody is connected.
    if (tick % 6_000 === 3_000) network.stop();
    if (tick % 6_000 === 3_200) {
      network.start();
      tally.progress();
    }
    time.advance(tickMs);
    // Publications settle between two ticks.
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    if (!network.isUp) tally.progress();
    tally.watch();
  }
  const result = tally.finish("MQTT lost, doubled, reordered", seconds, session.statistics);
  await session.close();
  await device.close();
  return result;
}

function measureAt(index: number): number {
  return (Math.imul(index + 1, 0x85ebca6b) >>> 16) - 32_768;
}

type Handler = (topic: string, payload: Uint8Array, retain: boolean) => void;

function createNetwork(
  time: VirtualTime,
  random: Random,
): { connect(): MqttPort; stop(): void; start(): void; readonly isUp: boolean } {
  const handlers = new Map<string, Handler>();
  const onUp = new Set<() => void>();
  const onDown = new Set<(loss: { readonly detail: string }) => void>();
  let isUp = true;
  const deliver = (topic: string, payload: Uint8Array): void => {
    // Most come at once, some late: after those that were sent behind them.
    const delayMs = random.uniform() < 0.05 ? 20 + 400 * random.uniform() : 5;
    time.after(delayMs, () => handlers.get(topic)?.(topic, Uint8Array.from(payload), false));
  };
  return {
    get isUp() {
      return isUp;
    },
    stop: () => {
      isUp = false;
      for (const callback of onDown) callback({ detail: "the broker stopped" });
    },
    start: () => {
      isUp = true;
      for (const callback of onUp) callback();
    },
    connect: () => ({
      publish: async (topic, payload) => {
        if (!isUp) throw new Error("not connected");
        if (random.uniform() < 0.01) return;
        deliver(topic, payload);
        if (random.uniform() < 0.02) deliver(topic, payload);
      },
      subscribe: async (filter, _qos, handler) => {
        handlers.set(filter, handler);
      },
      get connected() {
        return isUp;
      },
      onConnect: (callback) => {
        onUp.add(callback);
        return () => onUp.delete(callback);
      },
      onDisconnect: (callback) => {
        onDown.add(callback);
        return () => onDown.delete(callback);
      },
    }),
  };
}
