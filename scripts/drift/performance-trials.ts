/**
 * Estimated performance where the truth is known: Elec2 week by week, a model that drifts by itself; made streams whose inputs move
 * or whose concept does; and the shipped bearing bundle's held-out windows, foretold from its folds' reliability.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ReliabilityBin } from "../../src/core/contract/bundle/reliability-bin.ts";
import type { ShareRange } from "../../src/core/contract/drift-performance-schema.ts";
import { createConceptWatch } from "../../src/core/drift/concept-watch.ts";
import {
  type DecidedBin,
  estimatePerformance,
  type PerformanceQuestion,
} from "../../src/core/drift/estimate-performance.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { fitLogistic } from "./logistic.ts";

/** Estimates against what was true. */
export interface PerformanceTrial {
  readonly estimates: number;
  readonly silent: number;
  /** Of the estimates made: intervals that hold the truth, and the mean error of the accuracy. */
  readonly covered: number;
  readonly meanError: number;
  /** The mean error of those that were not made, had doubts been passed over; null: there were none that could be made. */
  readonly meanErrorOfSilent: number | null;
}

/** A case whose outcome is known, but not to the estimate. */
export interface KnownCase {
  readonly probability: number;
  readonly isFault: boolean;
}

/** At and above this probability a case is called faulty, in all trials. */
const raiseAt = 0.5;
const bins = 10;

/** Counts cases in tenths of the probability. */
function binCases(cases: readonly KnownCase[]): {
  decided: DecidedBin[];
  reliability: ReliabilityBin[];
} {
  const counted = Array.from({ length: bins }, (_, index) => ({ index, cases: 0, stated: 0, faults: 0 }));
  for (const { probability, isFault } of cases) {
    const bin = counted[Math.min(bins - 1, Math.floor(probability * bins))]!;
    bin.cases++;
    bin.stated += probability;
    bin.faults += isFault ? 1 : 0;
  }
  const used = counted.filter((bin) => bin.cases > 0);
  return {
    decided: used.map(({ index, cases: count, stated }) => ({
      probability: stated / count,
      cases: count,
      called: index >= raiseAt * bins,
    })),
    reliability: used.map(({ cases: count, stated, faults }) => ({
      stated: stated / count,
      cases: count,
      observed: faults / count,
    })),
  };
}

function measureAccuracy(cases: readonly KnownCase[]): number {
  return cases.filter(({ probability, isFault }) => probability >= raiseAt === isFault).length / cases.length;
}

/**
 * Weeks one after the other; a share of their outcomes is confirmed a week later, and the watch over them silences the
 * estimates for good: a model whose probabilities were contradicted is replaced, not trusted again.
 */
export function runWeeks(weeks: readonly (readonly KnownCase[])[], setting: WeekSetting): PerformanceTrial {
  const random = createRandom(setting.seed);
  const watch = createConceptWatch({ meanRunLength: 1_000 });
  const { reliability } = binCases(setting.calibration);
  let contradicted = false;
  const made: { error: number; covers: boolean }[] = [];
  const unmade: number[] = [];
  for (const [index, week] of weeks.entries()) {
    for (const { probability, isFault } of weeks[index - 1] ?? []) {
      if (random.uniform() >= setting.confirmedShare) continue;
      const { change } = watch.update({ raised: probability >= raiseAt, risk: probability, isFault });
      contradicted ||= change !== null;
    }
    const question: PerformanceQuestion = {
      decided: binCases(week).decided,
      reliability,
      casesPerUnit: setting.casesPerUnit,
      doubts: { drifted: false, contradicted },
    };
    const truth = measureAccuracy(week);
    const estimate = estimatePerformance(question);
    if (estimate.kind === "estimate") {
      made.push({
        error: Math.abs(estimate.accuracy.value - truth),
        covers: covers(estimate.accuracy, truth, week.length),
      });
    } else {
      const anyway = estimatePerformance({ ...question, doubts: { drifted: false, contradicted: false } });
      if (anyway.kind === "estimate") unmade.push(Math.abs(anyway.accuracy.value - truth));
    }
  }
  return {
    estimates: made.length,
    silent: weeks.length - made.length,
    covered: made.filter((estimate) => estimate.covers).length,
    meanError: mean(made.map(({ error }) => error)),
    meanErrorOfSilent: unmade.length === 0 ? null : mean(unmade),
  };
}

export interface WeekSetting {
  readonly seed: number;
  readonly calibration: readonly KnownCase[];
  readonly casesPerUnit: PerformanceQuestion["casesPerUnit"];
  readonly confirmedShare: number;
}

/** What is true is a whole number of cases: no interval is finer than half of one. */
function covers({ low, high }: ShareRange, value: number, cases: number): boolean {
  return value >= low - 0.5 / cases && value <= high + 0.5 / cases;
}

/** All of them as one; errors are means over trials. */
export function sumTrials(trials: readonly PerformanceTrial[]): PerformanceTrial {
  const sum = (pick: (trial: PerformanceTrial) => number): number =>
    trials.reduce((total, trial) => total + pick(trial), 0);
  const spoken = trials.flatMap(({ meanErrorOfSilent }) =>
    meanErrorOfSilent === null ? [] : [meanErrorOfSilent],
  );
  return {
    estimates: sum((trial) => trial.estimates),
    silent: sum((trial) => trial.silent),
    covered: sum((trial) => trial.covered),
    meanError: sum((trial) => trial.meanError) / trials.length,
    meanErrorOfSilent: spoken.length === 0 ? null : mean(spoken),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Risks that are right; from the middle on inputs move (other risks), or the concept does (other truths). */
export function tryMadeWeeks(what: "inputs" | "concept", seed: number): PerformanceTrial {
  const random = createRandom(seed).fork(what);
  const draw = (skew: number, odds: number): KnownCase => {
    const probability = random.uniform() ** skew;
    const truth = (probability * odds) / (1 - probability + probability * odds);
    return { probability, isFault: random.uniform() < truth };
  };
  const many = (count: number, skew: number, odds: number): KnownCase[] =>
    Array.from({ length: count }, () => draw(skew, odds));
  const weeks = Array.from({ length: 50 }, (_, index) => {
    const isAfter = index >= 25;
    return many(300, isAfter && what === "inputs" ? 0.6 : 2, isAfter && what === "concept" ? 1 / 8 : 1);
  });
  const casesPerUnit = { decided: 1, reliability: 1 };
  return runWeeks(weeks, { seed, calibration: many(3_000, 2, 1), casesPerUnit, confirmedShare: 0.05 });
}

/** Elec2 (Harries, 1999): a logistic model's probabilities. */
interface Elec2Cases {
  readonly calibration: readonly KnownCase[];
  /** 336 rows each. */
  readonly weeks: readonly (readonly KnownCase[])[];
}

/** From where all its columns vary: learns 4,000 rows and calibrates on 4,000, then come the weeks; null: no file. */
export function readElec2Cases(dataDir: string): Elec2Cases | null {
  const path = join(dataDir, "drift", "elec2.csv.gz");
  if (!existsSync(path)) return null;
  const text = gunzipSync(readFileSync(path), { maxOutputLength: 16_000_000 }).toString("utf8");
  const lines = text
    .trim()
    .split("\n")
    .slice(1 + 17_424);
  const rows = lines.map((line) => line.split(",").map(Number));
  const scale = describeColumns(rows.slice(0, 4_000));
  const featuresOf = (row: readonly number[]): number[] => {
    const z = scale.map(({ centre, spread }, column) => (row[column]! - centre) / spread);
    return [...z, ...z.map((value) => value * value)];
  };
  const labelled = rows.map((row) => ({ x: featuresOf(row), label: row.at(-1)! }));
  const predict = fitLogistic(labelled.slice(0, 4_000));
  const raw = labelled.map(({ x, label }) => ({ logit: predict(x), label }));
  // Platt's calibration on rows that the model has not learnt from.
  const platt = fitLogistic(raw.slice(4_000, 8_000).map(({ logit, label }) => ({ x: [logit], label })));
  const cases = raw.map(({ logit, label }) => ({
    probability: 1 / (1 + Math.exp(-platt([logit]))),
    isFault: label === 1,
  }));
  const weeks: KnownCase[][] = [];
  for (let at = 8_000; at + 336 <= cases.length; at += 336) weeks.push(cases.slice(at, at + 336));
  return { calibration: cases.slice(4_000, 8_000), weeks };
}

/** Half hours of one half day stand or fall together; null: no file. */
export function tryElec2(dataDir: string): PerformanceTrial | null {
  const elec2 = readElec2Cases(dataDir);
  if (elec2 === null) return null;
  const casesPerUnit = { decided: 24, reliability: 24 };
  return runWeeks(elec2.weeks, {
    seed: 1,
    calibration: elec2.calibration,
    casesPerUnit,
    confirmedShare: 0.05,
  });
}

function describeColumns(rows: readonly (readonly number[])[]): { centre: number; spread: number }[] {
  return Array.from({ length: rows[0]!.length - 1 }, (_, column) => {
    const centre = mean(rows.map((row) => row[column]!));
    const spread = Math.sqrt(mean(rows.map((row) => (row[column]! - centre) ** 2)));
    return { centre, spread: spread || 1 };
  });
}

/** What is said of the shipped bundle's held-out windows, by what is taken to stand or fall together. */
export interface BundleTrial {
  readonly unit: "Recording" | "Bearing";
  /** The share of right decisions. */
  readonly truth: number;
  /** Its interval and whether that holds the truth, or why there is none. */
  readonly answer: string;
  /** Of recordings: an interval, for what it is worth. Of bearings: silence, since no probability rests on ten of them. */
  readonly isAsExpected: boolean;
}

/** What `evaluation.json` says of its cases: a window is three of them, one a kind of fault. */
interface StatedCases {
  readonly contract: { readonly signals: number };
  readonly heldOut: { readonly recordings: readonly unknown[] };
  readonly reliability: {
    readonly heldOut: readonly ReliabilityBin[];
    readonly outOfFold: readonly ReliabilityBin[];
  };
}

/** Nine bearings are held out and twelve in the folds, as the folds' files say: of each, its cases of one kind of fault stand or fall together. */
const bearings = { heldOut: 3 * 9, outOfFold: 3 * 12 };
const hardlySaw = /^\d+ % of the decisions have probabilities that its calibration hardly saw$/;

/**
 * Accuracy over windows and kinds of fault at a probability of one half, foretold from the folds' reliability. By recordings, which of one
 * bearing are no independent cases, an answer is expected that nobody is to rely on; by bearings none.
 */
export function tryBearingBundle(bundleDir: string): readonly BundleTrial[] {
  const stated = JSON.parse(readFileSync(join(bundleDir, "evaluation.json"), "utf8")) as StatedCases;
  const { heldOut, outOfFold } = stated.reliability;
  const cases = { heldOut: countCases(heldOut), outOfFold: countCases(outOfFold) };
  const right = heldOut.reduce(
    (sum, bin) => sum + bin.cases * (bin.stated >= raiseAt ? bin.observed : 1 - bin.observed),
    0,
  );
  const truth = right / cases.heldOut;
  const recordings = stated.heldOut.recordings.length;
  const units = {
    Recording: { heldOut: recordings, outOfFold: stated.contract.signals - recordings },
    Bearing: bearings,
  };
  return (["Recording", "Bearing"] as const).map((unit) => {
    const told = estimatePerformance({
      decided: heldOut.map((bin) => ({
        probability: bin.stated,
        cases: bin.cases,
        called: bin.stated >= raiseAt,
      })),
      reliability: outOfFold,
      casesPerUnit: {
        decided: cases.heldOut / units[unit].heldOut,
        reliability: cases.outOfFold / units[unit].outOfFold,
      },
      doubts: { drifted: false, contradicted: false },
    });
    if (told.kind === "silent") {
      const isAsExpected = unit === "Bearing" && hardlySaw.test(told.reason);
      return { unit, truth, answer: `silent: ${told.reason}`, isAsExpected };
    }
    const { low, high } = told.accuracy;
    const where = covers(told.accuracy, truth, cases.heldOut) ? "holds the truth" : "beside the truth";
    const answer = `${low.toFixed(3)} to ${high.toFixed(3)}, ${where}`;
    return { unit, truth, answer, isAsExpected: unit === "Recording" };
  });
}

function countCases(table: readonly ReliabilityBin[]): number {
  return table.reduce((sum, { cases }) => sum + cases, 0);
}
