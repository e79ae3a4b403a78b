/** The way from a day's summary to what people are told of it, in PostgreSQL: what is due, what was learnt, what was said. */
import type { PointId } from "../../../core/contract/stream.ts";
import type { PeriodRange } from "../../../core/drift/drift-day.ts";
import type {
  DriftPeriod,
  DriftState,
  DuePeriodQuery,
  KnownDriftFleet,
  PeriodKey,
  PeriodProgress,
  ReferenceKey,
  StoredReference,
} from "../drift-record.ts";
import { readDriftState, readDuePeriod, readPoint, readRange, readStoredReference } from "../drift-rows.ts";
import { awaitedPeriods, type DriftRenewal, driftBounds } from "../drift-rules.ts";
import type { SqlSession } from "./postgres-database.ts";
import { columnsOf } from "./postgres-values.ts";

/**
 * Ended by this clock, and the last word of its point is of a later period, or nothing came for the time of grace. Of other points of its
 * gateway nothing follows: the device of one may lag behind. A renewal counts of its own gateway, and of the one that reported of the point
 * last when it was renewed: a gateway may be exchanged with what it watches, and with its model.
 */
export async function listDuePeriods(session: SqlSession, query: DuePeriodQuery): Promise<DriftPeriod[]> {
  const { nowMs, graceMs, limit } = query;
  const rows = await session.rows(
    `SELECT site, turbine, component, model_digest, from_ms, from_ms + period_ms AS to_ms, model_name, model_version,
       GREATEST((SELECT MAX(time_ms) FROM baseline_renewal AS renewal WHERE renewal.turbine = point.turbine
           AND renewal.component = point.component AND time_ms < drift_period.from_ms + drift_period.period_ms
           AND (renewal.gateway = drift_period.gateway OR renewal.gateway = (SELECT before.gateway FROM drift_period AS before
             WHERE before.point = drift_period.point AND before.from_ms < renewal.time_ms AND before.period_ms > 0
             ORDER BY before.from_ms DESC LIMIT 1))),
         (SELECT time_ms FROM drift_renewal WHERE drift_renewal.point = drift_period.point
           AND time_ms < drift_period.from_ms + drift_period.period_ms)) AS renewed_ms,
       (SELECT model_digest FROM drift_reference AS other WHERE other.point = drift_period.point
         AND other.model_digest <> drift_period.model_digest ORDER BY until_ms DESC LIMIT 1) AS previous_digest
     FROM drift_period JOIN point ON point.id = drift_period.point
     WHERE NOT assessed AND from_ms + period_ms <= $1
       AND (GREATEST(from_ms + period_ms, received_ms) <= $2
         OR EXISTS (SELECT 1 FROM drift_period AS later WHERE later.point = drift_period.point
           AND later.model_digest = drift_period.model_digest AND later.from_ms > drift_period.from_ms
           AND later.received_ms >= drift_period.received_ms))
       AND NOT EXISTS (SELECT 1 FROM drift_period AS earlier WHERE NOT earlier.assessed
         AND earlier.point = drift_period.point AND earlier.model_digest = drift_period.model_digest
         AND earlier.from_ms < drift_period.from_ms)
     ORDER BY from_ms, drift_period.point, first_ms LIMIT $3`,
    [Math.trunc(nowMs), Math.trunc(nowMs - graceMs), limit],
  );
  return rows.map(readDuePeriod);
}

/** Row and point of an open period, which nobody else assesses until the transaction ends; null: it was assessed, or is not known. */
export async function lockOpenPeriod(
  session: SqlSession,
  { site, turbine, component, modelDigest, fromMs, toMs }: PeriodKey,
): Promise<{ readonly period: number; readonly point: number } | null> {
  const [row] = await session.rows(
    `SELECT drift_period.id, point FROM drift_period JOIN point ON point.id = drift_period.point
     WHERE site = $1 AND turbine = $2 AND component = $3 AND model_digest = $4 AND from_ms = $5 AND period_ms = $6
       AND NOT assessed FOR UPDATE OF drift_period`,
    [site, turbine, component, modelDigest, fromMs, toMs - fromMs],
  );
  return row === undefined ? null : { period: Number(row.id), point: Number(row.point) };
}

/** What a point's days under a model have taught so far. */
export async function readReference(session: SqlSession, key: ReferenceKey): Promise<StoredReference | null> {
  const [row] = await session.rows(
    `SELECT drift_reference.* FROM drift_reference JOIN point ON point.id = drift_reference.point
     WHERE site = $1 AND turbine = $2 AND component = $3 AND model_digest = $4`,
    [key.site, key.turbine, key.component, key.modelDigest],
  );
  return row === undefined ? null : readStoredReference(row);
}

/** Which point and model a reference is of, by the point's number. */
interface NumberedReference extends StoredReference {
  readonly point: number;
  readonly modelDigest: string;
}

export async function putReference(session: SqlSession, stored: NumberedReference): Promise<void> {
  const { point, modelDigest, periodMs, untilMs, renewedMs, reference } = stored;
  await session.run(
    `INSERT INTO drift_reference (point, model_digest, period_ms, until_ms, renewed_ms, json)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (point, model_digest) DO UPDATE SET period_ms = excluded.period_ms, until_ms = excluded.until_ms,
       renewed_ms = excluded.renewed_ms, json = excluded.json`,
    [point, modelDigest, periodMs, untilMs, renewedMs, JSON.stringify(reference)],
  );
}

/** Notes that the reference of a point is to begin anew at a moment, whether or not the point is known yet. */
export async function renewReferences(
  session: SqlSession,
  gateway: string,
  renewal: DriftRenewal,
): Promise<void> {
  const { turbine, component, timeMs } = renewal;
  const added = await session.run(
    `INSERT INTO baseline_renewal (gateway, turbine, component, time_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [gateway, turbine, component, Math.trunc(timeMs)],
  );
  if (added === 0) return;
  await session.run(
    `DELETE FROM baseline_renewal WHERE gateway = $1 AND (time_ms, turbine, component) <= (
       SELECT time_ms, turbine, component FROM baseline_renewal WHERE gateway = $1
       ORDER BY time_ms DESC, turbine DESC, component DESC LIMIT 1 OFFSET ${driftBounds.renewals})`,
    [gateway],
  );
}

/** Which points a period still waits for. */
export async function readProgress(
  session: SqlSession,
  { fromMs, toMs }: PeriodRange,
): Promise<PeriodProgress> {
  const lengthMs = toMs - fromMs;
  const [row] = await session.rows(
    `SELECT (SELECT COUNT(DISTINCT point) FROM drift_reference
       WHERE until_ms > $1 AND period_ms = $2 AND NOT EXISTS (SELECT 1 FROM drift_verdict
         WHERE drift_verdict.from_ms = $3 AND drift_verdict.to_ms = $4
           AND drift_verdict.point = drift_reference.point)) AS awaited,
       (SELECT COUNT(*) FROM drift_period WHERE NOT assessed AND from_ms = $3 AND period_ms = $2) AS open`,
    [fromMs - awaitedPeriods * lengthMs, lengthMs, fromMs, toMs],
  );
  return { awaited: Number(row?.awaited), open: Number(row?.open) };
}

export async function readDriftFleet(session: SqlSession): Promise<KnownDriftFleet> {
  const points = await session.rows(
    `SELECT site, turbine, component FROM point WHERE EXISTS
       (SELECT 1 FROM drift_period WHERE drift_period.point = point.id) ORDER BY site, turbine, component`,
  );
  const models = await session.rows("SELECT model_digest, from_ms FROM drift_model");
  return {
    points: points.map(readPoint),
    modelsSince: Object.fromEntries(models.map((row) => [String(row.model_digest), Number(row.from_ms)])),
  };
}

export async function listUnpublished(session: SqlSession, limit: number): Promise<PeriodRange[]> {
  const rows = await session.rows("SELECT * FROM drift_unpublished ORDER BY from_ms, to_ms LIMIT $1", [
    limit,
  ]);
  return rows.map(readRange);
}

export async function noteUnpublished(session: SqlSession, { fromMs, toMs }: PeriodRange): Promise<void> {
  await session.run("INSERT INTO drift_unpublished (from_ms, to_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    fromMs,
    toMs,
  ]);
}

export async function notePublished(session: SqlSession, { fromMs, toMs }: PeriodRange): Promise<void> {
  await session.run("DELETE FROM drift_unpublished WHERE from_ms = $1 AND to_ms = $2", [fromMs, toMs]);
}

/** What was last said of points, in their order. */
export async function readStates(session: SqlSession, points: readonly PointId[]): Promise<DriftState[]> {
  const rows = await session.rows(
    `SELECT site, turbine, component, drift_state.*
     FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (site, turbine, component, place)
     JOIN point USING (site, turbine, component) JOIN drift_state ON drift_state.point = point.id ORDER BY place`,
    columnsOf(points, "site", "turbine", "component"),
  );
  return rows.map(readDriftState);
}

export async function putState(session: SqlSession, point: number, state: DriftState): Promise<void> {
  const { modelDigest, level, sinceMs, fromMs, stablePeriods } = state;
  await session.run(
    `INSERT INTO drift_state (point, model_digest, level, since_ms, from_ms, stable_periods)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (point) DO UPDATE SET model_digest = excluded.model_digest, level = excluded.level,
       since_ms = excluded.since_ms, from_ms = excluded.from_ms, stable_periods = excluded.stable_periods`,
    [point, modelDigest, level, sinceMs, fromMs, stablePeriods],
  );
}
