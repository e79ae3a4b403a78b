import { expect, it } from "vitest";
import { makeRowSpace } from "../../../src/core/maths/row-space.ts";
import { makeCounts, makeDoubles, makeShorts, makeSingles } from "../../../src/core/maths/shared-room.ts";

it("arrays that share memory are empty at first, and none writes into another, whatever their lengths", () => {
  const makers = [makeDoubles, makeSingles, makeCounts, makeShorts];
  const made = Array.from({ length: 2000 }, (_, index) => makers[index % 4]!((index * 37) % 600));
  for (const [index, array] of made.entries()) {
    expect(array).toHaveLength((index * 37) % 600);
    expect(array.every((value) => value === 0)).toBe(true);
    array.fill(index);
  }
  for (const [index, array] of made.entries()) expect(array.every((value) => value === index)).toBe(true);
  expect(new Set(made.map(({ buffer }) => buffer)).size).toBeLessThan(200);
});

it("rows lie in one piece of memory, in both precisions, apart from each other", () => {
  const { doubles, singles } = makeRowSpace(8, { doubles: 7, singles: 33 });
  expect(doubles).toHaveLength(56);
  expect(singles).toHaveLength(264);
  expect(singles.buffer).toBe(doubles.buffer);
  doubles.fill(1 / 3);
  singles.fill(2);
  expect(doubles.every((value) => value === 1 / 3)).toBe(true);
});
