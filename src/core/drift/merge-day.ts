/**
 * Adds reports of drift to days, and days to days. Counts merge exactly in any order, moments to rounding. What does not
 * hold together is refused before anything is added.
 */

import type { DriftLoad } from "../contract/drift-verdict.ts";
import type { DriftReport, FeatureSketch } from "../contract/uplink-record.ts";
import { dayMs } from "../maths/durations.ts";
import { mergeMoments } from "../maths/moments.ts";
import { type DayCell, type DayFeature, type DaySummary, slotsOfDay } from "./day-summary.ts";
import { countValues, mergeSketches } from "./sketcher.ts";

/** Longest period of assessment: 31 days. */
const longestPeriodMs = 31 * dayMs;

/** Largest time that a date holds (ECMA-262, 21.4.1.1). */
const latestMs = 8.64e15;

/**
 * Start of the period that a report belongs to: the one that its middle lies in.
 * @throws RangeError for a report that ends before it begins or is longer than a period, or a period outside 1 s to 31 days
 */
export function findDayOf(report: Pick<DriftReport, "fromMs" | "toMs">, periodMs: number): number {
  if (!(periodMs >= 1000 && periodMs <= longestPeriodMs)) {
    throw new RangeError(`a period of ${periodMs} ms, expected 1 s to 31 days`);
  }
  const { fromMs, toMs } = report;
  if (!(fromMs >= 0 && toMs >= fromMs && toMs <= latestMs)) {
    throw new RangeError(`a report from ${fromMs} to ${toMs} ms`);
  }
  if (toMs - fromMs > periodMs) {
    throw new RangeError(`a report over ${toMs - fromMs} ms, longer than the period of ${periodMs} ms`);
  }
  return Math.floor((fromMs + toMs) / 2 / periodMs) * periodMs;
}

/**
 * Adds one report of one interval and load to its day; `null` begins the day.
 * @throws RangeError as {@link findDayOf}, for a report of another day or period, for sketches of other bins, counts that
 * do not add up and moments that are not finite
 */
export function addToDay(day: DaySummary | null, report: DriftReport, periodMs: number): DaySummary {
  const fromMs = findDayOf(report, periodMs);
  const middleMs = (report.fromMs + report.toMs) / 2;
  const slot = Math.min(slotsOfDay - 1, Math.floor(((middleMs - fromMs) * slotsOfDay) / periodMs));
  const load = report.load ?? null;
  if (load !== null) checkLoad(load);
  const features = report.sketches.map((sketch): DayFeature => {
    const checked = checkSketch(sketch);
    const count = countValues(checked);
    const { mean, sumSquares } = checked;
    return { sketch: checked, cells: count === 0 ? [] : [{ slot, load, count, mean, sumSquares }] };
  });
  features.sort((a, b) => a.sketch.feature - b.sketch.feature);
  const twin = features.findIndex(
    ({ sketch }, index) => sketch.feature === features[index - 1]?.sketch.feature,
  );
  if (twin > 0) throw new RangeError(`feature ${features[twin]!.sketch.feature} is there twice`);
  const added: DaySummary = { fromMs, periodMs, features };
  return day === null ? added : mergeDays(day, added);
}

/**
 * Merges two summaries of one day: intervals, turbines, sites.
 * @throws RangeError when they are of different days or periods, or a feature has other bins
 */
export function mergeDays(a: DaySummary, b: DaySummary): DaySummary {
  if (a.fromMs !== b.fromMs || a.periodMs !== b.periodMs) {
    throw new RangeError(
      `cannot merge the day from ${a.fromMs} ms over ${a.periodMs} ms with the one from ${b.fromMs} ms over ${b.periodMs} ms`,
    );
  }
  const features = mergeLists(a.features, b.features, ofFeatures);
  return { fromMs: a.fromMs, periodMs: a.periodMs, features };
}

/** How two lists that are in one order become one. */
interface MergeRule<T> {
  compare(one: T, other: T): number;
  /** What two items that are in one place become. */
  merge(one: T, other: T): T;
}

const ofFeatures: MergeRule<DayFeature> = {
  compare: (one, other) => one.sketch.feature - other.sketch.feature,
  merge: (one, other) => ({
    sketch: mergeSketches(one.sketch, other.sketch),
    cells: mergeLists(one.cells, other.cells, ofCells),
  }),
};

const ofCells: MergeRule<DayCell> = { compare: compareCells, merge: mergeCell };

function mergeLists<T>(a: readonly T[], b: readonly T[], { compare, merge }: MergeRule<T>): readonly T[] {
  const merged: T[] = [];
  let left = 0;
  let right = 0;
  while (left < a.length && right < b.length) {
    const order = compare(a[left]!, b[right]!);
    if (order === 0) merged.push(merge(a[left]!, b[right]!));
    else merged.push(order < 0 ? a[left]! : b[right]!);
    if (order <= 0) left++;
    if (order >= 0) right++;
  }
  return merged.concat(a.slice(left), b.slice(right));
}

function mergeCell(a: DayCell, b: DayCell): DayCell {
  // Field by field: a day holds thousands, and what is spread lies outside its object.
  const { count, mean, sumSquares } = mergeMoments(a, b);
  return { slot: a.slot, load: a.load, count, mean, sumSquares };
}

/** By slot, then an unknown load, then power before speed, then the band. */
function compareCells(a: DayCell, b: DayCell): number {
  return a.slot - b.slot || rankLoad(a.load) - rankLoad(b.load);
}

function rankLoad(load: DriftLoad | null): number {
  if (load === null) return -1e6;
  return load.band + (load.by === "power" ? 0 : 1e6);
}

function checkLoad({ by, band }: DriftLoad): void {
  if ((by !== "power" && by !== "speed") || !Number.isInteger(band) || Math.abs(band) > 200) {
    throw new RangeError(`a load of ${String(by)} band ${band}`);
  }
}

/** The sketch, with moments of 0 where it has no value. */
function checkSketch(sketch: FeatureSketch): FeatureSketch {
  const { feature, counts, invalid } = sketch;
  const refuse = (what: string): never => {
    throw new RangeError(`feature ${feature}: ${what}`);
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (!isCount(feature)) refuse("its index is no index");
  if (!isCount(invalid) || !counts.every(isCount)) refuse("counts that are no counts");
  const total = countValues(sketch);
  if (!isCount(total + invalid)) refuse("counts too large to add");
  if (total === 0) return { ...sketch, mean: 0, sumSquares: 0, min: 0, max: 0 };
  const { mean, sumSquares, min, max } = sketch;
  if (![mean, sumSquares, min, max].every(Number.isFinite)) refuse("moments that are not finite");
  // Moments travel as float32.
  const slack = 1e-5 * Math.max(Math.abs(min), Math.abs(max));
  if (min > max || mean < min - slack || mean > max + slack) {
    refuse(`a mean of ${mean} outside ${min} to ${max}`);
  }
  const widest = (total * (max - min) ** 2) / 4;
  if (sumSquares < 0 || sumSquares > widest * (1 + 1e-5) + total * slack * slack) {
    refuse(`a sum of squares of ${sumSquares}, at most ${widest} between ${min} and ${max}`);
  }
  return sketch;
}
