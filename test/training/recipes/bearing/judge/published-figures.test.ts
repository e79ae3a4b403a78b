import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type {
  BearingConfig,
  PublishedFigures,
} from "../../../../../src/training/recipes/bearing/bearing-config.ts";
import {
  comparePublished,
  sayPublished,
} from "../../../../../src/training/recipes/bearing/judge/published-figures.ts";
import { parseTrainingConfig } from "../../../../../src/training/training-config.ts";

const computed: PublishedFigures = {
  splits: 100,
  bearings: 18,
  figures: {
    int8: { value: 0.96656, low: 0.92558, high: 0.98353 },
    logistic: { value: 0.96014, low: 0.9182, high: 0.98048 },
  },
  gains: { overLogistic: { value: 0.00643, low: -0.00182, high: 0.01115 } },
};
const stated: PublishedFigures = {
  ...computed,
  figures: { int8: { value: 0.9666, low: 0.9256, high: 0.9835 } },
};

test("what is stated with four digits is what was computed; what is not is named with both figures", () => {
  expect(comparePublished(undefined, computed)).toEqual([]);
  expect(comparePublished(stated, computed)).toEqual([]);
  const flattering = { ...stated, figures: { logistic: { value: 0.9355, low: 0.9, high: 0.95 } } };
  expect(comparePublished(flattering, computed)).toEqual([
    'the configuration states 0.9355 (0.9000 to 0.9500) for "tied logistic regression, converged", it is 0.9601 (0.9182 to 0.9805)',
  ]);
  const invented = { ...stated, figures: { teacher: { value: 0.97, low: 0.9, high: 0.99 } } };
  expect(comparePublished(invented, computed)[0]).toContain("it is not there");
});

test("a lead whose interval includes zero is not called one", () => {
  const lines = sayPublished(computed);
  expect(lines[0]).toContain("100 bearing-wise splits");
  expect(lines[0]).toContain("the 18 bearings");
  expect(lines.at(-1)).toMatch(/neither helps nor hurts as far as can be told: .* which includes zero$/);
});

test("the shipped configuration states figures of the 100 splits, and every name of them is known", async () => {
  const path = new URL("../../../../../models/bearing-vibration/train.yaml", import.meta.url).pathname;
  const { published } = parseTrainingConfig(await readFile(path), path).config as BearingConfig;
  expect(published).toMatchObject({ splits: 100, bearings: 18 });
  const { figures, gains } = published!;
  const stated = Object.keys(figures).length + Object.keys(gains).length;
  expect(sayPublished(published!)).toHaveLength(1 + stated);
});
