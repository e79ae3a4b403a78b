/**
 * The messages between a gateway and a microcontroller, as `firmware-bridge` delivers them; those by which a gateway
 * pushes another model (`firmware-bridge/PROTOCOL.md`, section 8) are at the end.
 */
import type { BearingOrders } from "../bundle/bearing.ts";

/** A channel that a device announces. */
export interface DeviceChannel {
  readonly name: string;
  readonly unit: string;
  readonly sampleRateHz: number;
  /** Physical value = count · scale. */
  readonly scale: number;
}

/** The first message of a session. */
export interface HelloMessage {
  readonly type: "hello";
  readonly protocolMajor: number;
  readonly protocolMinor: number;
  readonly deviceId: string;
  readonly firmware: string;
  /** Random per boot: frames of an older session are not taken for new ones. */
  readonly sessionId: number;
  readonly channels: readonly DeviceChannel[];
  /** Of the model that the device runs; left out without one. */
  readonly modelVersion?: string;
  /** Of its image, 32 bytes. */
  readonly modelSha256?: Uint8Array;
  /** An image with a lower one is refused; left out: 0. */
  readonly securityCounter?: number;
  /** Largest payload that the device takes in a frame; left out: 1,024. */
  readonly maxPayloadBytes?: number;
}

/** A chunk of raw samples of one channel. */
export interface RawWindowMessage {
  readonly type: "raw-window";
  /** Index into the hello's channels. */
  readonly channel: number;
  /** Index of the first sample since the session began. */
  readonly firstSample: number;
  /** Device clock in microseconds since the epoch; 0 when it has none. */
  readonly timestampUs: number;
  /** NaN when unknown. */
  readonly shaftRpm: number;
  /** A view that is valid only during the call. */
  readonly counts: Int16Array;
}

/** One scalar value. */
export interface ReadingMessage {
  readonly type: "reading";
  readonly channel: number;
  readonly timestampUs: number;
  readonly value: number;
}

/** A score that the device computed itself. Fields of version 1.1 may be missing. */
export interface ScoreMessage {
  readonly type: "score";
  readonly channel: number;
  /** Device clock at the window's first sample, microseconds since the epoch; 0 when it has none. */
  readonly timestampUs: number;
  /** Of the model that computed it. */
  readonly modelVersion: string;
  /** The student's output, one uint8 a class. */
  readonly quantised: Uint8Array;
  /** The window: its first sample since the session began … */
  readonly firstSample?: number;
  /** … and its length. */
  readonly sampleCount?: number;
  /** Mean over the window; left out when unknown. */
  readonly shaftRpm?: number;
  /** What the student was given, one uint8 a feature. */
  readonly inputs?: Uint8Array;
}

export interface DeviceHealthMessage {
  readonly type: "health";
  readonly uptimeMs: number;
  readonly droppedSamples: number;
  readonly discardedBytes: number;
  readonly badFrames: number;
  /** Packets that were whole and not acted on. Left out, as the next ones, by version 1.0. */
  readonly refusedPackets?: number;
  /** Gaps in the gateway's sequence numbers. */
  readonly lostPackets?: number;
  /** Windows that the device's model has scored. */
  readonly scores?: number;
  /** Windows without a score: a gap, a standing shaft, a bad sample. */
  readonly abandonedWindows?: number;
}

/** Acknowledges every frame up to `sequence`. */
export interface AckMessage {
  readonly type: "ack";
  readonly sequence: number;
  /** 1 + the packets that may follow `sequence` unacknowledged; left out: nothing was said. */
  readonly room?: number;
}

/** Refuses a frame. */
export interface NackMessage {
  readonly type: "nack";
  readonly sequence: number;
  readonly reason: string;
}

/** Gateway → device: how to send. */
export interface ConfigMessage {
  readonly type: "config";
  /** Of the hello that it answers: a device ignores a configuration that was meant for an earlier boot. */
  readonly sessionId: number;
  readonly mode: DeviceMode;
  /** In mode `edge`: raw samples to send once, from now on. */
  readonly rawSamples?: number;
  /** In mode `edge`: raw samples to send after every score that is an alarm. */
  readonly alarmRawSamples?: number;
  /** Of the bearing that the device watches, rounded to float32; it needs them to compute features. */
  readonly bearing?: BearingOrders;
}

/** What a device sends: raw windows (the gateway infers), scores (the device infers), or both (the gateway checks). */
type DeviceMode = "raw" | "edge" | "both";

/** Any message that this runtime understands. */
export type DeviceMessage =
  | HelloMessage
  | RawWindowMessage
  | ReadingMessage
  | ScoreMessage
  | DeviceHealthMessage
  | AckMessage
  | NackMessage
  | ConfigMessage
  | ModelStatusMessage
  | ModelRequestMessage;

/** Announces an image, and asks where it stands. This and the others are answered by a {@link ModelStatusMessage}. */
export interface ModelBeginMessage {
  readonly type: "model-begin";
  /** Chosen by the gateway, not 0. */
  readonly transferId: number;
  readonly name: string;
  readonly version: string;
  readonly sizeBytes: number;
  /** Of the image, 32 bytes. */
  readonly sha256: Uint8Array;
  /** A device refuses one below that of its confirmed model. */
  readonly securityCounter: number;
  /** HMAC-SHA-256 under the device's key, 32 bytes. */
  readonly mac: Uint8Array;
}

/** A piece of the image. */
export interface ModelChunkMessage {
  readonly type: "model-chunk";
  readonly transferId: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The image is complete: check it and begin the trial. */
export interface ModelCommitMessage {
  readonly type: "model-commit";
  readonly transferId: number;
}

/** Gives the model on trial an input. */
export interface ModelProbeMessage {
  readonly type: "model-probe";
  readonly transferId: number;
  readonly index: number;
  /** One uint8 a feature. */
  readonly inputs: Uint8Array;
}

/** Keeps the model on trial, or sends the device back to the one before. */
interface ModelConfirmMessage {
  readonly type: "model-confirm";
  readonly transferId: number;
  readonly outcome: "confirmed" | "reverted";
}

/** Where a transfer stands on the device. */
export type ModelState = "receiving" | "trial" | "confirmed" | "reverted" | "refused";

/** Device → gateway: where a transfer stands. */
export interface ModelStatusMessage {
  readonly type: "model-status";
  readonly transferId: number;
  readonly state: ModelState;
  /** Bytes of the image that are in the slot. */
  readonly nextOffset: number;
  /** In the answer to a probe: its index … */
  readonly probe?: number;
  /** … and what the model made of its inputs. */
  readonly outputs?: Uint8Array;
  /** Why it was refused or reverted, by the list in PROTOCOL.md; 0: nothing to say. */
  readonly reason: number;
}

/** What a gateway says about models. */
export type ModelRequestMessage =
  | ModelBeginMessage
  | ModelChunkMessage
  | ModelCommitMessage
  | ModelProbeMessage
  | ModelConfirmMessage;
