/**
 * Envelopes of the uplink ↔ bytes, for both ends. Decoding never throws: what is wrong with the bytes is a value. A
 * newer minor version and unknown fields are accepted, a newer major is refused before anything else is read.
 */
import protobuf from "protobufjs/light.js";
import { failed, ok, type Result } from "../contract/result.ts";
import { idPattern, type Lane } from "../contract/topics.ts";
import type { UplinkEnvelope } from "../contract/uplink-record.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import {
  asCount,
  asText,
  decodePlain,
  envelopeType,
  laneNumber,
  laneOfNumber,
  type Plain,
} from "./uplink-schema.ts";

/** Version that this code writes, and the newest major that it reads. */
const wireVersion: { readonly major: number; readonly minor: number } = { major: 1, minor: 0 };

/** Bounds of a whole envelope: 1 MiB. */
const maxBytes = 1_048_576;
const maxRecords = 2000;

/** What is wrong with the bytes of an envelope. */
interface WireError {
  readonly reason: "too-large" | "too-many-records" | "newer-major" | "malformed" | "invalid";
  readonly message: string;
}

/** An envelope without its records. */
export type EnvelopeHeader = Omit<UplinkEnvelope, "records">;

const recordsTag = (8 << 3) | 2;
const majorField = 1;

/** Bytes of an envelope. Throws for values out of bounds (a bug of the caller). */
export function encodeUplinkEnvelope(envelope: UplinkEnvelope): Uint8Array {
  return assembleEnvelope(envelope, envelope.records.map(encodeRecord));
}

/** Bytes of an envelope around records that `encodeRecord` has encoded already. */
export function assembleEnvelope(header: EnvelopeHeader, records: readonly Uint8Array[]): Uint8Array {
  const writer = envelopeType.encode({
    ...wireVersion,
    gateway: asText(header.gateway, "gateway"),
    bootId: asText(header.bootId, "bootId"),
    lane: laneNumber(header.lane),
    firstSequence: asCount(header.firstSequence, "firstSequence"),
    oldestSequence: asCount(header.oldestSequence, "oldestSequence"),
  });
  for (const record of records) writer.uint32(recordsTag).bytes(record);
  return writer.finish().slice();
}

/** An envelope whose records are still bytes, to be decoded one by one (`decodeRecord`); they are views on what came. */
interface PackedEnvelope extends EnvelopeHeader {
  readonly records: readonly Uint8Array[];
}

/** The envelope in `bytes`; nothing of it is a view on them. */
export function decodeUplinkEnvelope(bytes: Uint8Array): Result<UplinkEnvelope, WireError> {
  const packed = openUplinkEnvelope(bytes);
  if (!packed.ok) return packed;
  try {
    return ok({ ...packed.value, records: packed.value.records.map(decodeRecord) });
  } catch (cause) {
    return malformed(cause);
  }
}

/** As {@link decodeUplinkEnvelope}, but decodes no record: that takes long for a large envelope. */
export function openUplinkEnvelope(bytes: Uint8Array): Result<PackedEnvelope, WireError> {
  if (bytes.length > maxBytes)
    return error("too-large", `${bytes.length} bytes, at most ${maxBytes} allowed`);
  try {
    const { major, records, header } = scan(bytes);
    if (major > wireVersion.major) {
      return error(
        "newer-major",
        `written for version ${major} of the uplink, this end reads ${wireVersion.major}: update this end`,
      );
    }
    if (major === 0) return error("malformed", "no version: not an envelope");
    if (records.length > maxRecords) {
      return error("too-many-records", `${records.length} records, at most ${maxRecords} allowed`);
    }
    return validate(decodePlain(envelopeType, joinBytes(header)), records);
  } catch (cause) {
    return malformed(cause);
  }
}

/** Reads the version and finds the records without building anything. */
function scan(bytes: Uint8Array): {
  readonly major: number;
  readonly records: readonly Uint8Array[];
  readonly header: readonly Uint8Array[];
} {
  const reader = protobuf.Reader.create(bytes);
  let major = 0;
  const records: Uint8Array[] = [];
  const header: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag === recordsTag) {
      const length = reader.uint32();
      const from = reader.pos;
      reader.skip(length);
      records.push(bytes.subarray(from, reader.pos));
      continue;
    }
    if (tag >>> 3 === majorField && (tag & 7) === 0) major = reader.uint32();
    else reader.skipType(tag & 7);
    header.push(bytes.subarray(start, reader.pos));
  }
  return { major, records, header };
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function validate(plain: Plain, records: readonly Uint8Array[]): Result<PackedEnvelope, WireError> {
  const { gateway, bootId, firstSequence, oldestSequence } = plain;
  const lane: Lane | undefined = laneOfNumber(plain.lane);
  if (typeof gateway !== "string" || !idPattern.test(gateway))
    return error("invalid", "the gateway's id is invalid");
  if (typeof bootId !== "string" || !idPattern.test(bootId))
    return error("invalid", "the boot id is invalid");
  if (lane === undefined) return error("invalid", `lane ${String(plain.lane)} is not known`);
  if (!isSequence(firstSequence) || !isSequence(oldestSequence) || oldestSequence > firstSequence) {
    return error(
      "invalid",
      `sequences ${String(oldestSequence)} and ${String(firstSequence)} do not fit together`,
    );
  }
  if (!Number.isSafeInteger(firstSequence + records.length))
    return error("invalid", "the sequence is too large");
  return ok({ gateway, bootId, lane, firstSequence, oldestSequence, records });
}

function malformed(cause: unknown): Result<never, WireError> {
  return failed({ reason: "malformed", message: cause instanceof Error ? cause.message : String(cause) });
}

function isSequence(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function error(reason: WireError["reason"], message: string): Result<never, WireError> {
  return failed({ reason, message });
}
