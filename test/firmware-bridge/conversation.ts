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

/** Longest wait for anything of a conversation: half of what a test has, so that it is the wait that says what is wrong. */
const patienceMs = 30_000;

/** What a gateway heard, with raw windows copied. */
export interface Heard {
  readonly session: DeviceSession;
  readonly hellos: HelloMessage[];
  readonly states: string[];
  readonly problems: string[];
  /** Samples by channel and index. */
  readonly samples: Map<number, Map<number, number>>;
  readonly values: number[];
  /** Resolves when the session reaches the state; rejects as {@link until} does. */
  reaches(state: string): Promise<void>;
  /** Looks at what waits for a predicate; for a test with its own `onMessage`. */
  look(): void;
  /** Resolves when `predicate` holds after some message; rejects after 30 s with all that is known of the conversation. */
  until(predicate: () => boolean): Promise<void>;
}

/** Opens nothing yet. */
export function listen(link: PacketLink, options: Partial<DeviceSessionOptions> = {}): Heard {
  const hellos: HelloMessage[] = [];
  const states: string[] = [];
  const reasons: string[] = [];
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
  const until = (predicate: () => boolean): Promise<void> => {
    if (predicate()) return Promise.resolve();
    const held = new Promise<void>((resolve) => waiters.push({ predicate, resolve }));
    return withDeadline(held, () => ({
      waitedFor: String(predicate),
      state: session.state,
      states: reasons.slice(-12),
      devices: hellos.map(({ deviceId, sessionId }) => `${deviceId} ${sessionId}`),
      samples: [...samples].map(([channel, { size }]) => `${channel}: ${size}`),
      values: values.length,
      problems: problems.slice(-4),
      statistics: { ...session.statistics },
    }));
  };
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
    onState: (state, reason) => {
      states.push(state);
      reasons.push(`${state}: ${reason}`);
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

/** A device on `link`, which gives nothing up however late it is acknowledged; what is waited for of it has a deadline too. */
export function createDevice(link: PacketLink, options: Partial<DeviceEndpointOptions> = {}): DeviceEndpoint {
  const device = createDeviceEndpoint({
    link,
    deviceId: "device-1",
    firmware: "test 1.0",
    sessionId: 0x1234_5678,
    channels,
    random: createRandom(2),
    ...options,
    limits: { ackTimeoutMs: 600_000, ...options.limits },
  });
  const { ready, drained } = device;
  const known = (waitedFor: string) => () => ({
    waitedFor,
    state: device.state,
    inFlightFrames: device.inFlightFrames,
    ackTimeouts: device.ackTimeouts,
    isWritable: link.isWritable,
    statistics: { ...device.statistics },
  });
  return Object.assign(device, {
    ready: () => (device.isReady ? ready() : withDeadline(ready(), known("a device that may send"))),
    drained: () =>
      device.inFlightFrames === 0 ? drained() : withDeadline(drained(), known("a device that has sent all")),
  });
}

/** Sends samples from number `at` on, in windows of `size`, as fast as the device takes them. */
export async function sendRaw(
  device: DeviceEndpoint,
  counts: Int16Array,
  how: { readonly size: number; readonly at?: number; readonly channel?: number; readonly shaftRpm?: number },
): Promise<void> {
  const { size, at = 0, channel = 0, shaftRpm = Number.NaN } = how;
  for (let from = 0; from < counts.length; from += size) {
    const message = {
      type: "raw-window",
      channel,
      firstSample: at + from,
      timestampUs: 0,
      shaftRpm,
      counts: counts.subarray(from, from + size),
    } as const;
    while (!device.send(message)) await device.ready();
  }
}

/** Settles as `awaited` does; rejects after {@link patienceMs}, before the test's own limit, with what is then known. */
function withDeadline(awaited: Promise<void>, known: () => object): Promise<void> {
  // Made here: it says which line of a test waited.
  const error = new Error();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      error.message = `not within ${patienceMs} ms: ${JSON.stringify(known(), null, 2)}`;
      reject(error);
    }, patienceMs).unref();
  });
  return Promise.race([awaited, late]).finally(() => clearTimeout(timer));
}
