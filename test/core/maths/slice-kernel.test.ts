import fc from "fast-check";
import { expect, test } from "vitest";
import { designLowPassFir } from "../../../src/core/maths/filter-design.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  createScriptSliceKernel,
  createSliceState,
  resetSliceState,
  type SliceKernel,
  sliceRunSamples,
  sliceRunSlices,
} from "../../../src/core/maths/slice-kernel.ts";
import { createVectorSliceKernel } from "../../../src/core/maths/slice-vectors.ts";

import { createVectorWhiteningKernel } from "../../../src/core/maths/whitening-vectors.ts";

const taps = designLowPassFir(25, 0.45, 5);

function runAll(
  kernel: SliceKernel,
  runs: readonly { readonly samples: number; readonly step: number; readonly isSquared: boolean }[],
  sampleAt: () => number,
): { readonly heard: number[]; readonly state: readonly (number | undefined)[] } {
  const state = createSliceState(taps.length);
  const heard: number[] = [];
  for (const { samples, step, isSquared } of runs) {
    const count = Math.min(samples, Math.floor(sliceRunSlices / (step + 1)));
    // Elsewhere in memory, in the middle of it, or in the kernel's own room.
    const from = count % 3;
    const source = from === 0 ? kernel.samples : new Float64Array(from + count);
    for (let index = from; index < from + count; index++) source[index] = sampleAt();
    const many = kernel.run(state, { samples: source, from, to: from + count, isSquared }, step);
    heard.push(...kernel.outputs.subarray(0, many));
  }
  const { doubles, held } = state;
  const half = (doubles.length - 2) / 2;
  const slices = Array.from({ length: held }, (_, index) => doubles[2 + (index & 1) * half + (index >> 1)]);
  return { heard, state: [doubles[0], doubles[1], ...slices] };
}

test("vectors and JavaScript agree on every bit, however long a sample covers and however runs are cut", () => {
  const vectors = createVectorSliceKernel(taps);
  const script = createScriptSliceKernel(taps);
  const step = fc.oneof(
    fc.double({ min: 1e-9, max: 1, noNaN: true }),
    fc.double({ min: 1, max: 12_000, noNaN: true }),
    fc.constantFrom(0.2, 0.5, 1, 1 - 2 ** -53, 2, 3),
  );
  const runs = fc.array(
    fc.record({ samples: fc.integer({ min: 1, max: sliceRunSamples }), step, isSquared: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(
      runs,
      fc.integer(),
      fc.constantFrom(0, 1e-300, 1, 1e200, Number.NaN),
      (given, seed, level) => {
        const run = (kernel: SliceKernel) => {
          const random = createRandom(seed);
          return runAll(kernel, given, () => Math.abs(random.normal()) * level);
        };
        expect(run(vectors)).toEqual(run(script));
      },
    ),
    { numRuns: 100 },
  );
});

test("the integral of a constant is that constant, in as many outputs as every second slice needs", () => {
  const kernel = createVectorSliceKernel(taps);
  const state = createSliceState(taps.length);
  kernel.samples.fill(3);
  // 500 samples of a fifth of a slice: 100 slices, of which the low-pass takes 25 for its first output.
  expect(kernel.run(state, { samples: kernel.samples, from: 0, to: 500, isSquared: false }, 0.2)).toBe(
    Math.floor((100 - 25) / 2) + 1,
  );
  for (const output of kernel.outputs.subarray(0, 38)) expect(output).toBeCloseTo(3, 12);
  resetSliceState(state);
  expect(kernel.run(state, { samples: kernel.samples, from: 0, to: 100, isSquared: false }, 0.2)).toBe(0);
});

test("a low-pass of fewer than two taps is left to the script", () => {
  for (const few of [0, 1])
    expect(() => createVectorSliceKernel(new Float64Array(few).fill(1))).toThrow(RangeError);
});

test("samples of another kernel in the same memory are taken where they lie", () => {
  const makeBoth = () => ({
    ...createVectorWhiteningKernel({ order: 6, blockSamples: 64, memory: 0.5 })!,
    vectors: createVectorSliceKernel(taps),
  });
  // Where a memory has room for the first of them only, the next pair lies in a new one.
  const pairs = [makeBoth(), makeBoth()];
  const { magnitudes, vectors } = pairs.find(
    (pair) => pair.vectors.outputs.buffer === pair.magnitudes.buffer,
  )!;
  const kernels = [vectors, createScriptSliceKernel(taps)];
  for (const [index] of magnitudes.entries()) magnitudes[index] = Math.sin(index) ** 2;
  const [ours, script] = kernels.map((kernel) => {
    const state = createSliceState(taps.length);
    const runs = [6, 256, 500].map((to, index, all) => {
      const many = kernel.run(
        state,
        { samples: magnitudes, from: all[index - 1] ?? 0, to, isSquared: false },
        0.7,
      );
      return [...kernel.outputs.subarray(0, many)];
    });
    return runs;
  });
  expect(ours).toEqual(script);
  expect(ours![2]!.length).toBeGreaterThan(50);
});
