/**
 * The device's side of the conversation, as a firmware would hold it: says hello until it is configured, sends what it
 * measures with a bounded number of unacknowledged packets, and shows a sign of life.
 */
import type {
  DeviceMessage,
  HelloMessage,
  RawWindowMessage,
  ReadingMessage,
  ScoreMessage,
} from "../../src/core/contract/device/device-message.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { packetFlags, packetTypes, protocolVersion } from "../protocol.ts";
import {
  type DeviceEndpointLimits,
  type DeviceEndpointOptions,
  type DeviceEndpointState,
  defaultDeviceEndpointLimits,
} from "./device-endpoint-options.ts";
import { createDeviceHandshake } from "./device-handshake.ts";
import { createFlightWindow } from "./flight-window.ts";
import { notConnectedYet } from "./handshake.ts";
import { createSignOfLife, createSilenceWatch } from "./liveness.ts";
import { createPacketReceiver, type LinkStatistics } from "./packet-receiver.ts";
import { createPacketSender } from "./packet-sender.ts";

export interface DeviceEndpoint {
  /** Starts connecting or listening; resolves when the link has started. */
  open(): Promise<void>;
  /**
   * Sends a message in one packet; raw samples, whose `counts` are read during the call, are at most
   * `maxSamplesPerFrame` on a byte stream. False: not sent, wait for {@link ready}.
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

/** Creates an endpoint that is not open yet. */
export function createDeviceEndpoint(options: DeviceEndpointOptions): DeviceEndpoint {
  const { link } = options;
  const timers = options.timers ?? systemTimers;
  const limits: DeviceEndpointLimits = { ...defaultDeviceEndpointLimits, ...options.limits };
  const sender = createPacketSender(link);
  const ready = createWaiters();
  const drained = createWaiters();
  const flight = createFlightWindow({ ...limits, timers, onProgress: wake });

  const handshake = createDeviceHandshake(options, {
    sender,
    timers,
    helloBackoff: limits.helloBackoff,
    onIntroduce: () => {
      receiver.awaitHello();
      flight.allow();
    },
    onHelloSent: (sequence) => flight.reset(sequence),
    onConfigured: wake,
    onRefused: () => ready.rejectAll(handshake.createError()),
  });

  const receiver = createPacketReceiver({
    link,
    sender,
    opener: packetTypes.config,
    onHello: (hello, sequence) => {
      if (hello.protocolMajor === protocolVersion.major) {
        // The gateway does not know us (any more): it wants our hello, whatever we were doing.
        handshake.introduce("the gateway said hello");
      } else {
        const reason = `only protocol ${protocolVersion.major} is spoken here`;
        sender.send({ type: "nack", sequence, reason });
      }
      return false;
    },
    onMessage: receiveMessage,
    onStranger: () => {},
  });

  const silence = createSilenceWatch({
    timers,
    silenceMs: limits.silenceMs,
    packetsHeard: () => link.counters.frames,
    onSilence: () => {
      if (handshake.state === "streaming") handshake.introduce("the gateway is silent");
    },
  });

  const life = createSignOfLife({
    timers,
    everyMs: limits.healthEveryMs,
    show: (uptimeMs) => {
      if (handshake.state !== "streaming" || !link.isWritable) return;
      const { discardedBytes, badFrames } = link.counters;
      const counters = options.health?.() ?? { uptimeMs, droppedSamples: 0, discardedBytes, badFrames };
      sent(sender.send({ type: "health", ...counters }));
    },
  });

  function receiveMessage(message: Exclude<DeviceMessage, HelloMessage>): string | undefined {
    switch (message.type) {
      case "ack":
        flight.allow(message.room === undefined ? undefined : message.room - 1);
        flight.acknowledge(message.sequence);
        return undefined;
      case "nack":
        handshake.refuse(message.reason);
        return undefined;
      case "config":
        return handshake.configure(message);
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
  }

  function isReady(): boolean {
    return handshake.state === "streaming" && link.isWritable && flight.hasRoom;
  }

  function sent(sequence: number): true {
    flight.sent(sequence);
    return true;
  }

  function wake(): void {
    if (flight.inFlightFrames === 0) drained.resolveAll();
    if (isReady()) ready.resolveAll();
  }

  return {
    open: () => {
      handshake.rest("connecting", notConnectedYet);
      life.start();
      return link.open({
        onOpen: () => {
          link.bind(options.sessionId);
          silence.restart();
          handshake.introduce("connected");
        },
        onPacket: (packet) => {
          // The link lets only packets of this session through: this gateway binds its own, and so do we.
          if ((packet.flags & packetFlags.session) !== 0) sender.isBound = true;
          receiver.receive(packet);
        },
        onBatchEnd: () => {},
        onWritable: wake,
        onClose: (reason) => {
          silence.stop();
          flight.reset();
          handshake.rest("connecting", reason);
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
      if (handshake.state === "refused" || handshake.state === "closed")
        return Promise.reject(handshake.createError());
      return ready.wait();
    },
    drained: () => (flight.inFlightFrames === 0 ? Promise.resolve() : drained.wait()),
    get state() {
      return handshake.state;
    },
    get inFlightFrames() {
      return flight.inFlightFrames;
    },
    get ackTimeouts() {
      return flight.timeouts;
    },
    get statistics() {
      return { ...link.counters, ...receiver.counters };
    },
    close: async () => {
      life.stop();
      silence.stop();
      flight.reset();
      handshake.rest("closed", "closed");
      ready.rejectAll(handshake.createError());
      wake();
      await link.close();
    },
  };
}

/** Those who wait for something, all let go at once. */
interface Waiters {
  /** Resolves or rejects as the next call of the two below says. */
  wait(): Promise<void>;
  resolveAll(): void;
  rejectAll(error: Error): void;
}

function createWaiters(): Waiters {
  const all: { resolve(): void; reject(error: Error): void }[] = [];
  return {
    wait: () => new Promise((resolve, reject) => all.push({ resolve, reject })),
    resolveAll: () => {
      if (all.length > 0) for (const waiter of all.splice(0)) waiter.resolve();
    },
    rejectAll: (error) => {
      for (const waiter of all.splice(0)) waiter.reject(error);
    },
  };
}
