/**
 * Predictions over time, in SQLite: rows as gateways sent them, and rows that sum up older ones (`sqlite-thinning.ts`), read as one
 * series. A long range is summed up on reading.
 */
import type { PredictionBatch } from "../../../core/contract/uplink-record.ts";
import { rest } from "../../../core/platform/rest.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import { longestRowMs, type PredictionSeries } from "../prediction-record.ts";
import { assembleSeries, numberOrNull, type PredictionStep } from "../record-rules.ts";
import type { NumberedPoint } from "./sqlite-machines.ts";
import { sentRowColumns, summaryRowColumns } from "./sqlite-thinning.ts";

/** Rows that are summed up at a time: some 15 ms on a slow core. */
const sliceRows = 20_000;
/** Slices of one point that are read: a point that has more rows than that in a range shows its newest. */
const maxSlices = 150;

export interface SqlitePredictions {
  put(point: number, batch: PredictionBatch, receivedMs: number): void;
  /** Sums up the rows of a point slice by slice, the newest first, and rests between them; of too many steps the last. */
  read(point: NumberedPoint, range: SeriesRange): Promise<PredictionSeries>;
  /** Time of a point's newest row up to `untilMs`, or 0. */
  newestMs(point: NumberedPoint, untilMs: number): number;
}

interface SeriesRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  /** Most steps times failure modes. */
  readonly maxRows: number;
}

/** Prepares the statements over a migrated database. */
export function createSqlitePredictions(database: SqliteDatabase): SqlitePredictions {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO prediction
     (point, failure_mode, time_ms, windows, mean, max, shaft_rpm, model_version, mean_risk, max_risk, learning,
      received_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const newest = database.prepare(
    `SELECT MAX(
       COALESCE((SELECT MAX(time_ms) FROM prediction WHERE point = ? AND time_ms <= ?), 0),
       COALESCE((SELECT time_ms FROM prediction_summary WHERE point = ? AND from_ms <= ? AND time_ms <= ?
         ORDER BY from_ms DESC LIMIT 1), 0)) AS time_ms`,
  );
  return {
    put: (point, batch, receivedMs) => {
      const received = Math.trunc(receivedMs);
      const modes = batch.failureModes.length;
      for (const [row, timeMs] of batch.timesMs.entries()) {
        const rpm = batch.shaftRpm[row];
        const isLearning = numberOrNull(batch.isLearning?.[row]);
        for (const [mode, failureMode] of batch.failureModes.entries()) {
          insert.run(
            point,
            failureMode,
            Math.trunc(timeMs),
            batch.windows[row] ?? 1,
            batch.meanProbability[row * modes + mode] ?? 0,
            batch.maxProbability[row * modes + mode] ?? 0,
            rpm !== undefined && Number.isFinite(rpm) ? rpm : null,
            batch.modelVersion,
            batch.meanRisk?.[row * modes + mode] ?? null,
            batch.maxRisk?.[row * modes + mode] ?? null,
            isLearning,
            received,
          );
        }
      }
    },
    read: createReader(database),
    newestMs: ({ number }, untilMs) => {
      const until = Math.trunc(untilMs);
      return Number(newest.get(number, until, number, until, until)?.time_ms ?? 0);
    },
  };
}

/** Both kinds of rows are read by one statement: what is being thinned meanwhile is read once. */
function createReader(database: SqliteDatabase): SqlitePredictions["read"] {
  const edge = database.prepare(
    `SELECT MAX(
       COALESCE((SELECT time_ms FROM prediction WHERE point = ? AND time_ms BETWEEN ? AND ?
         ORDER BY time_ms DESC LIMIT 1 OFFSET ${sliceRows}), 0),
       COALESCE((SELECT from_ms FROM prediction_summary WHERE point = ? AND from_ms BETWEEN ? AND ?
         ORDER BY from_ms DESC LIMIT 1 OFFSET ${sliceRows}), 0)) AS time_ms`,
  );
  const sum = database.prepare(
    `SELECT CAST(time_ms / ? AS INTEGER) AS bucket, failure_mode, MAX(time_ms) AS time_ms, SUM(windows) AS windows,
            SUM(mean * windows) AS mean_sum, MAX(max) AS max, MIN(min) AS min, SUM(shaft_rpm * rpm_rows) AS rpm_sum,
            SUM(rpm_rows) AS rpm_rows, MAX(model_version) AS model_version, MAX(max_risk) AS max_risk,
            MAX(learning) AS learning, SUM(mean_risk * risk_windows) AS risk_sum,
            SUM(risk_windows) AS risk_windows, MAX(row_ms) AS row_ms
     FROM (
       SELECT ${sentRowColumns}, 0 AS row_ms FROM prediction WHERE point = ? AND time_ms BETWEEN ? AND ?
       UNION ALL
       SELECT ${summaryRowColumns}, row_ms FROM prediction_summary
         WHERE point = ? AND from_ms BETWEEN ? AND ? AND time_ms >= ?)
     GROUP BY bucket, failure_mode ORDER BY bucket DESC, failure_mode`,
  );
  return async ({ number, component }, range) => {
    const from = Math.trunc(range.fromMs);
    const bucket = Math.max(1, Math.trunc(range.bucketMs));
    const steps = new Map<string, StepSum>();
    let to = Math.trunc(range.toMs);
    for (let slice = 0; slice < maxSlices; slice++) {
      const rows = [number, from, to] as const;
      const first = Math.max(from, Number(edge.get(...rows, ...rows)?.time_ms));
      // A longer row that begins before the range may reach into it.
      const begin = first === from ? from - longestRowMs : first;
      for (const row of sum.all(bucket, number, first, to, number, begin, to, from)) addStep(steps, row);
      if (first <= from || steps.size >= range.maxRows) break;
      to = first - 1;
      await rest();
    }
    const newest = [...steps.values()].sort((a, b) => b.bucket - a.bucket).slice(0, range.maxRows);
    return assembleSeries(component, newest.map(finishStep).reverse());
  };
}

/** A step whose means are still sums: a slice may end within it. */
type StepSum = Record<
  | "bucket"
  | "timeMs"
  | "windows"
  | "mean"
  | "max"
  | "min"
  | "rpm"
  | "rpmRows"
  | "risk"
  | "riskWindows"
  | "resolutionMs",
  number
> & {
  readonly failureMode: string;
  modelVersion: string;
  maxRisk: number | null;
  isLearning: boolean | null;
};

/** From the newest slice to the oldest. */
function addStep(steps: Map<string, StepSum>, row: SqlRow): void {
  const failureMode = String(row.failure_mode);
  const key = `${Number(row.bucket)} ${failureMode}`;
  const step = steps.get(key) ?? emptyStep(Number(row.bucket), failureMode);
  steps.set(key, step);
  step.timeMs = Math.max(step.timeMs, Number(row.time_ms));
  step.windows += Number(row.windows);
  step.mean += Number(row.mean_sum);
  step.max = Math.max(step.max, Number(row.max));
  step.min = Math.min(step.min, Number(row.min));
  step.resolutionMs = Math.max(step.resolutionMs, Number(row.row_ms));
  step.rpm += Number(row.rpm_sum ?? 0);
  step.rpmRows += Number(row.rpm_rows);
  step.risk += Number(row.risk_sum ?? 0);
  step.riskWindows += Number(row.risk_windows ?? 0);
  const version = String(row.model_version);
  if (version > step.modelVersion) step.modelVersion = version;
  if (row.max_risk !== null) step.maxRisk = Math.max(step.maxRisk ?? 0, Number(row.max_risk));
  if (row.learning !== null) step.isLearning = step.isLearning === true || Number(row.learning) === 1;
}

function emptyStep(bucket: number, failureMode: string): StepSum {
  const sums = { windows: 0, mean: 0, rpm: 0, rpmRows: 0, risk: 0, riskWindows: 0 };
  const ends = { timeMs: 0, max: 0, min: Number.POSITIVE_INFINITY, resolutionMs: 0 };
  return { bucket, failureMode, ...sums, ...ends, modelVersion: "", maxRisk: null, isLearning: null };
}

function finishStep(step: StepSum): PredictionStep {
  const { bucket, failureMode, timeMs, windows, max, min, modelVersion, maxRisk, isLearning } = step;
  return {
    bucket,
    failureMode,
    timeMs,
    windows,
    mean: step.mean / Math.max(1, windows),
    max,
    min,
    resolutionMs: step.resolutionMs,
    shaftRpm: step.rpmRows === 0 ? null : step.rpm / step.rpmRows,
    modelVersion,
    meanRisk: step.riskWindows === 0 ? null : step.risk / step.riskWindows,
    maxRisk,
    isLearning,
  };
}
