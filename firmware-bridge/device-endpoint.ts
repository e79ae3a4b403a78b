/**
 * The device's side of the conversation, as a firmware would hold it: says hello until it is configured, sends what it
 * measures with a bounded number of unacknowledged packets, and shows a sign of life.
 */
import { AuroraError } from "../src/contract/aurora-error.ts";
import type {
  ConfigMessage,
  HelloMessage,
  RawWindowMessage,
  ReadingMessage,
  ScoreMessage,
} from "../src/contract/device-message.ts";
import { createBackoff } from "../src/platform/backoff.ts";
import { systemTimers } from "../src/platform/clock.ts";
import {
  type DeviceEndpointLimits,
  type DeviceEndpointOptions,
  type DeviceEndpointState,
  defaultDeviceEndpointLimits,
} from "./device-endpoint-options.ts";
import { createFlightWindow } from "./flight-window.ts";
import { type LinkStatistics, mergeCounters } from "./link-statistics.ts";
import { createPacketReceiver } from "./packet-receiver.ts";
import { createPacketSender } from "./packet-sender.ts";
import { maxSamplesPerFrame, packetFlags, packetTypes, protocolVersion } from "./protocol.ts";
import { createSilenceWatch } from "./silence-watch.ts";

/** A device. */
export interface DeviceEndpoint {
  /** Starts connecting or listening; resolves when the link has started. */
  open(): Promise<void>;
  /**
   * Sends a message in one packet; raw samples, whose `counts` are read during the call, are at most
   * {@link maxSamplesPerFrame} on a byte stream. False: not sent, wait for {@link ready}.
   */
  send(message: RawWindowMessage | ReadingMessage | ScoreMessage): boolean;
  /** May a packet be sent now? */
  readonly isReady: boolean;
  /** Resolves when a packet may be sent; rejects with DEVICE_PROTOCOL once refused, DEVICE_UNREACHABLE once closed. */
  ready(): Promise<void>;
  /** Resolves when everything sent was acknowledged or given up. */
  drained(): Promise<void>;
  readonly state: DeviceEndpointState;
  /** Packets sent and not yet acknowledged. */
  readonly inFlightFrames: number;
  /** Times that packets in flight were given up. */
  readonly ackTimeouts: number;
  readonly statistics: LinkStatistics;
  close(): Promise<void>;
}

interface Waiter {
  resolve(): void;
  reject(error: AuroraError): void;
}

/** Creates an endpoint that is not open yet. */
export function createDeviceEndpoint(options: DeviceEndpointOptions): DeviceEndpoint {
  const { link } = options;
  const timers = options.timers ?? systemTimers;
  const limits: DeviceEndpointLimits = { ...defaultDeviceEndpointLimits, ...options.limits };
  const sender = createPacketSender(link);
  const helloBackoff = createBackoff({ random: () => options.random.uniform(), ...limits.helloBackoff });
  let state: DeviceEndpointState = "closed";
  let stateReason = "";
  let refusedBecause = "";
  let uptimeMs = 0;
  const readyWaiters: Waiter[] = [];
  const drainWaiters: (() => void)[] = [];
  let cancelHello = (): void => {};
  let cancelHealth = (): void => {};

  const flight = createFlightWindow({ ...limits, timers, onProgress: wake });

  const receiver = createPacketReceiver({
    link,
    sender,
    opener: packetTypes.config,
    isBound: () => sender.isBound,
    onHello: (hello, sequence) => {
      if (hello.protocolMajor !== protocolVersion.major) {
        sender.send({
          type: "nack",
          sequence,
          reason: `only protocol ${protocolVersion.major} is spoken here`,
        });
        return false;
      }
      // The gateway does not know us (any more): it wants our hello, whatever we were doing.
      introduce("the gateway said hello");
      return false;
    },
    onMessage: (message) => {
      switch (message.type) {
        case "ack":
          flight.allow(message.room === undefined ? undefined : message.room - 1);
          flight.acknowledge(message.sequence);
          return undefined;
        case "nack":
          if (state === "introducing") refuse(message.reason);
          return undefined;
        case "config":
          return configure(message);
        case "model-begin":
        case "model-chunk":
        case "model-commit":
        case "model-probe":
        case "model-confirm":
          if (options.onModel === undefined) return "this device takes no models";
          // Of its statuses only the newest matters: they need no room.
          if (link.isWritable) sent(sender.send(options.onModel(message)));
          return undefined;
        default:
          return `a device does not take a ${message.type}`;
      }
    },
    onStranger: () => {},
  });

  const silence = createSilenceWatch({
    timers,
    silenceMs: limits.silenceMs,
    packetsHeard: () => link.counters.frames,
    onSilence: () => {
      if (state === "streaming") introduce("the gateway is silent");
    },
  });

  function become(next: DeviceEndpointState, reason: string): void {
    // Why a connection cannot be made is news each time that it is another reason.
    if (state === next && (next !== "connecting" || reason === stateReason)) return;
    state = next;
    stateReason = reason;
    options.onState?.(next, reason);
  }

  function introduce(reason: string): void {
    become("introducing", reason);
    receiver.awaitHello();
    sender.isBound = false;
    flight.allow();
    cancelHello();
    helloBackoff.reset();
    sayHello();
  }

  function sayHello(): void {
    const hello: HelloMessage = {
      type: "hello",
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      deviceId: options.deviceId,
      firmware: options.firmware,
      sessionId: options.sessionId,
      channels: options.channels,
      ...options.model?.(),
    };
    flight.reset(sender.send(hello));
    cancelHello = timers.after(helloBackoff.nextMs(), sayHello);
  }

  function refuse(reason: string): void {
    refusedBecause = reason;
    cancelHello();
    become("refused", reason);
    const error = notReady();
    for (const waiter of readyWaiters.splice(0)) waiter.reject(error);
  }

  function configure(config: ConfigMessage): string | undefined {
    if (config.sessionId !== options.sessionId) return "a configuration for another session";
    const refusal = options.refuseConfig?.(config);
    if (refusal === undefined) start(config);
    return refusal;
  }

  function start(config: ConfigMessage): void {
    cancelHello();
    become("streaming", `configured: ${config.mode}`);
    options.onConfig?.(config);
    wake();
  }

  function isReady(): boolean {
    return state === "streaming" && link.isWritable && flight.hasRoom;
  }

  function sent(sequence: number): true {
    flight.sent(sequence);
    return true;
  }

  function wake(): void {
    if (flight.inFlightFrames === 0) for (const resolve of drainWaiters.splice(0)) resolve();
    if (isReady()) for (const waiter of readyWaiters.splice(0)) waiter.resolve();
  }

  function notReady(): AuroraError {
    return state === "refused"
      ? new AuroraError("DEVICE_PROTOCOL", `the gateway refused ${options.deviceId}: ${refusedBecause}`, {
          op: "stream to gateway",
          subject: options.deviceId,
          hint: "see what the gateway expects at this address, and which protocol version it speaks",
        })
      : new AuroraError("DEVICE_UNREACHABLE", `${options.deviceId} is closed`, {
          op: "stream to gateway",
          subject: options.deviceId,
        });
  }

  function scheduleHealth(): void {
    cancelHealth = timers.after(limits.healthEveryMs, () => {
      uptimeMs += limits.healthEveryMs;
      if (state === "streaming" && link.isWritable) {
        const { discardedBytes, badFrames } = link.counters;
        const counters = options.health?.() ?? { uptimeMs, droppedSamples: 0, discardedBytes, badFrames };
        sent(sender.send({ type: "health", ...counters }));
      }
      scheduleHealth();
    });
  }

  return {
    open: () => {
      become("connecting", "opened");
      scheduleHealth();
      return link.open({
        onOpen: () => {
          link.bind(options.sessionId);
          silence.restart();
          introduce("connected");
        },
        onPacket: (version, type, flags, sequence, bytes, start, end) => {
          // The link lets only packets of this session through: this gateway binds its own, and so do we.
          if ((flags & packetFlags.session) !== 0) sender.isBound = true;
          receiver.receive(version, type, flags, sequence, bytes, start, end);
        },
        onBatchEnd: () => {},
        onWritable: wake,
        onClose: (reason) => {
          cancelHello();
          silence.stop();
          flight.reset();
          become("connecting", reason);
          wake();
        },
      });
    },
    send: (message) => isReady() && sent(sender.send(message)),
    get isReady() {
      return isReady();
    },
    ready: () => {
      if (isReady()) return Promise.resolve();
      if (state === "refused" || state === "closed") return Promise.reject(notReady());
      return new Promise((resolve, reject) => readyWaiters.push({ resolve, reject }));
    },
    drained: () =>
      flight.inFlightFrames === 0 ? Promise.resolve() : new Promise((resolve) => drainWaiters.push(resolve)),
    get state() {
      return state;
    },
    get inFlightFrames() {
      return flight.inFlightFrames;
    },
    get ackTimeouts() {
      return flight.timeouts;
    },
    statistics: mergeCounters(link.counters, receiver.counters),
    close: async () => {
      cancelHello();
      cancelHealth();
      silence.stop();
      flight.reset();
      become("closed", "closed");
      const error = notReady();
      for (const waiter of readyWaiters.splice(0)) waiter.reject(error);
      wake();
      await link.close();
    },
  };
}
