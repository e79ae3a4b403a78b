/**
 * Predictions over time, in PostgreSQL: a row a point and moment with the scores of all failure modes, as gateways sent them, and rows
 * that sum up older ones (`postgres-thinning.ts`), read as one series. A row that is sent again on another day stands twice; the
 * reader takes the last.
 */
import type { PredictionBatch } from "../../../core/contract/uplink-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { longestRowMs, type PredictionRange, type PredictionSeries } from "../prediction-record.ts";
import { recordBounds } from "../record-bounds.ts";
import { assembleSeries, numberOrNull, type PredictionStep } from "../record-rules.ts";
import type { PostgresDatabase, PostgresRow, SqlSession } from "./postgres-database.ts";
import { dayNumber } from "./postgres-partitions.ts";
import { type SqlParameter, transpose } from "./postgres-values.ts";

/** A batch with the numbers of its point and its label. */
export interface NumberedBatch {
  readonly point: number;
  readonly label: number;
  readonly batch: PredictionBatch;
  readonly receivedMs: number;
}

interface PostgresPredictions {
  read(range: PredictionRange): Promise<PredictionSeries[]>;
  newestMs(query: TurbineRef & { readonly untilMs: number }): Promise<number>;
}

/**
 * All that is read is of one moment, that of the first statement after the lock, and nobody drops a part of the tables meanwhile. Else a
 * statement may know the parts of before and the rows of after, and miss what was moved between them.
 */
const atOneMoment =
  "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE ONLY prediction, ONLY prediction_summary IN ACCESS SHARE MODE";

export function createPostgresPredictions(database: PostgresDatabase): PostgresPredictions {
  return {
    read: async ({ site, turbine, component = null, ...range }) => {
      const points = await database.rows(
        `SELECT id, component FROM point WHERE site = $1 AND turbine = $2 AND ($3::text IS NULL OR component = $3)
         ORDER BY component`,
        [site, turbine, component],
      );
      const maxRows = Math.floor(recordBounds.answerRows / Math.max(1, points.length));
      return database.transaction(
        async (session) => {
          await expectManyDays(session);
          const series: PredictionSeries[] = [];
          for (const { id, component: name } of points) {
            const steps = await readSteps(session, Number(id), { ...range, maxRows });
            series.push(assembleSeries(String(name), steps));
          }
          return series;
        },
        { begin: atOneMoment },
      );
    },
    newestMs: async ({ site, turbine, untilMs }) => {
      const [row] = await database.rows(
        `SELECT MAX(newest.time_ms) AS time_ms FROM point CROSS JOIN LATERAL (
           (SELECT time_ms FROM prediction WHERE prediction.point = point.id AND time_ms <= $3
             ORDER BY time_ms DESC LIMIT 1)
           UNION ALL
           (SELECT time_ms FROM prediction_summary WHERE prediction_summary.point = point.id AND from_ms <= $3
             AND time_ms <= $3 ORDER BY from_ms DESC LIMIT 1)) AS newest
         WHERE site = $1 AND turbine = $2`,
        [site, turbine, Math.trunc(untilMs)],
      );
      return Number(row?.time_ms ?? 0);
    },
  };
}

/**
 * For a transaction that reads of some hundred days: these look expensive to the server, which would compile for seconds what runs for
 * milliseconds; and its plan is the same whatever the values are.
 */
export async function expectManyDays(session: SqlSession): Promise<void> {
  await session.exec("SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan");
}

/** Stores batches; of a moment that is there already the last counts. */
export async function putPredictions(session: SqlSession, batches: readonly NumberedBatch[]): Promise<void> {
  const rows = new Map<string, readonly SqlParameter[]>();
  for (const { point, label, batch, receivedMs } of batches) {
    const day = dayNumber(receivedMs);
    for (const [row, timeMs] of batch.timesMs.entries()) {
      const rpm = batch.shaftRpm[row];
      const time = Math.trunc(timeMs);
      // One statement may not change a row twice.
      rows.set(`${point} ${time} ${label}`, [
        day,
        point,
        time,
        label,
        batch.windows[row] ?? 1,
        rpm !== undefined && Number.isFinite(rpm) ? rpm : null,
        batch.isLearning?.[row] ?? null,
        `{${scoresOf(batch, row)}}`,
      ]);
    }
  }
  if (rows.size === 0) return;
  await session.run(
    `INSERT INTO prediction (day, point, time_ms, label, windows, shaft_rpm, learning, scores)
     SELECT day, point, time_ms, label, windows, shaft_rpm, learning, scores::double precision[]
     FROM unnest($1::int[], $2::int[], $3::bigint[], $4::int[], $5::int[], $6::float8[], $7::boolean[], $8::text[])
       AS row (day, point, time_ms, label, windows, shaft_rpm, learning, scores)
     ORDER BY point, time_ms, label
     ON CONFLICT (point, time_ms, label, day) DO UPDATE SET windows = excluded.windows,
       shaft_rpm = excluded.shaft_rpm, learning = excluded.learning, scores = excluded.scores`,
    transpose([...rows.values()], 8),
  );
}

/** Less is none: PostgreSQL refuses to divide what is near the end of a double's range, and the whole page with it. */
const leastScore = 1e-200;

/** Mean and maximum of each failure mode, and of their risks where any is known. */
function scoresOf(batch: PredictionBatch, row: number): string {
  const modes = batch.failureModes.length;
  if (modes === 0) return "";
  const of = (column: readonly (number | null)[] | null | undefined, missing: "0" | "NULL"): string => {
    let text = "";
    for (let at = row * modes; at < (row + 1) * modes; at++) {
      const score = column?.[at] ?? null;
      text += `${text === "" ? "" : ","}${score === null ? missing : score < leastScore ? 0 : score}`;
    }
    return text;
  };
  const probabilities = `${of(batch.meanProbability, "0")},${of(batch.maxProbability, "0")}`;
  if (batch.meanRisk === undefined && batch.maxRisk === undefined) return probabilities;
  return `${probabilities},${of(batch.meanRisk, "NULL")},${of(batch.maxRisk, "NULL")}`;
}

async function readSteps(
  session: SqlSession,
  point: number,
  range: Pick<PredictionRange, "fromMs" | "toMs" | "bucketMs"> & { readonly maxRows: number },
): Promise<readonly PredictionStep[]> {
  const rows = await session.rows(
    `SELECT failure_modes[mode] AS failure_mode, time_ms / $4::bigint AS bucket, MAX(time_ms) AS time_ms,
       SUM(windows) AS windows, SUM(scores[mode] * windows) / GREATEST(SUM(windows), 1) AS mean,
       MAX(scores[modes + mode]) AS max, MIN(COALESCE(scores[4 * modes + mode], scores[mode])) AS min,
       SUM(shaft_rpm * rpm_rows) / NULLIF(SUM(rpm_rows), 0) AS shaft_rpm, MAX(row_ms) AS row_ms,
       MAX(model_version) AS model_version, BOOL_OR(learning) AS learning, MAX(scores[3 * modes + mode]) AS max_risk,
       SUM(scores[2 * modes + mode] * risk_windows) / NULLIF(SUM(risk_windows), 0) AS mean_risk
     FROM (
       (SELECT DISTINCT ON (time_ms, label) time_ms, label, windows, shaft_rpm, (shaft_rpm IS NOT NULL)::int AS rpm_rows,
          learning, 0 AS row_ms, scores
        FROM prediction WHERE point = $1 AND time_ms BETWEEN $2 AND $3 ORDER BY time_ms, label, day DESC)
       UNION ALL
       (SELECT time_ms, label, windows, shaft_rpm, rpm_rows, learning, row_ms, scores FROM prediction_summary
        WHERE point = $1 AND from_ms BETWEEN $2 - ${longestRowMs} AND $3 AND time_ms >= $2 OFFSET 0)) AS step
     JOIN prediction_label ON prediction_label.id = label
     CROSS JOIN LATERAL (SELECT cardinality(failure_modes) AS modes) AS label_size
     CROSS JOIN LATERAL generate_series(1, modes) AS mode
     CROSS JOIN LATERAL (SELECT CASE WHEN scores[2 * modes + mode] IS NULL THEN 0
       ELSE COALESCE(scores[5 * modes + mode], windows) END AS risk_windows) AS known
     GROUP BY bucket, failure_mode ORDER BY bucket DESC, failure_mode LIMIT $5`,
    [
      point,
      Math.trunc(range.fromMs),
      Math.trunc(range.toMs),
      Math.max(1, Math.trunc(range.bucketMs)),
      range.maxRows,
    ],
  );
  // Of more the newest.
  return rows.map(readStep).sort((a, b) => a.bucket - b.bucket);
}

function readStep(row: PostgresRow): PredictionStep {
  return {
    failureMode: String(row.failure_mode),
    bucket: Number(row.bucket),
    timeMs: Number(row.time_ms),
    windows: Number(row.windows),
    mean: Number(row.mean),
    max: Number(row.max),
    min: Number(row.min),
    resolutionMs: Number(row.row_ms),
    shaftRpm: numberOrNull(row.shaft_rpm),
    modelVersion: String(row.model_version),
    meanRisk: numberOrNull(row.mean_risk),
    maxRisk: numberOrNull(row.max_risk),
    isLearning: row.learning as boolean | null,
  };
}
