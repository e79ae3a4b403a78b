/**
 * One column of one day at equal loads: its deviation from the curve of the reference, hour by hour, its scatter within the
 * hours, its share of values that are none. Compares nothing.
 */
import type { DriftLoad } from "../contract/drift-verdict.ts";
import { computeRobustLocation } from "../maths/robust.ts";
import { computeDigamma, computeTrigamma } from "../maths/student-t.ts";
import { type DayCell, type DayFeature, slotsOfDay } from "./day-summary.ts";
import { type CurvePoint, stretchLengths } from "./site-reference.ts";
import { countValues } from "./sketcher.ts";

/** Rows and slots without which a day says nothing. */
export const leastRows = 12;
export const leastSlots = 2;

/** Days on which a load must have been heard to be compared. */
export const leastLoadDays = 3;

/** Loads of a curve that have been heard on enough days. */
export function listKnownLoads(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  return curve.filter(([, , , days]) => days >= leastLoadDays);
}

/** An hour's deviation counts up to this many robust standard deviations of the day's hours. */
const widestHour = 5;

export interface ColumnDay {
  /** Rows at loads that the curve knows, and the effective number of slots that they lie in. */
  readonly rows: number;
  readonly slots: number;
  /** Mean deviation from the curve, and how much of it robust averaging took off. */
  readonly level: number;
  readonly clipped: number;
  /** Mean logarithm of the variance within a slot and load; null: no slot has two rows at one load. */
  readonly spread: number | null;
  /** Its variance by the number of rows alone. */
  readonly spreadError: number;
  /** Share of values that are none. */
  readonly invalid: number;
  /** All values are one. */
  readonly isStuck: boolean;
  /** One a length of {@link stretchLengths}: stretches, and their sum of squared deviations from the day's mean. */
  readonly stretches: readonly (readonly [number, number])[];
  readonly loads: readonly LoadMean[];
}

/** Rows and their mean at one load. */
export interface LoadMean {
  readonly by: 0 | 1 | 2;
  readonly band: number;
  readonly count: number;
  readonly mean: number;
}

const codeOf = (load: DriftLoad | null): 0 | 1 | 2 => (load === null ? 0 : load.by === "power" ? 1 : 2);
const keyOf = (by: number, band: number): number => by * 1024 + band;

/** Sums up a column of a day against the `curve` of its reference. */
export function summariseColumn(feature: DayFeature, curve: readonly CurvePoint[]): ColumnDay {
  const known = new Map(curve.map(([by, band, , , mean]) => [keyOf(by, band), mean]));
  const count = new Float64Array(slotsOfDay);
  const sum = new Float64Array(slotsOfDay);
  const squares = new Float64Array(slotsOfDay);
  const degrees = new Float64Array(slotsOfDay);
  for (const cell of feature.cells) {
    const { slot } = cell;
    squares[slot]! += cell.sumSquares;
    degrees[slot]! += cell.count - 1;
    const mean = known.get(keyOf(codeOf(cell.load), cell.load?.band ?? 0));
    if (mean === undefined) continue;
    count[slot]! += cell.count;
    sum[slot]! += cell.count * (cell.mean - mean);
  }
  const { sketch } = feature;
  const values = countValues(sketch);
  return {
    ...averageHours(count, sum),
    ...averageLogVariance(squares, degrees, sketch),
    invalid: sketch.invalid / Math.max(1, values + sketch.invalid),
    isStuck: values >= leastRows && sketch.min === sketch.max,
    loads: meansOfLoads(feature.cells),
  };
}

/** Rows and mean at every load, the most heard first. */
function meansOfLoads(cells: readonly DayCell[]): readonly LoadMean[] {
  const loads = new Map<number, { by: 0 | 1 | 2; band: number; count: number; sum: number }>();
  for (const cell of cells) {
    const by = codeOf(cell.load);
    const band = cell.load?.band ?? 0;
    const held = loads.get(keyOf(by, band)) ?? { by, band, count: 0, sum: 0 };
    held.count += cell.count;
    held.sum += cell.count * cell.mean;
    loads.set(keyOf(by, band), held);
  }
  return [...loads.values()]
    .map(({ by, band, count, sum }) => ({ by, band, count, mean: sum / count }))
    .sort((a, b) => b.count - a.count);
}

/** Mean of the hours' deviations, each cut off where it is far from the others, and of the stretches within the day. */
function averageHours(
  count: Float64Array,
  sum: Float64Array,
): Pick<ColumnDay, "rows" | "slots" | "level" | "clipped" | "stretches"> {
  let rows = 0;
  let squaredRows = 0;
  let total = 0;
  const heard: number[] = [];
  const hours = new Float64Array(slotsOfDay);
  for (let slot = 0; slot < slotsOfDay; slot++) {
    if (count[slot] === 0) continue;
    rows += count[slot]!;
    squaredRows += count[slot]! ** 2;
    total += sum[slot]!;
    hours[slot] = sum[slot]! / count[slot]!;
    heard.push(hours[slot]!);
  }
  const none = {
    rows: 0,
    slots: 0,
    level: 0,
    clipped: 0,
    stretches: stretchLengths.map(() => [0, 0] as const),
  };
  if (rows === 0) return none;
  if (heard.length >= 8) {
    const { location, scale } = computeRobustLocation(heard);
    if (scale > 0) {
      const reach = widestHour * scale;
      for (let slot = 0; slot < slotsOfDay; slot++) {
        hours[slot] = Math.min(location + reach, Math.max(location - reach, hours[slot]!));
      }
    }
  }
  let level = 0;
  for (let slot = 0; slot < slotsOfDay; slot++) level += (count[slot]! * hours[slot]!) / rows;
  return {
    rows,
    slots: (rows * rows) / squaredRows,
    level,
    clipped: total / rows - level,
    stretches: stretchLengths.map((length) => measureStretches({ count, hours, level, length })),
  };
}

/** Stretches of `length` slots that were all heard, and the sum of their squared deviations from the day's mean. */
function measureStretches(day: {
  count: Float64Array;
  hours: Float64Array;
  level: number;
  length: number;
}): readonly [number, number] {
  const { count, hours, level, length } = day;
  let stretches = 0;
  let squares = 0;
  for (let start = 0; start + length <= slotsOfDay; start += Math.min(length, 8)) {
    let sum = 0;
    let rows = 0;
    let isWhole = true;
    for (let slot = start; slot < start + length; slot++) {
      sum += count[slot]! * hours[slot]!;
      rows += count[slot]!;
      isWhole &&= count[slot]! > 0;
    }
    if (!isWhole) continue;
    stretches++;
    squares += (sum / rows - level) ** 2;
  }
  return [stretches, squares];
}

/** Share of the day's variance within slots below which that of one slot is not believed: values are rounded. */
const leastShare = 1e-3;

/**
 * Mean over the slots of the logarithm of the variance within them, each less what it is on average of so few rows (the
 * logarithm of χ² over its degrees of freedom k: ψ(k / 2) − ln(k / 2), with the variance ψ′(k / 2)). One wild hour moves it
 * little.
 */
function averageLogVariance(
  squares: Float64Array,
  degrees: Float64Array,
  sketch: { readonly min: number; readonly max: number },
): Pick<ColumnDay, "spread" | "spreadError"> {
  let whole = 0;
  let weight = 0;
  for (let slot = 0; slot < slotsOfDay; slot++) {
    whole += squares[slot]!;
    weight += degrees[slot]!;
  }
  if (weight === 0) return { spread: null, spreadError: 0 };
  const rounding = (1e-7 * Math.max(Math.abs(sketch.min), Math.abs(sketch.max))) ** 2 + 1e-24;
  const floor = (leastShare * whole) / weight + rounding;
  let sum = 0;
  let error = 0;
  for (let slot = 0; slot < slotsOfDay; slot++) {
    const k = degrees[slot]!;
    if (k < 1) continue;
    sum += k * (Math.log(squares[slot]! / k + floor) - computeDigamma(k / 2) + Math.log(k / 2));
    error += k * k * computeTrigamma(k / 2);
  }
  return { spread: sum / weight, spreadError: error / (weight * weight) };
}
