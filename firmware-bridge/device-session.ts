/**
 * The gateway's side of the conversation with one device: introduces itself until the device has, agrees on a
 * version, configures, acknowledges, and notices silence. Nothing that a device sends makes it throw.
 */
import { AuroraError } from "../src/contract/aurora-error.ts";
import type { DeviceMessage, HelloMessage } from "../src/contract/device-message.ts";
import type { ModelRequestMessage } from "../src/contract/device-model-message.ts";
import { createBackoff } from "../src/platform/backoff.ts";
import { systemTimers } from "../src/platform/clock.ts";
import {
  type DeviceSessionLimits,
  type DeviceSessionOptions,
  type DeviceSessionState,
  defaultDeviceSessionLimits,
} from "./device-session-options.ts";
import { type LinkStatistics, mergeCounters } from "./link-statistics.ts";
import { createPacketReceiver } from "./packet-receiver.ts";
import { createPacketSender } from "./packet-sender.ts";
import { packetFlags, protocolVersion } from "./protocol.ts";
import { refuseHello } from "./refuse-hello.ts";
import { createReliableSender } from "./reliable-sender.ts";
import { createSilenceWatch } from "./silence-watch.ts";
import { createStreamAcknowledger } from "./stream-acknowledger.ts";

/** A conversation with one device. */
export interface DeviceSession {
  /** Starts connecting; resolves at once. */
  open(): Promise<void>;
  /** Asks a device that infers for so many raw samples from now on, once, in this session; 0: no more of them. */
  askRaw(samples: number): void;
  /**
   * Tells the device something about models, as one packet that nobody repeats. False: not sent, because there is no
   * session, or one with a device that knows no models, or no room in the link now.
   */
  sendModel(message: ModelRequestMessage): boolean;
  /** Back-pressure: the device has to wait. One of version 1.0 is not read from, and its silence then expected. */
  pause(): void;
  resume(): void;
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
  const { link, random } = options;
  const { rawSamples: firstRawSamples = 0, ...configuration } = options.configuration ?? {};
  const timers = options.timers ?? systemTimers;
  const limits: DeviceSessionLimits = { ...defaultDeviceSessionLimits, ...options.limits };
  const sender = createPacketSender(link);
  const helloBackoff = createBackoff({ random: () => random.uniform(), ...limits.helloBackoff });
  const gatewaySessionId = Math.floor(random.uniform() * 2 ** 32);
  let state: DeviceSessionState = "closed";
  let stateReason = "";
  let hello: HelloMessage | undefined;
  let rawSamples = 0;
  let paused = false;
  /** Packets of a stream since the device was told to wait; more than were on their way break the word. */
  let sincePause = 0;
  let ignoredStops = 0;
  let isUnread = false;
  let cancelHello = (): void => {};

  const reliable = createReliableSender({
    timers,
    random,
    transmit: (message, repeated) => {
      if (repeated === undefined) return sender.send(message, packetFlags.acknowledge);
      sender.repeat(message, repeated);
      return repeated;
    },
    onDelivery: (message, outcome) => {
      if (outcome === "acknowledged") {
        if (hello !== undefined) options.onConfigured?.(hello);
        return;
      }
      problem(`did not take a ${message.type} (${outcome})`, checkFirmwareHint);
      if (outcome === "given-up") introduce("the device does not answer");
    },
  });

  const receiver = createPacketReceiver({
    link,
    sender,
    onHello: receiveHello,
    onMessage: receiveMessage,
    isBound: () => sender.isBound,
    onStranger: () => {
      if (state === "established") introduce("the device sends packets of another session");
    },
  });

  const acknowledger = createStreamAcknowledger({
    link,
    sender,
    receiver,
    timers,
    everyPackets: limits.ackEveryFrames,
    afterMs: limits.ackAfterMs,
    room: () => (!sender.isBound ? undefined : paused ? 0 : limits.roomFrames),
    isEstablished: () => state === "established",
  });

  const silence = createSilenceWatch({
    timers,
    silenceMs: limits.silenceMs,
    packetsHeard: () => link.counters.frames,
    onSilence: () => {
      // A device that was refused has nothing more to say, and one that is not read from cannot.
      if (state !== "refused" && !isUnread) link.drop(`nothing was heard for ${limits.silenceMs} ms`);
    },
  });

  function become(next: DeviceSessionState, reason: string): void {
    // Why a connection cannot be made is news each time that it is another reason.
    if (state === next && (next !== "connecting" || reason === stateReason)) return;
    state = next;
    stateReason = reason;
    options.onState?.(next, reason);
  }

  function problem(message: string, hint: string): void {
    const subject = hello?.deviceId ?? link.name;
    options.onProblem?.(
      new AuroraError("DEVICE_PROTOCOL", `device ${subject}: ${message}`, {
        op: "talk to device",
        subject,
        hint,
      }),
    );
  }

  /** Says hello until the device answers with its own. */
  function introduce(reason: string): void {
    receiver.awaitHello();
    reliable.reset();
    sender.isBound = false;
    become("waiting-for-hello", reason);
    cancelHello();
    helloBackoff.reset();
    sayHello();
  }

  function sayHello(): void {
    sender.send({
      type: "hello",
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      deviceId: options.gatewayId,
      firmware: options.runtimeVersion,
      sessionId: gatewaySessionId,
      channels: [],
    });
    cancelHello = timers.after(helloBackoff.nextMs(), sayHello);
  }

  function receiveHello(offered: HelloMessage, sequence: number): boolean {
    const refused = refuseHello(offered, options.expectedDeviceId, link.name);
    if (refused !== undefined) {
      const [reason, hint] = refused;
      sender.isBound = false;
      sender.send({ type: "nack", sequence, reason });
      cancelHello();
      const told = state === "refused";
      hello = offered;
      become("refused", reason);
      if (!told) problem(reason, hint);
      return false;
    }
    cancelHello();
    const isNew = hello?.sessionId !== offered.sessionId || hello.deviceId !== offered.deviceId;
    hello = offered;
    if (isNew) rawSamples = firstRawSamples;
    if (isNew) sincePause = 0;
    sender.isBound = offered.protocolMinor >= boundSinceMinor;
    if (sender.isBound) link.bind(offered.sessionId);
    become("established", isNew ? "the device introduced itself" : "the device is back");
    sendConfig();
    if (isNew) options.onHello(offered);
    return true;
  }

  function sendConfig(): void {
    if (state !== "established" || hello === undefined) return;
    // Only the newest configuration matters; a repeated hello says that the last one did not arrive.
    reliable.reset();
    const { mode } = options;
    const raw = rawSamples > 0 ? { rawSamples } : {};
    reliable.send({ type: "config", ...configuration, ...raw, mode, sessionId: hello.sessionId });
  }

  function receiveMessage(message: Exclude<DeviceMessage, HelloMessage>): string | undefined {
    switch (message.type) {
      case "ack":
        reliable.settle(message.sequence, "acknowledged");
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
        if (paused && ++sincePause > limits.roomFrames) ignoredStops++;
        break;
      case "nack":
        reliable.settle(message.sequence, "refused");
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
    cancelHello();
    silence.stop();
    reliable.reset();
  }

  return {
    open: () => {
      become("connecting", "opened");
      return link.open({
        onOpen: () => {
          stopTimers();
          silence.restart();
          introduce("connected");
        },
        onPacket: receiver.receive,
        onBatchEnd: acknowledger.onBatchEnd,
        onWritable: () => {},
        onClose: (reason) => {
          stopTimers();
          become("connecting", reason);
        },
      });
    },
    askRaw: (samples) => {
      // A configuration that is equal to the newest asks for nothing: one more sample makes it another.
      rawSamples = samples > 0 && samples === rawSamples ? samples + 1 : samples;
      sendConfig();
    },
    sendModel: (message) => {
      if (state !== "established" || !sender.isBound || !link.isWritable) return false;
      sender.send(message);
      return true;
    },
    pause: () => {
      paused = true;
      sincePause = 0;
      isUnread = !sender.isBound;
      if (isUnread) link.pauseReading();
      else acknowledger.sayRoom();
    },
    resume: () => {
      paused = false;
      isUnread = false;
      silence.restart();
      link.resumeReading();
      if (sender.isBound) acknowledger.sayRoom();
    },
    get ignoredStops() {
      return ignoredStops;
    },
    get state() {
      return state;
    },
    get hello() {
      return hello;
    },
    statistics: mergeCounters(link.counters, receiver.counters),
    close: async () => {
      stopTimers();
      become("closed", "closed");
      await link.close();
    },
  };
}

/** Packets are bound to the session since this minor version. */
const boundSinceMinor = 1;
const checkFirmwareHint = "check the device's firmware and the line";
