import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createWindTurbine, type WindTurbineState } from "../../../src/core/simulate/wind-turbine.ts";

/** The states of five minutes, one a second, in a wind whose mean stays. */
function watch(meanWindMetresPerSecond: number): readonly WindTurbineState[] {
  const turbine = createWindTurbine(createRandom(1), { meanWindMetresPerSecond, slowWindS: 1e9 });
  return Array.from({ length: 300 }, () => {
    for (let step = 0; step < 100; step++) turbine.step(0.01);
    return { ...turbine.state };
  });
}

/** Standard deviation over mean. */
function scatterOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean;
}

test("gusts drive the speed below the rated one, by far more than the tower's shadow does", () => {
  const scatter = scatterOf(watch(8).map(({ shaftRpm }) => shaftRpm));
  expect(scatter).toBeGreaterThan(0.01);
  expect(scatter).toBeLessThan(0.2);
});

test("above the rated wind a turbine gives its rated power and no more", () => {
  const powers = watch(14).map(({ powerKw }) => powerKw);
  expect(Math.max(...powers)).toBe(2000);
});
