import fc from "fast-check";
import { expect, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { parseNpy } from "../../../src/training/dataset/npy.ts";

/** Writes an array as numpy.save does (version 1.0). */
function encodeNpy(descr: string, shape: readonly number[], data: Uint8Array, order = "False"): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`;
  const header = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11, " ") + "\n";
  const bytes = new Uint8Array(10 + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(data, 10 + header.length);
  return bytes;
}

const codeOf = (bytes: Uint8Array): boolean => {
  try {
    parseNpy(bytes, "x.npy");
    return false;
  } catch (error) {
    return hasErrorCode(error, "DATA_FORMAT");
  }
};

test("any int16 matrix comes back as it was written", () => {
  fc.assert(
    fc.property(fc.int16Array({ minLength: 0, maxLength: 60 }), fc.constantFrom(1, 2, 3), (values, rows) => {
      const columns = Math.floor(values.length / rows);
      const data = values.slice(0, rows * columns);
      const array = parseNpy(encodeNpy("<i2", [rows, columns], new Uint8Array(data.buffer)), "x.npy");
      expect(array.shape).toEqual([rows, columns]);
      expect(array.data).toEqual(data);
    }),
  );
});

test("float64 and one-dimensional arrays are read", () => {
  const values = new Float64Array([1.5, -2, Number.MAX_VALUE]);
  const array = parseNpy(encodeNpy("<f8", [3], new Uint8Array(values.buffer)), "x.npy");
  expect(array.shape).toEqual([3]);
  expect(array.data).toEqual(values);
});

test("every truncation is refused", () => {
  const whole = encodeNpy("<i2", [2, 2], new Uint8Array(8));
  for (let length = 0; length < whole.length; length++) expect(codeOf(whole.subarray(0, length))).toBe(true);
});

test("Fortran order, pickled objects, big-endian numbers and impossible shapes are refused", () => {
  expect(codeOf(encodeNpy("<i2", [2, 2], new Uint8Array(8), "True"))).toBe(true);
  expect(codeOf(encodeNpy("|O", [1], new Uint8Array(8)))).toBe(true);
  expect(codeOf(encodeNpy(">i2", [1], new Uint8Array(2)))).toBe(true);
  expect(codeOf(encodeNpy("<i2", [1, 1, 1, 1, 1], new Uint8Array(2)))).toBe(true);
  expect(codeOf(encodeNpy("<i2", [999999999999, 999999999], new Uint8Array(8)))).toBe(true);
});

test("random bytes never get past the checks", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      expect(codeOf(noise)).toBe(true);
    }),
  );
});
