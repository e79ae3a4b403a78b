import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createScriptMixingKernel,
  createVectorMixingKernel,
  type MixingKernel,
  mixingRunCounts,
} from "../../../src/core/maths/mixing-kernel.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { shareCounts } from "../../../src/core/maths/wasm-module.ts";

test.each([8, 20, 40, 60, 77])(
  "of a period of %i counts vectors and JavaScript agree on every count",
  (period) => {
    const random = createRandom(period);
    const carrier = Int16Array.from({ length: period }, () => random.integer(65_535) - 32_767);
    const kernels = [createVectorMixingKernel(carrier)!, createScriptMixingKernel(carrier)];
    const run = fc.record({
      length: fc.integer({ min: 0, max: mixingRunCounts }),
      from: fc.integer({ min: 0, max: 9 }),
      phase: fc.nat(period - 1),
      seed: fc.integer(),
      isShared: fc.boolean(),
    });
    fc.assert(
      fc.property(run, ({ length, from, phase, seed, isShared }) => {
        const isHere = isShared && from + length <= mixingRunCounts;
        const mix = ({ run, mixed }: MixingKernel): readonly number[] => {
          const draw = createRandom(seed);
          const counts = isHere ? shareCounts() : new Int16Array(from + length + 3);
          for (let index = from; index < from + length; index++)
            counts[index] = draw.uniform() < 0.1 ? -32_768 : draw.integer(65_536) - 32_768;
          run(counts, from, from + length, phase);
          return [...mixed.subarray(0, length)];
        };
        const [vectors, script] = kernels.map(mix);
        expect(vectors).toEqual(script);
      }),
    );
  },
);

test("a carrier that repeats within one vector is left to JavaScript", () => {
  expect(createVectorMixingKernel(new Int16Array(7))).toBeNull();
});
