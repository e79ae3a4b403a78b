import { expect, test } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { binomialInterval } from "../../../../src/training/judge/binomial-interval.ts";
import { computeCoverageChance } from "../../../../src/training/recipes/life/coverage-chance.ts";
import type { JudgedLife } from "../../../../src/training/recipes/life/life-metrics.ts";
import { describeCut } from "../../../../src/training/recipes/life/life-slices.ts";
import { drawCoverages } from "../../../../src/training/recipes/life/nest-life.ts";

/** 100 engines of 20 rows; nine in ten rows are held, whichever engine they are of. */
function judgeAll(): JudgedLife {
  const rows = 2000;
  const random = createRandom(5);
  const held = Array.from({ length: rows }, () => random.uniform() < 0.9);
  return {
    predicted: new Float32Array(rows),
    low: held.map((is) => (is ? 0 : 5)),
    high: new Float32Array(rows).fill(10),
    actual: new Float32Array(rows).fill(1),
    weights: new Float32Array(rows).fill(1 / 20),
    engine: Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 20)),
  };
}

test("a hundred engines cut off once each show a true share of 0.9 as loosely as the binomial says", () => {
  const drawn = drawCoverages(judgeAll(), 4000, createRandom(1));
  expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
  expect(drawn[100]!).toBeGreaterThan(0.81);
  expect(drawn[100]!).toBeLessThan(0.87);
  expect(drawn[3899]!).toBeGreaterThan(0.93);
  expect(drawn[3899]!).toBeLessThan(0.97);
});

test("a share is compatible with a promise that its exact interval holds, and with no other", () => {
  const figures = (held: number): Parameters<typeof computeCoverageChance>[0] =>
    ({ coverage: { value: held / 100, low: null, high: null }, engines: 100 }) as never;
  expect(computeCoverageChance(figures(95), 0.9)).toMatchObject({ held: 95, compatible: true });
  expect(computeCoverageChance(figures(97), 0.9).compatible).toBe(false);
  // Clopper & Pearson for 95 of 100, as in any table.
  expect(binomialInterval(95, 100, 0.95).low).toBeCloseTo(0.8872, 4);
  expect(binomialInterval(95, 100, 0.95).high).toBeCloseTo(0.9836, 4);
});

test("a cut is sliced by what is left, what was seen and where the engine flew", () => {
  const values = new Float64Array(24 * 2);
  values.set([-0.0007, -0.0004, 100], 24);
  expect(describeCut({ id: "", cycles: 2, values, remainingCycles: 49 })).toEqual({
    "cycles left": "25 to 49",
    "cycles seen": "below 100",
    "operating point": "0 kft, Mach 0, throttle 100 %",
  });
});
