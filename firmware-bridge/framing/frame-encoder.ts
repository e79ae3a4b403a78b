/** Builds frames for a byte stream: `00 | COBS(header, payload, CRC-32) | 00`. Allocates nothing per frame. */

import {
  crcBytes,
  headerBytes,
  maxEncodedBytes,
  maxFrameBytes,
  maxFramePayloadBytes,
  packetFlags,
  protocolVersion,
  versionAndType,
} from "../protocol.ts";
import { encodeCobs } from "./cobs.ts";
import { computeCrc32 } from "./crc32.ts";

/** Room that {@link FrameEncoder.encode} may need: both delimiters and the longest encoded frame. */
export const maxFrameBytesOnWire: number = maxEncodedBytes + 2;

/** Writes one frame after the other. */
interface FrameEncoder {
  /** The next frame's payload is written here first (1,024 bytes), and encoded before any other is. */
  readonly payload: Uint8Array;
  /** Packets with the flag "session" are bound to this id; 0 before there is one. */
  sessionId: number;
  /**
   * Writes the frame whose payload is the first `payloadBytes` of {@link payload} to `out` from `at`; returns the
   * position after its closing delimiter. `out` needs {@link maxFrameBytesOnWire} bytes of room.
   */
  encode(
    type: number,
    flags: number,
    sequence: number,
    payloadBytes: number,
    out: Uint8Array,
    at: number,
  ): number;
}

/** Where frames are put together, of all encoders: a payload is written and encoded before the next one is. */
const frame = Buffer.alloc(maxFrameBytes);
const framePayload: Uint8Array = frame.subarray(headerBytes, headerBytes + maxFramePayloadBytes);

/** Creates an encoder; its payload is that of all of them. */
export function createFrameEncoder(): FrameEncoder {
  return new Encoder();
}

class Encoder implements FrameEncoder {
  sessionId = 0;

  get payload(): Uint8Array {
    return framePayload;
  }

  // biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
  encode(
    type: number,
    flags: number,
    sequence: number,
    payloadBytes: number,
    out: Uint8Array,
    at: number,
  ): number {
    if (payloadBytes > maxFramePayloadBytes) throw new RangeError(`payload of ${payloadBytes} bytes`);
    writeHeader(frame, type, flags, sequence);
    const crcAt = headerBytes + payloadBytes;
    const bound = (flags & packetFlags.session) === 0 ? 0 : this.sessionId;
    frame.writeUInt32LE((computeCrc32(frame, 0, crcAt) ^ bound) >>> 0, crcAt);
    out[at] = 0;
    const end = encodeCobs(frame, 0, crcAt + crcBytes, out, at + 1);
    out[end] = 0;
    return end + 1;
  }
}

/** Writes the four header bytes of a packet at the start of `bytes`. */
// biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
export function writeHeader(bytes: Uint8Array, type: number, flags: number, sequence: number): void {
  bytes[0] = versionAndType(protocolVersion.major, type);
  bytes[1] = flags;
  bytes[2] = sequence & 0xff;
  bytes[3] = (sequence >>> 8) & 0xff;
}
