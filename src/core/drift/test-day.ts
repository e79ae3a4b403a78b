/** Tests all columns of a day against their references, and joins the tests to one p-value. */
import { createRandom, type Random } from "../maths/random.ts";
import { measureOverlap } from "./chance-days.ts";
import {
  type AspectTest,
  measureResemblance,
  scatterLevels,
  scatterSpreads,
  testInvalid,
  testScatter,
} from "./column-test.ts";
import { budget, createDaySpace, type DaySpace, shareOf, testShared } from "./day-space.ts";
import type { ColumnReference, KeptDay } from "./site-reference.ts";

/** A learnt column of the day. `isHeard`: often enough to compare levels. */
export interface HeardColumn {
  readonly column: ColumnReference;
  readonly kept: KeptDay;
  readonly isHeard: boolean;
}

export interface DayTests {
  /** Of all columns together. */
  readonly pValue: number;
  /** As many as columns were given, in their order. */
  readonly tests: readonly (readonly AspectTest[])[];
}

/** Beyond it nobody asks what a p-value is exactly. */
const mostJoined = 0.15;

/** Tests a day; at least one column. */
export function testDay(columns: readonly HeardColumn[]): DayTests {
  const periods = findPeriods(columns);
  const levels = columns.map(({ column, kept, isHeard }) => (isHeard ? scatterLevels(column, kept, periods) : null));
  const spreads = columns.map(({ column, kept, isHeard }) => (isHeard ? scatterSpreads(column, kept, periods) : null));
  const ofLevels = levels.filter((each) => each !== null);
  const ofSpreads = spreads.filter((each) => each !== null);
  const resemblance = measureResemblance(ofLevels, periods);
  const ofSpread = measureResemblance(ofSpreads, periods);
  const tests = columns.map(({ column, kept }, index) => {
    const level = levels[index] ?? null;
    const spread = spreads[index] ?? null;
    return [
      ...(level === null ? [] : testScatter(level, resemblance)),
      ...(spread === null ? [] : testScatter(spread, ofSpread)),
      testInvalid(column, kept),
    ];
  });
  const space = createDaySpace([...ofLevels, ...ofSpreads]);
  let least = Math.min(testShared(space, 1) / shareOf(space, "all1"), testShared(space, 3) / shareOf(space, "all3"));
  for (const { kind, pValue } of tests.flat()) {
    // Every column has a share of values that are none, also one whose level is not heard.
    const share = kind === "invalid" ? shareOf(space, kind) / columns.length : shareOf(space, kind);
    least = Math.min(least, pValue / share);
  }
  const day = columns[0]!.kept[0];
  const pValue = joinLeast(space, Math.min(1, least), createRandom(day * 31 + columns.length));
  return { pValue, tests };
}

/** The days of the longest reference. */
function findPeriods(columns: readonly HeardColumn[]): readonly number[] {
  let longest = columns[0]!.column.days;
  for (const { column } of columns) if (column.days.length > longest.length) longest = column.days;
  return longest.map(([period]) => period);
}

/**
 * Probability that some test of a chance day is as sure as `least`, the least p-value over its share of the budget: at most
 * `least` itself.
 */
function joinLeast(space: DaySpace, least: number, random: Random): number {
  if (space.units.length === 0 || least > mostJoined) return least;
  return least * ((1 - budget.invalid) * measureOverlap(space, least, random) + budget.invalid);
}
