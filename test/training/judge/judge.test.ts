import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/maths/random.ts";
import { computeQuantile } from "../../../src/core/maths/robust.ts";
import { computeBayesThreshold, computeExpectedCost } from "../../../src/training/judge/bayes-threshold.ts";
import { computeReliability, createCalibrationError } from "../../../src/training/judge/calibration-error.ts";
import {
  binomialInterval,
  computeFigure,
  computeShare,
  computeUnitShare,
  drawResamples,
} from "../../../src/training/judge/figure.ts";
import { computeAuroc, createAuroc } from "../../../src/training/judge/metrics.ts";
import type { ScoredSet, ScoredSignal } from "../../../src/training/judge/scored-set.ts";
import { compareSlices, listSlices, type PairedLoss } from "../../../src/training/judge/slice-figures.ts";
import { sayFinding } from "../../../src/training/recipes/bearing/judge/shrink-figures.ts";

function signal(id: string, truth: number | null, rows: number, unit = id): ScoredSignal {
  return { id, unit, stratum: `${truth}`, truth, rows, slices: {} };
}

/** One output; a signal a row. */
function setOf(rows: readonly (readonly [score: number, positive: boolean])[]): ScoredSet {
  return {
    signals: rows.map(([, positive], index) => signal(`${index}`, positive ? 0 : null, 1)),
    outputs: 1,
    scores: { m: Float32Array.from(rows, ([score]) => score) },
  };
}

test("the weighted AUROC is the plain one of the rows repeated as often as they count", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean(), fc.integer({ min: 0, max: 3 })), {
        minLength: 2,
        maxLength: 20,
      }),
      (rows) => {
        const statistic = createAuroc(setOf(rows.map(([score, label]) => [score, label])), "m", 0);
        const repeated = rows.flatMap((row) => new Array<typeof row>(row[2]).fill(row));
        const expected = computeAuroc(
          repeated.map(([score]) => score),
          repeated.map(([, label]) => label),
        );
        const actual = statistic(Float64Array.from(rows, ([, , count]) => count));
        if (Number.isNaN(expected)) expect(actual).toBeNaN();
        else expect(actual).toBeCloseTo(expected, 12);
      },
    ),
  );
});

test("units are resampled whole and within their stratum", () => {
  const signals = [signal("a", 0, 1, "u1"), signal("b", 0, 1, "u1"), signal("c", 0, 1, "u2")];
  const healthy = { ...signal("d", null, 1, "u3") };
  for (const counts of drawResamples([...signals, healthy], 1, 50).replicates) {
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]! + counts[2]!).toBe(2);
    expect(counts[3]).toBe(1);
  }
});

test("where every stratum is a single unit nothing is drawn, and a figure has no interval", () => {
  const alone = [signal("a", 0, 1, "u1"), signal("b", 0, 1, "u1"), signal("c", null, 1, "u2")];
  const mean = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0) / 3;
  expect(computeFigure(mean, drawResamples(alone, 1))).toEqual({ value: 1, low: null, high: null });
  const several = drawResamples([...alone, signal("d", null, 1, "u3")], 1);
  expect(computeFigure((counts) => counts[2]!, several)).toEqual({ value: 1, low: 0, high: 2 });
});

test("the interval of a mean of 40 covers the truth about as often as a percentile interval should", () => {
  // Below 95 percent by nature: 0.927 in 4,500 samples (no factor n/(n−1), no t). Bounds: 3.5 standard errors of 200.
  const random = createRandom(3);
  let covered = 0;
  for (let sample = 0; sample < 200; sample++) {
    const values = Array.from({ length: 40 }, () => random.normal());
    const signals = values.map((_, index) => signal(`${index}`, 0, 1));
    const { low, high } = computeFigure(
      (counts) => values.reduce((sum, value, index) => sum + value * counts[index]!, 0) / 40,
      drawResamples(signals, sample, 300),
    );
    if (low! <= 0 && high! >= 0) covered++;
  }
  expect(covered / 200).toBeGreaterThan(0.862);
  expect(covered / 200).toBeLessThan(0.992);
});

test("quantiles are those of numpy's default", () => {
  expect(computeQuantile([1, 2, 3, 4], 0.25)).toBe(1.75);
  expect(computeQuantile([3, 1], 0.975)).toBeCloseTo(2.95, 12);
});

test("probabilities that are right have a small calibration error, overconfident ones a large one", () => {
  const random = createRandom(5);
  const probabilities = Array.from({ length: 20_000 }, () => random.uniform());
  const rows = probabilities.map((p): [number, boolean] => [p, random.uniform() < p]);
  const sharp = rows.map(([p, label]): [number, boolean] => [p < 0.5 ? p / 4 : 1 - (1 - p) / 4, label]);
  const error = (set: ScoredSet): number =>
    createCalibrationError([set], "m")(new Float64Array(set.signals.length).fill(1));
  expect(error(setOf(rows))).toBeLessThan(0.015);
  expect(error(setOf(sharp))).toBeGreaterThan(0.1);
  const bins = computeReliability([setOf(rows)], "m");
  expect(bins).toHaveLength(10);
  for (const { stated, observed } of bins) expect(Math.abs(stated - observed)).toBeLessThan(0.05);
});

test("a share's interval is Wilson's", () => {
  // statsmodels proportion_confint(8, 10, method="wilson")
  const share = computeShare(8, 10);
  expect(share.low).toBeCloseTo(0.4901625, 5);
  expect(share.high).toBeCloseTo(0.9433178, 5);
});

test("at the Bayes threshold an alarm costs as much as silence", () => {
  const costs = { missed: 30_000, found: 12_500, falseAlarm: 4500, faultPrior: 0.058 };
  expect(computeBayesThreshold(costs)).toBe(0.807);
  // Equal costs and an even prior: more likely than not.
  expect(computeBayesThreshold({ missed: 2, found: 1, falseAlarm: 1, faultPrior: 0.5 })).toBe(0.5);
  expect(computeBayesThreshold({ missed: 1, found: 1, falseAlarm: 1, faultPrior: 0.5 })).toBe(1);
  expect(computeExpectedCost(costs, 0, 0)).toBeCloseTo(1740, 9);
  expect(computeExpectedCost(costs, 1, 1)).toBeCloseTo(0.058 * 12_500 + 0.942 * 4500, 9);
});

function pairs(shift: (slice: string) => number, seed: number): PairedLoss[] {
  const random = createRandom(seed);
  return Array.from({ length: 80 }, (_, index) => {
    const slices = { bearing: `b${index % 8}`, load: `${index % 3} hp` };
    const difference = 0.02 * random.normal() + shift(slices.bearing);
    return { id: `${index}`, block: `${index}`, slices, difference };
  });
}

test("a slice that is worse is found, and equal models are accused in no more than one case in twenty", () => {
  const worse = compareSlices(
    pairs((bearing) => (bearing === "b3" ? 0.05 : 0), 1),
    7,
  );
  expect(worse[0]).toMatchObject({ by: "bearing", value: "b3", signals: 10 });
  expect(worse[0]!.adjustedP).toBeLessThan(0.05);
  const accused = Array.from(
    { length: 40 },
    (_, seed) =>
      compareSlices(
        pairs(() => 0, 100 + seed),
        seed,
      )[0]!,
  );
  expect(accused.filter(({ adjustedP }) => adjustedP < 0.05).length).toBeLessThanOrEqual(5);
});

test("cases of one block count once, however many they are", () => {
  // A week that went badly for one model: forty cases, one piece of evidence.
  const week = Array.from({ length: 80 }, (_, index): PairedLoss => {
    const isBad = index < 40;
    return {
      id: `${index}`,
      block: isBad ? "bad week" : `${index}`,
      slices: { turbine: isBad || index % 4 === 0 ? "T01" : "T06" },
      difference: isBad ? 0.05 : index % 8 < 4 ? 0.05 : -0.05,
    };
  });
  const apart = week.map((pair) => ({ ...pair, block: pair.id }));
  const pOf = (all: readonly PairedLoss[]): number =>
    compareSlices(all, 1).find(({ value }) => value === "T01")!.adjustedP;
  expect(pOf(apart)).toBeLessThan(0.01);
  expect(pOf(week)).toBeGreaterThan(0.2);
});

test("slices are listed by dimension, and bands in their order", () => {
  const values = ["100 and more", "25 to 49", "below 25", "50 to 99"];
  const signals = [...values.map((left) => ({ slices: { left } })), { slices: { engine: "T06" } }];
  expect(listSlices([...signals, { slices: { engine: "T01" } }])).toEqual([
    { by: "engine", value: "T01" },
    { by: "engine", value: "T06" },
    ...["below 25", "25 to 49", "50 to 99", "100 and more"].map((value) => ({ by: "left", value })),
  ]);
});

test("equal losses accuse nobody, and slices of a few signals are not judged", () => {
  const equal = pairs(() => 0, 1).map((pair) => ({ ...pair, difference: 0 }));
  expect(compareSlices(equal, 1).every(({ adjustedP }) => adjustedP === 1)).toBe(true);
  expect(compareSlices(equal.slice(0, 5), 1)).toEqual([]);
});

test("the words follow from the figures, whichever way they point", () => {
  const say = (low: number, high: number): string =>
    sayFinding("Pruning", { value: (low + high) / 2, low, high });
  expect(say(0.01, 0.03)).toBe("Pruning helps: macro AUROC changes by 0.0200 (0.0100 to 0.0300)");
  expect(say(-0.03, -0.01)).toMatch(/^Pruning hurts/);
  expect(say(-0.001, 0.001)).toMatch(/^Pruning makes no difference worth speaking of/);
  expect(say(-0.01, 0.02)).toMatch(/^Pruning neither helps nor hurts as far as can be told/);
});

test("cases of few independent things are no surer than those things, however many the cases are", () => {
  const [few, many] = [computeUnitShare(32, 45, 8), computeUnitShare(3200, 4500, 8)];
  expect(few).toEqual(many);
  expect(few.value).toBeCloseTo(32 / 45, 12);
  expect(few.high! - few.low!).toBeGreaterThan(
    1.5 * (computeShare(32, 45).high! - computeShare(32, 45).low!),
  );
  expect(computeUnitShare(39, 39, 39)).toEqual(computeShare(39, 39));
});

// Clopper & Pearson at 95 %, as SciPy's stats.binomtest(k, n).proportion_ci() has them.
test.each([
  [0, 8, 0, 0.3694],
  [4, 8, 0.157, 0.843],
  [8, 8, 0.6306, 1],
  [750, 1000, 0.7219, 0.7766],
  [9000, 10_000, 0.894, 0.9058],
] as const)("the exact interval of %d of %d is %d to %d", (successes, trials, low, high) => {
  const interval = binomialInterval(successes, trials, 0.95);
  expect(Math.abs(interval.low - low)).toBeLessThan(1e-4);
  expect(Math.abs(interval.high - high)).toBeLessThan(1e-4);
});
