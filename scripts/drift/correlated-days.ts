/** Days of correlated rows whose truth is known: autoregressive columns, summed up as a gateway sums them up. */
import { findBin } from "../../src/core/drift/bins.ts";
import { type DaySummary, slotsOfDay } from "../../src/core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import type { Random } from "../../src/core/maths/random.ts";

export const rowsPerDay = 144;
const rowsPerSlot = rowsPerDay / slotsOfDay;

/** Quantiles of the standard normal distribution at 1/16, 2/16 …, as 16 bins have them. */
const normalEdges = [
  -1.534, -1.15, -0.887, -0.674, -0.489, -0.319, -0.157, 0, 0.157, 0.319, 0.489, 0.674, 0.887, 1.15, 1.534,
];

/** A task of `columns` features with bins of a standard normal distribution. */
export function createColumnsTask(columns: number, learnDays: number): DriftTask {
  const features = Array.from({ length: columns }, (_, index) => ({
    name: `column.${index}`,
    edges: normalEdges,
    counts: [],
    mean: 0,
    sumSquares: 1,
    min: -4,
    max: 4,
    warningPsi: [],
    driftPsi: [],
  }));
  return createDriftTask({ featureCount: columns, features }, { learnDays });
}

export interface CorrelatedRows {
  readonly columns: number;
  /** Autocorrelation of neighbouring rows. */
  readonly rho: number;
  /** Correlation of any two columns. */
  readonly common: number;
}

/** Unit-variance rows, one after the other; each call fills `row`. */
export function createRows(
  random: Random,
  { columns, rho, common }: CorrelatedRows,
): (row: Float64Array) => void {
  const fresh = Math.sqrt(1 - rho * rho);
  const shared = Math.sqrt(common);
  const own = Math.sqrt(1 - common);
  const draw = (both: number): number => shared * both + own * random.normal();
  const held = new Float64Array(columns);
  const first = random.normal();
  for (let column = 0; column < columns; column++) held[column] = draw(first);
  return (row) => {
    const both = common === 0 ? 0 : random.normal();
    for (let column = 0; column < columns; column++) {
      held[column] = rho * held[column]! + fresh * draw(both);
      row[column] = held[column]!;
    }
  };
}

/**
 * Sums up a day whose rows `next` gives, an hour a slot, to what reports of an hour each add up to. `isHeard` leaves rows out.
 */
export function summariseRows(
  task: DriftTask,
  day: number,
  { next, isHeard }: { next: (row: Float64Array) => void; isHeard?: (row: number) => boolean },
): DaySummary {
  const columns = task.columns.length;
  const row = new Float64Array(columns);
  const rows: Float64Array[] = task.columns.map(() => new Float64Array(rowsPerDay));
  const ends: number[] = [];
  let heard = 0;
  for (let index = 0; index < rowsPerDay; index++) {
    next(row);
    if (isHeard === undefined || isHeard(index)) {
      for (let column = 0; column < columns; column++) rows[column]![heard] = row[column]!;
      heard++;
    }
    if ((index + 1) % rowsPerSlot === 0) ends.push(heard);
  }
  if (heard === 0) return { fromMs: day * dayMs, periodMs: dayMs, features: [] };
  return {
    fromMs: day * dayMs,
    periodMs: dayMs,
    features: rows.map((values, feature) => {
      const { edges } = task.columns[feature]!;
      const counts = new Array<number>(edges.length + 1).fill(0);
      for (let index = 0; index < heard; index++) {
        counts[findBin(edges, 0, edges.length, values[index]!)]!++;
      }
      const whole = measureMoments(values, 0, heard);
      return {
        sketch: { feature, counts, invalid: 0, ...whole },
        cells: ends.flatMap((end, slot) => {
          const start = slot === 0 ? 0 : ends[slot - 1]!;
          if (end === start) return [];
          const { mean, sumSquares } = measureMoments(values, start, end);
          return [{ slot, load: null, count: end - start, mean, sumSquares }];
        }),
      };
    }),
  };
}

export function measureMoments(
  values: Float64Array,
  start: number,
  end: number,
): { mean: number; sumSquares: number; min: number; max: number } {
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let index = start; index < end; index++) {
    const value = values[index]!;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / (end - start);
  let sumSquares = 0;
  for (let index = start; index < end; index++) sumSquares += (values[index]! - mean) ** 2;
  return { mean, sumSquares, min, max };
}
