import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeStepValue, encodeStepValue } from "../../../src/training/pipeline/step-codec.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.float32Array({ maxLength: 9 }),
  fc.int8Array({ maxLength: 9 }),
  fc.uint8Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => !key.startsWith("$") && key !== "__proto__"),
      tie("any"),
      {
        maxKeys: 4,
        noNullPrototype: true,
      },
    ),
  ),
})).any;

test("what a step hands on comes back exactly, down to NaN and minus zero", () => {
  fc.assert(
    fc.property(value, (each) => {
      const bytes = encodeStepValue(each);
      expect(decodeStepValue(bytes)).toStrictEqual(each);
      expect(Buffer.from(encodeStepValue(decodeStepValue(bytes))).equals(bytes)).toBe(true);
    }),
  );
});

test("an array that is a view of a larger one brings its own part only", () => {
  const view = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  expect(decodeStepValue(encodeStepValue({ view }))).toStrictEqual({ view: Float32Array.of(2, 3) });
});

test("what has no form is refused, and so are foreign and shortened bytes", () => {
  for (const each of [new Map(), () => 1, 1n, { $array: 1 }, new Date(0)]) {
    expect(() => encodeStepValue(each)).toThrow(TypeError);
  }
  const bytes = encodeStepValue([new Float64Array(4)]);
  expect(() => decodeStepValue(bytes.subarray(0, bytes.length - 8))).toThrow(TypeError);
  expect(() => decodeStepValue(new Uint8Array(40))).toThrow(TypeError);
});
