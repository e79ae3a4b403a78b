import fc from "fast-check";
import { expect, test } from "vitest";
import { computeProbability } from "../../../src/core/decision/calibrate.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import {
  computeAuroc,
  computeBrier,
  computeMacroAuroc,
  createMeanBrier,
} from "../../../src/training/judge/metrics.ts";
import { fitPlatt } from "../../../src/training/learn/platt.ts";

test("the AUROC is the share of ordered pairs, ties counting half", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 2, maxLength: 30 }),
      (rows) => {
        const scores = rows.map(([score]) => score);
        const labels = rows.map(([, label]) => label);
        let pairs = 0;
        let won = 0;
        for (const [a, positive] of rows) {
          for (const [b, other] of rows) {
            if (!positive || other) continue;
            pairs++;
            won += a > b ? 1 : a === b ? 0.5 : 0;
          }
        }
        const auroc = computeAuroc(scores, labels);
        if (pairs === 0) expect(auroc).toBeNaN();
        else expect(auroc).toBeCloseTo(won / pairs, 12);
      },
    ),
  );
});

test("the AUROC of scikit-learn's example is 0.75", () => {
  // sklearn.metrics.roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
  expect(computeAuroc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75);
});

test("the macro AUROC is the mean over columns", () => {
  const labels = Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1);
  expect(computeMacroAuroc(Float32Array.of(0, 3, 1, 2, 2, 1, 3, 0), labels, 2)).toBe(0.5);
});

test("a column without both classes is no part of the macro AUROC", () => {
  const labels = Float32Array.of(0, 0, 0, 0, 1, 0, 1, 0);
  expect(computeMacroAuroc(Float32Array.of(0, 3, 1, 2, 2, 1, 3, 0), labels, 2)).toBe(1);
});

test("a Brier score by hand", () => {
  expect(computeBrier([1, 0.5], [1, 1])).toBe(0.125);
});

test("Platt scaling recovers the slope and intercept that made the labels", () => {
  const random = createRandom(1);
  const logits = Array.from({ length: 20_000 }, () => 4 * random.normal());
  const labels = logits.map((logit) => (random.uniform() < 1 / (1 + Math.exp(-(0.6 * logit - 1))) ? 1 : 0));
  const fitted = fitPlatt(
    logits,
    labels,
    logits.map(() => 1),
  );
  expect(fitted.slope).toBeCloseTo(0.6, 1);
  expect(fitted.intercept).toBeCloseTo(-1, 1);
});

test("a mean Brier score weighs windows alike, and a recording that is drawn twice as two", () => {
  const mean = createMeanBrier([
    { rows: 1, brier: 0.4 },
    { rows: 3, brier: 0 },
  ]);
  expect(mean(Float64Array.of(1, 1))).toBeCloseTo(0.1, 12);
  expect(mean(Float64Array.of(2, 0))).toBeCloseTo(0.4, 12);
});

test("Platt scaling of separable, constant or reversed scores stays finite and never falls", () => {
  for (const [logits, labels] of [
    [
      [-5, -4, 4, 5],
      [0, 0, 1, 1],
    ],
    [
      [1, 1, 1, 1],
      [0, 1, 0, 1],
    ],
    [
      [5, 4, -4, -5],
      [0, 0, 1, 1],
    ],
    [
      [1, 2],
      [0, 0],
    ],
  ] as const) {
    const fitted = fitPlatt(
      logits,
      labels,
      logits.map(() => 1),
    );
    expect(fitted.slope).toBeGreaterThan(0);
    expect(Number.isFinite(fitted.intercept)).toBe(true);
    expect(computeProbability(3, fitted)).toBeGreaterThanOrEqual(computeProbability(-3, fitted));
  }
});
