import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  computeChebyshev,
  computeHellinger,
  computeJensenShannon,
  computeKullbackLeibler,
  computePsi,
  computeShares,
  computeTotalVariation,
  computeWasserstein,
} from "../../../src/core/drift/distances.ts";

const p = [0.5, 0.3, 0.2];
const q = [0.3, 0.4, 0.3];

describe("distances between histograms", () => {
  it("agree with vector A5", () => {
    expect(computePsi(p, q)).toBeCloseTo(0.17147984280919268, 14);
    expect(computeKullbackLeibler(q, p)).toBeCloseTo(0.08346467428336446, 14);
    expect(computeKullbackLeibler(p, q)).toBeCloseTo(0.08801516852582818, 14);
    expect(computeJensenShannon(p, q)).toBeCloseTo(0.17509683779086033, 14);
    expect(computeJensenShannon(p, q) * Math.sqrt(Math.LN2)).toBeCloseTo(0.1457776797019122, 14);
    expect(computeHellinger(p, q)).toBeCloseTo(0.14609082649901417, 14);
    expect(computeTotalVariation(p, q)).toBeCloseTo(0.2, 14);
    expect(computeChebyshev(p, q)).toBeCloseTo(0.2, 14);
  });

  it("agree with vector A6", () => {
    const deciles = new Array<number>(10).fill(0.1);
    const moved = [0.05, 0.05, ...new Array<number>(6).fill(0.1), 0.15, 0.15];
    expect(computePsi(deciles, moved)).toBeCloseTo(0.10986122886681095, 14);
  });

  it("agree with vector A4 (Wasserstein) and A8 (categories)", () => {
    const positions = Array.from({ length: 12 }, (_, index) => index + 1);
    const a = positions.map((value) => (value <= 10 ? 0.1 : 0));
    const b = positions.map((value) => (value >= 3 ? 0.1 : 0));
    expect(computeWasserstein(a, b, positions)).toBeCloseTo(2, 12);
    expect(computeChebyshev([1 / 3, 1 / 3, 1 / 3, 0], [2 / 7, 2 / 7, 2 / 7, 1 / 7])).toBeCloseTo(0.14, 2);
    expect(computeChebyshev([1 / 3, 1 / 3, 1 / 3], [0, 1, 0])).toBeCloseTo(0.67, 2);
    const abcd = [0.25, 0.25, 0.25, 0.25, 0];
    const abce = [0.25, 0.25, 0.25, 0, 0.25];
    expect(computeJensenShannon(abcd, abce)).toBeCloseTo(0.5, 12);
    expect(computeHellinger(abcd, abce)).toBeCloseTo(0.5, 12);
  });

  it("are zero for equal histograms, symmetric, finite and not negative for any counts", () => {
    const counts = fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(counts, counts, (first, second) => {
        const a = computeShares(first);
        const b = computeShares(second);
        for (const distance of [computePsi, computeJensenShannon, computeHellinger, computeTotalVariation]) {
          expect(distance(a, a)).toBe(0);
          expect(distance(a, b)).toBeCloseTo(distance(b, a), 10);
          expect(distance(a, b)).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(distance(a, b))).toBe(true);
        }
      }),
    );
  });

  it("count an empty bin as half a value", () => {
    expect(computeShares([0, 100])).toEqual([0.005, 1]);
    expect(computeShares([0, 0])).toEqual([0.5, 0.5]);
  });
});
