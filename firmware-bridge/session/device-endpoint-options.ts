/** The options of a device endpoint: its identity, its link, its callbacks, its limits. */
import type {
  ConfigMessage,
  DeviceChannel,
  DeviceHealthMessage,
  HelloMessage,
  ModelRequestMessage,
  ModelStatusMessage,
} from "../../src/core/contract/device/device-message.ts";
import type { Random } from "../../src/core/maths/random.ts";
import type { BackoffOptions } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import type { PacketLink } from "../framing/packet-link.ts";
import { helloBackoff, linkTiming } from "../link-timing.ts";

export type DeviceEndpointState =
  | "closed"
  | "connecting"
  /** Says hello and waits for a configuration. */
  | "introducing"
  | "streaming"
  /** The gateway refused this device. */
  | "refused";

export interface DeviceEndpointOptions {
  readonly link: PacketLink;
  readonly deviceId: string;
  readonly firmware: string;
  /** Random per boot, 32 bits. */
  readonly sessionId: number;
  readonly channels: readonly DeviceChannel[];
  readonly random: Pick<Random, "uniform">;
  readonly timers?: Timers;
  readonly limits?: Partial<DeviceEndpointLimits>;
  /** Counters for the sign of life; uptime and link counters are filled in when left out. */
  health?(): Omit<DeviceHealthMessage, "type">;
  onState?(state: DeviceEndpointState, reason: string): void;
  onConfig?(config: ConfigMessage): void;
  /** Why the device cannot do what a configuration asks for; undefined if it can. */
  refuseConfig?(config: ConfigMessage): string | undefined;
  /** The model that the device runs, as its hello tells. */
  model?(): Pick<HelloMessage, "modelVersion" | "modelSha256" | "securityCounter">;
  /** Answers what a gateway says about models; without it the device takes none. */
  onModel?(request: ModelRequestMessage): ModelStatusMessage;
}

export interface DeviceEndpointLimits {
  /** Unacknowledged packets at which sending has to wait. A microcontroller has 4 to 8; 64 fill a fast TCP link. */
  readonly maxInFlightFrames: number;
  /** After this time without an acknowledgement, what is in flight is given up as lost. */
  readonly ackTimeoutMs: number;
  readonly helloBackoff: BackoffOptions;
  readonly healthEveryMs: number;
  /** After this time without a packet of the gateway, the device says hello again. */
  readonly silenceMs: number;
}

export const defaultDeviceEndpointLimits: DeviceEndpointLimits = {
  maxInFlightFrames: 64,
  ackTimeoutMs: linkTiming.streamAckMs,
  helloBackoff,
  healthEveryMs: linkTiming.healthEveryMs,
  silenceMs: linkTiming.silenceMs,
};
