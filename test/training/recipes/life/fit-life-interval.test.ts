import { expect, test } from "vitest";
import { estimateRemainingLife } from "../../../../src/core/decision/remaining-life.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import {
  fitLifeInterval,
  type LifeResiduals,
} from "../../../../src/training/recipes/life/fit-life-interval.ts";

const options = { coverage: 0.9, capSteps: 125, knots: 11, bandwidth: 15 };

/** Predictions whose error grows with what is left, capped like the truth. */
function draw(seed: number, rows: number): LifeResiduals & { readonly predicted: Float64Array } {
  const random = createRandom(seed);
  const actual = Float64Array.from({ length: rows }, () => Math.min(125, 150 * random.uniform()));
  const predicted = actual.map((value) =>
    Math.max(0, Math.min(125, value + (2 + 0.15 * value) * random.normal())),
  );
  return { predicted, actual, weights: new Float64Array(rows).fill(1) };
}

test("intervals hold their share on data that they were not fitted on, and are wide where errors are large", () => {
  const interval = fitLifeInterval(draw(1, 4000), options);
  const spec = { unit: "cycle", capSteps: 125, minHistorySteps: 1, coverage: 0.9, interval };
  const fresh = draw(2, 4000);
  let held = 0;
  for (let row = 0; row < fresh.predicted.length; row++) {
    const { low, high } = estimateRemainingLife(spec, fresh.predicted[row]! / 125);
    if (fresh.actual[row]! >= low && fresh.actual[row]! <= high) held++;
  }
  expect(held / fresh.predicted.length).toBeGreaterThan(0.88);
  expect(held / fresh.predicted.length).toBeLessThan(0.93);
  const width = (at: number): number => interval[at]!.high - interval[at]!.low;
  expect(width(7)).toBeGreaterThan(2 * width(1));
});

test("at the cap the interval spends all its doubt below: the truth cannot be higher", () => {
  const { predicted, actual, weights } = draw(3, 4000);
  const last = fitLifeInterval({ predicted, actual, weights }, options).at(-1)!;
  const atCap = [...predicted.keys()].filter((row) => predicted[row]! === 125);
  const below = atCap.filter((row) => actual[row]! < 125 + last.low).length / atCap.length;
  // Knots blend with neighbours that still have doubt above: a little less than the whole tenth.
  expect(below).toBeGreaterThan(0.03);
  expect(below).toBeLessThan(0.13);
});

test("rows without weight do not count", () => {
  const { predicted, actual, weights } = draw(4, 500);
  const twice = {
    predicted: [...predicted, ...predicted],
    actual: [...Array.from(actual), ...predicted.map(() => -500)],
    weights: [...Array.from(weights), ...predicted.map(() => 0)],
  };
  const once = fitLifeInterval({ predicted, actual, weights }, options);
  expect(fitLifeInterval(twice, options)).toEqual(once);
});

test("as it is served the interval holds its share of the very rows, whatever the bandwidth blends", () => {
  for (const bandwidth of [5, 15, 40]) {
    const { predicted, actual, weights } = draw(5, 4000);
    const interval = fitLifeInterval({ predicted, actual, weights }, { ...options, bandwidth });
    const spec = { unit: "cycle", capSteps: 125, minHistorySteps: 1, coverage: 0.9, interval };
    const held = [...predicted.keys()].filter((row) => {
      const { low, high } = estimateRemainingLife(spec, predicted[row]! / 125);
      // The row that decides lies on its end, but for rounding.
      return actual[row]! >= low - 1e-9 && actual[row]! <= high + 1e-9;
    });
    expect(held.length / predicted.length).toBeCloseTo(0.9, 3);
  }
});

test("predictions that are always right have an interval of no width", () => {
  const actual = Float64Array.from({ length: 126 }, (_, left) => left);
  const interval = fitLifeInterval({ predicted: actual, actual, weights: actual.map(() => 1) }, options);
  expect(interval.every(({ low, high }) => low === 0 && high === 0)).toBe(true);
});
