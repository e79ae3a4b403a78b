/**
 * Thins predictions in SQLite: rows as they were sent, and rows that already sum up such rows, become longer ones. A step takes a
 * bounded number of rows, point by point. A row that arrived long ago is of a time long ago, or ahead of its arrival: a point's old
 * rows and an index of the few that are ahead hold them all.
 */
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase, SqlRow, SqlValue } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { PredictionThinning, ThinnedPredictions } from "../prediction-record.ts";
import { numberOrNull } from "../record-rules.ts";
import { mergeThinnedRows, startOfRow, type ThinnedRow } from "../thinned-row.ts";

/** Rows of a step: some 10 ms on a slow core. */
const usualRows = 1_000;
/** Points that are looked at in one step. */
const stepPoints = 100;

/** What both tables have in common, of a row as it was sent. */
export const sentRowColumns: string =
  "time_ms, failure_mode, model_version, 1 AS rows, windows, mean, max, mean AS min, shaft_rpm, " +
  "shaft_rpm IS NOT NULL AS rpm_rows, mean_risk, max_risk, " +
  "CASE WHEN mean_risk IS NULL THEN 0 ELSE windows END AS risk_windows, learning";
/** The same of one that sums up others. */
export const summaryRowColumns: string =
  "time_ms, failure_mode, model_version, rows, windows, mean, max, min, shaft_rpm, rpm_rows, mean_risk, max_risk, " +
  "risk_windows, learning";

/** Prepares one step of `PredictionRecord.thinPredictions` over a migrated database. */
export function createSqliteThinning(
  database: SqliteDatabase,
  stepRows: number = usualRows,
): (thinning: PredictionThinning) => ThinnedPredictions {
  const points = database.prepare("SELECT id FROM point WHERE id >= ? ORDER BY id LIMIT ?");
  const sources = [createSentRows(database), createSummaries(database)] as const;
  const store = createSumStore(database);
  /** From which point on the walk goes on. */
  let place = { before: 0, rowMs: 0, point: 0 };
  return (thinning) => {
    const { rowMs } = thinning;
    const before = Math.floor(thinning.receivedBeforeMs / dayMs) * dayMs;
    const start = place.before === before && place.rowMs === rowMs ? place.point : 0;
    const sums = new Map<string, LongerRow>();
    let left = stepRows;
    const sumUp = (source: RowSource, rows: readonly SqlRow[]): void => {
      for (const row of rows) {
        source.remove(row);
        addTo(sums, row, rowMs);
      }
      left -= rows.length;
    };
    const walk = (): number | null => {
      for (const source of sources) {
        sumUp(source, source.ahead(before, rowMs, left));
        if (left <= 0) return start;
      }
      const some = points.all(start, stepPoints).map(({ id }) => Number(id));
      for (const point of some) {
        for (const source of sources) {
          sumUp(source, source.ofPoint(point, { before, rowMs, limit: left }));
          if (left <= 0) return point;
        }
      }
      return some.length < stepPoints ? null : some.at(-1)! + 1;
    };
    const next = database.transaction(() => {
      const to = walk();
      for (const sum of sums.values()) store(sum);
      return to;
    });
    place = { before, rowMs, point: next ?? 0 };
    return { rows: stepRows - left, isDone: next === null };
  };
}

/** Where rows are taken from: those that arrived before a moment (the begin of a day) and are shorter than `rowMs`. */
interface RowSource {
  /** Of any point, whose time is after their arrival. */
  ahead(before: number, rowMs: number, limit: number): SqlRow[];
  /** Of a point, the oldest first. */
  ofPoint(
    point: number,
    terms: { readonly before: number; readonly rowMs: number; readonly limit: number },
  ): SqlRow[];
  remove(row: SqlRow): void;
}

/** Of before a collector noted arrivals rows go by their time. */
function createSentRows(database: SqliteDatabase): RowSource {
  const columns = `point, COALESCE(received_ms, time_ms) / ${dayMs} AS day, ${sentRowColumns}`;
  const ahead = database.prepare(
    `SELECT ${columns} FROM prediction WHERE received_ms < time_ms AND received_ms < ?
     ORDER BY received_ms LIMIT ?`,
  );
  const ofPoint = database.prepare(
    `SELECT ${columns} FROM prediction WHERE point = ? AND time_ms < ? AND COALESCE(received_ms, time_ms) < ?
     ORDER BY time_ms LIMIT ?`,
  );
  const remove = database.prepare(
    "DELETE FROM prediction WHERE point = ? AND time_ms = ? AND failure_mode = ?",
  );
  return {
    ahead: (before, _, limit) => ahead.all(before, limit),
    ofPoint: (point, { before, limit }) => ofPoint.all(point, before, before, limit),
    remove: (row) => {
      remove.run(row.point!, row.time_ms!, row.failure_mode!);
    },
  };
}

function createSummaries(database: SqliteDatabase): RowSource {
  const columns = `point, day, from_ms, row_ms, ${summaryRowColumns}`;
  const ahead = database.prepare(
    `SELECT ${columns} FROM prediction_summary INDEXED BY prediction_summary_ahead
     WHERE from_ms >= (day + 1) * ${dayMs} AND row_ms < ? AND day < ? LIMIT ?`,
  );
  const ofPoint = database.prepare(
    `SELECT ${columns} FROM prediction_summary WHERE point = ? AND from_ms < ? AND row_ms < ? AND day < ?
     ORDER BY from_ms LIMIT ?`,
  );
  const remove = database.prepare(
    `DELETE FROM prediction_summary WHERE point = ? AND from_ms = ? AND row_ms = ? AND failure_mode = ?
       AND model_version = ? AND day = ?`,
  );
  return {
    ahead: (before, rowMs, limit) => ahead.all(rowMs, before / dayMs, limit),
    ofPoint: (point, { before, rowMs, limit }) => ofPoint.all(point, before, rowMs, before / dayMs, limit),
    remove: (row) => {
      remove.run(row.point!, row.from_ms!, row.row_ms!, row.failure_mode!, row.model_version!, row.day!);
    },
  };
}

/** A longer row of one failure mode: its key, and what of it is to be added. */
interface LongerRow {
  readonly key: readonly SqlValue[];
  sum: ThinnedRow;
}

function addTo(sums: Map<string, LongerRow>, row: SqlRow, rowMs: number): void {
  // One that is summed up already stays where it begins.
  const fromMs = startOfRow(Number(row.from_ms ?? row.time_ms), rowMs);
  const key = [row.point!, fromMs, rowMs, row.failure_mode!, row.model_version!, row.day!];
  // No name holds a NUL character.
  const name = key.join("\u0000");
  const added = readRow(row);
  const there = sums.get(name);
  if (there === undefined) sums.set(name, { key, sum: added });
  else there.sum = mergeThinnedRows(there.sum, added);
}

/** Adds a sum to the longer row that is there, or begins it. */
function createSumStore(database: SqliteDatabase): (row: LongerRow) => void {
  const key =
    "point = ? AND from_ms = ? AND row_ms = ? AND failure_mode = ? AND model_version = ? AND day = ?";
  const find = database.prepare(`SELECT ${summaryRowColumns} FROM prediction_summary WHERE ${key}`);
  const put = database.prepare(
    `INSERT OR REPLACE INTO prediction_summary
       (point, from_ms, row_ms, failure_mode, model_version, day, time_ms, rows, windows, mean, max, min, shaft_rpm,
        rpm_rows, mean_risk, max_risk, risk_windows, learning)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return ({ key: place, sum: added }) => {
    const there = find.get(...place);
    const sum = there === undefined ? added : mergeThinnedRows(readRow(there), added);
    put.run(
      ...place,
      sum.timeMs,
      sum.rows,
      sum.windows,
      sum.mean,
      sum.max,
      sum.min,
      sum.shaftRpm,
      sum.rpmRows,
      sum.meanRisk,
      sum.maxRisk,
      sum.riskWindows,
      numberOrNull(sum.isLearning),
    );
  };
}

function readRow(row: SqlRow): ThinnedRow {
  const learning = numberOrNull(row.learning);
  return {
    timeMs: Number(row.time_ms),
    rows: Number(row.rows),
    windows: Number(row.windows),
    mean: Number(row.mean),
    max: Number(row.max),
    min: Number(row.min),
    shaftRpm: numberOrNull(row.shaft_rpm),
    rpmRows: Number(row.rpm_rows),
    meanRisk: numberOrNull(row.mean_risk),
    maxRisk: numberOrNull(row.max_risk),
    riskWindows: Number(row.risk_windows),
    isLearning: learning === null ? null : learning === 1,
  };
}
