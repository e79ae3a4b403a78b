/**
 * The fields of every message but the raw window as protobufjs decodes them: what `proto/device.proto` states, zero or
 * empty where the sender left one out, enumerations as their numbers. Checked for their types, not yet for their limits.
 */
import type {
  AckMessage,
  DeviceHealthMessage,
  HelloMessage,
  ModelBeginMessage,
  ModelChunkMessage,
  ModelCommitMessage,
  ModelProbeMessage,
  ModelStatusMessage,
  NackMessage,
  ReadingMessage,
  ScoreMessage,
} from "../src/core/contract/device/device-message.ts";

/** By the message's type. */
export interface WireFields {
  readonly hello: FieldsOf<HelloMessage>;
  readonly reading: FieldsOf<ReadingMessage>;
  readonly score: FieldsOf<ScoreMessage>;
  readonly health: FieldsOf<DeviceHealthMessage>;
  readonly config: Readonly<
    Record<"mode" | "sessionId" | "rawSamples" | "alarmRawSamples" | "bpfo" | "bpfi" | "bsf" | "ftf", number>
  >;
  readonly ack: FieldsOf<AckMessage>;
  readonly nack: FieldsOf<NackMessage>;
  readonly "model-begin": FieldsOf<ModelBeginMessage>;
  readonly "model-chunk": FieldsOf<ModelChunkMessage>;
  readonly "model-commit": FieldsOf<ModelCommitMessage>;
  readonly "model-probe": FieldsOf<ModelProbeMessage>;
  readonly "model-confirm": Readonly<Record<"transferId" | "outcome", number>>;
  readonly "model-status": Omit<FieldsOf<ModelStatusMessage>, "state"> & { readonly state: number };
}

/** Decoded fields with the type that says which they are. */
export type DecodedFields<Type extends keyof WireFields = keyof WireFields> = {
  readonly [Each in Type]: { readonly type: Each; readonly fields: WireFields[Each] };
}[Type];

/** On the wire nothing is optional: what is left out has a value. */
type FieldsOf<Message> = Required<Omit<Message, "type">>;
