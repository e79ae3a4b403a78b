/**
 * Holds one column of a day against the days of its reference: how far each aspect moved, in units of what is usual from day to
 * day, and how probable that is by chance. A short day is held against how stretches of its length scatter.
 */
import { computeStudentTail } from "../maths/student-t.ts";
import { slotsOfDay } from "./day-summary.ts";
import { type ColumnReference, type KeptDay, stretchLengths } from "./site-reference.ts";

/** A test of one aspect of one column. */
export interface AspectTest {
  readonly aspect: "mean" | "spread" | "invalid";
  /** Days in the mean: the day alone, or the last three together. */
  readonly days: 1 | 3;
  /** Of the reference, and how far the day lies from it. */
  readonly centre: number;
  readonly shift: number;
  /** The shift over its standard error. */
  readonly t: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** Smallest scatter of days that is believed: of a logarithm of a variance, and of the arc sine of a share's root. */
const leastSpreadScatter = 0.05;
const leastInvalidScatter = 0.1;

/** Tests a day of a learnt column, alone and with the last two days before it. */
export function testColumn(column: ColumnReference, day: KeptDay): AspectTest[] {
  const tests: AspectTest[] = [];
  const scatter = describeLevels(column);
  const last = [...column.recent.map(([recent]) => recent), day].slice(-3);
  tests.push(testLevel(scatter, [day]));
  if (last.length === 3 && day[0] - last[0]![0] <= 7) tests.push(testLevel(scatter, last));
  const spread = testSpread(column, day);
  if (spread !== null) tests.push(spread);
  tests.push(testInvalid(column, day));
  return tests;
}

/** How the levels of the reference's days scatter. */
interface LevelScatter {
  readonly centre: number;
  /** Of whole days. */
  readonly variance: number;
  readonly degrees: number;
  /** Sum of the weights of the days, each at most 1. */
  readonly weight: number;
  /** Variance of a day beyond that of a whole one. */
  excess(day: KeptDay): number;
}

function describeLevels(column: ColumnReference): LevelScatter {
  const { days } = column;
  const excess = createExcess(column);
  const beyond = days.map(excess);
  let centre = average(days.map(([, , , level]) => level));
  let variance = 0;
  let weight = days.length;
  for (let step = 0; step < 4; step++) {
    const held = variance;
    const weights = beyond.map((each) => (step === 0 || each === 0 ? 1 : held / (held + each)));
    weight = weights.reduce((sum, each) => sum + each, 0);
    centre = days.reduce((sum, day, index) => sum + day[3] * weights[index]!, 0) / weight;
    variance =
      days.reduce((sum, day, index) => sum + weights[index]! * (day[3] - centre) ** 2, 0) / (days.length - 1);
    if (beyond.every((each) => each === 0)) break;
    if (step === 0) variance = Math.max(variance / 4, variance - average(beyond));
  }
  const floor = (1e-6 * Math.max(...column.curve.map(([, , , , mean]) => Math.abs(mean)), 1e-6)) ** 2;
  return { centre, variance: Math.max(variance, floor), degrees: days.length - 1, weight, excess };
}

function testLevel(scatter: LevelScatter, days: readonly KeptDay[]): AspectTest {
  const { centre, variance, degrees, weight } = scatter;
  const shift = average(days.map(([, , , level]) => level)) - centre;
  const own = days.reduce((sum, day) => sum + variance + scatter.excess(day), 0) / days.length ** 2;
  const t = shift / Math.sqrt(own + variance / weight);
  const of = days.length === 1 ? 1 : 3;
  return { aspect: "mean", days: of, centre, shift, t, pValue: computeStudentTail(t, degrees) };
}

/**
 * Variance of a day's level beyond that of a whole day: of its length, from how stretches of that length scatter within the
 * reference's days, and of its few rows. Where no stretch is known, as if the hours were independent, which is the most.
 */
function createExcess(column: ColumnReference): (day: KeptDay) => number {
  const { days, stretches } = column;
  const rowsPerSlot = average(days.map(([, slots, rows]) => rows / Math.max(1, slots)));
  const within = Math.exp(
    average(days.flatMap(([, , , , spread]) => (spread === null ? [] : [spread]))) || -99,
  );
  const centre = average(days.map(([, , , level]) => level));
  const variance = average(days.map(([, , , level]) => (level - centre) ** 2));
  const rungs = stretchLengths.map((length, index) => {
    const [count, squares] = stretches[index]!;
    return count < 4 ? variance * (slotsOfDay / length - 1) : squares / count;
  });
  for (let index = rungs.length - 2; index >= 0; index--) {
    rungs[index] = Math.max(rungs[index]!, rungs[index + 1]!);
  }
  return ([, slots, rows]) => {
    const ofLength = slots >= slotsOfDay - 0.5 ? 0 : interpolate(rungs, slots);
    return ofLength + within * Math.max(0, 1 / rows - 1 / (0.7 * rowsPerSlot * slots));
  };
}

/** Between two rungs, linear over the logarithm of the length; none for a whole day. */
function interpolate(rungs: readonly number[], slots: number): number {
  const lengths = [...stretchLengths, slotsOfDay];
  const upper = lengths.findIndex((length) => length >= slots);
  if (upper <= 0) return rungs[0]!;
  const low = Math.log(lengths[upper - 1]!);
  const share = (Math.log(slots) - low) / (Math.log(lengths[upper]!) - low);
  return (1 - share) * rungs[upper - 1]! + share * (rungs[upper] ?? 0);
}

function testSpread(column: ColumnReference, day: KeptDay): AspectTest | null {
  const known = column.days.filter(([, , , , spread]) => spread !== null);
  if (day[4] === null || known.length < Math.max(5, column.days.length / 2)) return null;
  const centre = average(known.map((each) => each[4]!));
  const variance = known.reduce((sum, each) => sum + (each[4]! - centre) ** 2, 0) / (known.length - 1);
  const fewer = Math.max(1, average(known.map(([, , rows]) => rows)) / day[2]);
  const own = Math.max(variance, leastSpreadScatter ** 2) * (fewer + 1 / known.length);
  const t = (day[4] - centre) / Math.sqrt(own);
  return {
    aspect: "spread",
    days: 1,
    centre: Math.exp(centre / 2),
    shift: (day[4] - centre) / 2,
    t,
    pValue: computeStudentTail(t, known.length - 1),
  };
}

function testInvalid(column: ColumnReference, day: KeptDay): AspectTest {
  const angles = column.days.map((each) => Math.asin(Math.sqrt(each[5])));
  const centre = average(angles);
  const variance = angles.reduce((sum, angle) => sum + (angle - centre) ** 2, 0) / (angles.length - 1);
  const fewer = day[1] === 0 ? 1 : Math.max(1, slotsOfDay / 2 / day[1]);
  const own = Math.max(variance, leastInvalidScatter ** 2) * (fewer + 1 / angles.length);
  const t = (Math.asin(Math.sqrt(day[5])) - centre) / Math.sqrt(own);
  const share = Math.sin(centre) ** 2;
  return {
    aspect: "invalid",
    days: 1,
    centre: share,
    shift: day[5] - share,
    t,
    pValue: computeStudentTail(t, angles.length - 1),
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
