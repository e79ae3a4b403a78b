/**
 * How far days resemble the days before them and how wild they are: what keeps a mean of days from being as sure as that of as
 * many independent, normal ones. Short memory is read from the hours within the days, long memory and wild days from the days
 * themselves where they show it clearly.
 */
import { average } from "../maths/moments.ts";
import type { DayUnit } from "./day-space.ts";
import { slotsOfDay } from "./day-summary.ts";
import { type ColumnReference, stretchLengths } from "./site-reference.ts";

/** What correlated and wild days change in a test against them. */
export interface Widening {
  /** Expectation of the days' variance over the true one, below 1. */
  readonly unbiased: number;
  /** Variance of the mean of the days over that of as many independent ones. */
  readonly ofMean: number;
  /** Variance of the mean of three days in a row over that of one. */
  readonly three: number;
  /** Degrees of freedom of independent days over these. */
  readonly degrees: number;
  /** One over the degrees of freedom that wild days leave, however many they are; 0: they are normal. */
  readonly tails: number;
}

/** Days over which days may resemble each other. */
const longestMemory = 14;

/** Memory of an hour that is none. */
const leastMemory = 1e-20;

/** Standard errors beyond which a resemblance or wildness is believed: of all columns together, of one alone. */
const surePooled = 2.5;
const sureAlone = 3;

/**
 * One a unit. The `memory` of a unit is that of {@link measureHourMemory}; 0: none.
 * @param periods of the days, ascending
 */
export function measureWidening(
  units: readonly DayUnit[],
  periods: readonly number[],
  memory: readonly number[],
): Widening[] {
  const days = periods.length;
  // Columns of one machine are not independent: half of them count.
  const counted = Math.max(1, units.length / 2);
  const models = memory.map(correlateDays);
  const pairs = pairDays(periods);
  const ofUnits = units.map((unit, index) => correlate(unit.values, pairs, models[index]!));
  const pooled = (ofUnits[0] ?? []).map((_, lag) => average(ofUnits.map((each) => each[lag]!)));
  const isPooled = excessOf(pooled, average(models)) > surePooled / Math.sqrt(days * counted);
  const wild = units.map(({ values }) => measureKurtosis(values) - 3);
  const isWild = average(wild) > surePooled * Math.sqrt(24 / (days * counted));
  return units.map((_, index) => {
    const own = ofUnits[index]!;
    const isOwn = excessOf(own, models[index]!) > (isPooled ? 1 : sureAlone) / Math.sqrt(days);
    const lags = new Array<number>(longestMemory).fill(0);
    addModel(lags, models[index]!, memory[index]!);
    if (isPooled) addMeasured(lags, pooled);
    if (isOwn) addMeasured(lags, own);
    let tails = 0;
    if (isWild) tails = Math.max(tails, tailOf(average(wild)));
    if (wild[index]! > sureAlone * Math.sqrt(24 / days)) tails = Math.max(tails, tailOf(wild[index]!));
    return widen(lags, { days, tails, isLong: isPooled || isOwn });
  });
}

/** Degrees of freedom of `degrees` of independent, normal days, at least 2; `lent` are of other columns. */
export function widenDegrees(
  degrees: number,
  widening: Pick<Widening, "degrees" | "tails">,
  lent = 0,
): number {
  return Math.max(2, 1 / (1 / (degrees / widening.degrees + lent) + widening.tails));
}

/**
 * Correlation of two moments an hour apart, were the column a first-order process (Ornstein and Uhlenbeck's) whose stretches of
 * one and of eight hours scatter within a day as they do; 0 to .998.
 */
export function measureHourMemory({ stretches }: ColumnReference): number {
  const [ones, onesSquares] = stretches[0]!;
  const [eights, eightsSquares] = stretches[stretchLengths.indexOf(8)]!;
  if (ones < slotsOfDay * 3 || eights < 9 || onesSquares === 0) return 0;
  const ratio = eightsSquares / eights / (onesSquares / ones);
  let low = 0.002;
  let high = 50;
  for (let step = 0; step < 24; step++) {
    const rate = Math.sqrt(low * high);
    const whole = varianceOfMean(rate * slotsOfDay);
    if ((varianceOfMean(rate * 8) - whole) / (varianceOfMean(rate) - whole) > ratio) low = rate;
    else high = rate;
  }
  return Math.exp(-Math.sqrt(low * high));
}

/** Variance of a day's mean, were the column a process of such a `memory` (see {@link measureHourMemory}); 0: too few hours are known. */
export function expectDayVariance({ stretches }: ColumnReference, memory: number): number {
  const [hours, squares] = stretches[0]!;
  if (hours < slotsOfDay * 3) return 0;
  const rate = -Math.log(Math.max(leastMemory, memory));
  const whole = varianceOfMean(rate * slotsOfDay);
  return ((squares / hours) * whole) / (varianceOfMean(rate) - whole);
}

/** Variance of the mean over a time, in units of the process' own time, over that of a moment. */
function varianceOfMean(time: number): number {
  return (2 * (time - 1 + Math.exp(-time))) / (time * time);
}

/** Correlation of a day's mean with that of the day before, whose hours have such a memory. */
function correlateDays(memory: number): number {
  if (memory < 1e-6) return 0;
  const time = -slotsOfDay * Math.log(memory);
  return (1 - Math.exp(-time)) ** 2 / (2 * (time - 1 + Math.exp(-time)));
}

/** Pairs of rows [later, earlier …] one, two … days apart. */
function pairDays(periods: readonly number[]): readonly (readonly number[])[] {
  const rowOf = new Map(periods.map((period, row) => [period, row]));
  return Array.from({ length: longestMemory }, (_, lag) =>
    periods.flatMap((period, row) => {
      const before = rowOf.get(period - lag - 1);
      return before === undefined ? [] : [row, before];
    }),
  );
}

/** Correlation of days so far apart, one a lag, less what the common mean takes off; 0 for too few pairs. */
function correlate(values: Float64Array, pairs: readonly (readonly number[])[], model: number): number[] {
  return pairs.map((rows) => {
    if (rows.length < 12) return 0;
    let product = 0;
    for (let index = 0; index < rows.length; index += 2)
      product += values[rows[index]!]! * values[rows[index + 1]!]!;
    return product / (rows.length / 2) + (1 + 3 * model) / values.length;
  });
}

function excessOf(lags: readonly number[], model: number): number {
  return (lags[0] ?? 0) - model;
}

function addModel(lags: number[], model: number, memory: number): void {
  for (let lag = 0; lag < lags.length; lag++)
    lags[lag] = Math.max(lags[lag]!, model * memory ** (slotsOfDay * lag));
}

/** Once days are known to wander, every sign of it counts: too long a memory costs some power, too short a one false verdicts. */
function addMeasured(lags: number[], measured: readonly number[]): void {
  for (let lag = 0; lag < lags.length; lag++)
    lags[lag] = Math.max(lags[lag]!, Math.min(0.95, measured[lag]!));
}

function measureKurtosis(values: Float64Array): number {
  let squares = 0;
  let fourths = 0;
  for (const value of values) {
    squares += value * value;
    fourths += value ** 4;
  }
  if (squares === 0) return 3;
  // A normal sample's is smaller on average.
  const days = values.length;
  return ((fourths * days) / squares ** 2) * ((days + 1) / (days - 1));
}

/** One over the degrees of Student's t that has such an excess of kurtosis. */
function tailOf(excess: number): number {
  return 1 / (4 + 6 / excess);
}

/** With `isLong`, days wander: as many of them as are independent tell how far. */
function widen(
  lags: readonly number[],
  { days, tails, isLong }: { days: number; tails: number; isLong: boolean },
): Widening {
  let covered = 0;
  let squares = 0;
  for (const [index, correlation] of lags.entries()) {
    const share = Math.max(0, 1 - (index + 1) / days);
    covered += share * correlation;
    squares += share * correlation * correlation;
  }
  return {
    unbiased: Math.max(0.3, 1 - (2 * covered) / (days - 1)),
    ofMean: 1 + 2 * covered,
    three: (3 + 4 * lags[0]! + 2 * lags[1]!) / 9,
    degrees: 1 + 2 * (isLong ? covered : squares),
    tails,
  };
}
