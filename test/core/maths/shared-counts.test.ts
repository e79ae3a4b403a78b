import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { createVectorBandKernel } from "../../../src/core/maths/band-vectors.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createVectorScanKernel } from "../../../src/core/maths/scan-kernel.ts";
import { createVectorSumKernel } from "../../../src/core/maths/sum-kernel.ts";
import { shareCounts } from "../../../src/core/maths/wasm-module.ts";
import { createVectorWhiteningKernel } from "../../../src/core/maths/whitening-vectors.ts";

const room = shareCounts();
const random = createRandom(11);
const pieces = fc
  .tuple(fc.integer({ min: 0, max: room.length }), fc.integer({ min: 0, max: room.length }))
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)
  .filter(([from, to]) => to > from);

beforeEach(() => {
  // Neighbours are often equal, so that runs are found.
  for (let index = 0; index < room.length; index++) room[index] = Math.round(2 * random.normal());
});

/** What `read` makes of a piece of the room and of its copy elsewhere. The room stays as it was. */
function holdAgainstCopy(read: (counts: Int16Array) => unknown): void {
  const before = room.slice();
  fc.assert(
    fc.property(pieces, ([from, to]) => {
      const inPlace = structuredClone(read(room.subarray(from, to)));
      expect(inPlace).toEqual(read(room.slice(from, to)));
      expect(room).toEqual(before);
    }),
  );
}

test("sums are the same of counts in the kernels' memory and elsewhere", () => {
  const kernel = createVectorSumKernel();
  holdAgainstCopy((counts) => {
    kernel.run(counts);
    return kernel.found;
  });
});

test("extremes and runs are the same, wherever in the memory the counts begin", () => {
  const kernel = createVectorScanKernel();
  holdAgainstCopy((counts) => {
    kernel.scan(counts, 3);
    return kernel.found;
  });
});

test("bands and whitening take in the same samples", () => {
  const bands = createVectorBandKernel([{ sums: ["s2"] }]);
  const whitening = createVectorWhiteningKernel({ order: 6, blockSamples: 32, memory: 0.75 })!;
  holdAgainstCopy((counts) => {
    bands.fill(counts, 16 / 32_768, 0.3);
    return bands.input.slice(0, counts.length);
  });
  holdAgainstCopy((counts) => {
    whitening.fill(counts, 6, 16 / 32_768);
    return whitening.samples.slice(6, 6 + counts.length);
  });
});

test("a longer block than there is room for is taken in from elsewhere", () => {
  const kernel = createVectorSumKernel();
  const counts = Int16Array.from({ length: 10_001 }, (_, index) => (index % 7) - 3);
  kernel.run(counts);
  expect(kernel.found.sum).toBe(counts.reduce((sum, count) => sum + count, 0));
  kernel.run(room);
  expect(kernel.found.sum).toBe(room.reduce((sum, count) => sum + count, 0));
});
