/**
 * The hand-written protobuf codec of RawWindow, by far the most frequent message. Decodes into memory that is used
 * again for the next message. Agrees with the schema (a test compares it with protobufjs), and refuses what a
 * gateway could not use: no samples, half a sample, an index beyond 2^53, groups.
 */
import type { RawWindowMessage } from "../../src/core/contract/device/device-message.ts";
import type { Reused } from "../../src/core/contract/stream.ts";

/** Tag = field number · 8 + wire type (0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes). */
const tagChannel = 0x08;
const tagFirstSample = 0x10;
const tagTimestampUs = 0x18;
const tagShaftRpm = 0x25;
const tagSamples = 0x2a;
/** What a reader returns for a truncated or too large number. */
const bad = -1;
const maxVarintBytes = 10;
const isBigEndian: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** Decodes one raw window after the other. */
export interface RawWindowDecoder {
  /**
   * Reads the message in `bytes[start, end)`. The result and its counts are valid until the next call, or until somebody
   * else uses the room; undefined when the bytes are not a raw window.
   */
  decode(bytes: Uint8Array, start: number, end: number): RawWindowMessage | undefined;
}

/** Room for the samples of a frame; what comes over MQTT may be longer. */
const usualSamples = 512;

/**
 * Creates a decoder for windows of at most `maxSamples` samples. They are put into `room`, which others may use in between, as
 * long as they fit; from the first longer one on into memory of its own, which grows with what comes.
 */
export function createRawWindowDecoder(
  maxSamples: number,
  room: Int16Array = new Int16Array(usualSamples),
): RawWindowDecoder {
  let counts = room;
  let countBytes = bytesOf(counts);
  /** One view per length, made when first needed: devices send few lengths. */
  let views: (Int16Array | undefined)[] = [];
  const float = new DataView(new ArrayBuffer(4));
  // Doubles from the beginning: a number that becomes one later makes V8 compile all that reads it anew.
  const message: Reused<RawWindowMessage> = {
    type: "raw-window",
    channel: 0,
    firstSample: Number.NaN,
    timestampUs: Number.NaN,
    shaftRpm: Number.NaN,
    counts,
  };
  let source: Uint8Array = countBytes;
  let at = 0;
  let limit = 0;

  /** A varint that must be a safe integer. */
  function readVarint(): number {
    let value = 0;
    let unit = 1;
    for (let index = 0; index < maxVarintBytes && at < limit; index++) {
      const byte = source[at++]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : bad;
      unit *= 128;
    }
    return bad;
  }

  /** Skips an unknown field; false when it does not end within the message. */
  function skipField(wireType: number): boolean {
    switch (wireType) {
      case 0: {
        for (let index = 0; index < maxVarintBytes && at < limit; index++)
          if (source[at++]! < 0x80) return true;
        return false;
      }
      case 1:
        at += 8;
        return at <= limit;
      case 2: {
        const length = readVarint();
        if (length === bad || length > limit - at) return false;
        at += length;
        return true;
      }
      case 5:
        at += 4;
        return at <= limit;
      default:
        return false;
    }
  }

  function makeRoom(samples: number): void {
    counts = new Int16Array(Math.min(maxSamples, 2 * samples));
    countBytes = bytesOf(counts);
    views = [];
  }

  function takeSamples(start: number, length: number): boolean {
    const samples = length >> 1;
    if (length === 0 || (length & 1) !== 0 || samples > maxSamples) return false;
    if (samples > counts.length) makeRoom(samples);
    countBytes.set(source.subarray(start, start + length));
    if (isBigEndian) countBytes.subarray(0, length).swap16();
    let view = views[samples];
    if (view === undefined) {
      view = counts.subarray(0, samples);
      views[samples] = view;
    }
    message.counts = view;
    return true;
  }

  function decode(bytes: Uint8Array, start: number, end: number): RawWindowMessage | undefined {
    source = bytes;
    at = start;
    limit = end;
    message.channel = 0;
    message.firstSample = 0;
    message.timestampUs = 0;
    message.shaftRpm = Number.NaN;
    let samplesAt = 0;
    let samplesLength = 0;
    while (at < limit) {
      const tag = readVarint();
      switch (tag) {
        case tagChannel:
          message.channel = readVarint();
          if (message.channel === bad || message.channel > 0xffffffff) return undefined;
          break;
        case tagFirstSample:
          message.firstSample = readVarint();
          if (message.firstSample === bad) return undefined;
          break;
        case tagTimestampUs:
          message.timestampUs = readVarint();
          if (message.timestampUs === bad) return undefined;
          break;
        case tagShaftRpm:
          if (limit - at < 4) return undefined;
          for (let index = 0; index < 4; index++) float.setUint8(index, source[at++]!);
          message.shaftRpm = float.getFloat32(0, true);
          break;
        case tagSamples:
          samplesLength = readVarint();
          if (samplesLength === bad || samplesLength > limit - at) return undefined;
          samplesAt = at;
          at += samplesLength;
          break;
        default:
          if (tag < 8 || tag > 0xffffffff || !skipField(tag & 7)) return undefined;
      }
    }
    return takeSamples(samplesAt, samplesLength) ? message : undefined;
  }

  return { decode };
}

function bytesOf({ buffer, byteOffset, byteLength }: Int16Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Writes a raw window at the start of `out`, returns its length in bytes. `firstSample` and `timestampUs` are integers in
 * [0, 2^53); a NaN `shaftRpm` is left out. Throws a RangeError if `out` is too short.
 */
export function encodeRawWindow(out: Uint8Array, window: RawWindowMessage): number {
  const { channel, firstSample, timestampUs, shaftRpm, counts } = window;
  let at = 0;
  if (channel > 0) at = writeVarint(out, writeVarint(out, at, tagChannel), channel);
  if (firstSample > 0) at = writeVarint(out, writeVarint(out, at, tagFirstSample), firstSample);
  if (timestampUs > 0) at = writeVarint(out, writeVarint(out, at, tagTimestampUs), timestampUs);
  if (!Number.isNaN(shaftRpm)) {
    out[at++] = tagShaftRpm;
    floatOut.setFloat32(0, shaftRpm, true);
    for (let index = 0; index < 4; index++) out[at++] = floatOut.getUint8(index);
  }
  const length = counts.byteLength;
  at = writeVarint(out, writeVarint(out, at, tagSamples), length);
  if (at + length > out.length)
    throw new RangeError(`${counts.length} samples do not fit into ${out.length} bytes`);
  out.set(new Uint8Array(counts.buffer, counts.byteOffset, length), at);
  if (isBigEndian) Buffer.from(out.buffer, out.byteOffset + at, length).swap16();
  return at + length;
}

const floatOut = new DataView(new ArrayBuffer(4));

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest >= 128) {
    out[position++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[position++] = rest;
  return position;
}
