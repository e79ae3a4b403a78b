import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { medianInPlace } from "../../../src/core/maths/select.ts";
import { createScriptSpectrumKernel, type SpectrumKernel } from "../../../src/core/maths/spectrum-kernel.ts";
import { createVectorSpectrumKernel, shareSpectrumKernel } from "../../../src/core/maths/spectrum-vectors.ts";

const sizes = [16, 32, 64, 256, 2048];
const kernels = new Map(
  sizes.map((size) => {
    return [size, { script: createScriptSpectrumKernel(size), vectors: createVectorSpectrumKernel(size)! }];
  }),
);
const size = fc.constantFrom(...sizes);

test("vectors and JavaScript agree on every bit of amplitudes, medians and ridges, whatever the signal", () => {
  const level = fc.constantFrom(0, 1e-320, 1e-200, 1e-9, 1, 1e6, 1e160, 1e308, Number.NaN);
  const wild = fc.constantFrom(0, 1e12, Number.NaN, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(size, level, wild, fc.integer(), (length, scale, outlier, seed) => {
      const random = createRandom(seed);
      const { script, vectors } = kernels.get(length)!;
      for (let index = 0; index < length; index++) script.input[index] = random.normal() * scale;
      script.input[Math.floor(random.uniform() * length)]! += outlier;
      vectors.input.set(script.input);
      script.transform();
      vectors.transform();
      expect(vectors.amplitudes).toEqual(script.amplitudes);
      expect(vectors.input).toEqual(script.input);
      for (let ranges = 0; ranges < 8; ranges++) {
        const from = Math.floor((random.uniform() * length) / 2);
        const to = from + 1 + Math.floor(random.uniform() * (length / 2 + 1 - from));
        expect(vectors.median(from, to)).toBe(script.median(from, to));
      }
      expect(vectors.amplitudes).toEqual(script.amplitudes);
      for (const share of [0, 0.2, 1]) {
        const passedOver = Uint8Array.from(script.amplitudes, () => (random.uniform() < share ? 1 : 0));
        expect(vectors.ridge(passedOver)).toEqual(script.ridge(passedOver));
      }
    }),
    { numRuns: 150 },
  );
});

/** Amplitudes that no transform gave. */
function put(kernel: SpectrumKernel, values: readonly number[]): void {
  kernel.amplitudes.fill(7);
  kernel.amplitudes.set(values, 3);
}

test("a median is that of a selection: equal values, zeros, large ones among small ones, odd and even numbers", () => {
  const vectors = createVectorSpectrumKernel(2048)!;
  const value = fc.oneof(
    fc.constantFrom(0, Number.MIN_VALUE, 1, 1 + Number.EPSILON, 2, 1e300, Number.MAX_VALUE),
    fc.double({ min: 0, max: 4, noNaN: true }),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
      put(vectors, values);
      const expected = medianInPlace(Float64Array.from(values), values.length);
      expect(vectors.median(3, 3 + values.length)).toBe(expected);
      expect([...vectors.amplitudes.subarray(3, 3 + values.length)]).toEqual(values);
      expect(vectors.amplitudes[3 + values.length]).toBe(7);
    }),
    { numRuns: 500 },
  );
});

test("values that grow by powers of ten take no more counts than there are values", () => {
  const vectors = createVectorSpectrumKernel(2048)!;
  const values = Array.from({ length: 301 }, (_, index) => 10 ** (index - 150));
  put(vectors, values);
  expect(vectors.median(3, 304)).toBe(1);
});

test("a ridge is the largest of three, but for those that are passed over", () => {
  for (const kernel of [createScriptSpectrumKernel(16), createVectorSpectrumKernel(16)!]) {
    kernel.amplitudes.set([5, 1, 2, 3, Number.NaN, 4, 0, 0, 9]);
    const passedOver = Uint8Array.of(0, 0, 0, 1, 0, 0, 1, 0, 0);
    expect([...kernel.ridge(passedOver)]).toEqual([5, 5, 2, 2, 4, 4, 4, 9, 9]);
    expect([...kernel.ridge(new Uint8Array(9).fill(1))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...kernel.ridge(passedOver)]).toEqual([5, 5, 2, 2, 4, 4, 4, 9, 9]);
  }
});

test("a short transform stays in JavaScript, and no other length is taken", () => {
  expect(createVectorSpectrumKernel(8)).toBeNull();
  expect(shareSpectrumKernel(8).amplitudes.length).toBe(5);
  for (const wrong of [0, 12, 2 ** 21]) expect(() => shareSpectrumKernel(wrong)).toThrow(RangeError);
});
