/** Thinned predictions over time, in SQLite. Keeps what the gateway sent; a long range is summed up on reading. */
import type { PredictionBatch } from "../../../core/contract/uplink-record.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { PredictionSeries } from "../fleet-record.ts";
import { assembleSeries, maxSeriesSteps, type PredictionStep } from "../record-rules.ts";
import type { NumberedPoint } from "./sqlite-machines.ts";

/** Failure modes of a step, at most. */
const maxRowsPerStep = 16;

export interface SqlitePredictions {
  put(point: number, batch: PredictionBatch): void;
  read(
    point: NumberedPoint,
    range: { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number },
  ): PredictionSeries;
  /** Time of a point's newest row up to `untilMs`, or 0. */
  newestMs(point: NumberedPoint, untilMs: number): number;
  /** Removes rows before `beforeMs`; returns how many. */
  prune(beforeMs: number): number;
}

/** Prepares the statements over a migrated database. */
export function createSqlitePredictions(database: SqliteDatabase): SqlitePredictions {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO prediction
     (point, failure_mode, time_ms, windows, mean, max, shaft_rpm, model_version, mean_risk, max_risk, learning)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const read = database.prepare(
    `SELECT failure_mode, time_ms / CAST(? AS INTEGER) AS bucket, MAX(time_ms) AS time_ms, SUM(windows) AS windows,
            SUM(mean * windows) / SUM(windows) AS mean, MAX(max) AS max, AVG(shaft_rpm) AS shaft_rpm,
            MAX(model_version) AS model_version, MAX(max_risk) AS max_risk, MAX(learning) AS learning,
            SUM(mean_risk * windows) / SUM(CASE WHEN mean_risk IS NULL THEN NULL ELSE windows END) AS mean_risk
     FROM prediction WHERE point = ? AND time_ms BETWEEN ? AND ?
     GROUP BY bucket, failure_mode ORDER BY bucket, failure_mode LIMIT ?`,
  );
  const newest = database.prepare(
    "SELECT MAX(time_ms) AS time_ms FROM prediction WHERE point = ? AND time_ms <= ?",
  );
  const prune = database.prepare("DELETE FROM prediction WHERE time_ms < ?");
  return {
    put: (point, batch) => {
      const modes = batch.failureModes.length;
      for (const [row, timeMs] of batch.timesMs.entries()) {
        const rpm = batch.shaftRpm[row];
        const isLearning = batch.isLearning?.[row] ?? null;
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
            isLearning === null ? null : Number(isLearning),
          );
        }
      }
    },
    read: ({ number, component }, { fromMs, toMs, bucketMs }) => {
      const [from, to, bucket] = [Math.trunc(fromMs), Math.trunc(toMs), Math.max(1, Math.trunc(bucketMs))];
      const rows = read.all(bucket, number, from, to, maxSeriesSteps * maxRowsPerStep);
      return assembleSeries(component, rows.map(readStep));
    },
    newestMs: ({ number }, untilMs) => Number(newest.get(number, Math.trunc(untilMs))?.time_ms ?? 0),
    prune: (beforeMs) => prune.run(Math.trunc(beforeMs)).changes,
  };
}

function readStep(row: SqlRow): PredictionStep {
  return {
    failureMode: String(row.failure_mode),
    bucket: Number(row.bucket),
    timeMs: Number(row.time_ms),
    windows: Number(row.windows),
    mean: Number(row.mean),
    max: Number(row.max),
    shaftRpm: row.shaft_rpm === null ? null : Number(row.shaft_rpm),
    modelVersion: String(row.model_version),
    meanRisk: row.mean_risk === null ? null : Number(row.mean_risk),
    maxRisk: row.max_risk === null ? null : Number(row.max_risk),
    isLearning: row.learning === null ? null : Number(row.learning) === 1,
  };
}
