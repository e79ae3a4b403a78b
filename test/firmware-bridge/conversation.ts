/** A gateway's session and a device's endpoint joined for a test, with what the gateway heard. */

import type { PacketLink } from "../../firmware-bridge/framing/packet-link.ts";
import { createDeviceEndpoint, type DeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import type { DeviceEndpointOptions } from "../../firmware-bridge/session/device-endpoint-options.ts";
import { createDeviceSession, type DeviceSession } from "../../firmware-bridge/session/device-session.ts";
import type { DeviceSessionOptions } from "../../firmware-bridge/session/device-session-options.ts";
import type { DeviceChannel, HelloMessage } from "../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../src/core/maths/random.ts";

/** Two channels, as a drive-end and a fan-end accelerometer. */
export const channels: readonly DeviceChannel[] = [
  { name: "drive-end", unit: "g", sampleRateHz: 12_000, scale: 0.0005 },
  { name: "fan-end", unit: "g", sampleRateHz: 12_000, scale: 0.0005 },
];

/** What a gateway heard, with raw windows copied. */
export interface Heard {
  readonly session: DeviceSession;
  readonly hellos: HelloMessage[];
  readonly states: string[];
  readonly problems: string[];
  /** Samples by channel and index. */
  readonly samples: Map<number, Map<number, number>>;
  readonly values: number[];
  /** Resolves when the session reaches the state. */
  reaches(state: string): Promise<void>;
  /** Looks at what waits for a predicate; for a test with its own `onMessage`. */
  look(): void;
  /** Resolves when `predicate` holds after some message. */
  until(predicate: () => boolean): Promise<void>;
}

/** Opens nothing yet. */
export function listen(link: PacketLink, options: Partial<DeviceSessionOptions> = {}): Heard {
  const hellos: HelloMessage[] = [];
  const states: string[] = [];
  const problems: string[] = [];
  const samples = new Map<number, Map<number, number>>();
  const values: number[] = [];
  let waiters: { predicate: () => boolean; resolve: () => void }[] = [];
  const look = (): void => {
    waiters = waiters.filter(({ predicate, resolve }) => {
      if (!predicate()) return true;
      resolve();
      return false;
    });
  };
  const until = (predicate: () => boolean): Promise<void> =>
    predicate() ? Promise.resolve() : new Promise((resolve) => waiters.push({ predicate, resolve }));
  const session = createDeviceSession({
    link,
    gatewayId: "gateway-1",
    runtimeVersion: "0.1.0",
    mode: "raw",
    random: createRandom(1),
    onHello: (hello) => {
      hellos.push(hello);
      look();
    },
    onMessage: (message) => {
      if (message.type === "reading") values.push(message.value);
      if (message.type === "raw-window") {
        const channel = samples.get(message.channel) ?? new Map<number, number>();
        samples.set(message.channel, channel);
        message.counts.forEach((count, index) => {
          channel.set(message.firstSample + index, count);
        });
      }
      look();
    },
    onState: (state) => {
      states.push(state);
      look();
    },
    onProblem: (problem) => {
      problems.push(problem.message);
      look();
    },
    ...options,
  });
  const reaches = (state: string): Promise<void> => until(() => session.state === state);
  return { session, hellos, states, problems, samples, values, look, reaches, until };
}

/** A device on `link`. */
export function createDevice(link: PacketLink, options: Partial<DeviceEndpointOptions> = {}): DeviceEndpoint {
  return createDeviceEndpoint({
    link,
    deviceId: "device-1",
    firmware: "test 1.0",
    sessionId: 0x1234_5678,
    channels,
    random: createRandom(2),
    ...options,
  });
}
