import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bandKernelSamples,
  bandPairDoubles,
  bandSums,
  createScriptBandKernel,
  createVectorBandKernel,
  fillBandPair,
  resetBandPair,
} from "../../../src/core/maths/band-kernel.ts";
import { designButterworth } from "../../../src/core/maths/filter-design.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const rateHz = 12_000;
const edges = fc.record({
  fromHz: fc.integer({ min: 10, max: 2500 }),
  toHz: fc.integer({ min: 2501, max: 5900 }),
});

function createPair(bands: readonly { fromHz: number; toHz: number }[]): Float64Array {
  const pair = new Float64Array(bandPairDoubles);
  bands.forEach(({ fromHz, toHz }, side) => {
    const high = designButterworth("highpass", fromHz, rateHz);
    fillBandPair({ pair, side: side === 0 ? 0 : 1 }, high, designButterworth("lowpass", toHz, rateHz));
  });
  return pair;
}

test("vectors and JavaScript agree on every bit of state and sums, at any level, however runs are cut", () => {
  const script = createScriptBandKernel();
  const vectors = createVectorBandKernel();
  const runs = fc.array(fc.integer({ min: 1, max: bandKernelSamples }), { minLength: 1, maxLength: 8 });
  const level = fc.constantFrom(0, 1e-320, 1e-200, 1e-9, 1, 1e6, 1e80, 1e200, Number.NaN);
  fc.assert(
    fc.property(fc.tuple(edges, edges), runs, level, fc.integer(), (bands, lengths, scale, seed) => {
      const random = createRandom(seed);
      const one = createPair(bands);
      const other = createPair(bands);
      for (const length of lengths) {
        for (let index = 0; index < length; index++) {
          script.input[index] = random.normal() * scale;
          vectors.input[index] = script.input[index]!;
        }
        script.run(one, length);
        vectors.run(other, length);
        expect(other).toEqual(one);
      }
      resetBandPair(other);
      expect(other).toEqual(createPair(bands));
    }),
    { numRuns: 60 },
  );
});

test("a run goes through so many samples and no further, and the other band does not matter", () => {
  const kernel = createVectorBandKernel();
  const pair = createPair([{ fromHz: 500, toHz: 4500 }]);
  kernel.input.fill(0);
  kernel.input[3] = 1;
  kernel.run(pair, 3);
  expect(pair[bandSums.peak]).toBe(0);
  kernel.run(pair, 4);
  expect(pair[bandSums.peak]).toBeGreaterThan(0);
  expect(pair[bandSums.s2]).toBe(pair[bandSums.peak]! ** 2);
  expect(pair[bandSums.s2 + 1]).toBe(0);
});

test("counts become the same input in vectors and in JavaScript, whatever their number", () => {
  const script = createScriptBandKernel();
  const vectors = createVectorBandKernel();
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
