import { expect, it } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createBatchSampler } from "../../../src/training/learn/descent.ts";
import type { FitRows } from "../../../src/training/learn/tensor-trainer.ts";

const rows = 4000;
const data: FitRows = {
  rows,
  own: new Float32Array(rows * 2),
  shared: new Float32Array(rows * 3),
  targets: new Float32Array(rows),
  weights: new Float32Array(rows).fill(1),
  teacherLogits: null,
};

const shape = { ownColumns: 2, sharedColumns: 3, outputs: 1 };

function deviation(values: Float32Array, column: number, columns: number): number {
  let energy = 0;
  for (let at = column; at < values.length; at += columns) energy += values[at]! ** 2;
  return Math.sqrt(energy / (values.length / columns));
}

it("a shared input is as noisy as the recipe says, and all alike where it says nothing", () => {
  const draw = (sharedNoise?: number[]) =>
    createBatchSampler({ ...data, sharedNoise }, rows, shape)(createRandom(5), 0.3);
  const plain = draw();
  expect(draw([1, 1, 1])).toEqual(plain);
  const { own, shared } = draw([1, 4, 0]);
  expect(own).toEqual(plain.own);
  expect(deviation(shared, 0, 3)).toBeCloseTo(0.3, 1);
  expect(deviation(shared, 1, 3)).toBeCloseTo(1.2, 1);
  expect(deviation(shared, 2, 3)).toBe(0);
});
