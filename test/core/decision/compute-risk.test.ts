import fc from "fast-check";
import { expect, it } from "vitest";
import { computeRisk } from "../../../src/core/decision/compute-risk.ts";

it("what is as likely as not by the evidence alone is as likely as the prior", () => {
  expect(computeRisk(0.5, 0.058)).toBeCloseTo(0.058, 12);
});

it("moves the odds by the prior's odds", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.double({ min: 0.001, max: 0.499, noNaN: true }),
      (probability, prior) => {
        const risk = computeRisk(probability, prior);
        const odds = (probability / (1 - probability)) * (prior / (1 - prior));
        expect(risk / (1 - risk)).toBeCloseTo(odds, 6);
        expect(risk).toBeLessThan(probability);
      },
    ),
  );
});

it("stays what it is where the evidence is certain, and where the prior favours neither", () => {
  expect(computeRisk(0, 0.058)).toBe(0);
  expect(computeRisk(1, 0.058)).toBe(1);
  expect(computeRisk(0.78, 0.5)).toBeCloseTo(0.78, 12);
});

it("a healthy turbine that the student gives 0.78 has a risk of 18 %", () => {
  expect(computeRisk(0.78, 0.058)).toBeCloseTo(0.179, 3);
});
