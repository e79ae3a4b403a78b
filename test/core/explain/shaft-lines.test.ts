import { expect, test } from "vitest";
import { listShaftLines, standsOnShaft } from "../../../src/core/explain/shaft-lines.ts";

test.each([
  [7, 60, true],
  // A fan of seven blades whose speed is stated 0.45 % wrong.
  [6.9685, 60, true],
  // Half a width of a line and 0.45 % of seven are 0.0515.
  [7.051, 60, true],
  [7.052, 60, false],
  [6.894, 60, false],
  // Higher harmonics are further off by as much of their own.
  [20.89, 60, true],
  [20.88, 60, false],
  // Below the shaft's first harmonic there is none.
  [0.4, 60, false],
  [0.99, 60, true],
  // A shorter window's lines are wider, and of one that is too short nothing is told.
  [3.05, 30, true],
  [3.05, 60, false],
  [3, 12, false],
  [Number.NaN, 60, false],
])("a line at order %f of %i revolutions: %s", (order, revolutions, stands) => {
  expect(standsOnShaft(order, revolutions)).toBe(stands);
});

test("the features whose lines stand there are listed", () => {
  expect(listShaftLines(Float32Array.of(7, Number.NaN, 5.4, 6.97), 60)).toEqual([0, 3]);
  expect(listShaftLines(Float32Array.of(5.4), 60)).toEqual([]);
});
