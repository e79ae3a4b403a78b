import fc from "fast-check";
import { expect, test } from "vitest";
import { createFrameEncoder, maxFrameBytesOnWire } from "../../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser, type FrameParser } from "../../../firmware-bridge/framing/frame-parser.ts";
import { maxEncodedBytes, maxFramePayloadBytes } from "../../../firmware-bridge/protocol.ts";

interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Packets with the flag "session" are bound to it. */
const session = 0x1234_5678;

const packet: fc.Arbitrary<Packet> = fc.record({
  type: fc.integer({ min: 1, max: 30 }),
  flags: fc.integer({ min: 0, max: 255 }),
  sequence: fc.integer({ min: 0, max: 0xffff }),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ minLength: 900, maxLength: maxFramePayloadBytes }),
    fc
      .integer({ min: 1, max: maxFramePayloadBytes })
      .map((length) => new Uint8Array(length).fill(length | 1)),
  ),
});

function encode(packets: readonly Packet[]): Buffer {
  const encoder = createFrameEncoder();
  encoder.sessionId = session;
  const out = Buffer.alloc(packets.length * maxFrameBytesOnWire);
  let at = 0;
  for (const { type, flags, sequence, payload } of packets) {
    encoder.payload.set(payload);
    at = encoder.encode(type, flags, sequence, payload.length, out, at);
  }
  return out.subarray(0, at);
}

function toText({ type, flags, sequence, payload }: Packet): string {
  return `${type} ${flags} ${sequence} ${Buffer.from(payload).toString("hex")}`;
}

/** A parser that notes each packet as text. */
function listen(): { parser: FrameParser; heard: string[] } {
  const heard: string[] = [];
  const parser = createFrameParser(({ version, type, flags, sequence, bytes, start, end }) => {
    expect(version).toBe(1);
    heard.push(toText({ type, flags, sequence, payload: bytes.slice(start, end) }));
  });
  parser.bind(session);
  return { parser, heard };
}

/** Pushes copies of the stretches between the (sorted) cuts. */
function pushInPieces(parser: FrameParser, bytes: Uint8Array, cuts: readonly number[]): void {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const to of ends) {
    parser.push(Uint8Array.from(bytes.subarray(from, to)));
    expect(parser.pendingBytes).toBeLessThanOrEqual(maxEncodedBytes);
    from = to;
  }
}

function expectEveryByteAccountedFor(parser: FrameParser, total: number): void {
  const { bytes, frameBytes, delimiterBytes, discardedBytes } = parser.counters;
  expect(bytes).toBe(total);
  expect(frameBytes + delimiterBytes + discardedBytes + parser.pendingBytes).toBe(total);
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

test("frames arrive as they were sent, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 6 }), cuts, (packets, at) => {
      const bytes = encode(packets);
      const { parser, heard } = listen();
      pushInPieces(parser, bytes, at);
      expect(heard).toEqual(packets.map(toText));
      expect(parser.counters).toMatchObject({ frames: packets.length, badFrames: 0, discardedBytes: 0 });
      expectEveryByteAccountedFor(parser, bytes.length);
    }),
    { numRuns: 300 },
  );
});

/** One way in which a line damages what passes: at a place, with a value. */
type Damage = readonly [
  kind: "flip" | "truncate" | "insert" | "duplicate" | "swap",
  place: number,
  value: number,
];

const damage: fc.Arbitrary<Damage> = fc.tuple(
  fc.constantFrom("flip", "truncate", "insert", "duplicate", "swap"),
  fc.nat(),
  fc.integer({ min: 0, max: 255 }),
);

function apply(bytes: number[], [kind, place, value]: Damage): number[] {
  const at = place % (bytes.length + 1);
  const result = bytes.slice();
  switch (kind) {
    case "flip":
      if (at < bytes.length) result[at]! ^= 1 << (value & 7);
      return result;
    case "truncate":
      result.splice(at, value);
      return result;
    case "insert":
      result.splice(at, 0, ...new Array<number>((value & 7) + 1).fill(value));
      return result;
    case "duplicate":
      result.splice(at, 0, ...bytes.slice(at, at + value * 4));
      return result;
    case "swap":
      return [...bytes.slice(at), ...bytes.slice(0, at)];
  }
}

test("a damaged stream never yields a packet that was not sent, and every byte is accounted for", () => {
  fc.assert(
    fc.property(
      fc.array(packet, { minLength: 1, maxLength: 5 }),
      fc.array(damage, { minLength: 1, maxLength: 8 }),
      cuts,
      (packets, damages, at) => {
        let bytes = [...encode(packets)];
        for (const one of damages) bytes = apply(bytes, one);
        const { parser, heard } = listen();
        pushInPieces(parser, Uint8Array.from(bytes), at);
        const sent = new Set(packets.map(toText));
        for (const one of heard) expect(sent.has(one)).toBe(true);
        expectEveryByteAccountedFor(parser, bytes.length);
      },
    ),
    { numRuns: 500 },
  );
});

test("after any noise, a frame with delimiters on both sides is understood", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), packet, cuts, (noise, one, at) => {
      const { parser, heard } = listen();
      const bytes = Buffer.concat([noise, encode([one])]);
      pushInPieces(parser, bytes, at);
      expect(heard).toEqual([toText(one)]);
      expectEveryByteAccountedFor(parser, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test("a frame that follows a half-sent one is understood", () => {
  fc.assert(
    fc.property(packet, packet, fc.nat(), (first, second, place) => {
      const whole = encode([first]);
      // Half: without its closing delimiter at least.
      const half = whole.subarray(0, place % (whole.length - 1));
      const { parser, heard } = listen();
      parser.push(Buffer.concat([half, encode([second])]));
      expect(heard.at(-1)).toBe(toText(second));
      if (half.length > 1 && half.length < whole.length - 1)
        expect(parser.counters).toMatchObject({ frames: 1, badFrames: 1, discardedBytes: half.length - 1 });
    }),
  );
});

test("an endless stretch without a delimiter is refused once it is longer than any frame, and counted", () => {
  const { parser, heard } = listen();
  const noise = new Uint8Array(1000).fill(0x55);
  let largest = 0;
  for (let round = 0; round < 100; round++) {
    parser.push(Uint8Array.from(noise));
    largest = Math.max(largest, parser.pendingBytes);
  }
  expect(largest).toBe(1000);
  expect(parser.counters).toMatchObject({ badFrames: 1, discardedBytes: 100_000 });
  const one = { type: 3, flags: 0, sequence: 9, payload: Uint8Array.of(1, 2, 3) };
  parser.push(encode([one]));
  expect(heard).toEqual([toText(one)]);
  expectEveryByteAccountedFor(parser, 100_000 + encode([one]).length);
});

test("a whole frame with a payload past 1,024 bytes is refused", () => {
  const { parser, heard } = listen();
  const oversized = new Uint8Array(maxEncodedBytes + 1).fill(1);
  parser.push(Buffer.concat([Buffer.from([0]), oversized, Buffer.from([0])]));
  expect(heard).toEqual([]);
  expect(parser.counters).toMatchObject({
    badFrames: 1,
    discardedBytes: maxEncodedBytes + 1,
    delimiterBytes: 2,
  });
  const encoder = createFrameEncoder();
  expect(() => encoder.encode(2, 0, 0, maxFramePayloadBytes + 1, Buffer.alloc(4000), 0)).toThrow(RangeError);
});

test("a reset in the middle of a frame discards the half and nothing else, even from inside the sink", () => {
  const packets = [1, 2, 3].map((type) => ({ type, flags: 0, sequence: type, payload: Uint8Array.of(type) }));
  const bytes = encode(packets);
  const { parser, heard } = listen();
  parser.push(bytes.subarray(0, 5));
  parser.reset();
  expect(parser.counters).toMatchObject({ badFrames: 1, discardedBytes: 4 });
  parser.push(encode(packets));
  expect(heard).toEqual(packets.map(toText));

  let frames = 0;
  const resetting: FrameParser = createFrameParser(() => {
    frames++;
    resetting.reset();
  });
  const again = encode(packets);
  resetting.push(again);
  expect(frames).toBe(1);
  expectEveryByteAccountedFor(resetting, again.length);
});
