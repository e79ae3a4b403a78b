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
import { maxDriftDays, placeAfter } from "../drift-rules.ts";
import type { PostgresRow, SqlSession } from "./postgres-database.ts";

/**
 * The condition on points, by the parameters $1 and $2: a text of its own for each filter, so that the server's one plan for it knows whether it
 * reads all points or those of a turbine.
 */
function chosen({ site, turbine }: TurbineFilter): string {
  const ofSite = site === undefined ? "$1::text IS NULL" : "site = $1";
  return `${ofSite} AND ${turbine === undefined ? "$2::text IS NULL" : "turbine = $2"}`;
}

/**
 * The condition on points and models that come after a cursor, by its parameters. Not `(site, turbine, component, model_digest) > …`, of which
 * the server believes that next to nothing comes after it: it would read and sort all.
 */
function follows(point: string, modelDigest: string): string {
  const names = "(site, turbine, component)";
  return `${names} >= (${point}) AND (${names} <> (${point}) OR model_digest > ${modelDigest})`;
}

/**
 * The newest periods with verdicts that begin in a range, stepping from each to the one before it, however many verdicts there are of each. Where the
 * length of periods was changed, of two that begin together one.
 */
const periodsOf = (rangeFrom: string, rangeTo: string, limit: string): string => `
  WITH RECURSIVE period AS (
    (SELECT from_ms, to_ms FROM drift_verdict WHERE from_ms >= ${rangeFrom} AND from_ms < ${rangeTo} ORDER BY from_ms DESC LIMIT 1)
    UNION ALL
    SELECT earlier.* FROM period CROSS JOIN LATERAL (
      SELECT from_ms, to_ms FROM drift_verdict WHERE from_ms >= ${rangeFrom} AND drift_verdict.from_ms < period.from_ms
      ORDER BY from_ms DESC LIMIT 1) AS earlier)
  SELECT * FROM period LIMIT ${limit}`;

/** Of a day that holds several periods the newest of each point and model. Points in their order first, and of each its verdicts. */
export async function listVerdicts(session: SqlSession, query: DriftVerdictQuery): Promise<DriftVerdictPage> {
  const { day, site = null, turbine = null, level = null, limit, after } = query;
  const range = readDriftDay(day);
  if (range === null) return { verdicts: [], next: null };
  const place = placeAfter(after);
  const periods = await session.rows(periodsOf("$1", "$2", "NULL"), [range.fromMs, range.toMs]);
  // Those that never had the level need not be looked at.
  const ofLevel =
    level === null
      ? "$8::text IS NULL"
      : `level = $8 AND id IN (SELECT point FROM drift_verdict WHERE from_ms = ANY ($3::bigint[]) AND level = $8)`;
  const rows = await session.rows(
    `SELECT json FROM point CROSS JOIN LATERAL (
       SELECT DISTINCT ON (model_digest) model_digest, level, json FROM drift_verdict
       WHERE drift_verdict.point = point.id AND from_ms = ANY ($3::bigint[]) ORDER BY model_digest, from_ms DESC) AS newest
     WHERE ${chosen(query)} AND ${follows("$4, $5, $6", "$7")} AND ${ofLevel}
     ORDER BY site, turbine, component, model_digest LIMIT $9`,
    [site, turbine, periods.map((row) => Number(row.from_ms)), ...place, level, limit + 1],
  );
  return cutVerdicts(rows, limit);
}

/** Verdicts of one period. */
export async function listPeriodVerdicts(
  session: SqlSession,
  { fromMs, toMs, limit, after }: PeriodRange & { readonly limit: number; readonly after?: string },
): Promise<DriftVerdictPage> {
  const place = placeAfter(after);
  const rows = await session.rows(
    `SELECT json FROM point CROSS JOIN LATERAL (
       SELECT model_digest, json FROM drift_verdict
       WHERE drift_verdict.point = point.id AND from_ms = $1 AND to_ms = $2 ORDER BY model_digest) AS own
     WHERE ${follows("$3, $4, $5", "$6")}
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
  const { from, to, site = null, turbine = null, limit, after } = query;
  const [first, last] = [readDriftDay(from), readDriftDay(to)];
  if (first === null || last === null) return { days: [], points: [], next: null };
  const periods = await session.rows(periodsOf("$1", "$2", "$3"), [first.fromMs, last.toMs, maxDriftDays]);
  const shown = periods.map(readRange).reverse();
  const points = await session.rows(
    `SELECT id, site, turbine, component FROM point WHERE ${chosen(query)} AND (site, turbine, component) > ($3, $4, $5)
     ORDER BY site, turbine, component LIMIT $6`,
    [site, turbine, ...placeAfter(after).slice(0, 3), limit === undefined ? null : limit + 1],
  );
  const isWhole = (query.site ?? query.turbine ?? limit) === undefined;
  const ids = points.slice(0, limit).map((row) => Number(row.id));
  const levels = await session.rows(
    `SELECT point, from_ms, to_ms, level FROM drift_verdict
     WHERE from_ms = ANY ($1::bigint[]) AND ${isWhole ? "$2::int[] IS NULL" : "point = ANY ($2::int[])"}`,
    [shown.map(({ fromMs }) => fromMs), isWhole ? null : ids],
  );
  return assembleDriftDays({ shown, levels, points, limit });
}

/** Newest day with verdicts of the turbines that are named; null when there is none. */
export async function newestVerdictDay(
  session: SqlSession,
  untilMs: number,
  filter: TurbineFilter,
): Promise<string | null> {
  const { site, turbine } = filter;
  const newest = "ORDER BY from_ms DESC LIMIT 1";
  const until = Math.trunc(untilMs);
  let rows: readonly PostgresRow[];
  if (turbine !== undefined) {
    rows = await session.rows(
      `SELECT own.* FROM point CROSS JOIN LATERAL (
         SELECT from_ms, to_ms FROM drift_verdict WHERE drift_verdict.point = point.id AND from_ms <= $3 ${newest}) AS own
       WHERE ${chosen(filter)} ${newest}`,
      [site ?? null, turbine, until],
    );
  } else if (site !== undefined) {
    // A site has many points, most of which have a verdict of each period: the first that has one ends it.
    rows = await session.rows(
      `SELECT period.* FROM (${periodsOf("0", "$2", "NULL")}) AS period CROSS JOIN LATERAL (
         SELECT FROM point CROSS JOIN LATERAL (
           SELECT FROM drift_verdict WHERE drift_verdict.point = point.id AND from_ms = period.from_ms LIMIT 1) AS own
         WHERE site = $1 LIMIT 1) AS any_own
       LIMIT 1`,
      [site, until + 1],
    );
  } else {
    rows = await session.rows(`SELECT from_ms, to_ms FROM drift_verdict WHERE from_ms <= $1 ${newest}`, [
      until,
    ]);
  }
  const [row] = rows;
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
