/** Tests all columns of a day against their references, and joins the tests to one p-value. */
import { createRandom, type Random } from "../maths/random.ts";
import { computeFisherTail } from "../maths/student-t.ts";
import { measureOverlap } from "./chance-days.ts";
import { type AspectTest, testInvalid, testScatter } from "./column-test.ts";
import { scatterLevels, scatterSpreads } from "./day-scatter.ts";
import { budget, createDaySpace, type DaySpace, measureShared, shareOf } from "./day-space.ts";
import { lendDays } from "./lend-days.ts";
import { expectDayVariance, measureHourMemory, measureWidening, type Widening } from "./resemblance.ts";
import type { ColumnReference, KeptDay } from "./site-reference.ts";

/** A learnt column of the day. `isHeard`: often enough to compare levels. */
interface HeardColumn {
  readonly column: ColumnReference;
  readonly kept: KeptDay;
  readonly isHeard: boolean;
}

interface DayTests {
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
  const levels = columns.map(({ column, kept, isHeard }) =>
    isHeard ? scatterLevels(column, kept, periods) : null,
  );
  const spreads = columns.map(({ column, kept, isHeard }) =>
    isHeard ? scatterSpreads(column, kept, periods) : null,
  );
  const ofLevels = levels.filter((each) => each !== null);
  const ofSpreads = spreads.filter((each) => each !== null);
  const heard = columns.filter(({ isHeard }) => isHeard);
  const memory = heard.map(({ column }) => measureHourMemory(column));
  const levelWidening = measureWidening(ofLevels, periods, memory);
  const lent = lendDays(
    heard.map(({ column }, index) => ({
      scatter: ofLevels[index]!,
      widening: levelWidening[index]!,
      expected: expectDayVariance(column, memory[index]!),
    })),
  );
  const spreadWidening = measureWidening(
    ofSpreads,
    periods,
    ofSpreads.map(() => 0),
  );
  const tests = columns.map(({ column, kept }, index) => {
    const level = levels[index] ?? null;
    const spread = spreads[index] ?? null;
    const at = level === null ? -1 : ofLevels.indexOf(level);
    return [
      ...(level === null ? [] : testScatter(level, levelWidening[at]!, lent[at]!)),
      ...(spread === null ? [] : testScatter(spread, spreadWidening[ofSpreads.indexOf(spread)]!)),
      testInvalid(column, kept),
    ];
  });
  const space = createDaySpace([...ofLevels, ...ofSpreads]);
  let least = testShared(space, levelWidening, 1) / shareOf(space, "all1");
  // What one column still has of a day that was told, the directions that the columns share have, too.
  if (!ofLevels.some(({ isEcho }) => isEcho))
    least = Math.min(least, testShared(space, levelWidening, 3) / shareOf(space, "all3"));
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

/**
 * Probability that a chance day, or three, lies as far off in the directions that the columns share (Hotelling's test on their
 * principal components), days being correlated and wild as they are.
 */
function testShared(space: DaySpace, widening: readonly Widening[], together: 1 | 3): number {
  const { days, directions } = space;
  if (directions === 0) return 1;
  const share = Math.min(1 - 1e-12, measureShared(space, together));
  const rest = days + 2 - directions;
  const ratio = (share / directions / (1 - share)) * rest;
  const average = (of: (each: Widening) => number): number =>
    widening.reduce((sum, each) => sum + of(each), 0) / widening.length;
  const own = together === 1 ? 1 : average(({ three }) => three);
  const plain = (together === 1 ? 1 : 1 / 3) + 1 / days;
  const wide = (own + average(({ ofMean }) => ofMean) / days) / average(({ unbiased }) => unbiased);
  const degrees = Math.max(2, rest / average((each) => each.degrees + each.tails * (days - 1)));
  return computeFisherTail((ratio * plain) / wide, directions, degrees);
}
