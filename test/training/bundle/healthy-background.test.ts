import { expect, test } from "vitest";
import type { QuantisedMlp } from "../../../src/core/contract/bundle/quantised-mlp.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { clusterBackground } from "../../../src/training/bundle/cluster-background.ts";
import {
  clusterHealthyBackground,
  measureFaultyWeight,
} from "../../../src/training/bundle/healthy-background.ts";

/** Two outputs, each its own feature: a logit of the feature's value, in steps of 0.05. */
const quantised: QuantisedMlp = {
  inputScale: Math.fround(0.05),
  inputZeroPoint: 128,
  layers: [
    {
      inputs: 2,
      outputs: 2,
      weights: Int8Array.of(50, 0, 0, 50),
      weightScales: Float32Array.of(0.02, 0.02),
      bias: Int32Array.of(0, 0),
      relu: false,
      outputScale: Math.fround(0.05),
      outputZeroPoint: 128,
    },
  ],
};
/** Even odds from a logit of 1 of the first fault, and of −1 of the second: what a weak trace lifts on every machine. */
const calibration = [
  { slope: 1, intercept: -1 },
  { slope: 1, intercept: 1 },
];
const student = { quantised, calibration };

function draw(rows: number, seed: number, centre: readonly [number, number]): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: rows * 2 }, (_, index) => centre[index % 2]! + 0.3 * random.normal());
}

test("rows and centres that the student calls faulty are left out; the rest has all of the weight", () => {
  // A third of the healthy windows is called faulty by the second output.
  const standardised = Float32Array.from([...draw(200, 1, [-1, -2]), ...draw(100, 2, [-1, 0])]);
  const healthy = { rows: 300, standardised };
  const all = clusterBackground({ values: standardised, rows: 300 }, 8, createRandom(3));
  expect(measureFaultyWeight(student, all)).toBeGreaterThan(0.3);
  const background = clusterHealthyBackground(student, healthy, { count: 8, random: createRandom(3) });
  expect(measureFaultyWeight(student, background)).toBe(0);
  expect(background.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(background.values.length).toBe(background.rows * 2);
  for (let row = 0; row < background.rows; row++) expect(background.values[2 * row + 1]).toBeLessThan(-1);
});

test("the share of the weight is that of the rows at even odds of some fault, or more", () => {
  const values = Float32Array.of(-2, -2, 1, -2, -2, -1, 0.5, -1.5);
  const weights = Float64Array.of(0.1, 0.2, 0.3, 0.4);
  // Rows 1 and 2 lie on the even odds themselves.
  expect(measureFaultyWeight(student, { rows: 4, features: 2, values, weights })).toBeCloseTo(0.5, 12);
});

test("a student that calls every healthy window faulty has no background", () => {
  const healthy = { rows: 50, standardised: draw(50, 4, [3, 3]) };
  expect(() => clusterHealthyBackground(student, healthy, { count: 4, random: createRandom(1) })).toThrow(
    /calls all 50 healthy training windows faulty/,
  );
});
