import fc from "fast-check";
import { expect, test } from "vitest";
import { designAnalysisFilter } from "../../../src/core/features/envelope-order-chain.ts";
import {
  createDecimationState,
  createScriptDecimationKernel,
  type Decimation,
  type DecimationKernel,
  decimationRunCounts,
} from "../../../src/core/maths/decimation-kernel.ts";
import { createVectorDecimationKernel } from "../../../src/core/maths/decimation-vectors.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { shareCounts } from "../../../src/core/maths/wasm-module.ts";
import { createVectorWhiteningKernel } from "../../../src/core/maths/whitening-vectors.ts";

function runAll(
  kernel: DecimationKernel,
  decimation: Decimation,
  { lengths, seed, scales }: { lengths: readonly number[]; seed: number; scales: readonly number[] },
  room: Float64Array,
): object {
  const random = createRandom(seed);
  const state = createDecimationState(decimation);
  const heard: number[] = [];
  for (const [index, length] of lengths.entries()) {
    const scale = scales[index % scales.length]!;
    // In the memory that kernels share, or elsewhere; at its beginning, or in the middle.
    const counts = length <= 500 && length % 3 > 0 ? shareCounts() : new Int16Array(length + 7);
    const from = length % 3;
    for (let at = from; at < from + length; at++) counts[at] = random.integer(65_536) - 32_768;
    const many = kernel.run(state, { counts, from, to: from + length, scale }, { out: room, at: from });
    heard.push(...room.subarray(from, from + many));
  }
  const { counts, held, scale, scales: each } = state;
  return { heard, held, samples: counts.slice(0, held), scale, each };
}

const runs = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: decimationRunCounts }), { minLength: 1, maxLength: 9 }),
  seed: fc.integer(),
  scales: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(0.001, 1, 1e-300, 1e300, 0, -0.5, Number.NaN).map((one) => [one]),
    },
    {
      weight: 1,
      arbitrary: fc.array(fc.constantFrom(0.001, 1, 3, 1e-300, Number.NaN), { minLength: 2, maxLength: 4 }),
    },
  ),
});

test.each([2, 3, 4, 5, 8, 9])(
  "of every %ith output vectors and JavaScript agree on every bit, however runs are cut",
  (factor) => {
    const decimation = { taps: designAnalysisFilter(factor), factor };
    const vectors = createVectorDecimationKernel(decimation)!;
    const script = createScriptDecimationKernel(decimation);
    const whitening = createVectorWhiteningKernel({ order: 6, blockSamples: 32, memory: 0.75 })!;
    fc.assert(
      fc.property(runs, fc.boolean(), (given, isShared) => {
        const room = isShared ? whitening.samples : new Float64Array(decimationRunCounts);
        const expected = runAll(script, decimation, given, new Float64Array(decimationRunCounts));
        expect(runAll(vectors, decimation, given, room)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  },
);

test.each([
  [2, 2],
  [3, 2],
  [7, 7],
  [20, 7],
])("a low-pass of %i taps, every %ith output: the same", (length, factor) => {
  const random = createRandom(length);
  const decimation = { taps: Int16Array.from({ length }, () => random.integer(6000) - 3000), factor };
  const vectors = createVectorDecimationKernel(decimation)!;
  const script = createScriptDecimationKernel(decimation);
  fc.assert(
    fc.property(runs, (given) => {
      const [one, other] = [vectors, script].map((kernel) =>
        runAll(kernel, decimation, given, new Float64Array(2 * decimationRunCounts)),
      );
      expect(one).toEqual(other);
    }),
    { numRuns: 40 },
  );
});

test("a factor that would read far behind a block is left to JavaScript", () => {
  expect(createVectorDecimationKernel({ taps: designAnalysisFilter(10), factor: 10 })).toBeNull();
});
