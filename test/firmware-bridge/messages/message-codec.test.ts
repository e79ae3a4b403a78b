import fc from "fast-check";
import { expect, test } from "vitest";
import { deviceMessageType } from "../../../firmware-bridge/messages/device-schema.ts";
import {
  decodeMessage,
  encodeMessage,
  packetTypeOf,
  type RareMessage,
} from "../../../firmware-bridge/messages/message-codec.ts";
import { maxFramePayloadBytes, packetTypes } from "../../../firmware-bridge/protocol.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { anyMessage } from "../any-message.ts";

const message = anyMessage.filter((one): one is RareMessage => one.type !== "raw-window");

function encode(one: RareMessage): Uint8Array {
  const out = new Uint8Array(maxFramePayloadBytes);
  return out.slice(0, encodeMessage(one, out));
}

test("every message comes back as it was", () => {
  fc.assert(
    fc.property(message, (one) => {
      const bytes = encode(one);
      expect(decodeMessage(packetTypeOf(one.type), bytes)).toEqual({ ok: true, value: one });
    }),
    { numRuns: 500 },
  );
});

test("a decoded message does not change when the buffer that it came from is used again", () => {
  const score = {
    type: "score",
    channel: 0,
    timestampUs: 0,
    modelVersion: "1",
    quantised: Uint8Array.of(1, 2),
  } as const;
  const bytes = Buffer.from(encode(score));
  const decoded = decodeMessage(packetTypes.score, bytes);
  bytes.fill(0xff);
  expect(decoded).toEqual({ ok: true, value: score });
});

test("a truncated or damaged payload is an error or a valid message, and never throws", () => {
  fc.assert(
    fc.property(
      message,
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      (one, length, changes) => {
        const bytes = encode(one);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        const end = length % (bytes.length + 1);
        const decoded = decodeMessage(packetTypeOf(one.type), bytes.subarray(0, end))!;
        if (!decoded.ok) expect(decoded.error.length).toBeGreaterThan(5);
        else expect(decoded.value.type).toBe(one.type);
      },
    ),
    { numRuns: 2000 },
  );
});

test("random bytes of every packet type never throw", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 31 }), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      const decoded = decodeMessage(type, bytes);
      if (type === 0 || type > 14 || type === packetTypes.rawWindow) expect(decoded).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test("a hello of another major version is read as far as both sides must understand it", () => {
  const hello = deviceMessageType("Hello");
  const bytes = hello
    .encode({
      protocolMajor: 3,
      deviceId: "new",
      firmware: "x".repeat(100),
      sessionId: 4,
      channels: [{ name: "" }],
    })
    .finish();
  expect(decodeMessage(packetTypes.hello, bytes)).toMatchObject({
    ok: true,
    value: { protocolMajor: 3, deviceId: "new", channels: [] },
  });
});

test("a hello with too many channels for a frame is an error that says what to do", () => {
  const channels = Array.from({ length: 60 }, (_, index) => ({
    name: `channel-${index}`,
    unit: "g",
    sampleRateHz: 12_000,
    scale: 0.001,
  }));
  const hello = {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 0,
    deviceId: "d",
    firmware: "f",
    sessionId: 1,
    channels,
  } as const;
  let caught: unknown;
  try {
    encode(hello);
  } catch (error) {
    caught = error;
  }
  expect(hasErrorCode(caught, "WIRE_FORMAT")).toBe(true);
  expect(caught).toMatchObject({ hint: expect.stringMatching(/fewer channels/) });
});
