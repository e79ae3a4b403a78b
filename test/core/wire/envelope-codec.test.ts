import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import type { UplinkEnvelope, UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { laneOfKind } from "../../../src/core/contract/uplink-record.ts";
import {
  assembleEnvelope,
  decodeUplinkEnvelope,
  encodeUplinkEnvelope,
} from "../../../src/core/wire/envelope-codec.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { uplinkDescriptor } from "../../../src/core/wire/uplink-descriptor.ts";
import { sampleRecords } from "../../support/uplink-samples.ts";

const repository = join(import.meta.dirname, "..", "..", "..");
const goldenFolder = join(repository, "test", "golden", "wire");

const proto = readFileSync(join(repository, "src", "core", "wire", "uplink.proto"), "utf8");

function envelopeOf(
  records: readonly UplinkRecord[],
  lane: UplinkEnvelope["lane"] = "update",
): UplinkEnvelope {
  return { gateway: "gw-1", bootId: "b00t", lane, firstSequence: 300, oldestSequence: 299, records };
}

test("the .proto text and the descriptor are the same schema", () => {
  expect(uplinkDescriptor).toEqual(protobuf.parse(proto).root.toJSON());
});

describe("golden bytes", () => {
  for (const record of sampleRecords) {
    test(`an envelope with a record of kind ${record.kind} has its published bytes`, () => {
      const envelope = envelopeOf([record], laneOfKind[record.kind]);
      const file = join(goldenFolder, `envelope-${record.kind}.hex`);
      const hex = Buffer.from(encodeUplinkEnvelope(envelope)).toString("hex");
      if (process.env.UPDATE_GOLDEN === "1" && !existsSync(file)) writeFileSync(file, `${hex}\n`);
      expect(hex).toBe(readFileSync(file, "utf8").trim());
      expect(decodeUplinkEnvelope(Buffer.from(hex, "hex"))).toEqual({ ok: true, value: envelope });
    });
  }
});

describe("decoding", () => {
  test("records of all kinds survive a round trip in one envelope", () => {
    const envelope = envelopeOf(sampleRecords);
    expect(decodeUplinkEnvelope(encodeUplinkEnvelope(envelope))).toEqual({ ok: true, value: envelope });
  });

  test("an envelope around already encoded records is the same as one encoded at once", () => {
    const envelope = envelopeOf(sampleRecords);
    expect(assembleEnvelope(envelope, sampleRecords.map(encodeRecord))).toEqual(
      encodeUplinkEnvelope(envelope),
    );
  });

  test("nothing decoded is a view on the input", () => {
    const bytes = encodeUplinkEnvelope(envelopeOf(sampleRecords));
    const decoded = decodeUplinkEnvelope(bytes);
    const before = structuredClone(decoded);
    bytes.fill(0xff);
    expect(decoded).toEqual(before);
  });

  test("a newer major is refused clearly, whatever follows", () => {
    const bytes = Uint8Array.of(8, 2, 0xff, 0xff);
    const padded = Uint8Array.of(8, 2, 26, 0);
    expect(decodeUplinkEnvelope(padded)).toMatchObject({ ok: false, error: { reason: "newer-major" } });
    expect(decodeUplinkEnvelope(bytes).ok).toBe(false);
  });

  test("a newer minor, unknown fields and unknown kinds of records are accepted, and keep their sequence", () => {
    const newer = proto
      .replace("Gap gap = 7;", "Gap gap = 7; Novelty novelty = 90;")
      .replace(
        "message Health {",
        "message Novelty { string what = 1; }\nmessage Health {\n  string colour = 77;",
      )
      .replace("uint32 major = 1;", "uint32 major = 1;\n  string mood = 99;");
    const type = protobuf.parse(newer).root.lookupType("aurora.uplink.v1.Envelope");
    const bytes = type
      .encode(
        type.fromObject({
          major: 1,
          minor: 9,
          mood: "fine",
          gateway: "gw",
          bootId: "b",
          lane: 2,
          firstSequence: 5,
          oldestSequence: 5,
          records: [
            { novelty: { what: "x" } },
            { health: { timeMs: 7, colour: "red" } },
            { update: { step: 200 } },
            { gap: { lane: 4, records: 2 } },
          ],
        }),
      )
      .finish();
    const decoded = decodeUplinkEnvelope(bytes);
    expect(decoded.ok && decoded.value.records.map((record) => record.kind)).toEqual([
      "event",
      "health",
      "event",
      "gap",
    ]);
    expect(decoded.ok && decoded.value.records[0]).toMatchObject({ name: "record.unknown" });
  });

  test("a record that breaks its bounds becomes an event and does not hold up the lane", () => {
    const type = protobuf.parse(proto).root.lookupType("aurora.uplink.v1.Envelope");
    const bytes = type
      .encode(
        type.fromObject({
          major: 1,
          gateway: "gw",
          bootId: "b",
          lane: 4,
          firstSequence: 1,
          oldestSequence: 1,
          records: [
            { predictionBatch: { rows: 3, startMs: 1, deltaMs: [1] } },
            { predictionBatch: { rows: 4_000_000_000 } },
            {
              predictionBatch: { rows: 1, windows: [1], shaftDeciRpm: [0], failureModes: ["a"], ...badShare },
            },
            { driftReport: { sketches: [{ counts: new Array(65).fill(1) }] } },
          ],
        }),
      )
      .finish();
    const decoded = decodeUplinkEnvelope(bytes);
    expect(decoded.ok && decoded.value.records.map((r) => r.kind === "event" && r.name)).toEqual(
      new Array(4).fill("record.invalid"),
    );
  });

  test("bytes and records are bounded before anything is built", () => {
    const large = new Uint8Array((1 << 20) + 1);
    expect(decodeUplinkEnvelope(large)).toMatchObject({ error: { reason: "too-large" } });
    const many = encodeUplinkEnvelope(envelopeOf(new Array(2001).fill(sampleRecords[0])));
    expect(decodeUplinkEnvelope(many)).toMatchObject({ error: { reason: "too-many-records" } });
  });

  test("impossible headers are refused", () => {
    const bad: Partial<UplinkEnvelope>[] = [
      { gateway: "a/b" },
      { gateway: "" },
      { bootId: "#" },
      { firstSequence: 0, oldestSequence: 0 },
      { firstSequence: 1, oldestSequence: 2 },
    ];
    for (const change of bad) {
      const bytes = encodeUplinkEnvelope({ ...envelopeOf([]), ...change });
      expect(decodeUplinkEnvelope(bytes)).toMatchObject({ ok: false, error: { reason: "invalid" } });
    }
  });

  test("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(typeof decodeUplinkEnvelope(bytes).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  test("a damaged or cut envelope never throws, and yields none but known kinds of records", () => {
    const good = encodeUplinkEnvelope(envelopeOf(sampleRecords));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bytes = cut ? good.slice(0, at) : good.slice();
          if (!cut) bytes[at]! ^= flip;
          const decoded = decodeUplinkEnvelope(bytes);
          if (decoded.ok)
            for (const record of decoded.value.records) expect(record.kind).toBeTypeOf("string");
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const badShare = { meanPerMille: [1001], maxPerMille: [1] };
