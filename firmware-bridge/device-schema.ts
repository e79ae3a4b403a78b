/** Loads proto/device.proto, so that the messages on the wire and the published schema cannot part. */
import { readFileSync } from "node:fs";
import protobuf from "protobufjs";

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

const schema = protobuf.parse(readFileSync(new URL("./proto/device.proto", import.meta.url), "utf8"), {
  keepCase: false,
});

/** The protobufjs type of a message; its fields are in camelCase (`sampleRateHz`). */
export function deviceMessageType(name: DeviceMessageName): protobuf.Type {
  return schema.root.lookupType(`aurora.device.v1.${name}`);
}
