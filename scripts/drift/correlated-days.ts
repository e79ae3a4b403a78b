/** Days of correlated rows whose truth is known: autoregressive columns, summed up as a gateway sums them up. */
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { addToDay } from "../../src/core/drift/merge-day.ts";
import type { Random } from "../../src/core/maths/random.ts";

export const dayMs = 86_400_000;
export const rowsPerDay = 144;

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

/** Sums up a day whose rows `next` gives: one report an hour, as from a gateway. `isHeard` leaves rows out. */
export function summariseRows(
  task: DriftTask,
  day: number,
  { next, isHeard = () => true }: { next: (row: Float64Array) => void; isHeard?: (row: number) => boolean },
): DaySummary | null {
  const columns = task.columns.length;
  const edges = task.columns[0]!.edges;
  const row = new Float64Array(columns);
  let summary: DaySummary | null = null;
  const perHour = rowsPerDay / 24;
  for (let hour = 0; hour < 24; hour++) {
    const counts = Array.from({ length: columns }, () => new Array<number>(edges.length + 1).fill(0));
    const values = Array.from({ length: columns }, () => [] as number[]);
    for (let index = 0; index < perHour; index++) {
      next(row);
      if (!isHeard(hour * perHour + index)) continue;
      for (let column = 0; column < columns; column++) {
        values[column]!.push(row[column]!);
        const bin = edges.findIndex((edge) => row[column]! < edge);
        counts[column]![bin === -1 ? edges.length : bin]!++;
      }
    }
    if (values[0]!.length === 0) continue;
    const fromMs = day * dayMs + (hour * dayMs) / 24;
    const report: DriftReport = {
      kind: "drift-report",
      site: "s",
      turbine: "t",
      component: "c",
      modelName: "m",
      modelVersion: "1.0.0",
      modelDigest: "d",
      fromMs,
      toMs: fromMs + dayMs / 24,
      sketches: values.map((ofColumn, feature) => {
        const mean = ofColumn.reduce((sum, value) => sum + value, 0) / ofColumn.length;
        return {
          feature,
          counts: counts[feature]!,
          invalid: 0,
          mean,
          sumSquares: ofColumn.reduce((sum, value) => sum + (value - mean) ** 2, 0),
          min: Math.min(...ofColumn),
          max: Math.max(...ofColumn),
        };
      }),
    };
    summary = addToDay(summary, report, dayMs);
  }
  return summary;
}
