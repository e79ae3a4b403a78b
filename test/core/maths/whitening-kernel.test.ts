import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  countRunBlocks,
  createScriptWhiteningKernel,
  type WhiteningKernel,
  type WhiteningOptions,
  whiteningState,
} from "../../../src/core/maths/whitening-kernel.ts";
import { createVectorWhiteningKernel } from "../../../src/core/maths/whitening-vectors.ts";

const makes = fc
  .record({
    order: fc.integer({ min: 1, max: 8 }),
    blockSamples: fc.integer({ min: 2, max: 20 }).map((fours) => 4 * fours),
    memory: fc.double({ min: 0, max: 0.99, noNaN: true }),
  })
  .filter(({ order, blockSamples }) => blockSamples >= 2 * order);
/** Also signals that are foretold exactly, dead ones, and those whose energy vanishes or overflows. */
const signals: readonly ((index: number, noise: number) => number)[] = [
  (_, noise) => noise,
  (index) => Math.sin(index / 3),
  () => 0,
  () => 7,
  (index) => (index % 64 < 32 ? 1 : -1),
  (index, noise) => (index % 50 === 0 ? 1e160 * noise : 0),
  (_, noise) => 1e-170 * noise,
  (index) => (index === 40 ? Number.NaN : 1),
];

function runAll(
  kernel: WhiteningKernel,
  { order, blockSamples }: WhiteningOptions,
  course: { readonly runs: readonly number[]; readonly sampleAt: (index: number) => number },
): { readonly heard: number[]; readonly state: Float64Array } {
  const { samples, magnitudes } = kernel;
  const state = new Float64Array(whiteningState.faded + order + 1);
  const heard: number[] = [];
  samples.fill(0, 0, order);
  let index = 0;
  for (const wanted of course.runs) {
    const blocks = Math.min(wanted, countRunBlocks(blockSamples));
    const length = blocks * blockSamples;
    for (let at = 0; at < length; at++) samples[order + at] = course.sampleAt(index++);
    kernel.run(state, blocks);
    heard.push(...magnitudes.subarray(0, length));
    samples.copyWithin(0, length, length + order);
  }
  return { heard, state };
}

test("vectors and JavaScript agree on every bit of magnitudes and state, whatever the make, the signal and the runs", () => {
  const runs = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  const kinds = fc.array(fc.integer({ min: 0, max: signals.length - 1 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(makes, runs, kinds, fc.integer(), (make, blocks, chosen, seed) => {
      const run = (kernel: WhiteningKernel) => {
        const random = createRandom(seed);
        const sampleAt = (index: number): number =>
          signals[chosen[Math.floor(index / 300) % chosen.length]!]!(index, random.normal());
        return runAll(kernel, make, { runs: blocks, sampleAt });
      };
      expect(run(createVectorWhiteningKernel(make)!)).toEqual(run(createScriptWhiteningKernel(make)));
    }),
    { numRuns: 60 },
  );
});

test("a make that vectors do not suit has none: no prediction, a high order, blocks that are not made of fours", () => {
  const make = { order: 6, blockSamples: 32, memory: 0.75 };
  expect(createVectorWhiteningKernel(make)).not.toBeNull();
  for (const other of [{ order: 0 }, { order: 9 }, { blockSamples: 34 }])
    expect(createVectorWhiteningKernel({ ...make, ...other })).toBeNull();
});

test("counts become the same samples in vectors and in JavaScript, up to the end of the buffer", () => {
  const make = { order: 6, blockSamples: 32, memory: 0.75 };
  const kernels = [createScriptWhiteningKernel(make), createVectorWhiteningKernel(make)!];
  const { length } = kernels[0]!.samples;
  const counts = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: length - 6 });
  fc.assert(
    fc.property(counts, (given) => {
      for (const kernel of kernels) kernel.fill(Int16Array.from(given), length - given.length, 16 / 32_768);
      expect(kernels[1]!.samples).toEqual(kernels[0]!.samples);
    }),
  );
});

test("blocks of a run and runs of a block are the same", () => {
  const make = { order: 6, blockSamples: 32, memory: 0.75 };
  const random = createRandom(3);
  const values = Float64Array.from({ length: 32 * 12 }, () => random.normal());
  const sampleAt = (index: number): number => values[index]!;
  const kernel = createVectorWhiteningKernel(make)!;
  const whole = runAll(kernel, make, { runs: [12], sampleAt });
  expect(runAll(kernel, make, { runs: [1, 4, 2, 5], sampleAt })).toEqual(whole);
});
