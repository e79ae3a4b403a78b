/**
 * How the days of a column's reference scatter, aspect by aspect, and where a day and the last three lie among them. A short day
 * is held against how stretches of its length scatter. Decides nothing.
 */
import { average } from "../maths/moments.ts";
import type { DayUnit } from "./day-space.ts";
import { createExcess } from "./short-day.ts";
import type { ColumnReference, KeptDay } from "./site-reference.ts";

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
  /** The last three are off together by one alone that was told before: they are not tested together. */
  readonly isEcho: boolean;
}

/** Smallest scatter of the logarithm of a variance that is believed. */
const leastSpreadScatter = 0.05;

/** Rows an hour over the usual below which scatter within the hour is another thing: neighbours are alike. */
const leastDensity = 0.7;

/** Standard errors by which two of three days are off where the third does not tell all. */
const leastSupport = 2;

/** A day further back is not one of the last three. */
const mostDaysBack = 7;

/** Degrees of freedom of the variance, were its days independent. */
export function countDegrees({ weight, values }: DayScatter): number {
  return Math.min(weight, values.length) - 1;
}

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
  const isEcho = findEcho(column, last, { centre, variance });
  const extra = last.map((each) => (each === null ? Number.NaN : excess(each)));
  const levels = last.map((each) => (each === null ? Number.NaN : each[3]));
  return {
    aspect: "mean",
    centre,
    variance,
    weight,
    beyond: [extra[0]!, extra[1]!, extra[2]!],
    current: day[3],
    together: isEcho ? Number.NaN : average(levels),
    isEcho,
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
  const density = average(known.map((each) => each[2] / Math.max(1, each[1])));
  if (day[2] / Math.max(1, day[1]) < leastDensity * density) return null;
  const centre = average(known.map((each) => each[4]!));
  const variance = Math.max(
    known.reduce((sum, each) => sum + (each[4]! - centre) ** 2, 0) / (known.length - 1),
    leastSpreadScatter ** 2,
  );
  const error = average(known.map((each) => each[6]));
  const rows = average(known.map((each) => each[2]));
  const last = lastThree(column, day);
  // As if all scatter came of the number of rows, or by what their number alone gives, whichever is more.
  const extra = last.map((each) =>
    each === null
      ? Number.NaN
      : Math.max(0, each[6] - 1.1 * error, variance * ((0.9 * rows) / Math.max(1, each[2]) - 1)),
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
    isEcho: false,
    values: align(
      periods,
      known,
      known.map((each) => (each[4]! - centre) / Math.sqrt(variance)),
    ),
    fresh: standardise(spreads, extra, { centre, variance }),
  };
}

/**
 * Are the last three days off together by one of them alone, which was told when it came, or was too short to be learnt? What
 * went by itself would else be told for three days, as a third of what it was.
 */
function findEcho(
  column: ColumnReference,
  last: readonly (KeptDay | null)[],
  { centre, variance }: { centre: number; variance: number },
): boolean {
  if (last.some((each) => each === null)) return false;
  const shifts = last.map((each) => each![3] - centre);
  const furthest = shifts.reduce(
    (most, shift, at) => (Math.abs(shift) > Math.abs(shifts[most]!) ? at : most),
    0,
  );
  const wasTold = furthest < 2 && column.recent.at(furthest - 2)![1] === false;
  const others = average(shifts.filter((_, at) => at !== furthest));
  return wasTold && others * Math.sign(shifts[furthest]!) < leastSupport * Math.sqrt(variance / 2);
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
