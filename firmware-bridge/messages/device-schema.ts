/**
 * The messages of `proto/device.proto`, which is loaded so that the wire and the published schema cannot part, and their
 * decoded fields, checked for their types but not yet for their limits.
 */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
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
} from "../../src/core/contract/device/device-message.ts";

/** Name of a message in the schema. */
export type DeviceMessageName =
  | "Hello"
  | "RawWindow"
  | "Reading"
  | "Score"
  | "Health"
  | "Config"
  | "Ack"
  | "Nack"
  | "ModelBegin"
  | "ModelChunk"
  | "ModelCommit"
  | "ModelConfirm"
  | "ModelStatus"
  | "ModelProbe";

const schema = protobuf.parse(readFileSync(new URL("../proto/device.proto", import.meta.url), "utf8"), {
  keepCase: false,
});

const types = new Map<DeviceMessageName, protobuf.Type>();

/** The protobufjs type of a message; its fields are in camelCase (`sampleRateHz`). */
export function deviceMessageType(name: DeviceMessageName): protobuf.Type {
  let type = types.get(name);
  if (type === undefined) {
    type = schema.root.lookupType(`aurora.device.v1.${name}`);
    types.set(name, type);
  }
  return type;
}

/**
 * The fields of every message but the raw window as protobufjs decodes them, by the message's type: zero or empty where
 * the sender left one out, enumerations as their numbers.
 */
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
