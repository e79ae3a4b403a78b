/**
 * How rows of predictions become one longer row, alike in every engine: windows are summed, means are weighted by them, the highest
 * and the lowest are kept. In whatever order rows are added, and however often between, the result is the same. Knows no table.
 */

/** What one row says of one failure mode at a point. */
export interface ThinnedRow {
  /** End of its last window. */
  readonly timeMs: number;
  /** Rows as they were sent that it stands for. */
  readonly rows: number;
  readonly windows: number;
  /** By the windows. 0 to 1. */
  readonly mean: number;
  readonly max: number;
  /** The lowest mean of a row as it was sent. */
  readonly min: number;
  /** By the rows in which it is known. */
  readonly shaftRpm: number | null;
  readonly rpmRows: number;
  /** By the windows of which it is known. */
  readonly meanRisk: number | null;
  readonly maxRisk: number | null;
  readonly riskWindows: number;
  /** In any of the rows; null: not known of any. */
  readonly isLearning: boolean | null;
}

/** What a row as it was sent says. */
export type SentRow = Omit<ThinnedRow, "rows" | "min" | "rpmRows" | "riskWindows">;

/** A row as it was sent, which stands for itself. */
export function startThinnedRow(row: SentRow): ThinnedRow {
  // Named one by one: a spread here takes most of the time of a step.
  return {
    timeMs: row.timeMs,
    rows: 1,
    windows: row.windows,
    mean: row.mean,
    max: row.max,
    min: row.mean,
    shaftRpm: row.shaftRpm,
    rpmRows: row.shaftRpm === null ? 0 : 1,
    meanRisk: row.meanRisk,
    maxRisk: row.maxRisk,
    riskWindows: row.meanRisk === null ? 0 : row.windows,
    isLearning: row.isLearning,
  };
}

/** Both as one. */
export function mergeThinnedRows(a: ThinnedRow, b: ThinnedRow): ThinnedRow {
  const windows = a.windows + b.windows;
  const rpmRows = a.rpmRows + b.rpmRows;
  const riskWindows = a.riskWindows + b.riskWindows;
  const rpmSum = (a.shaftRpm ?? 0) * a.rpmRows + (b.shaftRpm ?? 0) * b.rpmRows;
  const riskSum = (a.meanRisk ?? 0) * a.riskWindows + (b.meanRisk ?? 0) * b.riskWindows;
  return {
    timeMs: Math.max(a.timeMs, b.timeMs),
    rows: a.rows + b.rows,
    windows,
    // Of rows without a window nothing is known.
    mean: windows === 0 ? 0 : (a.mean * a.windows + b.mean * b.windows) / windows,
    max: Math.max(a.max, b.max),
    min: Math.min(a.min, b.min),
    shaftRpm: rpmRows === 0 ? null : rpmSum / rpmRows,
    rpmRows,
    meanRisk: riskWindows === 0 ? null : riskSum / riskWindows,
    maxRisk: higherOf(a.maxRisk, b.maxRisk),
    riskWindows,
    isLearning: a.isLearning === null ? b.isLearning : a.isLearning || b.isLearning === true,
  };
}

/** Where the longer row begins that a moment belongs to. */
export function startOfRow(timeMs: number, rowMs: number): number {
  return Math.floor(timeMs / rowMs) * rowMs;
}

function higherOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
