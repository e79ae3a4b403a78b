import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGolden, encodeGolden, type Golden } from "../../src/bundle/golden.ts";
import { sampleGolden } from "./sample-bundle.ts";

const float = fc.float({ noNaN: true });
const floats = (length: number): fc.Arbitrary<Float32Array> =>
  fc.array(float, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));

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
      cases: fc.array(
        fc.record({
          kind: fc.constantFrom("window" as const, "random" as const),
          features: floats(features),
          standardised: floats(features),
          logits: fc.uint8Array({ minLength: outputs, maxLength: outputs }),
          shares: floats(outputs * groups),
        }),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

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
        "0100" +
        "0200" +
        "0100" +
        "0200" +
        "01000000" + // header
        "00000000" +
        "0000003f" +
        "00008040" +
        "0000c03f" +
        "95bfd633" +
        "c8000000" + // case, logits 200
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

  it("allocates nothing for a header that promises too much", () => {
    const huge = sampleGolden.slice();
    new DataView(huge.buffer).setUint32(12, 0xffffffff, true);
    expect(() => decodeGolden(huge)).toThrow(/4294967295 cases/);
    new DataView(huge.buffer).setUint32(12, 4096, true);
    expect(() => decodeGolden(huge)).toThrow(/its header makes/);
  });

  it("refuses to encode cases of another shape", () => {
    const golden = decodeGolden(sampleGolden);
    const one = golden.cases[0]!;
    const withCase = (change: object): Golden => ({ ...golden, cases: [{ ...one, ...change }] });
    expect(() => encodeGolden(withCase({ logits: new Uint8Array(2) }))).toThrow(/2 logits/);
    expect(() => encodeGolden(withCase({ shares: new Float32Array(3) }))).toThrow(/3 shares/);
    expect(() => encodeGolden({ ...golden, cases: [] })).toThrow(/0 cases/);
  });
});
