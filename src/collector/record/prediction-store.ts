/** Thinned predictions over time. Keeps what the gateway sent; a long range is summed up on reading. */
import type { PredictionBatch } from "../../core/contract/uplink-record.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** Probabilities of one point over time, in columns as a chart wants them. */
export interface PredictionSeries {
  readonly component: string;
  readonly failureModes: readonly string[];
  /** End of the last window in each step, increasing. */
  readonly timesMs: readonly number[];
  /** One array a failure mode, one entry a time; null where a mode has no value. 0 to 1. */
  readonly mean: readonly (readonly (number | null)[])[];
  readonly max: readonly (readonly (number | null)[])[];
  /** Mean shaft speed, null where it is not known. */
  readonly shaftRpm: readonly (number | null)[];
  /** Windows that each step sums up. */
  readonly windows: readonly number[];
  /** Version of the model at the end of the range. */
  readonly modelVersion: string | null;
}

/** Reads and writes predictions. */
export interface PredictionStore {
  put(point: number, batch: PredictionBatch): void;
  /** @param bucketMs steps are summed up to this length; 1 keeps every row */
  read(
    point: number,
    component: string,
    range: { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number },
  ): PredictionSeries;
  /** Time of the newest row up to `limitMs`, or 0. */
  newestMs(point: number, limitMs: number): number;
  /** Removes rows before `beforeMs`; returns how many. */
  prune(beforeMs: number): number;
}

/** A read never returns more steps than this. */
const maxSteps = 4_000;

/** Creates the store over an open, migrated database. */
export function createPredictionStore(database: SqliteDatabase): PredictionStore {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO prediction
     (point, failure_mode, time_ms, windows, mean, max, shaft_rpm, model_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const read = database.prepare(
    `SELECT failure_mode, time_ms / CAST(? AS INTEGER) AS bucket, MAX(time_ms) AS time_ms, SUM(windows) AS windows,
            SUM(mean * windows) / SUM(windows) AS mean, MAX(max) AS max, AVG(shaft_rpm) AS shaft_rpm,
            MAX(model_version) AS model_version
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
          );
        }
      }
    },
    newestMs: (point, limitMs) => Number(newest.get(point, Math.trunc(limitMs))?.time_ms ?? 0),
    read: (point, component, { fromMs, toMs, bucketMs }) => {
      const rows = read.all(
        Math.max(1, Math.trunc(bucketMs)),
        point,
        Math.trunc(fromMs),
        Math.trunc(toMs),
        maxSteps * 16,
      );
      const failureModes = [...new Set(rows.map((row) => String(row.failure_mode)))].sort();
      const steps = new Map<number, { timeMs: number; windows: number; rpm: number | null }>();
      for (const row of rows) {
        const step = steps.get(Number(row.bucket));
        steps.set(Number(row.bucket), {
          timeMs: Math.max(step?.timeMs ?? 0, Number(row.time_ms)),
          windows: Math.max(step?.windows ?? 0, Number(row.windows)),
          rpm: row.shaft_rpm === null ? (step?.rpm ?? null) : Number(row.shaft_rpm),
        });
      }
      const buckets = [...steps.keys()].slice(-maxSteps);
      const place = new Map(buckets.map((bucket, index) => [bucket, index]));
      const empty = (): (number | null)[][] =>
        failureModes.map(() => new Array<number | null>(buckets.length).fill(null));
      const mean = empty();
      const max = empty();
      for (const row of rows) {
        const index = place.get(Number(row.bucket));
        const mode = failureModes.indexOf(String(row.failure_mode));
        if (index === undefined) continue;
        mean[mode]![index] = Number(row.mean);
        max[mode]![index] = Number(row.max);
      }
      const kept = buckets.map((bucket) => steps.get(bucket)!);
      const last = rows.at(-1)?.model_version;
      return {
        component,
        failureModes,
        mean,
        max,
        timesMs: kept.map((step) => step.timeMs),
        windows: kept.map((step) => step.windows),
        shaftRpm: kept.map((step) => step.rpm),
        modelVersion: last === undefined ? null : String(last),
      };
    },
    prune: (beforeMs) => prune.run(Math.trunc(beforeMs)).changes,
  };
}
