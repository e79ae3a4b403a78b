import { describe, expect, it } from "vitest";
import {
  computeChiSquare,
  computeHellinger,
  computeKullbackLeibler,
  computeLInfinity,
  computeSampleWasserstein,
  computeTotalVariation,
  countCategories,
  testCramerVonMises,
  testKs,
} from "../../../scripts/drift/sample-distances.ts";
import { computeJensenShannon } from "../../../src/core/drift/distances.ts";
import { createNumpyRandom } from "../../support/mersenne-twister.ts";

const a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const b = a.map((value) => value + 2);
const [p, q] = [
  [0.5, 0.3, 0.2],
  [0.3, 0.4, 0.3],
];

describe("distances between samples", () => {
  it("agree with vector A4", () => {
    const ks = testKs(a, b);
    expect(ks.statistic).toBeCloseTo(0.2, 14);
    expect(ks.pValue).toBeCloseTo(0.9944575548290717, 12);
    expect(computeSampleWasserstein(a, b)).toBeCloseTo(2, 14);
    const cvm = testCramerVonMises(a, b);
    expect(cvm.statistic).toBeCloseTo(0.175, 12);
    expect(cvm.pValue).toBeCloseTo(0.36052956331594105, 12);
  });

  it("agree with SciPy on samples of two sizes", () => {
    const [x, y] = [
      [1.5, 2.2, 9, 11, 4.7],
      [0.1, 3, 2.9, 16, 8, 8.5, 20.1],
    ];
    expect(testKs(x, y).pValue).toBeCloseTo(0.9090909090909092, 12);
    expect(testCramerVonMises(x, y).statistic).toBeCloseTo(0.0623015873015873, 12);
    expect(testCramerVonMises(x, y).pValue).toBeCloseTo(0.8939393939393939, 12);
  });

  it("agree with vector A8 on normal samples", () => {
    const draw = (random: ReturnType<typeof createNumpyRandom>, mean: number, count: number): number[] =>
      Array.from({ length: count }, () => mean + random.normal());
    for (const [mean, expected] of [
      [1, 1.01],
      [-4, 3.99],
    ] as const) {
      const random = createNumpyRandom(1);
      const reference = draw(random, 0, 10_000);
      expect(computeSampleWasserstein(reference, draw(random, mean, 1_000))).toBeCloseTo(expected, 2);
    }
  });
});

describe("distances between shares", () => {
  it("agree with vector A5", () => {
    expect(computeHellinger(p, q)).toBeCloseTo(0.14609082649901417, 14);
    expect(computeTotalVariation(p, q)).toBeCloseTo(0.2, 14);
    expect(computeLInfinity(p, q)).toBeCloseTo(0.2, 14);
    expect(computeKullbackLeibler(q, p)).toBeCloseTo(0.08346467428336446, 14);
    expect(computeKullbackLeibler(p, q)).toBeCloseTo(0.08801516852582818, 14);
  });

  it("agree with vector A7", () => {
    const { p: reference, q: current } = countCategories(
      [..."aabaab"],
      [..."abacccc"].filter((_, i) => i !== 2),
    );
    const { statistic, degrees } = computeChiSquare(reference, current);
    expect(statistic).toBeCloseTo(6.13333333, 7);
    expect(degrees).toBe(2);
    // χ² of two degrees has the closed form exp(−x / 2).
    expect(Math.exp(-statistic / 2)).toBeCloseTo(0.04657615, 7);
  });

  it("agree with vector A8 on categories", () => {
    const largest = (x: string, y: string): number => {
      const { p: reference, q: current } = countCategories([...x], [...y]);
      return computeLInfinity(reference, current);
    };
    expect(largest("aabbcc", "aabbccd")).toBeCloseTo(0.14, 2);
    expect(largest("aabbcc", "bbbbb")).toBeCloseTo(0.67, 2);
    expect(largest("aabbcc", "aabbcc")).toBe(0);
    const { p: four, q: other } = countCategories([..."abcd"], [..."abce"]);
    expect(computeJensenShannon(four, other) / Math.sqrt(Math.LN2)).toBeCloseTo(0.5, 6);
    expect(computeHellinger(four, other)).toBeCloseTo(0.5, 6);
  });

  it("agree with vector A8 on normal samples in the fifteen bins that Doane's rule gives ten thousand", () => {
    const draw = (mean: number, against: number): { p: number[]; q: number[] } => {
      const random = createNumpyRandom(1);
      const reference = Array.from({ length: 10_000 }, () => random.normal());
      const current = Array.from({ length: against }, () => mean + random.normal());
      const [low, high] = [Math.min(...reference), Math.max(...reference)];
      // What lies outside the reference's range has a bin of its own on either side.
      const binOf = (value: number): number =>
        Math.min(16, Math.max(0, 1 + Math.floor(((value - low) / (high - low)) * 15)));
      const count = (values: readonly number[]): number[] => {
        const counts = new Array<number>(17).fill(0);
        for (const value of values) counts[binOf(value)]!++;
        return counts;
      };
      return { p: count(reference), q: count(current) };
    };
    const same = draw(0, 1_000);
    expect(Math.abs(computeJensenShannon(same.p, same.q) / Math.sqrt(Math.LN2) - 0.05)).toBeLessThan(0.01);
    const below = draw(-2, 1_000);
    expect(Math.abs(computeHellinger(below.p, below.q) - 0.63)).toBeLessThan(0.02);
    const beyond = draw(7, 1_000);
    expect(computeHellinger(beyond.p, beyond.q)).toBeGreaterThan(0.99);
  });
});
