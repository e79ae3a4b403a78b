import { expect, test } from "vitest";
import { dayMs } from "../../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type { RegressionForm } from "../../../../../src/training/learn/regression-student.ts";
import {
  resampleForms,
  type SureFigures,
} from "../../../../../src/training/recipes/scada/judge/form-figures.ts";
import type { TurbineErrors } from "../../../../../src/training/recipes/scada/judge/scada-slices.ts";

const outputs = 2;
const split = { startMs: 10 * dayMs, endMs: 80 * dayMs };

/** Two turbines over ninety days; weeks differ from one another by far more than forms do. */
function makeForm(noise: number, offset: number): TurbineErrors[] {
  const common = createRandom(1);
  const own = createRandom(2);
  return ["T01", "T06"].map((turbine) => {
    const days = Array.from({ length: 90 }, (_, day) => day);
    const weekly = days.filter((day) => day % 7 === 0).map(() => 3 + common.normal());
    const z = Float64Array.from({ length: 90 * outputs }, () => common.normal() + noise * own.normal());
    z[25 * outputs] = Number.NaN;
    const cells = days
      .filter((day) => day >= 10)
      .flatMap((day) => {
        const cell = { turbine, day, rows: 50 + (day % 3), error: weekly[Math.floor(day / 7)]! + offset };
        const band = { ...cell, error: 1000, slices: { load: "all of it" } };
        return [{ ...cell, slices: { turbine, month: "2017-01" } }, band];
      });
    return {
      turbine,
      days,
      z,
      cells,
      scores: new Map(),
      sensorFaults: [],
      dailyError: new Float64Array(90),
    };
  });
}

const forms = new Map<RegressionForm, TurbineErrors[]>([
  ["teacher", makeForm(0, 0)],
  ["pruned", makeForm(0.1, 0.2)],
  ["int8", makeForm(0.1, 0.2)],
  ["untaught", makeForm(0.5, 0.3)],
]);

function width({ maeKelvin: { low, high } }: SureFigures): number {
  return high! - low!;
}

test("every figure has an interval around it, the teacher follows itself", () => {
  const resampled = resampleForms(forms, split, 3);
  for (const form of forms.keys()) {
    for (const { value, low, high } of Object.values(resampled.of(form))) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  }
  const { maeKelvin, zCorrelation } = resampled.of("teacher");
  const [turbines, weights] = [forms.get("teacher")!, { sum: 0 }];
  for (const { cells } of turbines) {
    const whole = cells.filter(({ slices }) => slices.turbine !== undefined);
    const rows = whole.reduce((sum, cell) => sum + cell.rows, 0);
    weights.sum += whole.reduce((sum, cell) => sum + cell.rows * cell.error, 0) / rows;
  }
  expect(maeKelvin.value).toBeCloseTo(weights.sum / turbines.length, 12);
  expect(width(resampled.of("teacher"))).toBeGreaterThan(0.3);
  expect(zCorrelation.value).toBeCloseTo(1, 12);
  expect(resampled.of("pruned").zCorrelation.value).toBeCloseTo(1 / Math.sqrt(1.01), 2);
});

test("a turbine that was taken down before the judged days is no part of the error", () => {
  const withGone = (each: readonly TurbineErrors[]): TurbineErrors[] => [
    ...each,
    { ...each[0]!, turbine: "T07", cells: each[0]!.cells.map((cell) => ({ ...cell, rows: 0, error: 0 })) },
  ];
  const whole = new Map([...forms].map(([form, each]) => [form, withGone(each)]));
  const { value } = resampleForms(whole, split, 3).of("pruned").maeKelvin;
  expect(value).toBe(resampleForms(forms, split, 3).of("pruned").maeKelvin.value);
});

test("differences are paired: what all forms have in common does not widen them", () => {
  const resampled = resampleForms(forms, split, 3);
  const gain = resampled.less("untaught", "pruned");
  expect(gain.maeKelvin.value).toBeCloseTo(0.1, 12);
  expect(width(gain)).toBeLessThan(1e-9);
  expect(gain.zCorrelation.high).toBeLessThan(0);
  expect(resampled.less("int8", "pruned")).toEqual({
    maeKelvin: { value: 0, low: 0, high: 0 },
    zCorrelation: { value: 0, low: 0, high: 0 },
  });
});

test("the same seed gives the same intervals, another one others", () => {
  expect(resampleForms(forms, split, 3).of("pruned")).toEqual(resampleForms(forms, split, 3).of("pruned"));
  expect(resampleForms(forms, split, 4).of("pruned")).not.toEqual(
    resampleForms(forms, split, 3).of("pruned"),
  );
});
