/**
 * Holds one column of a day against the days of its reference: how far each aspect moved, in units of what is usual from day to
 * day, and how probable that is by chance. A short day is held against how stretches of its length scatter; days that resemble
 * the day before count as fewer.
 */
import { computeStudentTail } from "../maths/student-t.ts";
import { slotsOfDay } from "./day-summary.ts";
import type { DayUnit, TestKind } from "./day-space.ts";
import { createExcess } from "./short-day.ts";
import type { ColumnReference, KeptDay } from "./site-reference.ts";

/** A test of one aspect of one column. */
export interface AspectTest {
  readonly kind: Exclude<TestKind, "all1" | "all3">;
  readonly aspect: DayUnit["aspect"] | "invalid";
  /** Of the reference, and how far the day (or the last three) lies from it. */
  readonly centre: number;
  readonly shift: number;
  /** The shift over its standard error. */
  readonly t: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** How the days of a column's reference scatter in one aspect. */
export interface DayScatter extends DayUnit {
  readonly centre: number;
  /** Of whole days. */
  readonly variance: number;
  /** Sum of the weights of the days, each at most 1. */
  readonly weight: number;
  /** Variances of the last three days beyond that of a whole one; NaN: not known. */
  readonly beyond: readonly [number, number, number];
  /** The day, and the mean of the last three; NaN: not known. */
  readonly current: number;
  readonly together: number;
}

/** Smallest scatter of days that is believed: of a logarithm of a variance, and of the arc sine of a share's root. */
const leastSpreadScatter = 0.05;
const leastInvalidScatter = 0.1;

/** A day further back is not one of the last three. */
const mostDaysBack = 7;

/** How levels scatter, over the days of `periods` (a day not known there counts as an ordinary one). */
export function scatterLevels(column: ColumnReference, day: KeptDay, periods: readonly number[]): DayScatter {
  const { days } = column;
  const excess = createExcess(column);
  const beyond = days.map(excess);
  const isEven = beyond.every((each) => each === 0);
  let centre = average(days.map(([, , , level]) => level));
  let variance = days.reduce((sum, each) => sum + (each[3] - centre) ** 2, 0) / (days.length - 1);
  let weights = days.map(() => 1);
  let weight = days.length;
  if (!isEven) variance = Math.max(variance / 4, variance - average(beyond));
  for (let step = 0; step < 3 && !isEven; step++) {
    const held = variance;
    weights = beyond.map((each) => (each === 0 ? 1 : held / (held + each)));
    weight = weights.reduce((sum, each) => sum + each, 0);
    centre = days.reduce((sum, each, index) => sum + each[3] * weights[index]!, 0) / weight;
    variance =
      days.reduce((sum, each, index) => sum + weights[index]! * (each[3] - centre) ** 2, 0) /
      (days.length - 1);
  }
  const largest = column.curve.reduce((most, [, , , , mean]) => Math.max(most, Math.abs(mean)), 1e-6);
  variance = Math.max(variance, (1e-6 * largest) ** 2);
  const last = lastThree(column, day);
  const extra = last.map((each) => (each === null ? Number.NaN : excess(each)));
  const levels = last.map((each) => (each === null ? Number.NaN : each[3]));
  return {
    aspect: "mean",
    centre,
    variance,
    weight,
    beyond: [extra[0]!, extra[1]!, extra[2]!],
    current: day[3],
    together: average(levels),
    values: align(
      periods,
      days,
      days.map((each, index) => (each[3] - centre) * Math.sqrt(weights[index]! / variance)),
    ),
    fresh: standardise(levels, extra, { centre, variance }),
  };
}

/** As {@link scatterLevels} of the logarithm of the variance within an hour; null where too little is known of it. */
export function scatterSpreads(
  column: ColumnReference,
  day: KeptDay,
  periods: readonly number[],
): DayScatter | null {
  const known = column.days.filter(([, , , , spread]) => spread !== null);
  if (day[4] === null || known.length < Math.max(5, column.days.length / 2)) return null;
  const centre = average(known.map((each) => each[4]!));
  const variance = Math.max(
    known.reduce((sum, each) => sum + (each[4]! - centre) ** 2, 0) / (known.length - 1),
    leastSpreadScatter ** 2,
  );
  // As if all scatter came of the number of rows.
  const rows = average(known.map((each) => each[2]));
  const last = lastThree(column, day);
  const extra = last.map((each) =>
    each === null ? Number.NaN : variance * Math.max(0, (0.9 * rows) / Math.max(1, each[2]) - 1),
  );
  const spreads = last.map((each) => each?.[4] ?? Number.NaN);
  return {
    aspect: "spread",
    centre,
    variance,
    weight: known.length,
    beyond: [extra[0]!, extra[1]!, extra[2]!],
    current: day[4],
    together: Number.NaN,
    values: align(
      periods,
      known,
      known.map((each) => (each[4]! - centre) / Math.sqrt(variance)),
    ),
    fresh: standardise(spreads, extra, { centre, variance }),
  };
}

/**
 * Tests the day alone, and for a level the last three days together.
 * @param resemblance correlation of a day with the day before, 0 to 1: correlation k days apart is its k-th power
 */
export function testScatter(scatter: DayScatter, resemblance: number): AspectTest[] {
  const { aspect, centre, weight, beyond, current, together } = scatter;
  const widened = widen(scatter.values.length, resemblance);
  const variance = scatter.variance / widened.unbiased;
  const ofCentre = (variance * widened.ofMean) / weight;
  const degrees = Math.min(weight, scatter.values.length) - 1;
  const build = (value: number, own: number, kind: AspectTest["kind"]): AspectTest => {
    const t = (value - centre) / Math.sqrt(own + ofCentre);
    const shift = aspect === "spread" ? (value - centre) / 2 : value - centre;
    const pValue = computeStudentTail(t, degrees / widened.ofDegrees);
    return { kind, aspect, centre: aspect === "spread" ? Math.exp(centre / 2) : centre, shift, t, pValue };
  };
  const tests = [build(current, variance + beyond[2], aspect === "mean" ? "mean1" : "spread")];
  if (aspect === "mean" && !Number.isNaN(together)) {
    const own = (variance * (3 + 4 * resemblance + 2 * resemblance ** 2)) / 9;
    tests.push(build(together, own + (beyond[0] + beyond[1] + beyond[2]) / 9, "mean3"));
  }
  return tests;
}

/** The share of values that are none, against days that have few or the same. */
export function testInvalid(column: ColumnReference, day: KeptDay): AspectTest {
  const angles = column.days.map((each) => Math.asin(Math.sqrt(each[5])));
  const centre = average(angles);
  const variance = angles.reduce((sum, angle) => sum + (angle - centre) ** 2, 0) / (angles.length - 1);
  const fewer = day[1] === 0 ? 1 : Math.max(1, slotsOfDay / 2 / day[1]);
  const own = Math.max(variance, leastInvalidScatter ** 2) * (fewer + 1 / angles.length);
  const t = (Math.asin(Math.sqrt(day[5])) - centre) / Math.sqrt(own);
  const share = Math.sin(centre) ** 2;
  const pValue = computeStudentTail(t, angles.length - 1);
  return { kind: "invalid", aspect: "invalid", centre: share, shift: day[5] - share, t, pValue };
}

/**
 * How far days resemble the day before: the mean autocorrelation of all units at one day, less what chance alone gives.
 * @param periods of the days, ascending
 */
export function measureResemblance(units: readonly DayUnit[], periods: readonly number[]): number {
  const pairs = periods.flatMap((period, index) => (period === periods[index - 1]! + 1 ? [index] : []));
  if (units.length === 0 || pairs.length < 4) return 0;
  let sum = 0;
  for (const { values } of units) {
    let product = 0;
    for (const index of pairs) product += values[index]! * values[index - 1]!;
    sum += product / pairs.length;
  }
  const correlation = sum / units.length + 1 / periods.length;
  // Shrunk like James and Stein's estimate. Columns are not independent: half of them count.
  const error = 1 / (pairs.length * Math.max(1, units.length / 2));
  return Math.min(0.9, Math.max(0, correlation - error / Math.max(correlation, 1e-9)));
}

/** What correlated days change: the bias of their variance, its degrees of freedom and the variance of their mean. */
function widen(days: number, r: number): { unbiased: number; ofDegrees: number; ofMean: number } {
  let covered = 0;
  let squares = 0;
  for (let lag = 1, power = r; lag < days && power > 1e-4; lag++, power *= r) {
    covered += (1 - lag / days) * power;
    squares += (1 - lag / days) * power * power;
  }
  return {
    unbiased: 1 - (2 * covered) / (days - 1),
    ofDegrees: 1 + 2 * squares,
    ofMean: 1 + 2 * covered,
  };
}

function lastThree(column: ColumnReference, day: KeptDay): readonly (KeptDay | null)[] {
  const [before, between] = column.recent.slice(-2).map(([each]) => each);
  if (before === undefined || between === undefined || day[0] - before[0] > mostDaysBack) {
    return [null, null, day];
  }
  return [before, between, day];
}

function standardise(
  values: readonly number[],
  beyond: readonly number[],
  { centre, variance }: { centre: number; variance: number },
): readonly [number, number, number] {
  const at = (index: number): number => {
    const value = (values[index]! - centre) / Math.sqrt(variance + beyond[index]!);
    return Number.isNaN(value) ? 0 : value;
  };
  return [at(0), at(1), at(2)];
}

function align(
  periods: readonly number[],
  days: readonly KeptDay[],
  values: readonly number[],
): Float64Array {
  const out = new Float64Array(periods.length);
  let from = 0;
  for (const [index, day] of days.entries()) {
    while (from < periods.length && periods[from]! < day[0]) from++;
    if (periods[from] === day[0]) out[from] = values[index]!;
  }
  return out;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
