import { describe, expect, it } from "vitest";
import type { ByteTransport } from "../../../firmware-bridge/transports/byte-transport.ts";
import { createDisturbedTransport, type Disturbance } from "../../../src/cli/device/disturbed-transport.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const none: Disturbance = { bitErrorRate: 0, dropRate: 0, truncateRate: 0 };

/** Sends `frames` frames of 100 bytes in writes of five, and returns what passes. */
function pass(disturbance: Disturbance, frames: number, seed = 1): { sent: Buffer; passed: Buffer } {
  const passed: Buffer[] = [];
  const inner: ByteTransport = {
    name: "test",
    open: async () => {},
    write: (bytes) => passed.push(Buffer.from(bytes)) > 0,
    pauseReading: () => {},
    resumeReading: () => {},
    drop: () => {},
    close: async () => {},
  };
  const line = createDisturbedTransport(inner, disturbance, createRandom(seed));
  const frame = Buffer.concat([Buffer.from([0]), Buffer.alloc(98, 0x55), Buffer.from([0])]);
  const batch = Buffer.concat(Array.from({ length: 5 }, () => frame));
  for (let sent = 0; sent < frames; sent += 5) line.write(batch);
  return {
    sent: Buffer.concat(Array.from({ length: frames / 5 }, () => batch)),
    passed: Buffer.concat(passed),
  };
}

describe("createDisturbedTransport", () => {
  it("passes everything on a good line", () => {
    const { sent, passed } = pass(none, 50);
    expect(passed.equals(sent)).toBe(true);
  });

  it("inverts the given share of bits, the same ones for the same seed", () => {
    const { sent, passed } = pass({ ...none, bitErrorRate: 1e-3 }, 5000);
    expect(passed).toHaveLength(sent.length);
    let flipped = 0;
    for (let index = 0; index < sent.length; index++) {
      for (let bits = sent[index]! ^ passed[index]!; bits !== 0; bits &= bits - 1) flipped++;
    }
    // 4,000,000 bits: 4,000 expected, with a standard deviation of 63.
    expect(flipped).toBeGreaterThan(3_700);
    expect(flipped).toBeLessThan(4_300);
    expect(pass({ ...none, bitErrorRate: 1e-3 }, 5000).passed.equals(passed)).toBe(true);
    expect(pass({ ...none, bitErrorRate: 1e-3 }, 5000, 2).passed.equals(passed)).toBe(false);
  });

  it("loses whole frames", () => {
    const { passed } = pass({ ...none, dropRate: 0.2 }, 2000);
    expect(passed.length % 100).toBe(0);
    expect(passed.length / 100).toBeGreaterThan(1500);
    expect(passed.length / 100).toBeLessThan(1700);
  });

  it("cuts frames", () => {
    const { passed } = pass({ ...none, truncateRate: 0.5 }, 2000);
    expect(passed.length).toBeGreaterThan(140_000);
    expect(passed.length).toBeLessThan(160_000);
  });
});
