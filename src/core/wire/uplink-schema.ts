/** The message types of the uplink, ready to encode and decode. Built once from the descriptor; reads no file. */
import protobuf, { type Type } from "protobufjs/light.js";
import { type Lane, lanes } from "../contract/topics.ts";
import { uplinkDescriptor } from "./uplink-descriptor.ts";

const root = protobuf.Root.fromJSON(uplinkDescriptor);

/** `aurora.uplink.v1.Envelope`. */
export const envelopeType: Type = root.lookupType("aurora.uplink.v1.Envelope");

/** `aurora.uplink.v1.Record`. */
export const recordType: Type = root.lookupType("aurora.uplink.v1.Record");

/** A decoded message as plain values: every field present, 64-bit integers as numbers. */
export type Plain = Readonly<Record<string, unknown>>;

/** Plain values of a decoded message. Strings and numbers only: nothing in it is a view on the input. */
export function toPlain(type: Type, message: protobuf.Message): Plain {
  return type.toObject(message, { longs: Number, defaults: true, arrays: true, objects: true });
}

/** Number of a lane on the wire: its place in the order of survival, from 1. */
export function laneNumber(lane: Lane): number {
  return lanes.indexOf(lane) + 1;
}

/** The lane of a number, or undefined for one that this version does not know. */
export function laneOfNumber(number: unknown): Lane | undefined {
  return typeof number === "number" && number > 0 ? lanes[number - 1] : undefined;
}

/** Leaves out what proto3 does not write: zeros, empty texts, empty lists. */
export function compact(fields: Plain): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const empty = value === 0 || value === "" || (Array.isArray(value) && value.length === 0);
    if (!empty) written[name] = value;
  }
  return written;
}
