import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createScriptScanKernel,
  createVectorScanKernel,
  scanRunCounts,
} from "../../../src/core/maths/scan-kernel.ts";

test("vectors and JavaScript find the same extremes and runs, wherever counts repeat and whatever their number", () => {
  const script = createScriptScanKernel();
  const vectors = createVectorScanKernel();
  const count = fc.oneof(fc.integer({ min: -32_768, max: 32_767 }), fc.integer({ min: -1, max: 1 }));
  const repeated = fc.tuple(count, fc.integer({ min: 1, max: 20 }));
  const counts = fc
    .array(repeated, { minLength: 1, maxLength: 120 })
    .map((parts) => parts.flatMap(([value, times]) => Array<number>(times).fill(value)))
    .map((values) => Int16Array.from(values.slice(0, scanRunCounts)));
  fc.assert(
    fc.property(counts, fc.integer({ min: 0, max: 1000 }), (given, before) => {
      script.scan(given, before);
      vectors.scan(given, before);
      expect(vectors.found).toEqual(script.found);
    }),
    { numRuns: 300 },
  );
});
