/** Feeds the frame parser streams of frames that were damaged in every way at once; nothing but sent frames may come out. */
import { createFrameEncoder, maxFrameBytesOnWire } from "../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser, type ReceivedPacket } from "../../firmware-bridge/framing/frame-parser.ts";
import { decodeMessage } from "../../firmware-bridge/messages/message-codec.ts";
import { maxEncodedBytes, packetFlags } from "../../firmware-bridge/protocol.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";

/** Counts of a run. */
export interface FuzzResult {
  readonly cases: number;
  readonly bytes: number;
  /** Frames that came out, and those of them that nobody sent. */
  readonly frames: number;
  readonly wrongFrames: number;
}

/** Runs `cases` streams; throws what the parser throws, and when it hoards. */
export function fuzzParser(seed: number, cases: number): FuzzResult {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random.uniform() * limit);
  let bytes = 0;
  let frames = 0;
  let wrongFrames = 0;
  for (let index = 0; index < cases; index++) {
    const encoder = createFrameEncoder();
    encoder.sessionId = 1 + below(2 ** 31);
    const sent = new Set<string>();
    const parser = createFrameParser((packet) => {
      frames++;
      const payload = packet.bytes.subarray(packet.start, packet.end);
      if (!sent.has(nameOf(packet, payload))) wrongFrames++;
      // Whatever it holds: it is a message or an error.
      decodeMessage(packet.type, payload);
    });
    parser.bind(encoder.sessionId);
    const out = new Uint8Array(maxFrameBytesOnWire);
    const stream: number[] = [];
    for (let frame = below(6); frame >= 0; frame--) {
      const length = below(4) === 0 ? below(1_024) : below(80);
      for (let at = 0; at < length; at++) encoder.payload[at] = below(3) === 0 ? 0 : below(256);
      const [type, flags, sequence] = [below(32), below(8), below(65_536)];
      const end = encoder.encode(type, flags, sequence, length, out, 0);
      sent.add(nameOf({ type, flags, sequence }, encoder.payload.subarray(0, length)));
      stream.push(...out.subarray(0, end));
    }
    const damaged = damage(stream, random);
    bytes += damaged.length;
    for (let at = 0; at < damaged.length; ) {
      const next = Math.min(damaged.length, at + 1 + below(300));
      parser.push(damaged.slice(at, next));
      if (parser.pendingBytes > maxEncodedBytes)
        throw new Error(`the parser holds ${parser.pendingBytes} bytes`);
      at = next;
    }
    // A bound frame is no other session's. (What is unfinished would be completed by its delimiter.)
    parser.reset();
    parser.bind((encoder.sessionId ^ 1) >>> 0);
    const end = encoder.encode(5, packetFlags.session, 1, 0, out, 0);
    const before = frames;
    parser.push(out.slice(0, end));
    if (frames !== before) wrongFrames++;
  }
  return { cases, bytes, frames, wrongFrames };
}

function nameOf(
  { type, flags, sequence }: Pick<ReceivedPacket, "type" | "flags" | "sequence">,
  payload: Uint8Array,
): string {
  return `${type} ${flags} ${sequence} ${Buffer.from(payload).toString("base64")}`;
}

/** Inverts, drops, doubles, inserts and swaps. */
function damage(stream: readonly number[], random: Random): Uint8Array {
  const rate = 10 ** (-1 - 3 * random.uniform());
  const out: number[] = [];
  for (const byte of stream) {
    if (random.uniform() >= rate) {
      out.push(byte);
      continue;
    }
    const choice = Math.floor(random.uniform() * 5);
    if (choice === 0) out.push(byte ^ (1 << Math.floor(random.uniform() * 8)));
    else if (choice === 1) out.push(byte, byte);
    else if (choice === 2) out.push(byte, Math.floor(random.uniform() * 256));
    else if (choice === 3) out.push(0);
  }
  if (random.uniform() < 0.2) out.length = Math.floor(random.uniform() * out.length);
  return Uint8Array.from(out);
}
