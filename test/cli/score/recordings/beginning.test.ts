import { expect, it } from "vitest";
import { createBeginning } from "../../../../src/cli/score/recordings/beginning.ts";
import type { SampleFile } from "../../../../src/training/dataset/samples/samples.ts";

/** A file of samples 0, 1, …, in pieces of four, and how often it was read; `brokenAt` cannot be read, nor what follows. */
function countReadings(samples: number, brokenAt = Number.POSITIVE_INFINITY) {
  const readings = { count: 0 };
  const file: SampleFile = {
    path: "a",
    isCounts: false,
    pieces: async function* () {
      readings.count++;
      const piece = new Float64Array(4);
      for (let at = 0; at < samples; at += piece.length) {
        if (at >= brokenAt) throw new Error("broken");
        for (let index = 0; index < piece.length; index++) piece[index] = at + index;
        yield piece.subarray(0, samples - at);
      }
    },
  };
  return { readings, beginning: createBeginning(file) };
}

it("reads a file once for all who ask for no more than the first", async () => {
  const { readings, beginning } = countReadings(100);
  expect(readings.count).toBe(0);
  expect(Array.from(await beginning.take(6))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await beginning.take(6)).toHaveLength(6);
  expect(Array.from(await beginning.take(2))).toEqual([0, 1]);
  expect(readings.count).toBe(1);
  expect(await beginning.take(7)).toHaveLength(7);
  expect(readings.count).toBe(2);
});

it("gives all of a file that is shorter", async () => {
  const { readings, beginning } = countReadings(10);
  expect(await beginning.take(50)).toHaveLength(10);
  expect(await beginning.take(11)).toHaveLength(10);
  expect(readings.count).toBe(1);
});

it("gives nothing where it would reach what cannot be read, and what stands before otherwise", async () => {
  const { readings, beginning } = countReadings(100, 40);
  expect(await beginning.take(50)).toHaveLength(0);
  expect(await beginning.take(40)).toHaveLength(40);
  expect(readings.count).toBe(1);
});
