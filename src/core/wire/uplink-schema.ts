/**
 * The message types of the uplink, ready to encode and decode, and the bounds of their fields, kept by the writer and
 * demanded by the reader. Built once from the descriptor; reads no file.
 */
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

/**
 * A message as plain values, unknown fields dropped. Strings and numbers; only fields of bytes are views on the input, until
 * they are copied.
 * Throws for bytes that are no such message.
 */
export function decodePlain(type: Type, bytes: Uint8Array): Plain {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = true;
  const message = type.decode(reader);
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

/** Names, ids and versions, in UTF-16 units. */
const maxNameLength = 256;
/** Free text. */
export const maxDetailLength = 4_096;
/** Id of an alert event, as long as `alertEventSchema` allows: four names of up to 63 characters and more. */
export const maxAlertIdLength = 512;
/** An alert event as JSON. */
export const maxAlertJsonLength = 262_144;
/** Rows of a prediction batch. */
export const maxBatchRows = 10_000;
/** Sketches of a drift report. */
export const maxSketches = 512;
/** Bins of a sketch. */
export const maxBins = 64;
/** Reasons that a health record counts by. */
export const maxReasons = 64;

/** A value on the wire that no record may hold. */
export class WireRangeError extends RangeError {}

/** A text of at most `max` units and without NUL; throws {@link WireRangeError}. */
export function asText(value: unknown, name: string, max: number = maxNameLength): string {
  if (typeof value !== "string") throw new WireRangeError(`${name} is not a text`);
  if (value.length > max)
    throw new WireRangeError(`${name} has ${value.length} characters, at most ${max} allowed`);
  // No name or sentence holds one, and databases stumble over it.
  if (value.includes("\u0000")) throw new WireRangeError(`${name} holds a NUL character`);
  return value;
}

/** The fields of these names, each as {@link asText}. */
export function asTexts<Name extends string>(
  fields: Readonly<Record<Name, unknown>>,
  names: readonly Name[],
): Record<Name, string> {
  const texts = {} as Record<Name, string>;
  for (const name of names) texts[name] = asText(fields[name], name);
  return texts;
}

/** Which model of which point a report is of. */
export const modelOfPoint = ["site", "turbine", "component", "modelName", "modelVersion"] as const;

/** A whole number from 0 to 2^53 − 1; throws {@link WireRangeError}. */
export function asCount(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new WireRangeError(`${name} is ${String(value)}, not a whole number from 0 to 2^53 − 1`);
  }
  return value;
}

/** A list of at most `max` items; throws {@link WireRangeError}. */
export function asList(value: unknown, name: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new WireRangeError(`${name} is not a list`);
  if (value.length > max)
    throw new WireRangeError(`${name} has ${value.length} items, at most ${max} allowed`);
  return value;
}

/** A list of exactly `count` items; throws {@link WireRangeError}. */
export function asListOf(count: number, value: unknown, name: string): readonly unknown[] {
  const list = asList(value, name, Number.POSITIVE_INFINITY);
  if (list.length === count) return list;
  throw new WireRangeError(`${name} has ${list.length} items instead of ${count}`);
}

/** A whole number from 0 to 2^32 − 1; throws {@link WireRangeError}. */
export function asUint32(value: unknown, name: string): number {
  const count = asCount(value, name);
  if (count > 0xffff_ffff) throw new WireRangeError(`${name} is ${count}, at most 2^32 − 1 allowed`);
  return count;
}
