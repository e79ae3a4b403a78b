import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  createDenseNetwork,
  createTeacherHidden,
  type DenseLayer,
  runDense,
} from "../../../src/training/learn/dense-network.ts";

test("a teacher's hidden layers stand side by side, of the rows that are asked for", () => {
  const random = createRandom(3);
  const members = [createDenseNetwork(2, [3, 1], random), createDenseNetwork(2, [2, 1], random)];
  const features = Float32Array.from({ length: 8 }, () => random.normal());
  const hidden = createTeacherHidden(members, features)([3, 0]);
  const of = (member: readonly DenseLayer[], row: number): number[] => [
    ...runDense(member.slice(0, -1), features.slice(2 * row, 2 * row + 2), 1),
  ];
  expect([...hidden]).toEqual([3, 0].flatMap((row) => members.flatMap((member) => of(member, row))));
});
