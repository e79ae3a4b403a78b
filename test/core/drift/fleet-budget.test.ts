import { describe, expect, it } from "vitest";
import { calibrateEvidence, selectSurvivors } from "../../../src/core/drift/fleet-budget.ts";
import { computeNormalTail } from "../../../src/core/maths/normal.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

describe("the e-value of a p-value", () => {
  it("is the mixture of its calibrators, integrated by hand", () => {
    for (const p of [1e-9, 1e-4, 0.001, 0.05, 0.4, 0.97, 0.99999, 1]) {
      const steps = 100_000;
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        const kappa = (step + 0.5) / steps;
        sum += (kappa * p ** (kappa - 1)) / steps;
      }
      expect(calibrateEvidence(p) / sum, `p ${p}`).toBeCloseTo(1, 5);
    }
  });

  it("is what the formula gives on paper", () => {
    // (1 − p + p ln p) / (p ln² p): (0.99 − 0.0460517) / (0.01 · 21.2076), (0.999 − 0.00690776) / (0.001 · 47.7171).
    expect(calibrateEvidence(0.01)).toBeCloseTo(4.45098, 4);
    expect(calibrateEvidence(0.001)).toBeCloseTo(20.7911, 3);
    expect(calibrateEvidence(1)).toBe(0.5);
    expect(calibrateEvidence(0)).toBe(Number.POSITIVE_INFINITY);
    for (const wrong of [-0.1, 1.1, Number.NaN]) expect(() => calibrateEvidence(wrong)).toThrow(RangeError);
  });

  it("is what ville 0.1.0 of PyPI has: p_to_e", () => {
    const expected = [
      0.5, 0.6386739401166445, 1.2632107912012738, 4.45099226008582, 20.791133540988064, 5239.1361842507085,
      1309803451.4320402,
    ];
    for (const [index, p] of [1, 0.5, 0.1, 0.01, 0.001, 1e-6, 1e-12].entries())
      expect(calibrateEvidence(p) / expected[index]!, `p ${p}`).toBeCloseTo(1, 12);
  });

  it("has a mean of 1 under a uniform p-value, and never rises with it", () => {
    // By u = −ln p, so that the end near 0 is not cut off: ∫ F(p) p du, and beyond U the rest is about 1 / U.
    const [end, steps] = [2_000, 400_000];
    let mean = 1 / end;
    for (let step = 0; step < steps; step++) {
      const u = ((step + 0.5) * end) / steps;
      const p = Math.exp(-u);
      mean += ((u < 700 ? calibrateEvidence(p) * p : 1 / (u * u)) * end) / steps;
    }
    expect(mean).toBeCloseTo(1, 3);
    const grid = Array.from({ length: 3_000 }, (_, index) => calibrateEvidence((index + 1) / 3_000));
    expect(grid.every((value, index) => index === 0 || value <= grid[index - 1]!)).toBe(true);
  });
});

describe("who survives the fleet's budget", () => {
  it("is who survives e-BH on paper", () => {
    // Of 4 points at .1: the largest must reach 40, two 20, three 13.3, all 10.
    const [e40, e21, e19] = [0.0004, 0.00098, 0.0011];
    expect([e40, e21, e19].map((p) => Math.floor(calibrateEvidence(p)))).toEqual([40, 21, 19]);
    const budget = { falseShare: 0.1, awaited: 0 };
    expect(selectSurvivors([0.5, e40, 0.9, 0.2], budget)).toEqual([false, true, false, false]);
    expect(selectSurvivors([0.5, e21, 0.9, 0.2], budget)).toEqual([false, false, false, false]);
    expect(selectSurvivors([0.5, e21, 0.9, e21], budget)).toEqual([false, true, false, true]);
    expect(selectSurvivors([e19, e21, 0.9, e19], budget)).toEqual([true, true, false, true]);
    expect(selectSurvivors([], budget)).toEqual([]);
    expect(selectSurvivors([1, 1], budget)).toEqual([false, false]);
    expect(selectSurvivors([0, 0.5], budget)).toEqual([true, false]);
  });

  it("is who survives in ville 0.1.0 of PyPI: ebh", () => {
    const pValues = [1e-7, 0.4, 0.9, 2e-5, 0.03, 3e-6, 0.7, 0.0009, 0.2, 0.5];
    for (const [falseShare, survivors] of [
      [0.01, [0, 3, 5]],
      [0.05, [0, 3, 5]],
      [0.2, [0, 3, 5, 7]],
    ] as const) {
      const selected = selectSurvivors(pValues, { falseShare, awaited: 0 });
      expect(selected.flatMap((survives, index) => (survives ? [index] : []))).toEqual(survivors);
    }
  });

  it("never takes back who survived when the points that were awaited are heard", () => {
    const random = createRandom(5);
    for (let round = 0; round < 500; round++) {
      const pValues = Array.from({ length: 12 }, () => random.uniform() ** (1 + 12 * random.uniform()));
      let before: readonly boolean[] = [];
      for (let heard = 1; heard <= pValues.length; heard++) {
        const awaited = pValues.length - heard;
        const now = selectSurvivors(pValues.slice(0, heard), { falseShare: 0.1, awaited });
        expect(before.every((survived, index) => !survived || now[index]!)).toBe(true);
        before = now;
      }
    }
  });

  it("keeps the share of false ones, of independent points and of points that move together", () => {
    for (const shared of [0, 0.9]) {
      const random = createRandom(77);
      const [rounds, points, moved] = [2_000, 60, 12];
      let falseShare = 0;
      let found = 0;
      for (let round = 0; round < rounds; round++) {
        const common = random.normal();
        const pValues = Array.from({ length: points }, (_, point) => {
          const own = Math.sqrt(1 - shared) * random.normal() + Math.sqrt(shared) * common;
          return computeNormalTail(own + (point < moved ? 5 : 0));
        });
        const survived = selectSurvivors(pValues, { falseShare: 0.1, awaited: 0 });
        const right = survived.filter((survives, point) => survives && point < moved).length;
        const all = survived.filter(Boolean).length;
        falseShare += all === 0 ? 0 : (all - right) / all / rounds;
        found += right / moved / rounds;
      }
      // At most .1 · 48 / 60; the calibrator costs most of it.
      expect(falseShare, `shared ${shared}`).toBeLessThan(0.08);
      expect(found, `shared ${shared}`).toBeGreaterThan(0.8);
    }
  });
});
