import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BandSum,
  bandKernelSamples,
  bandPairDoubles,
  bandSums,
  createScriptBandKernel,
  createVectorBandKernel,
  fillBand,
  locateBandValue,
  resetBandBank,
} from "../../../src/core/maths/band-kernel.ts";
import { designButterworth } from "../../../src/core/maths/filter-design.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const rateHz = 12_000;
const edges = fc.record({
  fromHz: fc.integer({ min: 10, max: 2500 }),
  toHz: fc.integer({ min: 2501, max: 5900 }),
});

type Edges = { fromHz: number; toHz: number };

function createBank(bands: readonly Edges[]): Float64Array {
  const bank = new Float64Array(Math.ceil(bands.length / 2) * bandPairDoubles);
  bands.forEach(({ fromHz, toHz }, index) => {
    const high = designButterworth("highpass", fromHz, rateHz);
    fillBand({ bank, index }, high, designButterworth("lowpass", toHz, rateHz));
  });
  return bank;
}

const allSums: readonly BandSum[] = ["s2", "s4", "peak"];

/** Without the sums that nobody reads: those may be anything. */
function readable(bank: Float64Array, make: readonly (readonly BandSum[])[]): Float64Array {
  const left = bank.slice();
  make.forEach((sums, pair) => {
    for (const sum of allSums) {
      if (sums.includes(sum)) continue;
      for (const index of [2 * pair, 2 * pair + 1]) left[locateBandValue({ index }, bandSums[sum])] = 0;
    }
  });
  return left;
}

test("vectors and JavaScript agree on every bit of state and sums, at any level, whatever is read, however runs are cut", () => {
  const script = createScriptBandKernel();
  const pair = fc.record({ bands: fc.tuple(edges, edges), sums: fc.subarray([...allSums]) });
  const pairs = fc.array(pair, { minLength: 1, maxLength: 5 });
  const runs = fc.array(fc.integer({ min: 1, max: bandKernelSamples }), { minLength: 1, maxLength: 8 });
  const level = fc.constantFrom(0, 1e-320, 1e-200, 1e-9, 1, 1e6, 1e80, 1e200, Number.NaN);
  fc.assert(
    fc.property(pairs, runs, level, fc.integer(), (given, lengths, scale, seed) => {
      const random = createRandom(seed);
      const make = given.map(({ sums }) => sums);
      const bands = given.flatMap((each) => each.bands);
      const vectors = createVectorBandKernel(make);
      const one = createBank(bands);
      const other = createBank(bands);
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
      expect(other).toEqual(createBank(bands));
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

test("a band is its high-pass and its low-pass in a row", () => {
  const kernel = createScriptBandKernel();
  const bank = createBank([{ fromHz: 500, toHz: 4500 }]);
  const impulse = Array.from({ length: 200 }, (_, index) => (index === 0 ? 1 : 0));
  const expected = filterImpulse("lowpass", 4500, filterImpulse("highpass", 500, impulse));
  kernel.input.set(impulse);
  kernel.run(bank, impulse.length);
  const sumOf = (power: number): number => expected.reduce((sum, y) => sum + y ** power, 0);
  expect(bank[bandSums.s2]).toBeCloseTo(sumOf(2), 12);
  expect(bank[bandSums.s4]).toBeCloseTo(sumOf(4), 12);
  expect(bank[bandSums.peak]).toBeCloseTo(Math.max(...expected.map(Math.abs)), 12);
});

test("a run goes through so many samples and no further, and the other band does not matter", () => {
  const kernel = createVectorBandKernel([["s2", "peak"]]);
  const bank = createBank([{ fromHz: 500, toHz: 4500 }]);
  kernel.input.fill(0);
  kernel.input[3] = 1;
  kernel.run(bank, 3);
  expect(bank[bandSums.peak]).toBe(0);
  kernel.run(bank, 4);
  expect(bank[bandSums.peak]).toBeGreaterThan(0);
  expect(bank[bandSums.s2]).toBe(bank[bandSums.peak]! ** 2);
  expect(bank[bandSums.s2 + 1]).toBe(0);
});

test("counts become the same input in vectors and in JavaScript, whatever their number", () => {
  const script = createScriptBandKernel();
  const vectors = createVectorBandKernel([["s2"]]);
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
