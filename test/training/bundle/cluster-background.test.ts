import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { clusterBackground, minClusterRows } from "../../../src/training/bundle/cluster-background.ts";

test("well separated clusters are found with their shares, and the weights sum to 1", () => {
  const random = createRandom(1);
  const rows = 300;
  const values = Float32Array.from(
    { length: rows * 2 },
    (_, index) => (index < 200 * 2 ? 0 : 10) + 0.1 * random.normal(),
  );
  const background = clusterBackground({ values, rows }, 2, createRandom(2));
  const order = background.values[0]! < 5 ? [0, 1] : [1, 0];
  expect(background.weights[order[0]!]).toBeCloseTo(2 / 3, 6);
  expect(background.values[order[0]! * 2]).toBeCloseTo(0, 1);
  expect(background.values[order[1]! * 2]).toBeCloseTo(10, 1);
});

test("no centre stands for fewer rows than the smallest cluster allowed, even among repeated rows", () => {
  const random = createRandom(3);
  const values = Float32Array.from({ length: 90 * 3 }, () => Math.round(2 * random.normal()));
  const background = clusterBackground({ values, rows: 90 }, 32, createRandom(4));
  expect(background.rows).toBeGreaterThan(2);
  const total = background.weights.reduce((sum, weight) => sum + weight, 0);
  expect(total).toBeCloseTo(1, 6);
  expect(Math.min(...background.weights) * 90).toBeGreaterThanOrEqual(minClusterRows);
});
