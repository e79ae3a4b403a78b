import { expect, test } from "vitest";
import {
  type RemainingLifeSpec,
  remainingLifeSchema,
} from "../../../../src/core/contract/bundle/remaining-life.ts";

const spec: RemainingLifeSpec = {
  unit: "cycle",
  capSteps: 125,
  minHistorySteps: 30,
  coverage: 0.9,
  interval: [
    { predicted: 0, low: -2, high: 6 },
    { predicted: 125, low: -30, high: 0 },
  ],
};

test("a remaining life is described by knots in ascending order", () => {
  expect(remainingLifeSchema.parse(spec)).toEqual(spec);
});

test.each([
  ["no knot", { ...spec, interval: [] }],
  ["knots out of order", { ...spec, interval: [...spec.interval].reverse() }],
  ["an interval upside down", { ...spec, interval: [{ predicted: 1, low: 2, high: 1 }] }],
  ["a certainty", { ...spec, coverage: 1 }],
  ["no cap", { ...spec, capSteps: 0 }],
])("%s is refused", (_, wrong) => {
  expect(remainingLifeSchema.safeParse(wrong).success).toBe(false);
});
