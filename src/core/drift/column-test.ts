/**
 * Holds one column of a day against the days of its reference: how far each aspect moved, in units of what is usual from day to
 * day, and how probable that is by chance.
 */
import { average } from "../maths/moments.ts";
import { computeStudentTail } from "../maths/student-t.ts";
import { countDegrees, type DayScatter } from "./day-scatter.ts";
import type { DayUnit, TestKind } from "./day-space.ts";
import { slotsOfDay } from "./day-summary.ts";
import type { LentDays } from "./lend-days.ts";
import { type Widening, widenDegrees } from "./resemblance.ts";
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

/** Smallest scatter of the arc sine of a share's root that is believed. */
const leastInvalidScatter = 0.1;

/** Tests the day alone, and for a level the last three days together. What other columns lend is added to the column's own days. */
export function testScatter(
  scatter: DayScatter,
  widening: Widening,
  lent: LentDays = { degrees: 0, variance: 0 },
): AspectTest[] {
  const { aspect, centre, weight, beyond, current, together } = scatter;
  const own = widenDegrees(countDegrees(scatter), widening);
  const variance =
    (own * (scatter.variance / widening.unbiased) + lent.degrees * lent.variance) / (own + lent.degrees);
  const ofCentre = (variance * widening.ofMean) / weight;
  const degrees = widenDegrees(countDegrees(scatter), widening, lent.degrees);
  const build = (value: number, ofDay: number, kind: AspectTest["kind"]): AspectTest => {
    const t = (value - centre) / Math.sqrt(ofDay + ofCentre);
    const shift = aspect === "spread" ? (value - centre) / 2 : value - centre;
    const pValue = computeStudentTail(t, degrees);
    return { kind, aspect, centre: aspect === "spread" ? Math.exp(centre / 2) : centre, shift, t, pValue };
  };
  const tests = [build(current, variance + beyond[2], aspect === "mean" ? "mean1" : "spread")];
  if (aspect === "mean" && !Number.isNaN(together)) {
    const ofThree = variance * widening.three + (beyond[0] + beyond[1] + beyond[2]) / 9;
    tests.push(build(together, ofThree, "mean3"));
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
