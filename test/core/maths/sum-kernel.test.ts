import fc from "fast-check";
import { expect, test } from "vitest";
import { createScriptSumKernel, createVectorSumKernel } from "../../../src/core/maths/sum-kernel.ts";

test("vectors and JavaScript come to the same sums, whatever the counts and their number", () => {
  const script = createScriptSumKernel();
  const vectors = createVectorSumKernel();
  const count = fc.oneof(fc.constantFrom(-32_768, 32_767), fc.integer({ min: -32_768, max: 32_767 }));
  fc.assert(
    fc.property(fc.array(count, { maxLength: 60 }), fc.integer({ min: 1, max: 300 }), (values, times) => {
      const counts = Int16Array.from(Array.from({ length: times }, () => values).flat());
      script.run(counts);
      vectors.run(counts);
      expect(vectors.found).toEqual(script.found);
    }),
    { numRuns: 200 },
  );
});
