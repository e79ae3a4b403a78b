import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCobsInPlace, encodeCobs } from "../../../firmware-bridge/framing/cobs.ts";
import { computeCrc32 } from "../../../firmware-bridge/framing/crc32.ts";

function encode(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 1 + Math.floor(data.length / 254));
  return out.subarray(0, encodeCobs(data, 0, data.length, out, 0));
}

function decode(encoded: Uint8Array): Uint8Array | undefined {
  const bytes = Uint8Array.from(encoded);
  const length = decodeCobsInPlace(bytes, 0, bytes.length);
  return length < 0 ? undefined : bytes.slice(1, 1 + length);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Data with runs around the 254-byte limit and with many or few zeros. */
const data: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.constantFrom(252, 253, 254, 255, 508, 509).map((length) => new Array<number>(length).fill(7)),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 300 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

// Examples of the COBS article in Wikipedia, which follow Cheshire & Baker (1999).
test.each<[string, number[], number[]]>([
  ["nothing", [], [1]],
  ["one zero", [0], [1, 1]],
  ["two zeros", [0, 0], [1, 1, 1]],
  ["a zero in front", [0, 0x11, 0], [1, 2, 0x11, 1]],
  ["a zero inside", [0x11, 0x22, 0, 0x33], [3, 0x11, 0x22, 2, 0x33]],
  ["no zero", [0x11, 0x22, 0x33, 0x44], [5, 0x11, 0x22, 0x33, 0x44]],
  ["trailing zeros", [0x11, 0, 0, 0], [2, 0x11, 1, 1, 1]],
  ["254 bytes without a zero", range(1, 254), [0xff, ...range(1, 254)]],
  ["a zero and 254 bytes", [0, ...range(1, 254)], [1, 0xff, ...range(1, 254)]],
  ["255 bytes without a zero", range(1, 255), [0xff, ...range(1, 254), 2, 0xff]],
  ["254 bytes and a zero", [...range(2, 255), 0], [0xff, ...range(2, 255), 1, 1]],
  ["253 bytes, a zero, one byte", [...range(3, 255), 0, 1], [0xfe, ...range(3, 255), 2, 1]],
])("COBS encodes and decodes %s as published", (_name, plain, encoded) => {
  expect([...encode(Uint8Array.from(plain))]).toEqual(encoded);
  expect([...decode(Uint8Array.from(encoded))!]).toEqual(plain);
});

test("COBS gives back what it was given, without a zero, and no longer than promised", () => {
  fc.assert(
    fc.property(data, (plain) => {
      const encoded = encode(plain);
      expect(encoded.includes(0)).toBe(false);
      expect(encoded.length).toBeLessThanOrEqual(plain.length + 1 + Math.floor(plain.length / 254));
      expect(decode(encoded)).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test("COBS accepts the superfluous last block that some encoders write after 254 bytes", () => {
  expect([...decode(Uint8Array.from([0xff, ...range(1, 254), 1]))!]).toEqual(range(1, 254));
});

test("COBS decoding of any bytes ends, stays within them, and says -1 when a block points past the end", () => {
  expect(decode(Uint8Array.from([5, 1, 2]))).toBeUndefined();
  expect(decode(Uint8Array.from([0]))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const guarded = new Uint8Array(bytes.length + 8).fill(0xa5);
      guarded.set(bytes, 4);
      decodeCobsInPlace(guarded, 4, 4 + bytes.length);
      expect([...guarded.subarray(0, 4), ...guarded.subarray(4 + bytes.length)]).toEqual(
        new Array(8).fill(0xa5),
      );
    }),
  );
});

test("the CRC is that of IEEE 802.3", () => {
  const check = new TextEncoder().encode("--123456789--");
  // The check value of CRC-32/ISO-HDLC in Greg Cook's catalogue of CRC algorithms.
  expect(computeCrc32(check, 2, 11)).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      let crc = 0xffffffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
      }
      expect(computeCrc32(bytes, 0, bytes.length)).toBe((crc ^ 0xffffffff) >>> 0);
    }),
  );
});
