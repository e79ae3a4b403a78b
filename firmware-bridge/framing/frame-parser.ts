/**
 * Finds frames in a byte stream. Resynchronises at the next delimiter after anything that is not a frame, counts
 * every byte it throws away, and never keeps more than one maximal frame of unfinished input.
 */

import { crcBytes, headerBytes, maxEncodedBytes, packetFlags } from "../protocol.ts";
import { decodeCobsInPlace } from "./cobs.ts";
import { computeCrc32 } from "./crc32.ts";

/** A packet's header and payload. Valid only during the call: all parsers fill the same object for every packet. */
export interface ReceivedPacket {
  /** The sender's major version modulo 8. */
  readonly version: number;
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The payload is `bytes[start, end)`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export type PacketSink = (packet: ReceivedPacket) => void;

/** Where every byte went: `bytes = frameBytes + delimiterBytes + discardedBytes + what is still unfinished`. */
interface FrameCounters {
  bytes: number;
  /** Good frames, and the bytes between their delimiters. */
  frames: number;
  frameBytes: number;
  delimiterBytes: number;
  /** Stretches between delimiters that were not a frame, and all bytes thrown away with them. */
  badFrames: number;
  discardedBytes: number;
  /** Of the bad ones, those with the flag "session" whose check is the CRC alone. */
  unboundFrames: number;
}

export interface FrameParser {
  /** Takes the next bytes, in chunks of any size. Overwrites the chunk while decoding. Never throws by itself. */
  push(chunk: Uint8Array): void;
  /** Forgets an unfinished frame (counted as discarded), for a new connection. Allowed inside the sink. */
  reset(): void;
  /** Frames with the flag "session" are good only when they are bound to this id; none are before there is one. */
  bind(sessionId: number): void;
  readonly counters: Readonly<FrameCounters>;
  /** Bytes of an unfinished frame; at most 1,037. */
  readonly pendingBytes: number;
}

/** Shortest frame: header and checksum around an empty payload. */
const minFrameBytes = headerBytes + crcBytes;

/** Creates a parser that hands good frames to `sink`. */
export function createFrameParser(sink: PacketSink): FrameParser {
  return new Parser(sink);
}

/** One for all packets, so that none of them allocates. */
const packet: { -readonly [Field in keyof ReceivedPacket]: ReceivedPacket[Field] } = {
  version: 0,
  type: 0,
  flags: 0,
  sequence: 0,
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
};

class Parser implements FrameParser {
  readonly counters: FrameCounters = {
    bytes: 0,
    frames: 0,
    frameBytes: 0,
    delimiterBytes: 0,
    badFrames: 0,
    discardedBytes: 0,
    unboundFrames: 0,
  };
  readonly #sink: PacketSink;
  readonly #held: Buffer = Buffer.allocUnsafe(maxEncodedBytes);
  #heldBytes = 0;
  /** An oversized stretch is being thrown away until the next delimiter. */
  #skipping = false;
  /** Grows with every reset, so that a running push notices one. */
  #generation = 0;
  #sessionId = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  push(chunk: Uint8Array): void {
    // Buffer's indexOf is memchr; that of Uint8Array is many times slower.
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const started = this.#generation;
    const { counters } = this;
    counters.bytes += bytes.length;
    let at = 0;
    for (;;) {
      const zero = bytes.indexOf(0, at);
      if (zero < 0) break;
      counters.delimiterBytes++;
      if (this.#heldBytes > 0 || this.#skipping) {
        this.#hold(bytes, at, zero);
        const length = this.#heldBytes;
        this.#heldBytes = 0;
        if (!this.#skipping) this.#finish(this.#held, 0, length);
        this.#skipping = false;
      } else if (zero > at) {
        this.#finish(bytes, at, zero);
      }
      at = zero + 1;
      if (this.#generation !== started) {
        counters.discardedBytes += bytes.length - at;
        return;
      }
    }
    if (at < bytes.length) this.#hold(bytes, at, bytes.length);
  }

  reset(): void {
    if (this.#heldBytes > 0) this.#discard(this.#heldBytes);
    this.#heldBytes = 0;
    this.#skipping = false;
    this.#generation++;
  }

  bind(sessionId: number): void {
    this.#sessionId = sessionId;
  }

  #discard(length: number): void {
    this.counters.badFrames++;
    this.counters.discardedBytes += length;
  }

  /** Keeps the unfinished tail of a chunk, unless no frame can be that long. */
  #hold(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#skipping) {
      this.counters.discardedBytes += length;
    } else if (this.#heldBytes + length > maxEncodedBytes) {
      this.#discard(this.#heldBytes + length);
      this.#heldBytes = 0;
      this.#skipping = true;
    } else {
      this.#held.set(bytes.subarray(start, end), this.#heldBytes);
      this.#heldBytes += length;
    }
  }

  /** Hands over the frame in `bytes[start, end)`, if it is one. */
  #finish(bytes: Buffer, start: number, end: number): void {
    const encodedBytes = end - start;
    const length = encodedBytes > maxEncodedBytes ? -1 : decodeCobsInPlace(bytes, start, end);
    const first = start + 1;
    const crcAt = first + length - crcBytes;
    if (length < minFrameBytes || !this.#isWhole(bytes, first, crcAt)) {
      this.#discard(encodedBytes);
      return;
    }
    this.counters.frames++;
    this.counters.frameBytes += encodedBytes;
    const versionAndType = bytes[first]!;
    packet.version = versionAndType >>> 5;
    packet.type = versionAndType & 31;
    packet.flags = bytes[first + 1]!;
    packet.sequence = bytes[first + 2]! | (bytes[first + 3]! << 8);
    packet.bytes = bytes;
    packet.start = first + headerBytes;
    packet.end = crcAt;
    this.#sink(packet);
  }

  /** The check is the CRC, XOR the session id with the flag "session". */
  #isWhole(bytes: Buffer, first: number, crcAt: number): boolean {
    const rest = (computeCrc32(bytes, first, crcAt) ^ bytes.readUInt32LE(crcAt)) >>> 0;
    if ((bytes[first + 1]! & packetFlags.session) === 0) return rest === 0;
    if (rest === 0) this.counters.unboundFrames++;
    return rest === this.#sessionId && this.#sessionId !== 0;
  }
}
