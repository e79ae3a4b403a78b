import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceMessageType } from "../../../firmware-bridge/messages/device-schema.ts";
import {
  createRawWindowDecoder,
  encodeRawWindow,
} from "../../../firmware-bridge/messages/raw-window-codec.ts";
import {
  headerBytes,
  maxFramePayloadBytes,
  maxMqttBytes,
  maxSamplesPerFrame,
} from "../../../firmware-bridge/protocol.ts";

const type = deviceMessageType("RawWindow");

/** What protobufjs makes of some bytes, in the contract's terms. */
function decodeByReflection(bytes: Uint8Array): Record<string, unknown> {
  const { channel, firstSample, timestampUs, shaftRpm, samples } = type.toObject(type.decode(bytes), {
    longs: Number,
    defaults: true,
  });
  const data = new DataView(samples.buffer, samples.byteOffset, samples.length);
  const counts = Array.from({ length: samples.length >> 1 }, (_, index) => data.getInt16(index * 2, true));
  // An unknown speed is left out, and an optional field that is absent has no default.
  return { channel, firstSample, timestampUs, shaftRpm: shaftRpm ?? Number.NaN, counts };
}

const decoder = createRawWindowDecoder(maxMqttBytes / 2);

function decodeByHand(bytes: Uint8Array): Record<string, unknown> | undefined {
  const message = decoder.decode(bytes, 0, bytes.length);
  if (message === undefined) return undefined;
  const { channel, firstSample, timestampUs, shaftRpm, counts } = message;
  return { channel, firstSample, timestampUs, shaftRpm, counts: [...counts] };
}

const window = fc.record({
  channel: fc.integer({ min: 0, max: 0xffffffff }),
  firstSample: fc.maxSafeNat(),
  timestampUs: fc.maxSafeNat(),
  shaftRpm: fc.float(),
  counts: fc.int16Array({ minLength: 1, maxLength: maxSamplesPerFrame }),
});

test("the hand-written encoder writes what protobufjs reads", () => {
  fc.assert(
    fc.property(window, ({ channel, firstSample, timestampUs, shaftRpm, counts }) => {
      const out = new Uint8Array(maxFramePayloadBytes);
      const length = encodeRawWindow(out, {
        type: "raw-window",
        channel,
        firstSample,
        timestampUs,
        shaftRpm,
        counts,
      });
      const read = decodeByReflection(out.subarray(0, length));
      expect(read).toEqual({ channel, firstSample, timestampUs, shaftRpm, counts: [...counts] });
      expect(decodeByHand(out.subarray(0, length))).toEqual(read);
    }),
  );
});

test("the hand-written decoder reads what protobufjs writes", () => {
  fc.assert(
    fc.property(window, fc.boolean(), ({ counts, ...fields }, hasSpeed) => {
      const { shaftRpm, ...rest } = fields;
      const samples = new Uint8Array(counts.buffer, counts.byteOffset, counts.byteLength);
      const bytes = type.encode({ ...rest, ...(hasSpeed ? { shaftRpm } : {}), samples }).finish();
      expect(decodeByHand(bytes)).toEqual({
        ...rest,
        shaftRpm: hasSpeed ? shaftRpm : Number.NaN,
        counts: [...counts],
      });
    }),
  );
});

test("a maximal window fits into a frame whatever its other fields are", () => {
  const counts = new Int16Array(maxSamplesPerFrame).fill(-1);
  const out = new Uint8Array(maxFramePayloadBytes);
  const largest = Number.MAX_SAFE_INTEGER;
  const length = encodeRawWindow(out, {
    type: "raw-window",
    channel: 0xffffffff,
    firstSample: largest,
    timestampUs: largest,
    shaftRpm: 1e30,
    counts,
  });
  expect(length).toBeLessThanOrEqual(maxFramePayloadBytes);
  expect(() =>
    encodeRawWindow(out, {
      type: "raw-window",
      channel: 0,
      firstSample: 0,
      timestampUs: 0,
      shaftRpm: 0,
      counts: new Int16Array(600).subarray(0, 600),
    }),
  ).toThrow(RangeError);
});

test("a field of a newer version is skipped, in any order, and the last of a repeated field counts", () => {
  const newer = Buffer.from("3205aabbccddee" + "388080808010" + "410102030405060708" + "4d01020304", "hex");
  const samples = Buffer.from("2a04ffff0100", "hex");
  const channelTwice = Buffer.from("08050807", "hex");
  const bytes = Buffer.concat([samples, newer, channelTwice]);
  expect(decodeByHand(bytes)).toMatchObject({ channel: 7, counts: [-1, 1] });
  expect(decodeByReflection(bytes)).toMatchObject({ channel: 7, counts: [-1, 1] });
});

test("the samples of two messages share memory: a view is valid only during the call", () => {
  const first = decoder.decode(Buffer.from("2a0201002a020300", "hex"), 0, 8)!;
  expect([...first.counts]).toEqual([3]);
  decoder.decode(Buffer.from("2a020900", "hex"), 0, 4);
  expect([...first.counts]).toEqual([9]);
});

test.each([
  ["nothing", ""],
  ["no samples", "0801"],
  ["half a sample", "2a03010203"],
  ["samples past the end", "2a040102"],
  ["a length past the end", "2affffffff0f01"],
  ["a truncated speed", "250000"],
  ["a truncated varint", "0880"],
  ["a varint of eleven bytes", "0880808080808080808080012a020100"],
  ["an index beyond 2^53", "108080808080808020" + "2a020100"],
  ["a channel beyond 32 bits", "088080808080012a020100"],
  ["field number 0", "00002a020100"],
  ["a group", "3b3c2a020100"],
])("a window with %s is refused", (_what, hex) => {
  expect(decodeByHand(Buffer.from(hex, "hex"))).toBeUndefined();
});

test("too many samples for the decoder's memory are refused", () => {
  const small = createRawWindowDecoder(2);
  expect(small.decode(Buffer.from("2a06000000000000", "hex"), 0, 8)).toBeUndefined();
});

test("whatever the bytes, the decoder neither throws nor sees what protobufjs does not", () => {
  const base = type
    .encode({
      channel: 1,
      firstSample: 300,
      timestampUs: 1.7e15,
      shaftRpm: 1500,
      samples: new Uint8Array(40),
    })
    .finish();
  let understood = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(base.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      fc.oneof(fc.constant(base.length), fc.nat(base.length)),
      fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 30 })),
      (changes, length, tail) => {
        const bytes = Uint8Array.from([...base.subarray(0, length), ...tail]);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const read = decodeByHand(bytes);
        if (read === undefined) return;
        understood++;
        const reference = decodeByReflection(bytes);
        expect(reference).toEqual(read);
      },
    ),
    { numRuns: 2000 },
  );
  expect(understood).toBeGreaterThan(200);
});

test("an MQTT message carries tens of thousands of samples", () => {
  const counts = Int16Array.from({ length: 32_000 }, (_, index) => index - 16_000);
  const out = new Uint8Array(maxMqttBytes - headerBytes);
  const length = encodeRawWindow(out, {
    type: "raw-window",
    channel: 0,
    firstSample: 0,
    timestampUs: 0,
    shaftRpm: Number.NaN,
    counts,
  });
  expect(decodeByHand(out.subarray(0, length))!.counts).toEqual([...counts]);
});
