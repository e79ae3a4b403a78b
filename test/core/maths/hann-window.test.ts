import { expect, test } from "vitest";
import { tabulateHann } from "../../../src/core/maths/hann-window.ts";

test("by hand: a symmetric window ends in zeros, one that overlaps does not, and half overlap adds up to one", () => {
  const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 14));
  expect(Array.from(tabulateHann(5, 4))).toEqual(close([0, 0.5, 1, 0.5, 0]));
  expect(Array.from(tabulateHann(4, 4))).toEqual(close([0, 0.5, 1, 0.5]));
  const weights = tabulateHann(64, 64);
  for (let index = 0; index < 32; index++) expect(weights[index]! + weights[index + 32]!).toBeCloseTo(1, 14);
});
