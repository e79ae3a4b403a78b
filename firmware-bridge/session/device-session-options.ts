/** The options of a device session: its link, the device that it expects, its callbacks, its limits. */
import type { AuroraError } from "../../src/core/contract/aurora-error.ts";
import type {
  ConfigMessage,
  DeviceHealthMessage,
  HelloMessage,
  ModelStatusMessage,
  NackMessage,
  RawWindowMessage,
  ReadingMessage,
  ScoreMessage,
} from "../../src/core/contract/device/device-message.ts";
import type { Random } from "../../src/core/maths/random.ts";
import type { BackoffOptions } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import type { PacketLink } from "../framing/packet-link.ts";
import { helloBackoff, linkTiming } from "../link-timing.ts";

export type DeviceSessionState =
  | "closed"
  /** No connection. */
  | "connecting"
  /** Connected; the device has not introduced itself yet. */
  | "waiting-for-hello"
  | "established"
  /** The device speaks a version that this gateway does not, is not the expected one, or its hello cannot be read. */
  | "refused";

/** What a device delivers after its hello. */
export type DeviceDataMessage =
  | RawWindowMessage
  | ReadingMessage
  | ScoreMessage
  | DeviceHealthMessage
  | ModelStatusMessage
  | NackMessage;

export interface DeviceSessionOptions {
  readonly link: PacketLink;
  /** Told to the device in the gateway's own hello. */
  readonly gatewayId: string;
  /** Version of this runtime, told as its "firmware". */
  readonly runtimeVersion: string;
  /** Any other device at this address is refused. */
  readonly expectedDeviceId?: string;
  readonly mode: ConfigMessage["mode"];
  /** Sent with every configuration: raw samples on request and around alarms, and the bearing that is watched. */
  readonly configuration?: Pick<ConfigMessage, "rawSamples" | "alarmRawSamples" | "bearing"> | undefined;
  readonly random: Pick<Random, "uniform">;
  readonly timers?: Timers;
  readonly limits?: Partial<DeviceSessionLimits>;
  /** A device (or a new boot of it) introduced itself. Not called again for a repeated hello. */
  onHello(hello: HelloMessage): void;
  /** A message of the device that `hello` introduced. A raw window is valid only during the call. */
  onMessage(message: DeviceDataMessage, hello: HelloMessage): void;
  /** The device took its configuration, for the first time in a session or again: it may be spoken to. */
  onConfigured?(hello: HelloMessage): void;
  /** Where the session stands, why, and, where there is no connection, what to do, as far as that is known. */
  onState?(state: DeviceSessionState, reason: string, hint?: string): void;
  /** Something that a person should see: DEVICE_PROTOCOL. */
  onProblem?(problem: AuroraError): void;
}

export interface DeviceSessionLimits {
  /** Acknowledge at the latest after this many packets … */
  readonly ackEveryFrames: number;
  /** … or this long after the first unacknowledged one. */
  readonly ackAfterMs: number;
  /** Packets that a device may send beyond the acknowledged ones. */
  readonly roomFrames: number;
  /** Waits between the gateway's own hellos. */
  readonly helloBackoff: BackoffOptions;
  /**
   * After this time without a good packet a connection is dropped and made again: an unplugged serial adapter or a
   * half-open TCP connection is not reliably signalled.
   */
  readonly silenceMs: number;
}

/** The defaults; a device must say something at least every 2 s. */
export const defaultDeviceSessionLimits: DeviceSessionLimits = {
  ackEveryFrames: linkTiming.ackEveryPackets,
  ackAfterMs: linkTiming.ackDelayMs,
  roomFrames: 64,
  helloBackoff,
  silenceMs: linkTiming.silenceMs,
};
