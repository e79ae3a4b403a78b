/** The messages between a gateway and a microcontroller, as `firmware-bridge` delivers them. */

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

/** A score that the device computed itself. */
export interface ScoreMessage {
  readonly type: "score";
  readonly channel: number;
  readonly timestampUs: number;
  readonly modelVersion: string;
  readonly quantised: Uint8Array;
}

/** Counters of the device. */
export interface DeviceHealthMessage {
  readonly type: "health";
  readonly uptimeMs: number;
  readonly droppedSamples: number;
  readonly discardedBytes: number;
  readonly badFrames: number;
}

/** Acknowledges every frame up to `sequence`. */
export interface AckMessage {
  readonly type: "ack";
  readonly sequence: number;
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
  readonly mode: "raw" | "edge" | "both";
}

/** Any message that this runtime understands. */
export type DeviceMessage =
  | HelloMessage
  | RawWindowMessage
  | ReadingMessage
  | ScoreMessage
  | DeviceHealthMessage
  | AckMessage
  | NackMessage
  | ConfigMessage;
