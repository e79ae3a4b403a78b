/** Any message of the protocol that its sender may send, for property tests. */
import fc from "fast-check";
import type { DeviceMessage } from "../../src/core/contract/device/device-message.ts";

const uint32 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 0xffff_ffff),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
const count = fc.oneof(uint32, fc.maxSafeNat());
const sessionId = fc.integer({ min: 1, max: 0xffff_ffff });
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: "binary", minLength, maxLength })
    // The device's texts end with a zero.
    .filter(
      (value) =>
        !value.includes("\0") &&
        Buffer.from(value).toString() === value &&
        Buffer.byteLength(value) <= maxLength,
    );
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
const digest = bytes(32, 32);
const order = fc.float({ min: 0.5, max: 60, noNaN: true });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** Arbitraries by type; what may be left out is, at times. */
export const anyMessageOf: { readonly [T in DeviceMessage["type"]]: fc.Arbitrary<object> } = {
  hello: fc.record({
    protocolMajor: fc.constant(1),
    protocolMinor: fc.integer({ min: 0, max: 200 }),
    deviceId: id,
    firmware: text(0, 64),
    sessionId,
    channels: fc.uniqueArray(
      fc.record({
        name: text(1, 20),
        unit: text(0, 8),
        sampleRateHz: fc.double({ min: 0, max: 1e9, noNaN: true }),
        scale: fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
      }),
      { maxLength: 4, selector: ({ name }) => name },
    ),
    modelVersion: optional(text(1, 63)),
    modelSha256: optional(digest),
    securityCounter: optional(sessionId),
    maxPayloadBytes: optional(fc.integer({ min: 256, max: 1024 })),
  }),
  "raw-window": fc.record({
    channel: fc.integer({ min: 0, max: 255 }),
    firstSample: count,
    timestampUs: count,
    shaftRpm: fc.oneof(float, fc.constant(Number.NaN)),
    counts: fc.int16Array({ minLength: 1, maxLength: 496 }),
  }),
  reading: fc.record({ channel: uint32, timestampUs: count, value: fc.double({ noNaN: true }) }),
  score: fc.record({
    channel: uint32,
    timestampUs: count,
    modelVersion: text(1, 63),
    quantised: bytes(1, 16),
    group: optional(fc.record({ firstSample: count, sampleCount: sessionId, shaftRpm: order })),
    inputs: optional(bytes(1, 64)),
  }),
  health: fc.record({
    uptimeMs: count,
    droppedSamples: count,
    discardedBytes: count,
    badFrames: count,
    refusedPackets: optional(count.filter((value) => value > 0)),
    lostPackets: optional(count.filter((value) => value > 0)),
    scores: optional(count.filter((value) => value > 0)),
    abandonedWindows: optional(count.filter((value) => value > 0)),
  }),
  config: fc.record({
    mode: fc.constantFrom("raw", "edge", "both"),
    sessionId,
    rawSamples: optional(sessionId),
    alarmRawSamples: optional(sessionId),
    bearing: optional(fc.record({ bpfo: order, bpfi: order, bsf: order, ftf: order })),
  }),
  ack: fc.record({ sequence: fc.integer({ min: 0, max: 0xffff }), room: optional(sessionId) }),
  nack: fc.record({ sequence: fc.integer({ min: 0, max: 0xffff }), reason: text(0, 60) }),
  "model-begin": fc.record({
    transferId: sessionId,
    name: text(1, 63),
    version: text(1, 63),
    sizeBytes: sessionId,
    sha256: digest,
    securityCounter: uint32,
    mac: digest,
  }),
  "model-chunk": fc.record({ transferId: sessionId, offset: uint32, data: bytes(1, 192) }),
  "model-commit": fc.record({ transferId: sessionId }),
  "model-probe": fc.record({ transferId: sessionId, index: uint32, inputs: bytes(1, 64) }),
  "model-confirm": fc.record({
    transferId: sessionId,
    outcome: fc.constantFrom("confirmed", "reverted"),
  }),
  "model-status": fc.record({
    transferId: sessionId,
    state: fc.constantFrom("receiving", "trial", "confirmed", "reverted", "refused"),
    nextOffset: uint32,
    group: optional(fc.record({ probe: uint32, outputs: bytes(1, 16) })),
    reason: fc.integer({ min: 0, max: 11 }),
  }),
};

/** Any message. */
export const anyMessage: fc.Arbitrary<DeviceMessage> = fc
  .constantFrom(...(Object.keys(anyMessageOf) as DeviceMessage["type"][]))
  .chain((type) =>
    anyMessageOf[type].map((fields) => {
      const { group, ...rest } = fields as Record<string, unknown>;
      const entries = Object.entries({ type, ...rest, ...(group as object | undefined) });
      return Object.fromEntries(
        entries.filter(([, value]) => value !== undefined),
      ) as unknown as DeviceMessage;
    }),
  );
