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
import type { PacketLink } from "../framing/packet-link.ts";
import { linkTiming } from "../link-timing.ts";
import { type ConfigDelivery, createConfigDelivery } from "./config-delivery.ts";
import {
  type DeviceSessionLimits,
  type DeviceSessionOptions,
  type DeviceSessionState,
  defaultDeviceSessionLimits,
} from "./device-session-options.ts";
import { createGatewayHandshake, type GatewayHandshake } from "./gateway-handshake.ts";
import { notConnectedYet } from "./handshake.ts";
import { createHelloBound, type HelloBound } from "./hello-bound.ts";
import { createSilenceWatch, type SilenceWatch } from "./liveness.ts";
import { createPacketReceiver, type LinkStatistics, type PacketReceiver } from "./packet-receiver.ts";
import { createPacketSender, type PacketSender } from "./packet-sender.ts";
import { createStreamAcknowledger, type StreamAcknowledger } from "./stream-acknowledger.ts";
import { createStreamBrake, type StreamBrake } from "./stream-brake.ts";

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
  /** As counted so far. */
  readonly statistics: LinkStatistics;
  close(): Promise<void>;
}

/** Creates a session that is not open yet. */
export function createDeviceSession(options: DeviceSessionOptions): DeviceSession {
  return new Session(options);
}

class Session implements DeviceSession {
  readonly #options: DeviceSessionOptions;
  readonly #link: PacketLink;
  readonly #sender: PacketSender;
  readonly #brake: StreamBrake;
  readonly #handshake: GatewayHandshake;
  readonly #configuration: ConfigDelivery;
  readonly #hellos: HelloBound;
  readonly #receiver: PacketReceiver;
  readonly #acknowledger: StreamAcknowledger;
  readonly #silence: SilenceWatch;
  #isConnected = false;

  constructor(options: DeviceSessionOptions) {
    const { link } = options;
    const timers = options.timers ?? systemTimers;
    const limits: DeviceSessionLimits =
      options.limits === undefined
        ? defaultDeviceSessionLimits
        : { ...defaultDeviceSessionLimits, ...options.limits };
    this.#options = options;
    this.#link = link;
    const sender = createPacketSender(link);
    this.#sender = sender;
    const isEstablished = (): boolean => this.state === "established";
    this.#brake = createStreamBrake({
      link,
      sender,
      roomFrames: limits.roomFrames,
      sayRoom: () => this.#acknowledger.sayRoom(),
    });
    this.#handshake = createGatewayHandshake(options, {
      sender,
      timers,
      helloBackoff: limits.helloBackoff,
      strangerMs: limits.silenceMs,
      onIntroduce: () => {
        this.#receiver.awaitHello();
        this.#configuration.stop();
      },
      onNewSession: () => {
        this.#configuration.restart();
        this.#brake.restart();
      },
    });
    this.#configuration = createConfigDelivery({
      mode: options.mode,
      configuration: options.configuration,
      random: options.random,
      sender,
      timers,
      sessionId: () => (isEstablished() ? this.hello?.sessionId : undefined),
      onDelivery: (outcome) => this.#noteDelivery(outcome),
    });
    this.#hellos = createHelloBound({
      timers,
      maxHellos: linkTiming.maxHellos,
      periodMs: linkTiming.helloMaxMs,
      onExceeded: () =>
        this.#handshake.report(
          "says hello without end",
          "check the device's firmware; its further hellos are passed over",
        ),
    });
    this.#receiver = createPacketReceiver({
      link,
      sender,
      admitsHello: () => this.#hellos.admits(),
      onHello: (offered, sequence) => this.#receiveHello(offered, sequence),
      onUnreadableHello: (reason) => this.#handshake.receiveUnreadable(reason),
      onMessage: (message) => this.#receiveMessage(message),
      onStranger: () => {
        if (isEstablished()) this.#handshake.introduce("the device sends packets of another session");
      },
    });
    this.#acknowledger = createStreamAcknowledger({
      link,
      sender,
      receiver: this.#receiver,
      timers,
      everyPackets: limits.ackEveryFrames,
      afterMs: limits.ackAfterMs,
      room: () => this.#brake.room(),
      isEstablished,
    });
    this.#silence = createSilenceWatch({
      timers,
      silenceMs: limits.silenceMs,
      packetsHeard: () => link.counters.frames,
      onSilence: () => {
        // A device that was refused has nothing more to say, and one that is not read from cannot.
        if (this.state !== "refused" && !this.#brake.isUnread)
          link.drop(`nothing was heard for ${limits.silenceMs} ms`);
      },
    });
  }

  get state(): DeviceSessionState {
    return this.#handshake.state;
  }

  get hello(): HelloMessage | undefined {
    return this.#handshake.hello;
  }

  get ignoredStops(): number {
    return this.#brake.ignoredStops;
  }

  get statistics(): LinkStatistics {
    return { ...this.#link.counters, ...this.#receiver.counters };
  }

  open(): Promise<void> {
    this.#handshake.rest("connecting", notConnectedYet);
    return this.#link.open({
      onOpen: () => {
        this.#stopTimers();
        this.#isConnected = true;
        this.#silence.restart();
        this.#handshake.introduce("connected");
      },
      onPacket: (packet) => this.#receiver.receive(packet),
      onBatchEnd: () => this.#acknowledger.onBatchEnd(),
      onWritable: () => {},
      onClose: (reason, hint) => {
        this.#isConnected = false;
        this.#stopTimers();
        this.#handshake.rest("connecting", reason, hint);
      },
    });
  }

  askRaw(samples: number): void {
    this.#configuration.askRaw(samples);
  }

  sendModel(message: ModelRequestMessage): boolean {
    if (this.state !== "established" || !this.#sender.isBound || !this.#link.isWritable) return false;
    this.#sender.send(message);
    return true;
  }

  pause(): void {
    this.#brake.pause();
  }

  resume(): void {
    this.#listenAnew();
    this.#brake.resume();
  }

  hold(): void {
    this.#brake.hold();
  }

  letGo(): void {
    this.#listenAnew();
    this.#brake.letGo();
  }

  async close(): Promise<void> {
    this.#isConnected = false;
    this.#stopTimers();
    this.#handshake.rest("closed", "closed");
    await this.#link.close();
  }

  #noteDelivery(outcome: "acknowledged" | "refused" | "given-up"): void {
    if (outcome === "given-up")
      this.#handshake.introduce("the device does not acknowledge its configuration");
    else if (outcome === "acknowledged" && this.hello !== undefined) this.#options.onConfigured?.(this.hello);
  }

  #receiveHello(offered: HelloMessage, sequence: number): boolean {
    const answer = this.#handshake.receive(offered, sequence);
    if (answer === "refused") return false;
    this.#configuration.send();
    if (answer === "new") this.#options.onHello(offered);
    return true;
  }

  #receiveMessage(message: Exclude<DeviceMessage, HelloMessage>): string | undefined {
    const { hello } = this;
    switch (message.type) {
      case "ack":
        this.#configuration.settle(message.sequence, "acknowledged");
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
        this.#brake.countPacket();
        break;
      case "nack":
        this.#configuration.settle(message.sequence, "refused");
        break;
      case "health":
      case "model-status":
        break;
    }
    if (hello !== undefined) this.#options.onMessage(message, hello);
    return undefined;
  }

  /** Whoever made the device wait may say that it goes on when it has gone: nobody is listened for then. */
  #listenAnew(): void {
    if (this.#isConnected) this.#silence.restart();
  }

  #stopTimers(): void {
    this.#acknowledger.stop();
    this.#hellos.restart();
    this.#handshake.stop();
    this.#silence.stop();
    this.#configuration.stop();
  }
}
