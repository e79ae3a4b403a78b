/**
 * The gateway's side of the conversation with one device: introduces itself until the device has, agrees on a
 * version, configures, acknowledges, and notices silence. Nothing that a device sends makes it throw.
 */
import type {
  DeviceMessage,
  HelloMessage,
  ModelRequestMessage,
} from "../../src/core/contract/device/device-message.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { linkTiming } from "../link-timing.ts";
import { createConfigDelivery } from "./config-delivery.ts";
import {
  type DeviceSessionLimits,
  type DeviceSessionOptions,
  type DeviceSessionState,
  defaultDeviceSessionLimits,
} from "./device-session-options.ts";
import { createGatewayHandshake } from "./gateway-handshake.ts";
import { createHelloBound } from "./hello-bound.ts";
import { createSilenceWatch } from "./liveness.ts";
import { createPacketReceiver, type LinkStatistics, mergeCounters } from "./packet-receiver.ts";
import { createPacketSender } from "./packet-sender.ts";
import { createStreamAcknowledger } from "./stream-acknowledger.ts";
import { createStreamBrake } from "./stream-brake.ts";

export interface DeviceSession {
  /** Starts connecting; resolves at once. */
  open(): Promise<void>;
  /** Asks a device that infers for this many raw samples from now on, once, in this session; 0 ends that. */
  askRaw(samples: number): void;
  /**
   * Sends one packet about models, which is not repeated. False: not sent, because there is no session, the device knows
   * no models, or the link has no room now.
   */
  sendModel(message: ModelRequestMessage): boolean;
  /** Back-pressure: the device has to wait. A device of version 1.0 is not read from, so its silence is expected. */
  pause(): void;
  resume(): void;
  /** Short back-pressure, for what no word may wait: nothing is read, of any device, until it is let go. */
  hold(): void;
  letGo(): void;
  /** Packets of a stream that the device sent although it was told to wait, beyond those that were on their way. */
  readonly ignoredStops: number;
  readonly state: DeviceSessionState;
  /** The device, once it has introduced itself. */
  readonly hello: HelloMessage | undefined;
  readonly statistics: LinkStatistics;
  close(): Promise<void>;
}

/** Creates a session that is not open yet. */
export function createDeviceSession(options: DeviceSessionOptions): DeviceSession {
  const { link } = options;
  const timers = options.timers ?? systemTimers;
  const limits: DeviceSessionLimits = { ...defaultDeviceSessionLimits, ...options.limits };
  const sender = createPacketSender(link);
  const brake = createStreamBrake({
    link,
    sender,
    roomFrames: limits.roomFrames,
    sayRoom: () => acknowledger.sayRoom(),
  });

  const handshake = createGatewayHandshake(options, {
    sender,
    timers,
    helloBackoff: limits.helloBackoff,
    strangerMs: limits.silenceMs,
    onIntroduce: () => {
      receiver.awaitHello();
      configuration.stop();
    },
    onNewSession: () => {
      configuration.restart();
      brake.restart();
    },
  });

  const configuration = createConfigDelivery({
    ...options,
    sender,
    timers,
    sessionId: () => (handshake.state === "established" ? handshake.hello?.sessionId : undefined),
    onDelivery: (outcome) => {
      if (outcome === "given-up") handshake.introduce("the device does not acknowledge its configuration");
      else if (outcome === "acknowledged" && handshake.hello !== undefined)
        options.onConfigured?.(handshake.hello);
    },
  });

  const hellos = createHelloBound({
    timers,
    maxHellos: linkTiming.maxHellos,
    periodMs: linkTiming.helloMaxMs,
    onExceeded: () =>
      handshake.report(
        "says hello without end",
        "check the device's firmware; its further hellos are passed over",
      ),
  });

  const receiver = createPacketReceiver({
    link,
    sender,
    admitsHello: hellos.admits,
    onHello: (offered, sequence) => {
      const answer = handshake.receive(offered, sequence);
      if (answer === "refused") return false;
      configuration.send();
      if (answer === "new") options.onHello(offered);
      return true;
    },
    onUnreadableHello: handshake.receiveUnreadable,
    onMessage: receiveMessage,
    isBound: () => sender.isBound,
    onStranger: () => {
      if (handshake.state === "established")
        handshake.introduce("the device sends packets of another session");
    },
  });

  const acknowledger = createStreamAcknowledger({
    link,
    sender,
    receiver,
    timers,
    everyPackets: limits.ackEveryFrames,
    afterMs: limits.ackAfterMs,
    room: brake.room,
    isEstablished: () => handshake.state === "established",
  });

  const silence = createSilenceWatch({
    timers,
    silenceMs: limits.silenceMs,
    packetsHeard: () => link.counters.frames,
    onSilence: () => {
      // A device that was refused has nothing more to say, and one that is not read from cannot.
      if (handshake.state !== "refused" && !brake.isUnread)
        link.drop(`nothing was heard for ${limits.silenceMs} ms`);
    },
  });

  let isConnected = false;
  /** Whoever made the device wait may say that it goes on when it has gone: nobody is listened for then. */
  function listenAnew(): void {
    if (isConnected) silence.restart();
  }

  function receiveMessage(message: Exclude<DeviceMessage, HelloMessage>): string | undefined {
    const { hello } = handshake;
    switch (message.type) {
      case "ack":
        configuration.settle(message.sequence, "acknowledged");
        return undefined;
      case "config":
      case "model-begin":
      case "model-chunk":
      case "model-commit":
      case "model-probe":
      case "model-confirm":
        return `a gateway does not take a ${message.type}`;
      case "raw-window":
      case "reading":
      case "score":
        if (message.channel >= hello!.channels.length) return `channel ${message.channel} was not announced`;
        brake.countPacket();
        break;
      case "nack":
        configuration.settle(message.sequence, "refused");
        break;
      case "health":
      case "model-status":
        break;
    }
    if (hello !== undefined) options.onMessage(message, hello);
    return undefined;
  }

  function stopTimers(): void {
    acknowledger.stop();
    hellos.restart();
    handshake.stop();
    silence.stop();
    configuration.stop();
  }

  return {
    open: () => {
      handshake.rest("connecting", "opened");
      return link.open({
        onOpen: () => {
          stopTimers();
          isConnected = true;
          silence.restart();
          handshake.introduce("connected");
        },
        onPacket: receiver.receive,
        onBatchEnd: acknowledger.onBatchEnd,
        onWritable: () => {},
        onClose: (reason) => {
          isConnected = false;
          stopTimers();
          handshake.rest("connecting", reason);
        },
      });
    },
    askRaw: configuration.askRaw,
    sendModel: (message) => {
      if (handshake.state !== "established" || !sender.isBound || !link.isWritable) return false;
      sender.send(message);
      return true;
    },
    pause: brake.pause,
    resume: () => {
      listenAnew();
      brake.resume();
    },
    hold: brake.hold,
    letGo: () => {
      listenAnew();
      brake.letGo();
    },
    get ignoredStops() {
      return brake.ignoredStops;
    },
    get state() {
      return handshake.state;
    },
    get hello() {
      return handshake.hello;
    },
    statistics: mergeCounters(link.counters, receiver.counters),
    close: async () => {
      isConnected = false;
      stopTimers();
      handshake.rest("closed", "closed");
      await link.close();
    },
  };
}
