import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDecimator } from "../../../src/core/maths/decimator.ts";
import { besselI0, designLowPassFir } from "../../../src/core/maths/filter-design.ts";
import {
  computeLagProducts,
  filterPredictionError,
  solveLevinsonDurbin,
} from "../../../src/core/maths/levinson.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createRealFft } from "../../../src/core/maths/real-fft.ts";
import { medianInPlace, quantileInPlace, selectInPlace } from "../../../src/core/maths/select.ts";

/** Made by scripts/vectors/signal_features.py. */
const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/signal-features.json", import.meta.url), "utf8"),
);
const small: readonly number[] = vectors.small;

function expectClose(actual: ArrayLike<number>, expected: readonly number[], digits = 10): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, digits);
}

describe("the real FFT", () => {
  it("agrees with numpy", () => {
    const real = new Float64Array(33);
    const imag = new Float64Array(33);
    createRealFft(64).forward(Float64Array.from(small), real, imag);
    expectClose(real, vectors.rfft.real);
    expectClose(imag, vectors.rfft.imag);
  });

  it("puts a cosine into its one bin", () => {
    const size = 256;
    const fft = createRealFft(size);
    const real = new Float64Array(size / 2 + 1);
    const imag = new Float64Array(size / 2 + 1);
    for (const bin of [0, 1, 17, 127, 128]) {
      fft.forward(
        Float64Array.from({ length: size }, (_, n) => Math.cos((2 * Math.PI * bin * n) / size)),
        real,
        imag,
      );
      const height = bin === 0 || bin === 128 ? size : size / 2;
      for (let k = 0; k <= size / 2; k++) {
        expect(real[k]).toBeCloseTo(k === bin ? height : 0, 9);
        expect(imag[k]).toBeCloseTo(0, 9);
      }
    }
  });

  it("keeps energy (Parseval) and is linear at every size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer(), (power, seed) => {
        const size = 2 ** power;
        const random = createRandom(seed);
        const a = Float64Array.from({ length: size }, () => random.normal());
        const real = new Float64Array(size / 2 + 1);
        const imag = new Float64Array(size / 2 + 1);
        createRealFft(size).forward(a, real, imag);
        let energy = 0;
        for (let k = 0; k <= size / 2; k++) {
          energy += (k === 0 || k === size / 2 ? 1 : 2) * (real[k]! ** 2 + imag[k]! ** 2);
        }
        expect(energy / size).toBeCloseTo(
          a.reduce((sum, value) => sum + value * value, 0),
          8,
        );
      }),
      { numRuns: 30 },
    );
  });

  it("refuses sizes that are no power of two", () => {
    for (const size of [0, 1, 2, 3, 100, 2.5, -8, 2 ** 21])
      expect(() => createRealFft(size)).toThrow(RangeError);
  });
});

describe("order statistics", () => {
  it("agree with numpy", () => {
    for (const [probability, value] of vectors.quantiles) {
      expect(quantileInPlace(Float64Array.from(small), 64, probability)).toBeCloseTo(value, 12);
    }
    expect(medianInPlace(Float64Array.from(small), 63)).toBe(vectors.medianOfFirst63);
  });

  it("agree with sorting for any values", () => {
    const values = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 })), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(values, fc.nat(), (list, seed) => {
        const rank = seed % list.length;
        const sorted = Float64Array.from(list).sort();
        expect(selectInPlace(Float64Array.from(list), list.length, rank)).toBeCloseTo(sorted[rank]!, 12);
      }),
    );
  });

  it("refuse what has no answer", () => {
    expect(() => selectInPlace(new Float64Array(3), 3, 3)).toThrow(RangeError);
    expect(() => medianInPlace(new Float64Array(3), 0)).toThrow(RangeError);
    expect(() => quantileInPlace(new Float64Array(3), 3, 1.1)).toThrow(RangeError);
  });
});

/** The lag products of a signal that was silent before it began. */
function computeAutocorrelation(x: Float64Array, order: number, out: Float64Array): void {
  const padded = new Float64Array(order + x.length);
  padded.set(x, order);
  computeLagProducts(padded, order, padded.length, order, out);
}

describe("linear prediction", () => {
  const x = Float64Array.from(small);

  it("agrees with SciPy's Toeplitz solver and lfilter", () => {
    const r = new Float64Array(7);
    const a = new Float64Array(7);
    computeAutocorrelation(x, 6, r);
    expectClose(r, vectors.autocorrelation, 8);
    const share = solveLevinsonDurbin(r, 6, a, new Float64Array(7));
    expectClose(a, vectors.linearPrediction.coefficients);
    expect(share).toBeCloseTo(vectors.linearPrediction.errorShare, 12);
    const residual = new Float64Array(58);
    filterPredictionError(x, 6, 64, a, 6, residual);
    expectClose(residual, vectors.linearPrediction.residual, 8);
  });

  it("finds the coefficients of an autoregressive process", () => {
    const random = createRandom(5);
    const process = new Float64Array(200_000);
    for (let n = 2; n < process.length; n++) {
      process[n] = 1.2 * process[n - 1]! - 0.7 * process[n - 2]! + random.normal();
    }
    const r = new Float64Array(3);
    const a = new Float64Array(3);
    computeAutocorrelation(process, 2, r);
    solveLevinsonDurbin(r, 2, a, new Float64Array(3));
    expect(a[1]).toBeCloseTo(-1.2, 2);
    expect(a[2]).toBeCloseTo(0.7, 2);
  });

  it("gives lag products that add up over consecutive ranges", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 63 }), (order, middle) => {
        const [first, second, whole] = [0, 1, 2].map(() => new Float64Array(order + 1)) as [
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        computeLagProducts(x, 10, middle, order, first);
        computeLagProducts(x, middle, 64, order, second);
        computeLagProducts(x, 10, 64, order, whole);
        for (let lag = 0; lag <= order; lag++) {
          expect(first[lag]! + second[lag]!).toBeCloseTo(whole[lag]!, 6);
          let sum = 0;
          for (let n = 10; n < 64; n++) sum += x[n]! * x[n - lag]!;
          expect(whole[lag]).toBeCloseTo(sum, 6);
        }
      }),
    );
  });

  it("stays usable for signals without energy or without error", () => {
    const scratch = new Float64Array(5);
    const a = new Float64Array(5);
    expect(solveLevinsonDurbin(new Float64Array(5), 4, a, scratch)).toBe(0);
    expect([...a]).toEqual([1, 0, 0, 0, 0]);
    solveLevinsonDurbin(Float64Array.of(1, 1, 1, 1, 1), 4, a, scratch);
    expect(a.every(Number.isFinite)).toBe(true);
    solveLevinsonDurbin(Float64Array.of(1, 5, -9, 3, 2), 4, a, scratch);
    expect(a.every(Number.isFinite)).toBe(true);
    solveLevinsonDurbin(Float64Array.of(1, Number.NaN, 0, 0, 0), 4, a, scratch);
    expect([...a]).toEqual([1, 0, 0, 0, 0]);
  });
});

describe("filter design", () => {
  it("agrees with SciPy's firwin and i0", () => {
    expectClose(designLowPassFir(25, 0.45, 5), vectors.firwin.kaiser5, 12);
    expectClose(designLowPassFir(16, 0.2, 8), vectors.firwin.even, 12);
    for (const [x, value] of vectors.besselI0) expect(besselI0(x) / value).toBeCloseTo(1, 12);
  });

  it("refuses cutoffs outside the band and no coefficients", () => {
    for (const cutoff of [0, 1, -0.1, Number.NaN]) {
      expect(() => designLowPassFir(5, cutoff, 5)).toThrow(RangeError);
    }
    expect(() => designLowPassFir(0, 0.5, 5)).toThrow(RangeError);
  });
});

describe("the decimator", () => {
  it("is the plain convolution, every factor-th value, however the input is split", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.nat(20),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (factor, more, splits) => {
          const length = factor + more;
          const random = createRandom(length);
          const taps = Int16Array.from({ length }, () => random.integer(2000) - 1000);
          const input = Int16Array.from({ length: 200 }, () => random.integer(2000) - 1000);
          const expected: number[] = [];
          for (let end = length - 1; end < 200; end += factor) {
            let sum = 0;
            for (let tap = 0; tap < length; tap++) sum += (taps[tap]! / 2 ** 15) * input[end - tap]! * 0.5;
            expected.push(sum);
          }
          const decimator = createDecimator({ taps, factor });
          const out = new Float64Array(400);
          let written = 0;
          let from = 0;
          for (const split of [...splits.sort((a, b) => a - b), 200]) {
            const run = { counts: input, from, to: split, scale: 0.5 };
            written += decimator.push(run, { out, at: written });
            from = split;
          }
          expectClose(out.subarray(0, written), expected, 6);
        },
      ),
    );
  });

  it("refuses taps whose sums would leave 32 bits", () => {
    const taps = Int16Array.of(32_767, 32_767, 2);
    expect(() => createDecimator({ taps, factor: 2 })).toThrow(RangeError);
    taps[2] = 1;
    const out = new Float64Array(2);
    const counts = Int16Array.of(-32_768, -32_768, -32_768);
    expect(
      createDecimator({ taps, factor: 2 }).push({ counts, from: 0, to: 3, scale: 1 }, { out, at: 0 }),
    ).toBe(1);
    expect(out[0]).toBe(-65_535);
  });

  it("refuses to keep all, and taps that pass over inputs", () => {
    for (const factor of [0, 1, 2.5, 4, Number.NaN])
      expect(() => createDecimator({ taps: new Int16Array(3), factor })).toThrow(RangeError);
  });
});
