import { expect, it } from "vitest";
import { computeMeanPower, sizeTransform } from "../../../../src/cli/score/recordings/mean-spectrum.ts";
import { computeRunningMedian } from "../../../../src/cli/score/recordings/running-median.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createRealFft } from "../../../../src/core/maths/real-fft.ts";
import { computeMedian } from "../../../../src/core/maths/robust.ts";

const random = createRandom(3);
const drawNoise = (length: number): Float64Array => Float64Array.from({ length }, () => random.normal());

it.each([1024, 1500, 3001])("sums the power of parts of %d samples as plain transforms do", (length) => {
  const parts = [1, 2, 3].map((level) => drawNoise(length).map((sample) => sample + level));
  const size = sizeTransform(length);
  const fft = createRealFft(size);
  const [real, imag] = [new Float64Array(size / 2 + 1), new Float64Array(size / 2 + 1)];
  const expected = new Float64Array(size / 2 + 1);
  for (const part of parts) {
    const mean = part.reduce((sum, sample) => sum + sample, 0) / length;
    const input = new Float64Array(size);
    for (let at = 0; at < length; at++) {
      input[at] = (part[at]! - mean) * (0.5 - 0.5 * Math.cos((2 * Math.PI * at) / length));
    }
    fft.forward(input, real, imag);
    for (let bin = 0; bin <= size / 2; bin++) expected[bin]! += real[bin]! ** 2 + imag[bin]! ** 2;
  }
  for (const bins of [size / 2 + 1, 100]) {
    const power = computeMeanPower(parts, bins);
    expect(power).toHaveLength(bins);
    for (let bin = 0; bin < bins; bin++) expect(power[bin]! / expected[bin]!).toBeCloseTo(1, 8);
  }
});

it("has a logarithm where nothing was heard", () => {
  expect(
    computeMeanPower([new Float64Array(1024)], 10)
      .map(Math.log)
      .every(Number.isFinite),
  ).toBe(true);
});

it.each([
  [1, 15],
  [10, 15],
  [31, 15],
  [500, 15],
  [500, 1],
])("finds the median around each of %d values, %d on either side, as one by one", (length, reach) => {
  const values = drawNoise(length).map((value, at) => (at % 3 === 0 ? Math.round(value) + 0 : value));
  const oneByOne = values.map((_, at) =>
    computeMedian(values.subarray(Math.max(0, at - reach), at + reach + 1)),
  );
  expect(computeRunningMedian(values, reach)).toEqual(oneByOne);
});
