/** Verdicts of drift in PostgreSQL, and what leads from one to the next. What was assessed once is not assessed again. */
import type { DriftVerdict } from "../../../core/contract/drift-verdict.ts";
import { nameDriftDay, type PeriodRange, readDriftDay } from "../../../core/drift/drift-day.ts";
import type {
  DriftDayLevels,
  DriftDaysQuery,
  DriftVerdictPage,
  DriftVerdictQuery,
  TurbineFilter,
  TurbineVerdictQuery,
} from "../drift-record.ts";
import { assembleDriftDays, cutVerdicts, readRange } from "../drift-rows.ts";
import { maxDriftDays, readDriftCursor } from "../drift-rules.ts";
import type { SqlSession } from "./postgres-database.ts";

/** The points of a site and turbine, each of which may be null for all. */
const chosen = "($1::text IS NULL OR site = $1) AND ($2::text IS NULL OR turbine = $2)";
const start = ["", "", "", ""] as const;

/** Of a day that holds several periods the newest of each point and model. */
export async function listVerdicts(session: SqlSession, query: DriftVerdictQuery): Promise<DriftVerdictPage> {
  const { day, site = null, turbine = null, level = null, limit, after } = query;
  const range = readDriftDay(day);
  if (range === null) return { verdicts: [], next: null };
  const place = readDriftCursor(after ?? "") ?? start;
  const rows = await session.rows(
    `SELECT json FROM (
       SELECT DISTINCT ON (site, turbine, component, model_digest) site, turbine, component, model_digest, level, json
       FROM drift_verdict JOIN point ON point.id = drift_verdict.point
       WHERE from_ms >= $3 AND from_ms < $4 AND ${chosen}
         AND (site, turbine, component, model_digest) > ($5, $6, $7, $8)
       ORDER BY site, turbine, component, model_digest, from_ms DESC) AS newest
     WHERE $9::text IS NULL OR level = $9
     ORDER BY site, turbine, component, model_digest LIMIT $10`,
    [site, turbine, range.fromMs, range.toMs, ...place, level, limit + 1],
  );
  return cutVerdicts(rows, limit);
}

/** Verdicts of one period. */
export async function listPeriodVerdicts(
  session: SqlSession,
  { fromMs, toMs, limit, after }: PeriodRange & { readonly limit: number; readonly after?: string },
): Promise<DriftVerdictPage> {
  const place = readDriftCursor(after ?? "") ?? start;
  const rows = await session.rows(
    `SELECT json FROM drift_verdict JOIN point ON point.id = drift_verdict.point
     WHERE from_ms = $1 AND to_ms = $2 AND (site, turbine, component, model_digest) > ($3, $4, $5, $6)
     ORDER BY site, turbine, component, model_digest LIMIT $7`,
    [fromMs, toMs, ...place, limit + 1],
  );
  return cutVerdicts(rows, limit);
}

/** All of one turbine in a range of days, in the order of time. */
export async function listTurbineVerdicts(
  session: SqlSession,
  { site, turbine, from, to, limit }: TurbineVerdictQuery,
): Promise<readonly DriftVerdict[]> {
  const [first, last] = [readDriftDay(from), readDriftDay(to)];
  if (first === null || last === null) return [];
  const rows = await session.rows(
    `SELECT json FROM drift_verdict JOIN point ON point.id = drift_verdict.point
     WHERE site = $1 AND turbine = $2 AND from_ms >= $3 AND from_ms < $4
     ORDER BY from_ms DESC, component DESC, model_digest DESC LIMIT $5`,
    [site, turbine, first.fromMs, last.toMs, limit],
  );
  return cutVerdicts([...rows].reverse(), limit).verdicts;
}

/** The worst level of each point on each day of a range. */
export async function listDriftDays(session: SqlSession, query: DriftDaysQuery): Promise<DriftDayLevels> {
  const { from, to, site = null, turbine = null, limit, after = "" } = query;
  const [first, last] = [readDriftDay(from), readDriftDay(to)];
  if (first === null || last === null) return { days: [], points: [], next: null };
  const periods = await session.rows(
    `SELECT DISTINCT from_ms, to_ms FROM drift_verdict WHERE from_ms >= $1 AND from_ms < $2
     ORDER BY from_ms DESC LIMIT $3`,
    [first.fromMs, last.toMs, maxDriftDays],
  );
  const shown = periods.map(readRange).reverse();
  const points = await session.rows(
    `SELECT id, site, turbine, component FROM point WHERE ${chosen} AND (site, turbine, component) > ($3, $4, $5)
     ORDER BY site, turbine, component LIMIT $6`,
    [site, turbine, ...(readDriftCursor(after) ?? start).slice(0, 3), limit === undefined ? null : limit + 1],
  );
  const isWhole = (query.site ?? query.turbine ?? limit) === undefined;
  const ids = points.slice(0, limit).map((row) => Number(row.id));
  const levels = await session.rows(
    `SELECT point, from_ms, to_ms, level FROM drift_verdict WHERE from_ms >= $1 AND from_ms < $2
       AND ($3::bigint[] IS NULL OR point = ANY($3))`,
    [shown[0]?.fromMs ?? last.toMs, last.toMs, isWhole ? null : ids],
  );
  return assembleDriftDays({ shown, levels, points, limit });
}

/** Newest day with verdicts of the turbines that are named; null when there is none. */
export async function newestVerdictDay(
  session: SqlSession,
  untilMs: number,
  { site = null, turbine = null }: { readonly site?: string | null; readonly turbine?: string | null },
): Promise<string | null> {
  const [row] = await session.rows(
    `SELECT from_ms, to_ms FROM drift_verdict WHERE from_ms <= $3 AND (($1::text IS NULL AND $2::text IS NULL)
       OR point IN (SELECT id FROM point WHERE ${chosen})) ORDER BY from_ms DESC LIMIT 1`,
    [site, turbine, Math.trunc(untilMs)],
  );
  return row === undefined ? null : nameDriftDay(readRange(row));
}

/** Stores a verdict; one that is there stays. */
export async function putVerdict(session: SqlSession, point: number, verdict: DriftVerdict): Promise<void> {
  const { modelDigest, fromMs, toMs, level } = verdict;
  await session.run(
    `INSERT INTO drift_verdict (point, model_digest, from_ms, to_ms, level, json) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT DO NOTHING`,
    [point, modelDigest, fromMs, toMs, level, JSON.stringify(verdict)],
  );
}

/** Writes anew what is there. */
export async function replaceVerdict(
  session: SqlSession,
  point: number,
  verdict: DriftVerdict,
): Promise<void> {
  const { modelDigest, fromMs, toMs } = verdict;
  await session.run(
    "UPDATE drift_verdict SET json = $1 WHERE point = $2 AND model_digest = $3 AND from_ms = $4 AND to_ms = $5",
    [JSON.stringify(verdict), point, modelDigest, fromMs, toMs],
  );
}

/** A filter whose turbines may be left out. */
export function orNull({ site, turbine }: TurbineFilter): {
  readonly site: string | null;
  readonly turbine: string | null;
} {
  return { site: site ?? null, turbine: turbine ?? null };
}
