import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BandKernelMake,
  type BandSum,
  bandKernelSamples,
  bandPairDoubles,
  bandSums,
  createBandBank,
  createScriptBandKernel,
  fillBand,
  firstBandVariable,
  locateBandValue,
  resetBandBank,
} from "../../../src/core/maths/band-kernel.ts";
import { createVectorBandKernel } from "../../../src/core/maths/band-vectors.ts";
import { designButterworth } from "../../../src/core/maths/filter-design.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const rateHz = 12_000;
const edges = fc.record({
  fromHz: fc.integer({ min: 10, max: 2500 }),
  toHz: fc.integer({ min: 2501, max: 5900 }),
});

type Edges = { fromHz: number; toHz: number };

function createBank(bands: readonly Edges[]): Float64Array {
  const bank = createBandBank(bands.length);
  bands.forEach(({ fromHz, toHz }, index) => {
    const high = designButterworth("highpass", fromHz, rateHz);
    fillBand({ bank, index }, high, designButterworth("lowpass", toHz, rateHz));
  });
  return bank;
}

const allSums: readonly BandSum[] = ["s2", "peak"];

/** Without what nobody reads: that may be anything. */
function readable(bank: Float64Array, make: BandKernelMake): Float64Array {
  const left = bank.slice();
  make.forEach(({ sums, sharesHighPassOf }, pair) => {
    const first = 2 * pair;
    const forget = (index: number, value: number): void => {
      left[locateBandValue({ index }, value)] = 0;
    };
    for (const sum of allSums) {
      if (sums.includes(sum)) continue;
      for (const index of [first, first + 1]) forget(index, bandSums[sum]);
    }
    if (sharesHighPassOf === undefined) return;
    for (const value of [0, 2, firstBandVariable, firstBandVariable + 2]) forget(first, value);
    for (let value = 0; value < bandPairDoubles; value += 2) forget(first + 1, value);
  });
  return left;
}

test("vectors and JavaScript agree on every bit of state and sums, at any level, whatever is read, however runs are cut", () => {
  const script = createScriptBandKernel();
  const pair = fc.record({ bands: fc.tuple(edges, edges), sums: fc.subarray([...allSums]) });
  const pairs = fc.array(pair, { minLength: 1, maxLength: 5 });
  const alone = fc.option(
    fc.record({ ofBand: fc.nat({ max: 9 }), toHz: fc.integer({ min: 2501, max: 5900 }) }),
  );
  const runs = fc.array(fc.integer({ min: 1, max: bandKernelSamples }), { minLength: 1, maxLength: 8 });
  const level = fc.constantFrom(0, 1e-320, 1e-200, 1e-9, 1, 1e6, 1e80, 1e200, Number.NaN);
  fc.assert(
    fc.property(pairs, alone, runs, level, fc.integer(), (given, last, lengths, scale, seed) => {
      const random = createRandom(seed);
      const make: BandKernelMake[number][] = given.map(({ sums }) => ({ sums }));
      const bands: Edges[] = given.flatMap((each) => each.bands);
      if (last !== null) {
        const sharesHighPassOf = last.ofBand % bands.length;
        make.push({ sums: allSums, sharesHighPassOf });
        bands.push({ fromHz: bands[sharesHighPassOf]!.fromHz, toHz: last.toHz });
      }
      const vectors = createVectorBandKernel(make);
      const one = createBank(bands);
      const other = createBank(bands);
      const blank = createBank(bands);
      if (last !== null && given.length < 3) {
        // Where the high-pass is that of a band in the same loop, its own is not asked.
        for (const value of [0, 2]) {
          const place = locateBandValue({ index: bands.length - 1 }, value);
          for (const bank of [other, blank]) bank[place] = Number.NaN;
        }
      }
      for (const length of lengths) {
        for (let index = 0; index < length; index++) {
          script.input[index] = random.normal() * scale;
          vectors.input[index] = script.input[index]!;
        }
        script.run(one, length);
        vectors.run(other, length);
        expect(readable(other, make)).toEqual(readable(one, make));
      }
      resetBandBank(other);
      expect(other).toEqual(blank);
    }),
    { numRuns: 60 },
  );
});

/** Response of one section to an impulse, as its definition says it: direct form I. */
function filterImpulse(kind: "highpass" | "lowpass", cornerHz: number, input: readonly number[]): number[] {
  const { gain, a1, a2 } = designButterworth(kind, cornerHz, rateHz);
  const b1 = kind === "highpass" ? -2 * gain : 2 * gain;
  const out: number[] = [];
  input.forEach((x, n) => {
    const before = (values: readonly number[], by: number): number => values[n - by] ?? 0;
    const fed = gain * x + b1 * before(input, 1) + gain * before(input, 2);
    out.push(fed - a1 * before(out, 1) - a2 * before(out, 2));
  });
  return out;
}

test("a band is its high-pass and its low-pass in a row, but for their gains", () => {
  const kernel = createScriptBandKernel();
  const bank = createBank([{ fromHz: 500, toHz: 4500 }]);
  const impulse = Array.from({ length: 200 }, (_, index) => (index === 0 ? 1 : 0));
  const expected = filterImpulse("lowpass", 4500, filterImpulse("highpass", 500, impulse));
  kernel.input.set(impulse);
  kernel.run(bank, impulse.length);
  const gain =
    designButterworth("highpass", 500, rateHz).gain * designButterworth("lowpass", 4500, rateHz).gain;
  const sumOf = (power: number): number => expected.reduce((sum, y) => sum + y ** power, 0);
  expect(gain ** 2 * bank[bandSums.s2]!).toBeCloseTo(sumOf(2), 12);
  expect(gain * bank[bandSums.peak]!).toBeCloseTo(Math.max(...expected.map(Math.abs)), 12);
});

/** The same on doubles: each section by itself, in direct form I. */
function filterSignal(kind: "highpass" | "lowpass", cornerHz: number, sampleRateHz: number) {
  const { gain, a1, a2 } = designButterworth(kind, cornerHz, sampleRateHz);
  const b1 = kind === "highpass" ? -2 * gain : 2 * gain;
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return (x: number): number => {
    const y = gain * x + b1 * x1 + gain * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    return y;
  };
}

test("zeros that all bands share cost no accuracy: even of an edge at 1 Hz, of a weak tone on a strong one", () => {
  const kernel = createScriptBandKernel();
  const random = createRandom(3);
  for (const [fromHz, toHz] of [
    [1, 20],
    [1, 20_000],
    [100, 500],
    [500, 4500],
    [4500, 10_000],
  ] as const) {
    const [fast, high, low] = [
      51_200,
      filterSignal("highpass", fromHz, 51_200),
      filterSignal("lowpass", toHz, 51_200),
    ];
    const sections = [
      designButterworth("highpass", fromHz, fast),
      designButterworth("lowpass", toHz, fast),
    ] as const;
    const bank = createBandBank(1);
    fillBand({ bank, index: 0 }, ...sections);
    let expected = 0;
    for (let run = 0; run < 200; run++) {
      for (let index = 0; index < bandKernelSamples; index++) {
        const at = (run * bandKernelSamples + index) / fast;
        const x =
          8 * Math.sin(2 * Math.PI * 25 * at) +
          1e-3 * Math.sin(2 * Math.PI * 3000 * at) +
          1e-4 * random.normal();
        kernel.input[index] = x;
        expected += low(high(x)) ** 2;
      }
      kernel.run(bank, bandKernelSamples);
    }
    const found = (sections[0].gain * sections[1].gain) ** 2 * bank[bandSums.s2]!;
    expect(Math.abs(found / expected - 1)).toBeLessThan(1e-8);
  }
});

test("a run goes through so many samples and no further, and the other band does not matter", () => {
  const kernel = createVectorBandKernel([{ sums: allSums }]);
  const band = { fromHz: 500, toHz: 4500 };
  const bank = createBank([band]);
  kernel.input.fill(0);
  kernel.input[3] = 1;
  kernel.run(bank, 3);
  expect(bank[bandSums.peak]).toBe(0);
  kernel.run(bank, 4);
  expect(bank[bandSums.peak]).toBeGreaterThan(0);
  expect(bank[bandSums.s2]).toBe(bank[bandSums.peak]! ** 2);
  const both = createBank([band, { fromHz: 100, toHz: 500 }]);
  kernel.run(both, 4);
  expect(both[bandSums.peak]).toBe(bank[bandSums.peak]);
});

test("counts become the same input in vectors and in JavaScript, whatever their number", () => {
  const script = createScriptBandKernel();
  const vectors = createVectorBandKernel([{ sums: ["s2"] }]);
  const counts = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: bandKernelSamples });
  const level = fc.constantFrom(0, 0.3, -1e9);
  fc.assert(
    fc.property(counts, fc.constantFrom(1, 16 / 32_768, 1e-200), level, (given, scale, level) => {
      for (const kernel of [script, vectors]) kernel.fill(Int16Array.from(given), scale, level);
      const { length } = given;
      expect(vectors.input.slice(0, length)).toEqual(script.input.slice(0, length));
    }),
  );
});
