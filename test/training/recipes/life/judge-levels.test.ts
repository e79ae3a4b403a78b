import { expect, test } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { judgeLevels } from "../../../../src/training/recipes/life/judge-levels.ts";
import type { JudgedLife } from "../../../../src/training/recipes/life/life-metrics.ts";

/** Two engines: one predicted low and always held, one predicted high and missed by 3 in one of its two rows. */
const judged: JudgedLife = {
  predicted: [10, 20, 100, 125],
  low: [5, 15, 90, 110],
  high: [15, 25, 110, 125],
  actual: [10, 15, 113, 125],
  weights: [0.5, 0.5, 0.5, 0.5],
  engine: [0, 0, 1, 1],
};
const options = { coverage: 0.9, replicates: 200 };

test("a level counts the predictions that fall in it, the last one with its end", () => {
  const [low, high] = judgeLevels(judged, [0, 100, 125], options, createRandom(1));
  expect(low!).toMatchObject({ from: 0, to: 100, share: 0.5 });
  expect(low!.coverage.value).toBe(1);
  expect(low!.width.value).toBe(10);
  expect(high!.share).toBe(0.5);
  expect(high!.coverage.value).toBe(0.5);
});

test("a miss costs twenty times its distance at ninety percent, beside the width", () => {
  const [all] = judgeLevels(judged, [0, 125], options, createRandom(1));
  expect(all!.coverage).toMatchObject({ value: 0.75, low: 0.5, high: 1 });
  expect(all!.width.value).toBe((10 + 10 + 20 + 15) / 4);
  expect(all!.score.value).toBeCloseTo((10 + 10 + 20 + 15 + 20 * 3) / 4, 9);
});

test("a level that no prediction falls in is left out", () => {
  expect(judgeLevels(judged, [0, 50, 60, 125], options, createRandom(1)).map(({ to }) => to)).toEqual([
    50, 125,
  ]);
});
