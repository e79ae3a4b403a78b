import { expect, test } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import {
  scoreEngines,
  scoreNasa,
  summariseDifference,
  summariseEngines,
} from "../../../../src/training/recipes/life/life-metrics.ts";

test("being late costs more than being early, by NASA's formula", () => {
  expect(scoreNasa(0)).toBe(0);
  expect(scoreNasa(-13)).toBeCloseTo(Math.E - 1, 12);
  expect(scoreNasa(10)).toBeCloseTo(Math.E - 1, 12);
});

const judged = {
  predicted: [10, 14, 50],
  low: [5, 15, 40],
  high: [15, 20, 60],
  actual: [13, 13, 46],
  weights: [3, 1, 2],
  engine: [0, 0, 4],
};

test("an engine with several rows counts once, by the weights of its rows", () => {
  const [first, second] = scoreEngines(judged);
  expect(first).toEqual({
    squaredError: (3 * 9 + 1) / 4,
    absoluteError: (3 * 3 + 1) / 4,
    error: (3 * -3 + 1) / 4,
    nasa: (3 * scoreNasa(-3) + scoreNasa(1)) / 4,
    covered: 3 / 4,
    width: (3 * 10 + 5) / 4,
  });
  expect(second).toEqual({
    squaredError: 16,
    absoluteError: 4,
    error: 4,
    nasa: scoreNasa(4),
    covered: 1,
    width: 20,
  });
});

test("figures are those of all engines, inside intervals that resampling gives", () => {
  const figures = summariseEngines(scoreEngines(judged), 500, createRandom(1));
  expect(figures.engines).toBe(2);
  expect(figures.rmse.value).toBeCloseTo(Math.sqrt((7 + 16) / 2), 12);
  expect(figures.rmse.low).toBeCloseTo(Math.sqrt(7), 12);
  expect(figures.rmse.high).toBeCloseTo(4, 12);
  expect(figures.coverage.value).toBeCloseTo(7 / 8, 12);
  const nasa = (3 * scoreNasa(-3) + scoreNasa(1)) / 4 + scoreNasa(4);
  expect(figures.nasaScore.value).toBeCloseTo(nasa, 12);
});

test("a difference is paired: an offset that all engines share leaves no doubt", () => {
  const random = createRandom(3);
  const scores = Array.from({ length: 30 }, () => {
    const squaredError = 100 + 50 * random.uniform();
    return { squaredError, absoluteError: 0, error: 0, nasa: 0, covered: 1, width: 1 };
  });
  const worse = scores.map((score) => ({ ...score, squaredError: score.squaredError + 30 }));
  expect(summariseDifference(worse, scores, 500, createRandom(1)).low).toBeGreaterThan(0.5);
  expect(summariseDifference(scores, scores, 500, createRandom(1))).toEqual({ value: 0, low: 0, high: 0 });
});
