import { describe, expect, test } from "vitest";
import { decodeBackground, encodeBackground } from "../../../src/core/explain/background.ts";

const background = {
  rows: 2,
  features: 3,
  values: Float32Array.of(1, 2, 3, -4, 5.5, 6),
  weights: Float64Array.of(0.25, 0.75),
};

describe("the background codec", () => {
  test("gives back what was encoded", () => {
    expect(decodeBackground(encodeBackground(background))).toEqual(background);
  });

  test("writes the layout that it documents", () => {
    const hex = Buffer.from(encodeBackground(background)).toString("hex");
    expect(hex).toBe(
      "41555242" +
        "0100" +
        "0000" +
        "02000000" +
        "03000000" +
        "0000803f" +
        "00000040" +
        "00004040" +
        "000080c0" +
        "0000b040" +
        "0000c040" +
        "0000803e" +
        "0000403f",
    );
  });

  test("makes the float32 weights sum to 1 again", () => {
    const rows = 48;
    const weights = Float64Array.from({ length: rows }, () => 1 / rows);
    const decoded = decodeBackground(
      encodeBackground({ rows, features: 1, values: new Float32Array(rows), weights }),
    );
    expect(Math.abs(decoded.weights.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-15);
  });

  test("reads bytes that lie anywhere in a larger buffer", () => {
    const bytes = encodeBackground(background);
    const padded = new Uint8Array(bytes.length + 3);
    padded.set(bytes, 3);
    expect(decodeBackground(padded.subarray(3))).toEqual(background);
  });

  const change = (at: number, ...bytes: number[]): Uint8Array => {
    const changed = encodeBackground(background);
    changed.set(bytes, at);
    return changed;
  };
  const bad: Readonly<Record<string, Uint8Array>> = {
    "no bytes": new Uint8Array(0),
    "another magic": change(0, 0),
    "another version": change(4, 2),
    "reserved bytes in use": change(6, 1),
    "no rows": change(8, 0),
    "rows beyond its length": change(8, 3),
    "enormous sizes": change(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    "a byte more": Uint8Array.from([...encodeBackground(background), 0]),
    "a NaN": change(16, 0, 0, 0xc0, 0x7f),
    "an infinite value": change(16, 0, 0, 0x80, 0x7f),
    "a negative weight": change(43, 0xbf),
    "weights that do not sum to 1": change(40, 0, 0, 0, 0x3e),
  };
  test.each(Object.entries(bad))("refuses a background with %s as BUNDLE_FORMAT", (_what, bytes) => {
    expect(() => decodeBackground(bytes)).toThrow(expect.objectContaining({ code: "BUNDLE_FORMAT" }));
  });

  test("refuses a background that was cut short anywhere", () => {
    const bytes = encodeBackground(background);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeBackground(bytes.subarray(0, length))).toThrow("refused");
    }
  });

  test("does not write what it would not read", () => {
    const weights = Float64Array.of(0.5, 0.6);
    expect(() => encodeBackground({ ...background, weights })).toThrow("sum to");
    expect(() => encodeBackground({ ...background, features: 2 })).toThrow("do not make");
  });
});
