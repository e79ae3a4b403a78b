import { describe, expect, it } from "vitest";
import { computePsi, computeShares } from "../../../src/core/drift/bins.ts";
import type { DriftReference } from "../../../src/core/drift/drift-reference.ts";
import { fitReference, levelEdgesDb } from "../../../src/core/drift/fit-reference.ts";
import { createSketcher } from "../../../src/core/drift/sketcher.ts";
import {
  compareFeatureWithTraining,
  compareWithTraining,
} from "../../../src/core/drift/training-likeness.ts";
import { computeChiSquareQuantile } from "../../../src/core/maths/normal.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

/** Rows of independent AR(1) features with unit variance. */
function simulateRows(count: number, features: number, rho: number, seed: number, shift = 0): Float32Array[] {
  const random = createRandom(seed);
  const state = Array.from({ length: features }, () => random.normal());
  return Array.from({ length: count }, () => {
    for (let index = 0; index < features; index++) {
      state[index] = rho * state[index]! + Math.sqrt(1 - rho * rho) * random.normal();
    }
    return Float32Array.from(state, (value) => value + shift);
  });
}

function assessDay(
  reference: DriftReference,
  rows: readonly Float32Array[],
): ReturnType<typeof compareWithTraining> {
  const sketcher = createSketcher(reference);
  for (const row of rows) sketcher.update(row, null);
  return compareWithTraining(reference, sketcher.take());
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);

describe("calibrated PSI thresholds", () => {
  it("agree with vector A14 where its approximation for many independent rows holds", () => {
    const approximate = (n: number, m: number): number[] =>
      [0.01, 0.001].map((rate) => computeChiSquareQuantile(9, rate) * (1 / n + 1 / m));
    const published: [number, number, number, number][] = [
      [100, 100_000, 0.21688, 0.27905],
      [1000, 100_000, 0.02188, 0.02816],
      [1440, 10_000, 0.01721, 0.02215],
      [4320, 100_000, 0.00523, 0.00673],
    ];
    for (const [n, m, warning, drift] of published) {
      expect(Math.abs(approximate(n, m)[0]! / warning - 1)).toBeLessThan(0.01);
      expect(Math.abs(approximate(n, m)[1]! / drift - 1)).toBeLessThan(0.01);
    }
    const fitted = fitReference(
      { rows: simulateRows(10_000, 1, 0, 5), featureNames: ["x"], scoreRows: null },
      {
        seed: 1,
        bins: 10,
        replicates: 12_000,
        blockRows: 1,
        sampleSizes: [100, 1440],
      },
    );
    const { warningPsi, driftPsi } = fitted.features[0]!;
    expect(Math.abs(warningPsi[1]! / 0.01721 - 1)).toBeLessThan(0.03);
    expect(Math.abs(driftPsi[1]! / 0.02215 - 1)).toBeLessThan(0.05);
    // With ten values a bin the logarithm has heavier tails: NumPy, 200,000 multinomial draws of n = 100, m = 10,000.
    expect(Math.abs(warningPsi[0]! / 0.24875 - 1)).toBeLessThan(0.05);
    expect(Math.abs(driftPsi[0]! / 0.33988 - 1)).toBeLessThan(0.07);
  });

  it("keep the declared rate on autocorrelated days where thresholds for independent rows fire every second day", () => {
    const reference = simulateRows(12_000, 1, 0.9, 7);
    const options = { seed: 1, bins: 10, replicates: 1500, sampleSizes: [144] };
    const blocks = fitReference({ rows: reference, featureNames: ["x"], scoreRows: null }, options);
    const independent = fitReference(
      { rows: reference, featureNames: ["x"], scoreRows: null },
      { ...options, blockRows: 1 },
    );
    expect(blocks.calibration.blockRows).toBeGreaterThan(50);
    let falseOfBlocks = 0;
    let falseOfIndependent = 0;
    const days = 400;
    const stream = simulateRows(days * 144, 1, 0.9, 8);
    for (let day = 0; day < days; day++) {
      const today = stream.slice(day * 144, (day + 1) * 144);
      if (assessDay(blocks, today).features[0]!.level !== "stable") falseOfBlocks++;
      if (assessDay(independent, today).features[0]!.level !== "stable") falseOfIndependent++;
    }
    expect(falseOfIndependent / days).toBeGreaterThan(0.4);
    expect(falseOfBlocks / days).toBeLessThan(0.04);
  });

  it("keep one budget over all features of a point", () => {
    const reference = fitReference(
      { rows: simulateRows(8_000, 20, 0, 1), featureNames: names(20), scoreRows: null },
      {
        seed: 2,
        replicates: 4000,
        blockRows: 1,
        sampleSizes: [60, 125],
      },
    );
    let falseWarnings = 0;
    let anyFeature = 0;
    const days = 300;
    for (let day = 0; day < days; day++) {
      const verdict = assessDay(reference, simulateRows(100, 20, 0, 100 + day));
      if (verdict.level !== "stable") falseWarnings++;
      if (verdict.features.some((feature) => feature.level !== "stable")) anyFeature++;
    }
    expect(anyFeature / days).toBeGreaterThan(0.08);
    expect(falseWarnings / days).toBeLessThan(0.035);
  });
});

describe("the reference", () => {
  const reference = fitReference(
    { rows: simulateRows(2_000, 3, 0, 3), featureNames: names(3), scoreRows: null },
    { seed: 4, replicates: 400 },
  );

  it("calls a shift of half a standard deviation drift, and says nothing of too few windows", () => {
    const shifted = assessDay(reference, simulateRows(400, 3, 0, 9, 0.5));
    expect(shifted.level).toBe("drift");
    expect(shifted.features.every((feature) => feature.level === "drift")).toBe(true);
    expect(assessDay(reference, simulateRows(29, 3, 0, 9, 5)).level).toBe("insufficient");
    expect(assessDay(reference, simulateRows(400, 3, 0, 10)).level).toBe("stable");
  });

  it("sees a constant feature that changes, and stays calm while it does not", () => {
    const constant = fitReference(
      { rows: Array.from({ length: 500 }, () => [7]), featureNames: ["c"], scoreRows: null },
      { seed: 1, replicates: 200 },
    );
    const days = (value: number): Float32Array[] => Array.from({ length: 100 }, () => Float32Array.of(value));
    expect(assessDay(constant, days(7)).level).toBe("stable");
    expect(assessDay(constant, days(7.01)).level).toBe("drift");
  });

  it("interpolates between the rungs of the ladder and shrinks beyond the last", () => {
    const psiAt = (values: number): number =>
      compareFeatureWithTraining(reference, {
        feature: 0,
        counts: reference.features[0]!.counts.map((_, index) => (index === 0 ? values : 0)),
        invalid: 0,
        mean: 0,
        sumSquares: 0,
        min: 0,
        max: 0,
      }).driftPsi;
    const sizes = [29, 30, 45, 60, 125, 700, 2000, 4000, 100_000];
    const thresholds = sizes.map(psiAt);
    expect(thresholds[0]).toBeNaN();
    for (let index = 2; index < sizes.length; index++) {
      expect(thresholds[index]!).toBeLessThan(thresholds[index - 1]!);
    }
    expect(psiAt(30)).toBeCloseTo(reference.features[0]!.driftPsi[0]!, 12);
    expect(psiAt(1e9) / psiAt(2000)).toBeCloseTo(0.5, 3);
  });

  it("depends on rows and seed only", () => {
    const again = fitReference(
      { rows: simulateRows(2_000, 3, 0, 3), featureNames: names(3), scoreRows: null },
      { seed: 4, replicates: 400 },
    );
    expect(again).toEqual(reference);
    const other = fitReference(
      { rows: simulateRows(2_000, 3, 0, 3), featureNames: names(3), scoreRows: null },
      { seed: 5, replicates: 400 },
    );
    expect(other.features[0]!.driftPsi).not.toEqual(reference.features[0]!.driftPsi);
  });

  it("has one pseudo-feature a score, and ignores values that are not finite", () => {
    const rows = simulateRows(200, 2, 0, 3).map((row, index) =>
      index % 10 === 0 ? Float32Array.of(Number.NaN, row[1]!) : row,
    );
    const scores = rows.map((_, index) => [index, -index]);
    const fitted = fitReference(
      { rows, featureNames: names(2), scoreRows: scores },
      { seed: 1, replicates: 100, scoreNames: ["inner"] },
    );
    expect(fitted.features.map((feature) => feature.name)).toEqual(["f0", "f1", "inner", "score.1"]);
    expect(fitted.featureCount).toBe(2);
    expect(fitted.features[0]!.counts.reduce((a, b) => a + b)).toBe(180);
    expect(fitted.features[2]!.max).toBe(199);
  });

  it("says what each column is, and of how many machines; a level far off is no verdict on the whole", () => {
    const rows = simulateRows(400, 2, 0, 3);
    const levels = { names: ["low.rms"], rows: rows.map(([x]) => [x! - 30]) };
    const given = { rows, featureNames: names(2), scoreRows: rows.map(([x]) => [x!]), levels };
    const options = { seed: 1, replicates: 400, featureRole: "condition", machines: 4 } as const;
    const reference = fitReference(given, options);
    expect(reference.features.map(({ role }) => role)).toEqual(["condition", "condition", "score", "level"]);
    expect(reference).toMatchObject({ machines: 4, featureCount: 2 });
    expect(reference.features[3]!.edges).toEqual(levelEdgesDb);
    // Levels take no part in the family: its thresholds are those of the other columns alone.
    const { levels: _levels, ...without } = given;
    expect(reference.calibration).toEqual(fitReference(without, options).calibration);
    const sketcher = createSketcher(reference);
    for (const row of simulateRows(200, 2, 0, 4)) sketcher.update(row, [row[0]!], [20]);
    const verdict = compareWithTraining(reference, sketcher.take());
    expect(verdict.level).toBe("stable");
    expect(verdict.features[3]!.level).toBe("drift");
  });

  it("refuses rows that do not fit", () => {
    const rows = simulateRows(40, 2, 0, 3);
    const fitting = (given: readonly Float32Array[], scores: number[][] | null, segments?: number[]) => () =>
      fitReference(
        { rows: given, featureNames: names(2), scoreRows: scores },
        { seed: 1, replicates: 10, ...(segments ? { segments } : {}) },
      );
    expect(fitting(rows.slice(0, 31), null)).toThrow(/at least 32/);
    expect(fitting([...rows, Float32Array.of(1)], null)).toThrow(/2 features/);
    expect(fitting(rows, [[1]])).toThrow(/1 rows of scores/);
    expect(fitting(rows, null, [20, 19])).toThrow(/segments/);
    const levels = (given: number[][]) => () =>
      fitReference(
        { rows, featureNames: names(2), scoreRows: null, levels: { names: ["low"], rows: given } },
        { seed: 1, replicates: 10 },
      );
    expect(levels([[1]])).toThrow(/1 rows of levels/);
    expect(levels(rows.map(() => [1, 2]))).toThrow(/row of levels must have 1/);
  });

  it("never draws a block across two recordings", () => {
    // Two recordings at levels 0 and 1: days of 20 windows come from one of them, so they look far from the pool.
    const rows = Array.from({ length: 400 }, (_, index) => [index < 200 ? 0 : 1]);
    const options = { seed: 1, replicates: 200, blockRows: 20, sampleSizes: [20] };
    const inOne = fitReference(
      { rows, featureNames: ["x"], scoreRows: null },
      { ...options, segments: [200, 200] },
    );
    const psiOfOne = computePsi(computeShares([0, 200, 200, 0]), computeShares([0, 20, 0, 0]));
    expect(inOne.features[0]!.counts.reduce((a, b) => a + b)).toBe(400);
    expect(inOne.features[0]!.driftPsi[0]!).toBeGreaterThan(psiOfOne * 0.5);
  });
});
