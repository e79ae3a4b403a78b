/**
 * A device made of software: announces channels, streams raw windows of a source to whichever gateway connects, and
 * reports its counters, all through the device's side of the protocol that a firmware implements.
 */
import { randomInt } from "node:crypto";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createMqttLink } from "../../../firmware-bridge/framing/mqtt-link.ts";
import type { PacketLink } from "../../../firmware-bridge/framing/packet-link.ts";
import { maxSamplesPerFrame } from "../../../firmware-bridge/protocol.ts";
import { createDeviceEndpoint } from "../../../firmware-bridge/session/device-endpoint.ts";
import type { ByteTransport } from "../../../firmware-bridge/transports/byte-transport.ts";
import { createByteTransport } from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { createTcpListenerTransport } from "../../../firmware-bridge/transports/tcp-transport.ts";
import { createTopics } from "../../core/contract/topics.ts";
import { createRandom, type Random } from "../../core/maths/random.ts";
import { systemClock, systemTimers } from "../../core/platform/clock.ts";
import { silentLogger } from "../../core/platform/logger.ts";
import { createMqttClient } from "../../core/platform/mqtt/mqtt-client.ts";
import type { Convoy } from "./convoy.ts";
import { createDisturbedTransport, type Disturbance } from "./disturbed-transport.ts";
import { createEdgeDevice, type EdgeDeviceOptions } from "./edge-device.ts";
import type { SampleSource } from "./sample-source.ts";
import { type StreamEnd, startStreamPump } from "./stream-pump.ts";

export type DeviceOutlet =
  /** Listens; the gateway connects to `tcp://host:port`. Port 0: any free one. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** A serial port or a pty. */
  | { readonly kind: "serial"; readonly path: string; readonly baudRate?: number }
  /** Publishes on the device topics of a gateway. */
  | {
      readonly kind: "mqtt";
      readonly url: string;
      readonly base: string;
      readonly gateway: string;
      readonly username?: string;
      readonly password?: string;
    };

export interface DeviceSimulatorOptions {
  readonly deviceId: string;
  readonly outlet: DeviceOutlet;
  readonly source: SampleSource;
  /** Simulated seconds per second, > 0; `Infinity`: as fast as the gateway takes them. Default 1. */
  readonly speed?: number;
  /** Its clock begins at this epoch time, in the past, and once it has caught up its pace is true; default: now, and `speed` for ever. */
  readonly beginsAtMs?: number;
  /** Devices that it keeps together with. */
  readonly convoy?: Convoy;
  /** Samples per packet; at most and by default 496 on a byte stream (a frame), 2,000 by default over MQTT. */
  readonly samplesPerPacket?: number;
  /** Byte streams only. */
  readonly disturbance?: Disturbance & { readonly seed: number };
  /** Makes the device infer itself where its gateway wants that. */
  readonly edge?: EdgeDeviceOptions;
  /** Called when the conversation's state changes, with the reason. */
  readonly onState?: (state: string, reason: string) => void;
}

export interface DeviceSimulator {
  /** How a gateway's configuration names it: `tcp://127.0.0.1:40123`, a path, or `mqtt:<device id>`. */
  readonly address: string;
  readonly sentSamples: number;
  readonly droppedSamples: number;
  /** Windows that it scored itself, and the version of the model that it runs; 0 and empty without one. */
  readonly scores: number;
  readonly modelVersion: string;
  /** Settles when the source has ended and everything is acknowledged, or after `close`, or when refused. */
  readonly ended: Promise<StreamEnd>;
  /** Stops within a second, whatever the gateway does. */
  close(): Promise<void>;
}

/**
 * Starts a device; resolves once it can be reached. Its time begins with the first gateway that takes its samples.
 * Rejects with DEVICE_UNREACHABLE when the port is taken.
 */
export async function startDeviceSimulator(options: DeviceSimulatorOptions): Promise<DeviceSimulator> {
  const { source, outlet, deviceId, speed = 1 } = options;
  if (!(speed > 0)) throw new RangeError(`a pace is positive, got ${speed}`);
  const random = createRandom(randomInt(2 ** 32));
  const opened = await openOutlet(options, random);
  const edge = options.edge === undefined ? null : createEdgeDevice(options.edge, source.channels);
  const endpoint = createDeviceEndpoint({
    link: opened.link,
    deviceId,
    firmware: `simulator ${outlet.kind}`,
    sessionId: randomInt(1, 2 ** 32),
    channels: source.channels,
    random,
    health: () => ({
      uptimeMs: Math.round(systemClock.monotonicMs() - startedMs),
      droppedSamples: pump.droppedSamples,
      discardedBytes: endpoint.statistics.discardedBytes,
      badFrames: endpoint.statistics.badFrames,
      ...(edge === null ? {} : { scores: edge.scores, abandonedWindows: edge.abandonedWindows }),
    }),
    refuseConfig: ({ mode }) => (edge === null && mode !== "raw" ? "this device cannot infer" : undefined),
    ...(edge === null
      ? {}
      : {
          model: () => edge.model(),
          onModel: (request) => edge.onModel(request),
          onConfig: (config) => edge.onConfig(config),
        }),
    ...(options.onState === undefined ? {} : { onState: options.onState }),
  });
  const startedMs = systemClock.monotonicMs();
  try {
    await endpoint.open();
  } catch (error) {
    await endpoint.close();
    await opened.close();
    throw error;
  }
  const pump = startStreamPump({
    source,
    link: edge?.wrap(endpoint) ?? endpoint,
    clock: systemClock,
    timers: systemTimers,
    speed,
    samplesPerPacket: packetSize(options),
    ...(options.beginsAtMs === undefined ? {} : { beginsAtMs: options.beginsAtMs }),
    ...(options.convoy === undefined ? {} : { convoy: options.convoy }),
  });
  return {
    address: opened.address(),
    get sentSamples() {
      return pump.sentSamples;
    },
    get droppedSamples() {
      return pump.droppedSamples;
    },
    get scores() {
      return edge?.scores ?? 0;
    },
    get modelVersion() {
      return edge?.model().modelVersion ?? "";
    },
    ended: pump.ended,
    close: async () => {
      pump.stop();
      edge?.close();
      await endpoint.close();
      await opened.close();
      await pump.ended;
    },
  };
}

/** Samples in an MQTT message: six messages a second at 12 kHz; 32,000 would still be within 64 KiB. */
const defaultMqttSamples = 2_000;
const maxMqttSamples = 32_000;

function packetSize({ outlet, samplesPerPacket }: DeviceSimulatorOptions): number {
  return outlet.kind === "mqtt"
    ? Math.min(samplesPerPacket ?? defaultMqttSamples, maxMqttSamples)
    : Math.min(samplesPerPacket ?? maxSamplesPerFrame, maxSamplesPerFrame);
}

interface OpenedOutlet {
  readonly link: PacketLink;
  /** Valid once the link is open. */
  address(): string;
  /** What the link does not close itself. */
  close(): Promise<void>;
}

async function openOutlet(options: DeviceSimulatorOptions, random: Random): Promise<OpenedOutlet> {
  const { outlet, deviceId } = options;
  switch (outlet.kind) {
    case "tcp": {
      const listener = createTcpListenerTransport(outlet.host, outlet.port);
      return framed(listener, () => listener.name, options);
    }
    case "serial": {
      const serial = await createByteTransport({ kind: "serial", path: outlet.path }, outlet.baudRate);
      const port = createReconnectingTransport(serial, {
        timers: systemTimers,
        random,
      });
      return framed(port, () => outlet.path, options);
    }
    case "mqtt": {
      const topics = createTopics(outlet.base);
      const mqtt = createMqttClient({
        url: outlet.url,
        // A device's id is its gateway's own; a client's is the whole broker's.
        clientId: `aurora-device-${outlet.gateway}-${deviceId}`,
        logger: {
          ...silentLogger,
          // The link tells of a connection that is lost, not of one that never was.
          warn: (message, fields) => {
            const why = fields?.detail ?? (fields?.error instanceof Error ? fields.error.message : "");
            options.onState?.("connecting", `${message}: ${why}`);
          },
        },
        ...(outlet.username === undefined ? {} : { username: outlet.username }),
        ...(outlet.password === undefined ? {} : { password: outlet.password }),
      });
      const link = createMqttLink({
        mqtt,
        listenTopic: topics.deviceRx(outlet.gateway, deviceId),
        sendTopic: topics.deviceTx(outlet.gateway, deviceId),
      });
      return { link, address: () => `mqtt:${deviceId}`, close: () => mqtt.close() };
    }
  }
}

function framed(
  transport: ByteTransport,
  address: () => string,
  options: DeviceSimulatorOptions,
): OpenedOutlet {
  const { disturbance } = options;
  const line =
    disturbance === undefined
      ? transport
      : createDisturbedTransport(transport, disturbance, createRandom(disturbance.seed));
  return { link: createFramedLink(line), address, close: async () => {} };
}
