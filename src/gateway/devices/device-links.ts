/** Opens the sessions with all configured devices, and gives what they send to whom it concerns, with the time it came. */
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createMqttLink, type MqttPort } from "../../../firmware-bridge/framing/mqtt-link.ts";
import type { PacketLink } from "../../../firmware-bridge/framing/packet-link.ts";
import {
  createSampleBlockReader,
  type DeviceScore,
  toDeviceScore,
  toReading,
} from "../../../firmware-bridge/messages/device-data.ts";
import { createDeviceSession, type DeviceSession } from "../../../firmware-bridge/session/device-session.ts";
import type { DeviceDataMessage } from "../../../firmware-bridge/session/device-session-options.ts";
import { notConnectedYet } from "../../../firmware-bridge/session/handshake.ts";
import {
  createByteTransport,
  parseDeviceAddress,
} from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { DeviceConfig } from "../../core/contract/config/gateway-config.ts";
import type { DeviceHealthMessage, HelloMessage } from "../../core/contract/device/device-message.ts";
import type { Reading, SampleBlock } from "../../core/contract/stream.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { Random } from "../../core/maths/random.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { DeviceCaptures } from "./device-captures.ts";
import type { DevicePushes } from "./device-pushes.ts";
import { createDeviceWatch, type DeviceWatch, type DeviceWatchOptions } from "./device-watch.ts";
import type { RawCaptures } from "./raw-captures.ts";

/** What takes the devices' data. */
export interface DeviceDataSink {
  /** A device introduced itself. */
  announce(hello: HelloMessage): void;
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  acceptScore(score: DeviceScore, mode: "edge" | "both"): void;
  /** A scalar of a device, not yet of any turbine. */
  acceptDeviceReading(reading: Reading): void;
}

export interface DeviceLinksOptions extends Pick<DeviceWatchOptions, "operation"> {
  readonly devices: readonly DeviceConfig[];
  /** The bearing that a device watches, if it watches one. */
  bearingOf(deviceId: string): BearingOrders | undefined;
  /** The channels that measuring points take from a device. */
  channelsOf(deviceId: string): readonly string[];
  /** A diagnosis of a device begins or is over. */
  readonly onDiagnosis: DeviceWatchOptions["onNews"];
  readonly gatewayId: string;
  readonly runtimeVersion: string;
  readonly topics: Topics;
  readonly mqtt: MqttPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly pipeline: DeviceDataSink;
  readonly captures: Pick<DeviceCaptures, "accept" | "contact" | "lost">;
  readonly recordings: Pick<RawCaptures, "accept">;
  readonly pushes: Pick<DevicePushes, "contact" | "lost" | "status" | "runs">;
}

export interface DeviceLink {
  readonly device: DeviceConfig;
  readonly session: DeviceSession;
  readonly watch: DeviceWatch;
  /** What it counted since its boot: dropped samples, bad frames, abandoned windows; null until it said so. */
  readonly health: DeviceHealthMessage | null;
  /** When its newest message came, monotonic ms; null: none has come yet. */
  readonly heardMs: number | null;
}

export interface DeviceLinks {
  /** One a configured device, in that order. */
  readonly sessions: readonly DeviceLink[];
  close(): Promise<void>;
}

/**
 * Starts connecting to every device; returns at once, unreachable devices are tried for ever.
 * @throws AuroraError CONFIG_INVALID for an address that is invalid.
 */
export async function openDeviceLinks(options: DeviceLinksOptions): Promise<DeviceLinks> {
  const sessions = await Promise.all(
    options.devices.map(async (device) => {
      const link = new OpenedDevice(device, await createPacketLink(device, options), options);
      await link.session.open();
      return link;
    }),
  );
  return {
    sessions,
    close: async () => {
      await Promise.all(sessions.map(({ session }) => session.close()));
    },
  };
}

/** A way to a device, and whom to tell that good data comes by it. */
interface OpenedLink {
  readonly link: PacketLink;
  settle(): void;
}

async function createPacketLink(device: DeviceConfig, options: DeviceLinksOptions): Promise<OpenedLink> {
  const address = parseDeviceAddress(device.connect === "mqtt" ? `mqtt:${device.id}` : device.connect);
  if (!address.ok) {
    throw new AuroraError("CONFIG_INVALID", `device ${device.id}: ${address.error}`, {
      op: "connect device",
      subject: device.id,
    });
  }
  if (address.value.kind === "mqtt") {
    const link = createMqttLink({
      mqtt: options.mqtt,
      listenTopic: options.topics.deviceTx(options.gatewayId, device.id),
      sendTopic: options.topics.deviceRx(options.gatewayId, device.id),
    });
    return { link, settle: () => {} };
  }
  const transport = createReconnectingTransport(await createByteTransport(address.value, device.baud), {
    timers: options.timers,
    random: options.random,
  });
  return { link: createFramedLink(transport), settle: () => transport.settle() };
}

class OpenedDevice implements DeviceLink {
  readonly device: DeviceConfig;
  readonly watch: DeviceWatch;
  readonly session: DeviceSession;
  readonly #options: DeviceLinksOptions;
  readonly #logger: Logger;
  readonly #opened: OpenedLink;
  readonly #blocks = createSampleBlockReader();
  /** Of the newest message; one for all, so that none of them allocates. */
  readonly #arrival = { arrivedMs: Number.NaN, arrivedMonotonicMs: Number.NaN, clockAheadMs: Number.NaN };
  #hasBeenHeard = false;
  health: DeviceHealthMessage | null = null;

  constructor(device: DeviceConfig, opened: OpenedLink, options: DeviceLinksOptions) {
    const { clock, random, gatewayId, runtimeVersion } = options;
    const logger = options.logger.child({ device: device.id });
    this.device = device;
    this.#opened = opened;
    this.#options = options;
    this.#logger = logger;
    this.watch = createDeviceWatch({
      device,
      expected: options.channelsOf(device.id),
      operation: options.operation,
      clock,
      logger,
      onNews: options.onDiagnosis,
    });
    const bearing = options.bearingOf(device.id);
    const noteState = createStateLog(device, { mqtt: options.mqtt, watch: this.watch, logger });
    this.session = createDeviceSession({
      link: opened.link,
      gatewayId,
      runtimeVersion,
      expectedDeviceId: device.id,
      mode: device.mode,
      configuration:
        bearing === undefined || device.mode === "raw"
          ? undefined
          : { bearing, alarmRawSamples: device.alarmRawSamples },
      random,
      timers: options.timers,
      onHello: (hello) => this.#greet(hello),
      onConfigured: (hello) => {
        this.watch.configured();
        options.captures.contact(hello, this.session);
        options.pushes.contact(hello, this.session);
      },
      onMessage: (message, hello) => this.#receive(message, hello),
      onState: (state, reason, hint) => {
        if (state !== "established") this.#lose();
        // Without the broker nobody can say how a device behind it is.
        const isBrokerGone = device.connect === "mqtt" && !options.mqtt.connected;
        this.watch.state(isBrokerGone ? "no-broker" : state, reason, hint);
        noteState(state, reason, hint);
      },
      onProblem: (problem) => {
        this.watch.problem(problem.hint ?? "");
        logger.warn(problem.message, { code: problem.code, hint: problem.hint });
      },
    });
  }

  get heardMs(): number | null {
    return this.#hasBeenHeard ? this.#arrival.arrivedMonotonicMs : null;
  }

  #greet(hello: HelloMessage): void {
    const { firmware, channels } = hello;
    this.#logger.info("device introduced itself", { firmware, channels: channels.length });
    this.health = null;
    this.watch.hello(hello);
    this.#lose();
    this.#options.pipeline.announce(hello);
  }

  #lose(): void {
    this.#options.captures.lost(this.device.id);
    this.#options.pushes.lost(this.device.id);
  }

  #receive(message: DeviceDataMessage, hello: HelloMessage): void {
    const { clock } = this.#options;
    const arrival = this.#arrival;
    this.#opened.settle();
    arrival.arrivedMs = clock.nowMs();
    arrival.arrivedMonotonicMs = clock.monotonicMs();
    this.watch.message(message, hello, arrival);
    arrival.clockAheadMs = this.watch.clockAheadMs;
    this.#hasBeenHeard = true;
    if (message.type === "health") {
      this.#logger.debug("device health", { ...message });
      this.health = message;
    } else this.#take(message, hello);
  }

  /** Gives what the device sent to whom it concerns. */
  #take(message: Exclude<DeviceDataMessage, DeviceHealthMessage>, hello: HelloMessage): void {
    const { pipeline, captures, recordings, pushes } = this.#options;
    const { id, mode } = this.device;
    const arrival = this.#arrival;
    switch (message.type) {
      case "raw-window": {
        const block = this.#blocks.read(hello, message, arrival);
        if (block === undefined) return;
        const isAskedFor = captures.accept(block);
        if (mode !== "edge") pipeline.accept(block);
        // A device that infers sends raw windows around alarms, for people: not to be decided upon.
        else if (!isAskedFor) recordings.accept(block);
        return;
      }
      case "reading": {
        const reading = toReading(hello, message, arrival);
        if (reading !== undefined) pipeline.acceptDeviceReading(reading);
        return;
      }
      case "score": {
        if (mode === "raw") return;
        const score = toDeviceScore(hello, message, arrival);
        if (score === undefined) return;
        const pushed = pushes.runs(id, hello.sessionId);
        const isPushed = pushed !== null && pushed.version === score.modelVersion;
        pipeline.acceptScore(isPushed ? { ...score, modelSha256: pushed.sha256 } : score, mode);
        return;
      }
      case "model-status":
        pushes.status(id, message);
        return;
      case "nack":
        return;
    }
  }
}

/** Says once a reason that there is no contact, until the device is back; not of one that comes and goes. */
function createStateLog(
  { connect }: DeviceConfig,
  {
    mqtt,
    watch,
    logger,
  }: {
    readonly mqtt: MqttPort;
    readonly watch: Pick<DeviceWatch, "isRestarting" | "isAwaited">;
    readonly logger: Logger;
  },
): (state: DeviceSession["state"], reason: string, hint?: string) => void {
  let warnedOf: string | undefined;
  let before: DeviceSession["state"] = "closed";
  return (state, reason, hint) => {
    logger.debug("device link", { state, reason });
    if (state === "established") warnedOf = undefined;
    // Why a device was refused has been said.
    const isNews = before !== "refused" && reason !== notConnectedYet && reason !== warnedOf;
    before = state;
    const isLost = state === "connecting" && isNews;
    // The broker's loss is the broker's, and said once for all devices, which take their time once it is back.
    const isOfBroker = connect === "mqtt" && (!mqtt.connected || watch.isAwaited);
    if (!isLost || watch.isRestarting || isOfBroker) return;
    warnedOf = reason;
    logger.warn("no contact with device, trying again", { connect, reason, hint });
  };
}
