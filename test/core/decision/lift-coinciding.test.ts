import { expect, test } from "vitest";
import { liftCoinciding } from "../../../src/core/decision/lift-coinciding.ts";

const lift = (logits: readonly number[], coinciding: readonly number[] = [0, 2]): number[] =>
  Array.from(liftCoinciding(logits, coinciding));

test("a belief that two modes share is lifted to what it would be if one had it", () => {
  // 0.45 of each: 0.9 that either is damaged, over two of them.
  const shared = Math.log(0.45 / 0.55);
  expect(lift([shared, -3, shared])[0]).toBeCloseTo(Math.log(0.45 / 0.1), 12);
  expect(lift([shared, -3, shared])[1]).toBe(-3);
});

test("no belief is taken for surer than 0.95", () => {
  expect(lift([0.3, -3, 0.2])).toEqual([
    expect.closeTo(Math.log(0.475 / 0.05), 12),
    -3,
    expect.closeTo(2.151, 3),
  ]);
});

test("healthy machines stay where they are", () => {
  expect(lift([-4, -4, -4])[0]).toBeCloseTo(-4, 1);
  expect(lift([-2.5, -3, -4])).toEqual([-2.5, -3, -4]);
});

test("none is lowered, and those that are told apart are left alone", () => {
  expect(lift([5, 1, -2])).toEqual([5, 1, -2]);
  expect(lift([0.3, 0.2, -3], [])).toEqual([0.3, 0.2, -3]);
});
