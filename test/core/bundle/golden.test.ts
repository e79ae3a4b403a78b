import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeGolden,
  encodeGolden,
  type Golden,
  type GoldenCase,
  maxGoldenBytes,
} from "../../../src/core/bundle/golden.ts";
import { type GoldenWindow, maxGoldenSamples } from "../../../src/core/bundle/golden-window.ts";
import { sampleGolden } from "./sample-bundle.ts";

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const floats = (length: number): fc.Arbitrary<Float32Array> =>
  fc.array(float, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

const windows: fc.Arbitrary<GoldenWindow> = fc.record({
  sampleRateHz: between(100, 1_000_000),
  shaftRpm: between(1, 600),
  bearing: fc.record({
    bpfo: between(0.5, 60),
    bpfi: between(0.5, 60),
    bsf: between(0.3, 60),
    ftf: between(0.05, 0.95),
  }),
  scale: fc.float({ min: Math.fround(1e-6), max: 1, noNaN: true }),
  counts: fc.int16Array({ minLength: 1, maxLength: 40 }),
});

const cases = (features: number, outputs: number, groups: number): fc.Arbitrary<GoldenCase> => {
  const outcome = {
    standardised: floats(features),
    logits: fc.uint8Array({ minLength: outputs, maxLength: outputs }),
    shares: floats(outputs * groups),
  };
  return fc.oneof(
    fc.record({ kind: fc.constant("random" as const), ...outcome }),
    fc.record({
      kind: fc.constant("window" as const),
      window: windows,
      features: floats(features),
      ...outcome,
    }),
  );
};

const goldens: fc.Arbitrary<Golden> = fc
  .record({
    features: fc.integer({ min: 1, max: 9 }),
    outputs: fc.integer({ min: 1, max: 6 }),
    groups: fc.integer({ min: 0, max: 4 }),
  })
  .chain(({ features, outputs, groups }) =>
    fc.record({
      features: fc.constant(features),
      outputs: fc.constant(outputs),
      groups: fc.constant(groups),
      cases: fc.array(cases(features, outputs, groups), { minLength: 1, maxLength: 5 }),
    }),
  );

/** The same bytes with the checksum that they should have. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const end = copy.length - 4;
  new DataView(copy.buffer).setUint32(end, crc32(copy.subarray(0, end)), true);
  return copy;
}

/** Offsets in {@link sampleGolden}. */
const at = { case: 16, window: 20, samples: 72, counts: 76, features: 84, logits: 100 } as const;

function changed(change: (view: DataView) => void): Uint8Array {
  const bytes = sampleGolden.slice();
  change(new DataView(bytes.buffer));
  return sealed(bytes);
}

describe("golden.bin", () => {
  it("gives back every bit of what was put in", () => {
    fc.assert(
      fc.property(goldens, (golden) => {
        const bytes = encodeGolden(golden);
        expect(decodeGolden(bytes)).toEqual(golden);
        // Also from a view that is not aligned, as a tar gives it.
        const shifted = new Uint8Array(bytes.length + 1);
        shifted.set(bytes, 1);
        expect(decodeGolden(shifted.subarray(1))).toEqual(golden);
      }),
    );
  });

  it("has the published layout", () => {
    expect(Buffer.from(sampleGolden).toString("hex")).toBe(
      "41474c44" +
        "0200" +
        "0200" +
        "0100" +
        "0200" +
        "01000000" + // header
        "00000000" + // kind
        "000000000070c740" +
        "0000000000149c40" +
        "0000000000000c40" +
        "0000000000001640" +
        "0000000000001340" +
        "000000000000d83f" +
        "0000003f" +
        "03000000" +
        "0100feffff7f0000" + // window: rate, speed, orders, scale, samples, counts
        "0000003f" +
        "00008040" +
        "0000c03f" +
        "95bfd633" +
        "c8000000" + // logits 200
        "0000803e" +
        "000000bf" +
        Buffer.from(sampleGolden.subarray(-4)).toString("hex"), // shares, CRC
    );
  });

  it("refuses every changed byte and every cut", () => {
    for (let index = 0; index < sampleGolden.length; index++) {
      const changed = sampleGolden.slice();
      changed[index] = changed[index]! ^ 0x10;
      expect(() => decodeGolden(changed), `byte ${index}`).toThrow(/golden\.bin/);
      expect(() => decodeGolden(sampleGolden.subarray(0, index)), `cut at ${index}`).toThrow(/golden\.bin/);
    }
  });

  it("refuses or reads to the bit whatever has a right checksum", () => {
    const mutation = fc.record({
      golden: goldens,
      hits: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      cut: fc.oneof(fc.constant(0), fc.nat({ max: 80 })),
    });
    fc.assert(
      fc.property(mutation, ({ golden, hits, cut }) => {
        const whole = encodeGolden(golden);
        const bytes = whole.slice(0, Math.max(4, whole.length - cut));
        for (const [place, flip] of hits) {
          const index = place % bytes.length;
          bytes[index] = bytes[index]! ^ flip;
        }
        const odd = sealed(bytes);
        let read: Golden;
        try {
          read = decodeGolden(odd);
        } catch (error) {
          expect(error).toMatchObject({ code: "BUNDLE_FORMAT" });
          return;
        }
        expect(encodeGolden(read)).toEqual(odd);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses version 1, which held no windows", () => {
    expect(() => decodeGolden(changed((view) => view.setUint16(4, 1, true)))).toThrow(
      /has version 1, expected 2/,
    );
  });

  it.each<[string, (view: DataView) => void, RegExp]>([
    ["an unknown kind", (view) => view.setUint8(at.case, 2), /unknown kind 2/],
    ["padding of the kind", (view) => view.setUint8(at.case + 3, 1), /unknown kind/],
    ["a rate of nothing", (view) => view.setFloat64(at.window, 0, true), /0 sampleRateHz/],
    [
      "a rate that is not a number",
      (view) => view.setFloat64(at.window, Number.NaN, true),
      /NaN sampleRateHz/,
    ],
    ["a shaft at rest", (view) => view.setFloat64(at.window + 8, 0, true), /at 0 rpm/],
    ["an implausible shaft", (view) => view.setFloat64(at.window + 8, 72_001, true), /at most 72000/],
    ["an impossible bearing", (view) => view.setFloat64(at.window + 40, 1.5, true), /bearing: ftf/],
    ["a scale of nothing", (view) => view.setFloat32(at.window + 48, 0, true), /scale 0/],
    [
      "an infinite scale",
      (view) => view.setFloat32(at.window + 48, Number.POSITIVE_INFINITY, true),
      /scale Infinity/,
    ],
    ["no samples", (view) => view.setUint32(at.samples, 0, true), /0 samples/],
    ["too many samples", (view) => view.setUint32(at.samples, maxGoldenSamples + 1, true), /262145 samples/],
    ["more samples than there are", (view) => view.setUint32(at.samples, 100, true), /ends inside a window/],
    ["one sample more", (view) => view.setUint32(at.samples, 5, true), /golden\.bin/],
    ["padding of the counts", (view) => view.setUint8(at.counts + 6, 1), /between a window/],
    ["a feature that is not a number", (view) => view.setFloat32(at.features, Number.NaN, true), /holds NaN/],
    ["padding of the logits", (view) => view.setUint8(at.logits + 3, 1), /between logits and shares/],
    ["two cases where one is", (view) => view.setUint32(12, 2, true), /golden\.bin/],
  ])("refuses %s", (_, change, message) => {
    expect(() => decodeGolden(changed(change))).toThrow(message);
  });

  it("refuses bytes behind the last case, and a file that is too large", () => {
    const longer = new Uint8Array(sampleGolden.length + 4);
    longer.set(sampleGolden);
    expect(() => decodeGolden(sealed(longer))).toThrow(/4 bytes behind/);
    expect(() => decodeGolden(new Uint8Array(maxGoldenBytes + 1))).toThrow(/at most 8388608/);
  });

  it("allocates nothing for a header that promises too much", () => {
    const huge = sampleGolden.slice();
    new DataView(huge.buffer).setUint32(12, 0xffffffff, true);
    expect(() => decodeGolden(huge)).toThrow(/4294967295 cases/);
    new DataView(huge.buffer).setUint32(12, 4096, true);
    expect(() => decodeGolden(huge)).toThrow(/its header makes/);
  });

  it("refuses to encode cases of another shape or out of bounds", () => {
    const golden = decodeGolden(sampleGolden);
    const one = golden.cases[0];
    if (one?.kind !== "window") throw new Error("the first sample case is a window");
    const withCase = (change: object): Golden => ({ ...golden, cases: [{ ...one, ...change }] });
    const withWindow = (change: object): Golden => withCase({ window: { ...one.window, ...change } });
    expect(() => encodeGolden(withCase({ logits: new Uint8Array(2) }))).toThrow(/2 logits/);
    expect(() => encodeGolden(withCase({ shares: new Float32Array(3) }))).toThrow(/3 shares/);
    expect(() => encodeGolden(withCase({ features: Float32Array.of(1, Number.NaN) }))).toThrow(/holds NaN/);
    expect(() => encodeGolden({ ...golden, cases: [] })).toThrow(/0 cases/);
    expect(() => encodeGolden(withWindow({ scale: 0.1 }))).toThrow(/expected a float32/);
    expect(() => encodeGolden(withWindow({ counts: new Int16Array(0) }))).toThrow(/0 samples/);
    const longest = withWindow({ counts: new Int16Array(maxGoldenSamples) });
    expect(decodeGolden(encodeGolden(longest))).toEqual(longest);
    const tooLarge = { ...longest, cases: Array.from({ length: 16 }, () => longest.cases[0]!) };
    expect(() => encodeGolden(tooLarge)).toThrow(/at most 8388608/);
    expect(() => encodeGolden(withWindow({ counts: new Int16Array(maxGoldenSamples + 1) }))).toThrow(
      /262145 samples/,
    );
  });
});
