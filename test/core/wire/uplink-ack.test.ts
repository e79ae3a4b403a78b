import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { decodeUplinkAck, encodeUplinkAck, stepWatermark } from "../../../src/core/wire/uplink-ack.ts";

const envelope = (firstSequence: number, length: number, oldestSequence = 1) => ({
  firstSequence,
  oldestSequence,
  records: { length },
});

describe("the watermark of a lane", () => {
  test("moves over what follows without a hole", () => {
    expect(stepWatermark(0, envelope(1, 3))).toEqual({
      duplicates: 0,
      fresh: 3,
      missing: 0,
      hole: false,
      watermark: 3,
    });
    expect(stepWatermark(3, envelope(4, 1))).toMatchObject({ fresh: 1, watermark: 4 });
  });

  test("passes over duplicates, whole and in part, and never goes back", () => {
    expect(stepWatermark(5, envelope(1, 3))).toMatchObject({ duplicates: 3, fresh: 0, watermark: 5 });
    expect(stepWatermark(5, envelope(4, 4))).toMatchObject({ duplicates: 2, fresh: 2, watermark: 7 });
  });

  test("is not acknowledged past a hole", () => {
    expect(stepWatermark(5, envelope(7, 2))).toEqual({
      duplicates: 0,
      fresh: 0,
      missing: 0,
      hole: true,
      watermark: 5,
    });
  });

  test("does not wait for what the gateway no longer holds", () => {
    expect(stepWatermark(0, envelope(500, 2, 500))).toEqual({
      duplicates: 0,
      fresh: 2,
      missing: 499,
      hole: false,
      watermark: 501,
    });
    expect(stepWatermark(10, envelope(30, 2, 20))).toMatchObject({ hole: true, missing: 9, watermark: 19 });
  });

  test("stores every record once under any loss, repetition and order", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, total) => {
        const random = createRandom(seed);
        const stored: number[] = [];
        let watermark = 0;
        for (let round = 0; round < 20_000 && watermark < total; round++) {
          const first = 1 + random.integer(total);
          const length = 1 + random.integer(Math.min(8, total - first + 1));
          const step = stepWatermark(watermark, envelope(first, length));
          for (let i = 0; i < step.fresh; i++) stored.push(first + step.duplicates + i);
          expect(step.watermark).toBeGreaterThanOrEqual(watermark);
          watermark = step.watermark;
        }
        expect(stored).toEqual(Array.from({ length: total }, (_, index) => index + 1));
      }),
      { numRuns: 60 },
    );
  });
});

describe("the acknowledgement", () => {
  test("survives a round trip", () => {
    const ack = { bootId: "b", lane: "drift" as const, sequence: 9 };
    expect(decodeUplinkAck(encodeUplinkAck(ack))).toEqual({ ok: true, value: ack });
    const timed = { ...ack, timeMs: 1_800_000_000_000 };
    expect(decodeUplinkAck(encodeUplinkAck(timed))).toEqual({ ok: true, value: timed });
  });

  test("bad bytes are a value", () => {
    const bad = [
      "",
      "{",
      "[]",
      '{"bootId":"b","lane":"x","sequence":1}',
      '{"bootId":"b","lane":"raw","sequence":-1}',
    ];
    for (const text of bad) expect(decodeUplinkAck(new TextEncoder().encode(text)).ok).toBe(false);
    expect(decodeUplinkAck(new Uint8Array(5000)).ok).toBe(false);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof decodeUplinkAck(bytes).ok === "boolean"));
  });
});
