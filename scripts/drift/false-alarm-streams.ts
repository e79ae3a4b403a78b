/** Streams of healthy days whose truth is known, and how often drift and warnings may be said of each. */
import { type CorrelatedRows, rowsPerDay } from "./correlated-days.ts";

/** Days of one kind, and what is held against their rates. */
export interface HealthyStream extends CorrelatedRows {
  readonly name: string;
  readonly days: number;
  readonly learnDays?: number;
  /** Bounds of the rate of drift over the declared one, missed when its interval lies outside; of warnings, the most. */
  readonly drift: readonly [number, number] | null;
  readonly mostWarnings: number;
  /** Columns' days lie off by chance, by standard deviations from none to so many of a row: no column is like another. */
  readonly wander?: number;
  /** Bends every value. */
  readonly shape?: (value: number) => number;
  readonly isHeard?: (row: number, day: number) => boolean;
  /** Goes on learning from stable days, as a point does. */
  readonly isRefined?: boolean;
}

/** Of the days of a point. */
export const declaredRate = 0.001;
/** Bounds of a rate over the declared one. */
export const asDeclared: readonly [number, number] = [0.8, 1.2];
/** Of a student's t of three degrees, by its quantiles: sinh of a normal value is as wild. */
const wild = (value: number): number => Math.sinh(1.2 * value);
/** The mean of such a day is skewed itself: what that costs is shown, no rate is promised. */
const skewed = (value: number): number => Math.exp(value);
const twoModes = (value: number): number => value + (value > 0.3 ? 4 : 0);
const early = (hours: number) => (row: number) => row < (rowsPerDay / 24) * hours;
const scattered = (row: number, day: number): boolean =>
  (Math.imul(row * 331 + day * 7919, 2654435761) >>> 16) % 4 === 0;

/** Each stream says what of this is otherwise. */
const usual = { columns: 8, common: 0, rho: 0.5, days: 6_000, drift: null, mostWarnings: 0.02 };
/** One whose rate of drift must be the declared one. */
const exact = { ...usual, drift: asDeclared, mostWarnings: 0.012 };
const fortnight = { ...exact, days: 10_000, learnDays: 14, mostWarnings: 0.013 };

export const healthyStreams: readonly HealthyStream[] = [
  ...[0, 0.5, 0.9, 0.95, 0.98].map((rho) => ({ ...exact, name: `rho ${rho}`, rho, days: 30_000 })),
  { ...exact, name: "columns correlated by .5", common: 0.5, days: 15_000, mostWarnings: 0.013 },
  { ...exact, name: "columns correlated by .9", common: 0.9, days: 15_000 },
  { ...exact, name: "1 column", columns: 1, days: 30_000 },
  { ...usual, name: "36 columns", columns: 36, common: 0.3, days: 5_000, mostWarnings: 0.015 },
  { ...usual, name: "goes on learning", mostWarnings: 0.015, isRefined: true },
  { ...usual, name: "days of 6 h", rho: 0.9, isHeard: early(6) },
  { ...usual, name: "days of 12 h", rho: 0.9, isHeard: early(12) },
  { ...usual, name: "days of 6 h, rho .98", rho: 0.98, isHeard: early(6) },
  { ...usual, name: "a quarter of the rows", rho: 0.9, isHeard: scattered },
  { ...usual, name: "wild columns", drift: [0, 3], shape: wild },
  { ...usual, name: "lognormal columns", mostWarnings: 0.03, shape: skewed },
  { ...usual, name: "columns of two modes", drift: [0, 3], shape: twoModes },
  { ...exact, name: "rho 0.5, 14 days of learning", days: 15_000, learnDays: 14 },
  { ...fortnight, name: "14 days of learning, columns correlated by .9", common: 0.9 },
  { ...fortnight, name: "14 days of learning, columns that wander from day to day", wander: 0.3 },
];
