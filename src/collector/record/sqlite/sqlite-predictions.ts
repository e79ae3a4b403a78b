/** Thinned predictions over time, in SQLite. Keeps what the gateway sent; a long range is summed up on reading. */
import type { PredictionBatch } from "../../../core/contract/uplink-record.ts";
import { rest } from "../../../core/platform/rest.ts";
import type { SqliteDatabase, SqlRow } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { PredictionSeries } from "../fleet-record.ts";
import { assembleSeries, type PredictionStep } from "../record-rules.ts";
import type { NumberedPoint } from "./sqlite-machines.ts";

/** Rows that are summed up at a time: some 15 ms on a slow core. */
const sliceRows = 20_000;
/** Rows that are removed at a time. */
const prunedRows = 4_000;
/** Slices of one point that are read: a point that has more rows than that in a range shows its newest. */
const maxSlices = 150;

export interface SqlitePredictions {
  put(point: number, batch: PredictionBatch, receivedMs: number): void;
  /** Sums up the rows of a point slice by slice, the newest first, and rests between them; of too many steps the last. */
  read(point: NumberedPoint, range: SeriesRange): Promise<PredictionSeries>;
  /** Time of a point's newest row up to `untilMs`, or 0. */
  newestMs(point: NumberedPoint, untilMs: number): number;
  /** Removes rows that arrived before `beforeMs`, in parts; resolves with how many. */
  prune(beforeMs: number): Promise<number>;
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
    "SELECT MAX(time_ms) AS time_ms FROM prediction WHERE point = ? AND time_ms <= ?",
  );
  return {
    put: (point, batch, receivedMs) => {
      const received = Math.trunc(receivedMs);
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
            received,
          );
        }
      }
    },
    read: createReader(database),
    newestMs: ({ number }, untilMs) => Number(newest.get(number, Math.trunc(untilMs))?.time_ms ?? 0),
    prune: createPruner(database),
  };
}

/**
 * A row that arrived long ago is of a time long ago, or ahead of its arrival: a point's old rows and an index of the few that
 * are ahead hold them all. Rows of before a collector noted arrivals go by their time.
 */
function createPruner(database: SqliteDatabase): SqlitePredictions["prune"] {
  const points = database.prepare("SELECT id FROM point ORDER BY id");
  const edge = database.prepare(
    `SELECT time_ms FROM prediction WHERE point = ? AND time_ms >= ? AND time_ms < ?
     ORDER BY time_ms LIMIT 1 OFFSET ${prunedRows}`,
  );
  const prune = database.prepare(
    `DELETE FROM prediction WHERE point = ? AND time_ms >= ? AND time_ms <= ?
       AND COALESCE(received_ms, time_ms) < ?`,
  );
  const pruneAhead = database.prepare(
    `DELETE FROM prediction WHERE (point, time_ms, failure_mode) IN
       (SELECT point, time_ms, failure_mode FROM prediction
        WHERE received_ms < time_ms AND received_ms < ? ORDER BY received_ms LIMIT ${prunedRows})`,
  );
  return async (beforeMs) => {
    const before = Math.trunc(beforeMs);
    let removed = 0;
    for (let more = prunedRows; more >= prunedRows; ) {
      more = pruneAhead.run(before).changes;
      removed += more;
      await rest();
    }
    for (const { id } of points.all()) {
      for (let from = 0; from < before; ) {
        const to = Number(edge.get(id!, from, before)?.time_ms ?? before - 1);
        removed += prune.run(id!, from, to, before).changes;
        from = to + 1;
        await rest();
      }
    }
    return removed;
  };
}

function createReader(database: SqliteDatabase): SqlitePredictions["read"] {
  const edge = database.prepare(
    `SELECT time_ms FROM prediction WHERE point = ? AND time_ms BETWEEN ? AND ?
     ORDER BY time_ms DESC LIMIT 1 OFFSET ${sliceRows}`,
  );
  const sum = database.prepare(
    `SELECT CAST(time_ms / ? AS INTEGER) AS bucket, failure_mode, MAX(time_ms) AS time_ms, SUM(windows) AS windows,
            SUM(mean * windows) AS mean_sum, MAX(max) AS max, SUM(shaft_rpm) AS rpm_sum, COUNT(shaft_rpm) AS rpm_rows,
            MAX(model_version) AS model_version, MAX(max_risk) AS max_risk, MAX(learning) AS learning,
            SUM(mean_risk * windows) AS risk_sum,
            SUM(CASE WHEN mean_risk IS NULL THEN NULL ELSE windows END) AS risk_windows
     FROM prediction WHERE point = ? AND time_ms BETWEEN ? AND ?
     GROUP BY bucket, failure_mode ORDER BY bucket DESC, failure_mode`,
  );
  return async ({ number, component }, range) => {
    const from = Math.trunc(range.fromMs);
    const bucket = Math.max(1, Math.trunc(range.bucketMs));
    const steps = new Map<string, StepSum>();
    let to = Math.trunc(range.toMs);
    for (let slice = 0; slice < maxSlices; slice++) {
      const first = Number(edge.get(number, from, to)?.time_ms ?? from);
      for (const row of sum.all(bucket, number, first, to)) addStep(steps, row);
      if (first <= from || steps.size >= range.maxRows) break;
      to = first - 1;
      await rest();
    }
    const newest = [...steps.values()].slice(0, range.maxRows).map(finishStep);
    return assembleSeries(
      component,
      newest.sort((a, b) => a.bucket - b.bucket),
    );
  };
}

/** A step whose means are still sums: a slice may end within it. */
type StepSum = Record<
  "bucket" | "timeMs" | "windows" | "mean" | "max" | "rpm" | "rpmRows" | "risk" | "riskWindows",
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
  const none = { timeMs: 0, windows: 0, mean: 0, max: 0, rpm: 0, rpmRows: 0, risk: 0, riskWindows: 0 };
  return { bucket, failureMode, ...none, modelVersion: "", maxRisk: null, isLearning: null };
}

function finishStep(step: StepSum): PredictionStep {
  const { bucket, failureMode, timeMs, windows, max, modelVersion, maxRisk, isLearning } = step;
  return {
    bucket,
    failureMode,
    timeMs,
    windows,
    mean: step.mean / Math.max(1, windows),
    max,
    shaftRpm: step.rpmRows === 0 ? null : step.rpm / step.rpmRows,
    modelVersion,
    meanRisk: step.riskWindows === 0 ? null : step.risk / step.riskWindows,
    maxRisk,
    isLearning,
  };
}
