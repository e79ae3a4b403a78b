import { expect, it } from "vitest";
import { joinLogits } from "../../../src/core/decision/join-logits.ts";

it("joins two logits to one between their mean and the higher", () => {
  expect(joinLogits(-2, -2)).toBeCloseTo(-2, 12);
  expect(joinLogits(-2, 900)).toBeCloseTo(900 - 2 * Math.log(2), 9);
  expect(joinLogits(3, -1)).toBeCloseTo(2 * Math.log((Math.exp(1.5) + Math.exp(-0.5)) / 2), 12);
  expect(joinLogits(-1, 3)).toBe(joinLogits(3, -1));
});
