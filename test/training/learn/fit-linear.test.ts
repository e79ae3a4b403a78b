import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { fitLinear } from "../../../src/training/learn/fit-linear.ts";
import { runDense } from "../../../src/training/learn/tied-network.ts";

test("a linear truth is found again, whatever the weights, where it is not hidden by noise", () => {
  const coefficient = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(fc.array(coefficient, { minLength: 2, maxLength: 6 }), fc.integer(), (truth, seed) => {
      const random = createRandom(seed);
      const inputs = truth.length - 1;
      const rows = 60;
      const features = Float32Array.from({ length: rows * inputs }, () => random.normal());
      const targets = Float32Array.from({ length: rows }, (_, row) =>
        truth.slice(1).reduce((sum, each, at) => sum + each * features[row * inputs + at]!, truth[0]!),
      );
      const weights = Float32Array.from({ length: rows }, () => 0.1 + random.uniform());
      const [layer] = fitLinear({ rows, features, targets, weights });
      for (const [at, each] of truth.slice(1).entries()) expect(layer!.weights[at]).toBeCloseTo(each, 3);
      expect(layer!.bias[0]).toBeCloseTo(truth[0]!, 3);
    }),
    { numRuns: 30 },
  );
});

test("columns that say the same do not break it", () => {
  const features = Float32Array.from([1, 1, 2, 2, 3, 3, 4, 4]);
  const fitted = fitLinear({
    rows: 4,
    features,
    targets: Float32Array.from([3, 5, 7, 9]),
    weights: Float32Array.from([1, 1, 1, 1]),
  });
  for (const [row, value] of runDense(fitted, features, 4).entries()) {
    expect(value).toBeCloseTo(3 + 2 * row, 3);
  }
});
