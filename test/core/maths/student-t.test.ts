import { describe, expect, it } from "vitest";
import {
  computeBetaCdf,
  computeDigamma,
  computeLogGamma,
  computeStudentTail,
} from "../../../src/core/maths/student-t.ts";

describe("Student's t", () => {
  // Tables of critical values: Abramowitz and Stegun 26.10.
  it.each([
    [12.706, 1, 0.05],
    [636.619, 1, 0.001],
    [4.032, 5, 0.01],
    [3.646, 29, 0.001_038],
    [3.291, 1e6, 0.001],
  ])("has beyond %d with %d degrees the tail %d", (t, degrees, tail) => {
    expect(computeStudentTail(t, degrees) / tail).toBeCloseTo(1, 2);
    expect(computeStudentTail(-t, degrees)).toBe(computeStudentTail(t, degrees));
  });

  it("has its ends", () => {
    expect(computeStudentTail(0, 3)).toBeCloseTo(1, 12);
    expect(computeStudentTail(Number.POSITIVE_INFINITY, 3)).toBe(0);
    expect(computeStudentTail(Number.NaN, 3)).toBeNaN();
  });
});

describe("the functions behind it", () => {
  it("agree with values that are known exactly", () => {
    expect(computeLogGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
    expect(computeLogGamma(11)).toBeCloseTo(Math.log(3_628_800), 11);
    expect(computeDigamma(1)).toBeCloseTo(-0.5772156649015329, 10);
    expect(computeDigamma(0.5)).toBeCloseTo(-0.5772156649015329 - 2 * Math.LN2, 10);
    expect(computeBetaCdf(0.3, 1, 1)).toBeCloseTo(0.3, 10);
    expect(computeBetaCdf(0.25, 2, 2)).toBeCloseTo(3 * 0.25 ** 2 - 2 * 0.25 ** 3, 10);
  });
});
