import fc from "fast-check";
import { expect, test } from "vitest";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { decodeRecord, encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { openSealedBody, sealBody, sealBytes } from "../../../src/gateway/record/sealed-body.ts";

const bodies = fc.uint8Array({ maxLength: 300 });

test("what was sealed is opened as it was", () => {
  fc.assert(
    fc.property(bodies, (body) => {
      const sealed = sealBody(body);
      expect(sealed.length).toBe(body.length + sealBytes);
      expect(openSealedBody(sealed)).toEqual(body);
    }),
  );
});

test("a byte that was changed in the body is seen", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (body, place, change) => {
      fc.pre(body.length > 0);
      const sealed = sealBody(body);
      sealed[place % body.length]! ^= change;
      expect(openSealedBody(sealed)).toBeNull();
    }),
  );
});

test("what an older version wrote has no seal and is taken as it stands; an older version reads over a seal", () => {
  const record: UplinkRecord = { kind: "alert", id: "a", json: "{}" };
  const body = encodeRecord(record);
  expect(openSealedBody(body)).toEqual(body);
  expect(decodeRecord(sealBody(body))).toEqual(record);
});
