/**
 * Drift summaries in PostgreSQL: one row a point, model and period with its sketches, and until the period is assessed one
 * row a slot and load with the moments of every column. Assesses nothing.
 */
import type { DriftReport, FeatureSketch } from "../../../core/contract/uplink-record.ts";
import type { DaySummary } from "../../../core/drift/day-summary.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import {
  mergeColumn,
  mergeColumns,
  packMoments,
  packSketches,
  unpackMoments,
  unpackSketches,
} from "../drift-blobs.ts";
import type { DriftBacklog, DriftDay, DriftDayQuery } from "../drift-record.ts";
import {
  assembleSummary,
  cellOf,
  checkDayBins,
  checkLoads,
  checkRoom,
  groupIntoDays,
  mergeSketch,
  packTogether,
  placeReport,
  type ReportCell,
} from "../drift-rows.ts";
import { placeAfter } from "../drift-rules.ts";
import type { RecordSource } from "../fleet-record.ts";
import { utcDayOf } from "../record-rules.ts";
import type { PostgresRow, SqlSession } from "./postgres-database.ts";

/** A report and where it came from. */
interface ReceivedReport {
  readonly report: DriftReport;
  readonly source: RecordSource;
}

export interface PostgresDrift {
  /**
   * Merges a report into its period; one of a period that is assessed already is counted as late.
   * @throws DriftRefusedError before anything is written, when it does not fit its period, or its gateway occupies too much
   */
  put(session: SqlSession, point: number, received: ReceivedReport): Promise<void>;
}

/** @param periodMs length of a period of assessment; divides a day */
export function createPostgresDrift(periodMs: number): PostgresDrift {
  return {
    put: async (session, point, { report, source }) => {
      const { fromMs, features } = placeReport(report, periodMs);
      const sketches = features.map(({ sketch }) => sketch);
      const { modelDigest } = report;
      const [row] = await session.rows(
        `SELECT id, assessed, sketches FROM drift_period
         WHERE point = $1 AND model_digest = $2 AND from_ms = $3 AND period_ms = $4 FOR UPDATE`,
        [point, modelDigest, fromMs, periodMs],
      );
      if (row === undefined || periodMs < dayMs)
        await checkDay(session, { point, modelDigest, fromMs }, sketches);
      if (row === undefined) await checkGateway(session, source.gateway, fromMs);
      const cell = cellOf(features);
      const isOpen = row?.assessed !== true;
      const moments = cell === null || !isOpen ? null : await mergeCell(session, row?.id ?? null, cell);
      const period =
        row === undefined
          ? await beginPeriod(session, { point, fromMs, periodMs, report, source, sketches })
          : await addToPeriod(session, row, { report, source, sketches });
      if (cell !== null && moments !== null) await putCell(session, period, { ...cell, moments });
    },
  };
}

/** @throws DriftRefusedError for sketches that could not be read together with what is kept of their day */
async function checkDay(
  session: SqlSession,
  of: { readonly point: number; readonly modelDigest: string; readonly fromMs: number },
  sketches: readonly FeatureSketch[],
): Promise<void> {
  const dayFromMs = Math.floor(of.fromMs / dayMs) * dayMs;
  const [row] = await session.rows(
    `SELECT sketches FROM drift_period WHERE point = $1 AND model_digest = $2 AND from_ms >= $3 AND from_ms < $4
       AND reports > 0 ORDER BY from_ms, period_ms LIMIT 1`,
    [of.point, of.modelDigest, dayFromMs, dayFromMs + dayMs],
  );
  if (row !== undefined) checkDayBins(row.sketches as Uint8Array, sketches);
}

/** @throws DriftRefusedError when a gateway may not begin another period of a point and model */
async function checkGateway(session: SqlSession, gateway: string, fromMs: number): Promise<void> {
  const [row] = await session.rows(
    `SELECT (SELECT COUNT(*) FROM drift_period WHERE gateway = $1 AND from_ms = $2) AS in_period,
            (SELECT COUNT(*) FROM drift_period WHERE gateway = $1 AND NOT assessed) AS open`,
    [gateway, fromMs],
  );
  checkRoom(gateway, { inPeriod: Number(row?.in_period), open: Number(row?.open) });
}

/** A report that begins a period. */
interface FirstReport extends ReceivedReport {
  readonly point: number;
  readonly fromMs: number;
  readonly periodMs: number;
  readonly sketches: readonly FeatureSketch[];
}

async function beginPeriod(session: SqlSession, first: FirstReport): Promise<number> {
  const { point, fromMs, periodMs, report, source, sketches } = first;
  const { modelDigest, modelName, modelVersion } = report;
  await session.run(
    `INSERT INTO drift_model AS known (model_digest, from_ms) VALUES ($1, $2)
     ON CONFLICT (model_digest) DO UPDATE SET from_ms = excluded.from_ms WHERE excluded.from_ms < known.from_ms`,
    [modelDigest, fromMs],
  );
  const [row] = await session.rows(
    `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
       last_ms, reports, late_reports, assessed, received_ms, sketches)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, false, $10, $11) RETURNING id`,
    [
      point,
      modelDigest,
      fromMs,
      periodMs,
      modelName,
      modelVersion,
      source.gateway,
      Math.trunc(report.fromMs),
      Math.trunc(report.toMs),
      Math.trunc(source.receivedMs),
      packSketches(sketches),
    ],
  );
  return Number(row?.id);
}

async function addToPeriod(
  session: SqlSession,
  row: PostgresRow,
  { report, source, sketches }: ReceivedReport & { readonly sketches: readonly FeatureSketch[] },
): Promise<number> {
  const merged = mergeColumns(unpackSketches(row.sketches as Uint8Array), sketches, mergeSketch);
  const id = Number(row.id);
  await session.run(
    `UPDATE drift_period SET gateway = $1, first_ms = LEAST(first_ms, $2::bigint), last_ms = GREATEST(last_ms, $3::bigint),
       reports = reports + 1, late_reports = late_reports + assessed::int, received_ms = $4, sketches = $5 WHERE id = $6`,
    [
      source.gateway,
      Math.trunc(report.fromMs),
      Math.trunc(report.toMs),
      Math.trunc(source.receivedMs),
      packSketches(merged),
      id,
    ],
  );
  return id;
}

/** The moments of a cell with those of a report. @throws DriftRefusedError when its slot has no room for another load */
async function mergeCell(
  session: SqlSession,
  period: unknown,
  cell: ReportCell,
): Promise<ReportCell["moments"]> {
  if (period === null) return cell.moments;
  const [row] = await session.rows(
    `SELECT (SELECT moments FROM drift_cell WHERE period = $1 AND slot = $2 AND load_name = $3) AS moments,
            (SELECT COUNT(*) FROM drift_cell WHERE period = $1 AND slot = $2) AS loads`,
    [Number(period), cell.slot, cell.loadName],
  );
  const stored = row?.moments as Uint8Array | null;
  if (stored !== null) return mergeColumns(unpackMoments(stored), cell.moments, mergeColumn);
  checkLoads(Number(row?.loads));
  return cell.moments;
}

async function putCell(
  session: SqlSession,
  period: number,
  { slot, loadName, moments }: ReportCell,
): Promise<void> {
  await session.run(
    `INSERT INTO drift_cell (period, slot, load_name, moments) VALUES ($1, $2, $3, $4)
     ON CONFLICT (period, slot, load_name) DO UPDATE SET moments = excluded.moments`,
    [period, slot, loadName, packMoments(moments)],
  );
}

/** What was heard in an open period, by the number of its row; null: it was assessed. */
export async function readDriftSummary(session: SqlSession, period: number): Promise<DaySummary | null> {
  const [row] = await session.rows("SELECT * FROM drift_period WHERE id = $1 AND NOT assessed", [period]);
  if (row === undefined) return null;
  const cells = await session.rows(
    "SELECT slot, load_name, moments FROM drift_cell WHERE period = $1 ORDER BY slot, load_name",
    [period],
  );
  return assembleSummary(row, cells);
}

/** Ends a period that has been assessed: its moments go, its sketches stay for its day. */
export async function settleDriftPeriod(session: SqlSession, period: number): Promise<void> {
  const [row] = await session.rows(
    "UPDATE drift_period SET assessed = true WHERE id = $1 AND NOT assessed RETURNING *",
    [period],
  );
  if (row === undefined) return;
  await session.run("DELETE FROM drift_cell WHERE period = $1", [period]);
  if (Number(row.period_ms) < dayMs) await foldIntoDay(session, row);
}

/** Folds the sketches of a period that is shorter than a day into its day, so that a day is read from few rows. */
async function foldIntoDay(session: SqlSession, row: PostgresRow): Promise<void> {
  const dayFromMs = Math.floor(Number(row.from_ms) / dayMs) * dayMs;
  const [day] = await session.rows(
    `SELECT id, sketches FROM drift_period WHERE point = $1 AND model_digest = $2 AND from_ms = $3 AND period_ms = 0
     FOR UPDATE`,
    [Number(row.point), String(row.model_digest), dayFromMs],
  );
  if (day === undefined) {
    await session.run(
      `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
         last_ms, reports, late_reports, assessed, received_ms, sketches)
       SELECT point, model_digest, $1::bigint, 0, model_name, model_version, '', first_ms, last_ms, reports, 0, true, 0, sketches
       FROM drift_period WHERE id = $2`,
      [dayFromMs, Number(row.id)],
    );
  } else {
    const merged = packTogether(day.sketches as Uint8Array, row.sketches as Uint8Array);
    if (merged !== null) {
      await session.run(
        `UPDATE drift_period SET first_ms = LEAST(first_ms, $1::bigint), last_ms = GREATEST(last_ms, $2::bigint),
           reports = reports + $3::bigint, sketches = $4 WHERE id = $5`,
        [Number(row.first_ms), Number(row.last_ms), Number(row.reports), merged, Number(day.id)],
      );
    }
  }
  await session.run("UPDATE drift_period SET reports = 0, sketches = $1 WHERE id = $2", [
    packSketches([]),
    Number(row.id),
  ]);
}

export async function readDriftBacklog(session: SqlSession): Promise<DriftBacklog> {
  const [row] = await session.rows(
    `SELECT (SELECT COUNT(*) FROM drift_period WHERE NOT assessed) AS open,
            (SELECT SUM(late_reports) FROM drift_period WHERE late_reports > 0) AS late`,
  );
  return { openPeriods: Number(row?.open ?? 0), lateReports: Number(row?.late ?? 0) };
}

/** No day is read beyond this many points and models. */
const maxPoints = 20_000;

/** The sketches of a day, merged from its periods. */
export async function readDriftDays(session: SqlSession, query: DriftDayQuery): Promise<DriftDay[]> {
  const { day, site = null, turbine = null, limit = maxPoints, after } = query;
  const place = placeAfter(after);
  const fromMs = Date.parse(day);
  const rows = await session.rows(
    `WITH page AS (
       SELECT DISTINCT point, model_digest, site, turbine, component
       FROM drift_period JOIN point ON point.id = drift_period.point
       WHERE from_ms >= $1 AND from_ms < $2 AND ($3::text IS NULL OR site = $3) AND ($4::text IS NULL OR turbine = $4)
         AND (site, turbine, component, model_digest) > ($5, $6, $7, $8)
       ORDER BY site, turbine, component, model_digest LIMIT $9)
     SELECT drift_period.*, site, turbine, component FROM page JOIN drift_period USING (point, model_digest)
     WHERE from_ms >= $1 AND from_ms < $2 AND reports > 0
     ORDER BY site, turbine, component, model_digest, from_ms`,
    [fromMs, fromMs + dayMs, site, turbine, ...place, Math.min(limit, maxPoints)],
  );
  return groupIntoDays(day, rows);
}

/** Newest day with sketches up to a day; null when there is none. */
export async function newestDriftDay(session: SqlSession, untilDay: string): Promise<string | null> {
  const [row] = await session.rows("SELECT MAX(from_ms) AS from_ms FROM drift_period WHERE from_ms < $1", [
    Date.parse(untilDay) + dayMs,
  ]);
  return row === undefined || row.from_ms === null ? null : utcDayOf(Number(row.from_ms));
}
