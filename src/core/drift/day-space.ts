/**
 * The days of a point as directions in space, one axis a day, and what its tests have in common there. Days that are alike and
 * normal look the same from every direction, whatever the correlation of their columns (Langsrud, 2005).
 */
import { computeBetaCdf } from "../maths/student-t.ts";
import { findDirections } from "./principal-days.ts";

/** One aspect of one column over the days of its reference and the last three, in standard deviations. */
export interface DayUnit {
  readonly aspect: "mean" | "spread";
  /** Of the reference's days, less their mean. */
  readonly values: Float64Array;
  /** Of the last three days, the oldest first, less the same mean; 0: not known. */
  readonly fresh: readonly [number, number, number];
}

/** What share of the budget a kind of test has. */
export const budget = {
  mean1: 0.35,
  mean3: 0.3,
  spread: 0.15,
  all1: 0.1,
  all3: 0.08,
  invalid: 0.02,
} as const;
export type TestKind = keyof typeof budget;

/** The days of a point as directions in space: what the tests of one day have in common. */
export interface DaySpace {
  readonly days: number;
  readonly units: readonly DayUnit[];
  /** [row × unit]: the reference's days, then the last three, made orthogonal to them. */
  readonly rows: Float64Array;
  /** Squared length of every unit over all rows. */
  readonly lengths: Float64Array;
  /** [row × direction], orthonormal: what most of the columns' means share; empty for one column. */
  readonly shared: Float64Array;
  readonly directions: number;
}

/** Lays out the units of a day; they have the same number of days. */
export function createDaySpace(units: readonly DayUnit[]): DaySpace {
  const days = units[0]?.values.length ?? 0;
  const count = units.length;
  const rows = new Float64Array((days + 3) * count);
  const lengths = new Float64Array(count);
  for (const [unit, { values, fresh }] of units.entries()) {
    for (let day = 0; day < days; day++) rows[day * count + unit] = values[day]!;
    // Helmert's contrasts: every day against the mean of those before it, the reference's included.
    let sum = 0;
    for (let late = 0; late < 3; late++) {
      const before = days + late;
      const contrast = (fresh[late]! - sum / before) / Math.sqrt(1 + 1 / before);
      rows[before * count + unit] = contrast;
      sum += fresh[late]!;
    }
    for (let row = 0; row < days + 3; row++) lengths[unit]! += rows[row * count + unit]! ** 2;
  }
  const means = units.flatMap(({ aspect }, unit) => (aspect === "mean" && lengths[unit]! > 0 ? [unit] : []));
  const directions =
    means.length < 2 ? 0 : Math.min(4, Math.floor(means.length / 2), Math.floor((days + 2) / 5));
  const shared = findDirections({ rows, lengths, count, means }, directions);
  return { days, units, rows, lengths, shared, directions };
}

/** The day alone (1) or the last three together (3) in the coordinates of the last three rows; of length 1. */
export function directionOf(days: number, together: 1 | 3): readonly [number, number, number] {
  const weights = together === 1 ? [0, 0, 1] : [1 / 3, 1 / 3, 1 / 3];
  const coordinates = [0, 1, 2].map((late) => {
    const before = days + late;
    // The contrast of row `late`: +1 on itself, −1 / before on each of the days before.
    const after = weights[late]! - weights.slice(0, late).reduce((sum, each) => sum + each, 0) / before;
    return (after + 1 / before) / Math.sqrt(1 + 1 / before);
  });
  const length = Math.hypot(...coordinates);
  return [coordinates[0]! / length, coordinates[1]! / length, coordinates[2]! / length];
}

/** Share of the day, or of the last three days, that lies in the directions that the columns share; 0 to 1. */
export function measureShared(space: DaySpace, together: 1 | 3): number {
  const direction = directionOf(space.days, together);
  let share = 0;
  for (let index = 0; index < space.directions; index++) {
    let dot = 0;
    for (let late = 0; late < 3; late++) {
      dot += direction[late]! * space.shared[(space.days + late) * space.directions + index]!;
    }
    share += dot * dot;
  }
  return share;
}

/** The share of the budget of one test of a kind. */
export function shareOf(space: DaySpace, kind: TestKind): number {
  const { units, directions } = space;
  const counted = units.filter(({ aspect }) => aspect === (kind === "spread" ? "spread" : "mean")).length;
  const unused = directions === 0 ? budget.all1 + budget.all3 : 0;
  const share = budget[kind] / (1 - unused);
  return kind === "all1" || kind === "all3" ? share : share / Math.max(1, counted);
}

/** Of all `days + 2` dimensions, a chance direction shares as much with so many of them: a beta distribution. */
export function shareTail({ days, directions }: DaySpace, share: number): number {
  return 1 - computeBetaCdf(Math.min(1, share), directions / 2, (days + 2 - directions) / 2);
}
