import { describe, expect, it } from "vitest";
import {
  computeExpandedFigure,
  computeExpandedShare,
  expandedTail,
} from "../../../src/training/judge/few-units.ts";
import { drawResamples } from "../../../src/training/judge/figure.ts";

describe("an interval over few units", () => {
  it("reaches further out the fewer there are, as the published correction says", () => {
    // Hesterberg 2015, section 3.3: α/2 = Φ(−√(n/(n−1)) · t) with t of n − 1 degrees of freedom.
    expect(expandedTail(5)).toBeCloseTo(0.00096, 4);
    expect(expandedTail(20)).toBeCloseTo(0.01588, 4);
    expect(expandedTail(40)).toBeCloseTo(0.02026, 4);
    expect(expandedTail(400)).toBeCloseTo(0.025, 3);
    expect(expandedTail(2)).toBeLessThan(1e-9);
  });

  it("covers the mean of five normal units about as often as it says, which the plain one does not", () => {
    let state = 7;
    const uniform = (): number => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    let covered = 0;
    const trials = 200;
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 5 }, normal);
      const signals = values.map((_, index) => ({
        id: `${index}`,
        unit: `${index}`,
        stratum: "",
        truth: null,
        rows: 1,
        slices: {},
      }));
      const mean = (counts: Float64Array): number =>
        values.reduce((sum, value, at) => sum + value * counts[at]!, 0) / 5;
      const { low, high } = computeExpandedFigure(mean, drawResamples(signals, trial, 300), 5);
      if (low! <= 0 && high! >= 0) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.89);
  });

  it("is none where no draw changes a figure, and the exact bound where that figure is a share of all", () => {
    const signals = Array.from({ length: 5 }, (_, index) => ({
      id: `${index}`,
      unit: `${index}`,
      stratum: "",
      truth: null,
      rows: 1,
      slices: {},
    }));
    const draws = drawResamples(signals, 1, 100);
    expect(computeExpandedFigure(() => 1, draws, 5)).toEqual({ value: 1, low: null, high: null });
    expect(computeExpandedShare(() => 0.8, draws, 5)).toEqual({ value: 0.8, low: null, high: null });
    // Clopper & Pearson, one-sided: 0.05^(1/n).
    expect(computeExpandedShare(() => 1, draws, 5)).toEqual({
      value: 1,
      low: expect.closeTo(0.5493, 4),
      high: 1,
    });
    expect(computeExpandedShare(() => 0, draws, 5).high).toBeCloseTo(0.4507, 4);
    expect(computeExpandedShare(() => 1, draws, 60).low).toBeCloseTo(1 - 3 / 60, 2);
  });

  it("is none of a single unit", () => {
    const signals = [{ id: "a", unit: "a", stratum: "", truth: null, rows: 1, slices: {} }];
    expect(computeExpandedFigure(() => 1, drawResamples(signals, 1, 20), 1)).toEqual({
      value: 1,
      low: null,
      high: null,
    });
  });
});
