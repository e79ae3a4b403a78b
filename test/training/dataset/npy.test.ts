import fc from "fast-check";
import { expect, test } from "vitest";
import { parseNpyHeader } from "../../../src/training/dataset/npy.ts";
import { encodeNpy } from "../../cli/score/recordings.ts";

const refusal = new Error("refused");
const parse = (bytes: Uint8Array): ReturnType<typeof parseNpyHeader> =>
  parseNpyHeader(bytes, () => {
    throw refusal;
  });

test("any header comes back as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }), fc.boolean(), (shape, fortran) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const bytes = encodeNpy(new Int16Array(count), shape, { fortran });
      const dataAt = bytes.length - 2 * count;
      expect(parse(bytes)).toEqual({ descr: "<i2", isFortran: fortran, shape, dataAt });
    }),
  );
});

test("every header that is cut off is refused", () => {
  const whole = encodeNpy(new Int16Array(0), [0]);
  for (let length = 0; length < whole.length; length++)
    expect(() => parse(whole.subarray(0, length))).toThrow(refusal);
});

test("random bytes never get past the checks", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      expect(() => parse(noise)).toThrow(refusal);
    }),
  );
});
