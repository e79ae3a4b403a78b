/** A device on a tcp port whose packets a test sends by hand, good and bad ones. */
import { onTestFinished } from "vitest";
import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createDeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createTcpListenerTransport } from "../../firmware-bridge/transports/tcp-transport.ts";
import type { DeviceChannel } from "../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { accelerometerScale } from "../../src/core/simulate/bearing-sensor.ts";
import { deviceOf } from "./installation.ts";

/** What a test may say otherwise than a good device would. */
export interface PacketChanges {
  readonly channel?: number;
  readonly shaftRpm?: number;
  /** Added to the device's clock from this call on. */
  readonly clockJumpMs?: number;
  /** Samples that its count, and its clock with it, jumps over before this call: they were not measured, or never sent. */
  readonly skip?: number;
  /** Changes the noise. */
  readonly counts?: (into: Int16Array) => void;
  /** Changes the finished message in its packet; returns its new length. */
  readonly payload?: (payload: Uint8Array, length: number) => number;
}

/** The device. */
export interface HandDevice {
  readonly address: string;
  /** Sends so many seconds of noise at 12 kHz (1,500 rpm unless said otherwise), as fast as they are taken. */
  stream(seconds: number, changes?: PacketChanges): Promise<void>;
  reading(channel: number, value: number): Promise<void>;
  /** Writes bytes between the frames. */
  bytes(bytes: Uint8Array): void;
}

/** The channel that turbines have. */
export const vibration: DeviceChannel = {
  name: "accel-de",
  unit: "g",
  sampleRateHz: 12_000,
  scale: accelerometerScale,
};

const samplesPerPacket = 480;

/** Opens the device's port (0: any); `channels` is what it announces. */
export async function startHandDevice(
  turbine: string,
  channels: readonly DeviceChannel[] = [vibration],
  port = 0,
): Promise<HandDevice> {
  const random = createRandom(9);
  const transport = createTcpListenerTransport("127.0.0.1", port);
  const link = createFramedLink(transport);
  let change: PacketChanges["payload"];
  const send = link.send.bind(link);
  link.send = (type, flags, sequence, length) =>
    send(type, flags, sequence, change?.(link.payload, length) ?? length);
  const endpoint = createDeviceEndpoint({
    link,
    deviceId: deviceOf(turbine),
    firmware: "by hand",
    channels,
    random,
    sessionId: random.integer(2 ** 31) + 1,
    // What was streamed has been taken, however late a busy gateway says so.
    limits: { ackTimeoutMs: 600_000 },
  });
  await endpoint.open();
  onTestFinished(() => endpoint.close());
  const counts = new Int16Array(samplesPerPacket);
  let position = 0;
  let clockMs = Date.UTC(2026, 0, 1);
  return {
    address: transport.name,
    stream: async (seconds, changes = {}) => {
      const { channel = 0, shaftRpm = 1500, clockJumpMs = 0, skip = 0 } = changes;
      clockMs += clockJumpMs;
      position += skip;
      for (let packet = 0; packet < (seconds * 12_000) / samplesPerPacket; packet++) {
        for (let index = 0; index < counts.length; index++) counts[index] = random.normal() * 500;
        changes.counts?.(counts);
        const timestampUs = clockMs * 1000 + (position / 12_000) * 1e6;
        await endpoint.ready();
        change = changes.payload;
        endpoint.send({ type: "raw-window", channel, firstSample: position, timestampUs, shaftRpm, counts });
        change = undefined;
        position += samplesPerPacket;
      }
      await endpoint.drained();
    },
    reading: async (channel, value) => {
      await endpoint.ready();
      endpoint.send({
        type: "reading",
        channel,
        timestampUs: clockMs * 1000 + (position / 12_000) * 1e6,
        value,
      });
      await endpoint.drained();
    },
    bytes: (bytes) => void transport.write(bytes),
  };
}
