/**
 * Envelopes of the uplink ↔ bytes, for both ends. Decoding never throws: what is wrong with the bytes is a value. A
 * newer minor version and unknown fields are accepted, a newer major is refused before anything else is read.
 */
import protobuf from "protobufjs/light.js";
import { failed, ok, type Result } from "../contract/result.ts";
import { idPattern, type Lane } from "../contract/topics.ts";
import type { UplinkEnvelope } from "../contract/uplink-record.ts";
import { encodeRecord, unpackRecord } from "./record-codec.ts";
import {
  asCount,
  asText,
  envelopeType,
  laneNumber,
  laneOfNumber,
  type Plain,
  toPlain,
} from "./uplink-schema.ts";

/** Version that this code writes, and the newest major that it reads. */
const wireVersion: { readonly major: number; readonly minor: number } = { major: 1, minor: 0 };

/** Bounds of a whole envelope. */
export interface EnvelopeLimits {
  /** Default 1 MiB. */
  readonly maxBytes?: number;
  /** Default 2,000. */
  readonly maxRecords?: number;
}

/** What is wrong with the bytes of an envelope. */
export interface WireError {
  readonly reason: "too-large" | "too-many-records" | "newer-major" | "malformed" | "invalid";
  readonly message: string;
}

/** An envelope without its records. */
export type EnvelopeHeader = Omit<UplinkEnvelope, "records">;

const recordsTag = (8 << 3) | 2;
const majorField = 1;
const recordsField = 8;

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

/** The envelope in `bytes`; nothing of it is a view on them. */
export function decodeUplinkEnvelope(
  bytes: Uint8Array,
  limits: EnvelopeLimits = {},
): Result<UplinkEnvelope, WireError> {
  const maxBytes = limits.maxBytes ?? 1024 * 1024;
  const maxRecords = limits.maxRecords ?? 2000;
  if (bytes.length > maxBytes)
    return error("too-large", `${bytes.length} bytes, at most ${maxBytes} allowed`);
  try {
    const { major, records } = scan(bytes);
    if (major > wireVersion.major) {
      return error(
        "newer-major",
        `written for version ${major} of the uplink, this end reads ${wireVersion.major}: update this end`,
      );
    }
    if (major === 0) return error("malformed", "no version: not an envelope");
    if (records > maxRecords) {
      return error("too-many-records", `${records} records, at most ${maxRecords} allowed`);
    }
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = true;
    return validate(toPlain(envelopeType, envelopeType.decode(reader)));
  } catch (cause) {
    return error("malformed", cause instanceof Error ? cause.message : String(cause));
  }
}

/** Reads the version and counts the records without building anything. */
function scan(bytes: Uint8Array): { major: number; records: number } {
  const reader = protobuf.Reader.create(bytes);
  let major = 0;
  let records = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === majorField && (tag & 7) === 0) {
      major = reader.uint32();
      continue;
    }
    if (field === recordsField) records += 1;
    reader.skipType(tag & 7);
  }
  return { major, records };
}

function validate(plain: Plain): Result<UplinkEnvelope, WireError> {
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
  const records = (plain.records as Plain[]).map(unpackRecord);
  if (!Number.isSafeInteger(firstSequence + records.length))
    return error("invalid", "the sequence is too large");
  return ok({ gateway, bootId, lane, firstSequence, oldestSequence, records });
}

function isSequence(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function error(reason: WireError["reason"], message: string): Result<UplinkEnvelope, WireError> {
  return failed({ reason, message });
}
