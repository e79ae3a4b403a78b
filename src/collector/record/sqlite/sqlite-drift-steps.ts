/** The way from a day's summary to what people are told of it, in SQLite: what is due, what was learnt, what was said. */

import type { PointId } from "../../../core/contract/stream.ts";
import type { PeriodRange } from "../../../core/drift/drift-day.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
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

export interface SqliteDriftSteps {
  due(query: DuePeriodQuery): DriftPeriod[];
  /** Number of the row of an open period; null: it was assessed, or is not known. */
  openPeriod(key: PeriodKey): number | null;
  progress(period: PeriodRange): PeriodProgress;
  fleet(): KnownDriftFleet;
  reference(key: ReferenceKey): StoredReference | null;
  putReference(point: number, modelDigest: string, stored: StoredReference): void;
  /** Removes references that were last used before `beforeMs`, renewals of before then, and models that nothing is kept of any more; returns how many references. */
  pruneReferences(beforeMs: number): number;
  /** Notes that the reference of a point is to begin anew at a moment, whether or not the point is known yet. */
  renew(gateway: string, renewal: DriftRenewal): void;
  unpublished(limit: number): PeriodRange[];
  noteUnpublished(period: PeriodRange): void;
  notePublished(period: PeriodRange): void;
  states(points: readonly PointId[]): DriftState[];
  putState(point: number, state: DriftState): void;
}

/** Prepares the statements over a migrated database. */
export function createSqliteDriftSteps(database: SqliteDatabase): SqliteDriftSteps {
  return {
    ...createPeriods(database),
    ...createReferences(database),
    ...createFleetQueries(database),
    ...createPublications(database),
  };
}

function createPeriods(database: SqliteDatabase): Pick<SqliteDriftSteps, "due" | "openPeriod"> {
  // Ended by this clock, and the last word of its point is of a later period, or nothing came for the time of grace. Of other points of
  // its gateway nothing follows: the device of one may lag behind. A renewal counts of its own gateway, and of the one that
  // reported of the point last when it was renewed: a gateway may be exchanged with what it watches, and with its model.
  const due = database.prepare(
    `SELECT site, turbine, component, model_digest, from_ms, from_ms + period_ms AS to_ms, model_name, model_version,
       (SELECT MAX(time_ms) FROM baseline_renewal AS renewal WHERE renewal.turbine = point.turbine
         AND renewal.component = point.component AND time_ms < drift_period.from_ms + drift_period.period_ms
         AND (renewal.gateway = drift_period.gateway OR renewal.gateway = (SELECT before.gateway FROM drift_period AS before
           WHERE before.point = drift_period.point AND before.from_ms < renewal.time_ms AND before.period_ms > 0
           ORDER BY before.from_ms DESC LIMIT 1))) AS renewed_ms,
       (SELECT model_digest FROM drift_reference AS other WHERE other.point = drift_period.point
         AND other.model_digest <> drift_period.model_digest ORDER BY until_ms DESC LIMIT 1) AS previous_digest
     FROM drift_period JOIN point ON point.id = drift_period.point
     WHERE assessed = 0 AND from_ms + period_ms <= ?
       AND (MAX(from_ms + period_ms, received_ms) <= ?
         OR EXISTS (SELECT 1 FROM drift_period AS later WHERE later.point = drift_period.point
           AND later.model_digest = drift_period.model_digest AND later.from_ms > drift_period.from_ms
           AND later.received_ms >= drift_period.received_ms))
       AND NOT EXISTS (SELECT 1 FROM drift_period AS earlier WHERE earlier.assessed = 0
         AND earlier.point = drift_period.point AND earlier.model_digest = drift_period.model_digest
         AND earlier.from_ms < drift_period.from_ms)
     ORDER BY from_ms, drift_period.point, first_ms LIMIT ?`,
  );
  const open = database.prepare(
    `SELECT drift_period.id FROM drift_period JOIN point ON point.id = drift_period.point
     WHERE site = ? AND turbine = ? AND component = ? AND model_digest = ? AND from_ms = ? AND period_ms = ?
       AND assessed = 0`,
  );
  return {
    due: ({ nowMs, graceMs, limit }) =>
      due.all(Math.trunc(nowMs), Math.trunc(nowMs - graceMs), limit).map(readDuePeriod),
    openPeriod: ({ site, turbine, component, modelDigest, fromMs, toMs }) => {
      const row = open.get(site, turbine, component, modelDigest, fromMs, toMs - fromMs);
      return row === undefined ? null : Number(row.id);
    },
  };
}

function createReferences(
  database: SqliteDatabase,
): Pick<SqliteDriftSteps, "reference" | "putReference" | "pruneReferences" | "renew"> {
  const read = database.prepare(
    `SELECT drift_reference.* FROM drift_reference JOIN point ON point.id = drift_reference.point
     WHERE site = ? AND turbine = ? AND component = ? AND model_digest = ?`,
  );
  const put = database.prepare(
    `INSERT INTO drift_reference (point, model_digest, period_ms, until_ms, renewed_ms, json) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (point, model_digest) DO UPDATE SET period_ms = excluded.period_ms, until_ms = excluded.until_ms,
       renewed_ms = excluded.renewed_ms, json = excluded.json`,
  );
  const prune = database.prepare("DELETE FROM drift_reference WHERE until_ms < ?");
  const pruneModels = database.prepare(
    `DELETE FROM drift_model WHERE from_ms < ?
       AND NOT EXISTS (SELECT 1 FROM drift_reference WHERE drift_reference.model_digest = drift_model.model_digest)
       AND NOT EXISTS (SELECT 1 FROM drift_period WHERE drift_period.model_digest = drift_model.model_digest)`,
  );
  const pruneRenewals = database.prepare("DELETE FROM baseline_renewal WHERE time_ms < ?");
  const renew = database.prepare(
    `INSERT INTO baseline_renewal (gateway, turbine, component, time_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const makeRoom = database.prepare(
    `DELETE FROM baseline_renewal WHERE (turbine, component, time_ms, gateway) IN (
       SELECT turbine, component, time_ms, gateway FROM baseline_renewal WHERE gateway = ?
       ORDER BY time_ms DESC, turbine DESC, component DESC LIMIT -1 OFFSET ${driftBounds.renewals})`,
  );
  return {
    reference: ({ site, turbine, component, modelDigest }) => {
      const row = read.get(site, turbine, component, modelDigest);
      return row === undefined ? null : readStoredReference(row);
    },
    putReference: (point, modelDigest, { reference, periodMs, untilMs, renewedMs }) => {
      put.run(point, modelDigest, periodMs, untilMs, renewedMs, JSON.stringify(reference));
    },
    pruneReferences: (beforeMs) => {
      const { changes } = prune.run(Math.trunc(beforeMs));
      pruneModels.run(Math.trunc(beforeMs));
      pruneRenewals.run(Math.trunc(beforeMs));
      return changes;
    },
    renew: (gateway, { turbine, component, timeMs }) => {
      const { changes } = renew.run(gateway, turbine, component, Math.trunc(timeMs));
      if (changes > 0) makeRoom.run(gateway);
    },
  };
}

function createFleetQueries(database: SqliteDatabase): Pick<SqliteDriftSteps, "progress" | "fleet"> {
  const awaited = database.prepare(
    `SELECT COUNT(DISTINCT point) AS total FROM drift_reference
     WHERE until_ms > ? AND period_ms = ? AND NOT EXISTS (SELECT 1 FROM drift_verdict
       WHERE drift_verdict.from_ms = ? AND drift_verdict.to_ms = ? AND drift_verdict.point = drift_reference.point)`,
  );
  const open = database.prepare(
    "SELECT COUNT(*) AS total FROM drift_period WHERE assessed = 0 AND from_ms = ? AND period_ms = ?",
  );
  const points = database.prepare(
    `SELECT site, turbine, component FROM point WHERE EXISTS
       (SELECT 1 FROM drift_period WHERE drift_period.point = point.id) ORDER BY site, turbine, component`,
  );
  const models = database.prepare("SELECT model_digest, from_ms FROM drift_model");
  return {
    progress: ({ fromMs, toMs }) => {
      const lengthMs = toMs - fromMs;
      const row = awaited.get(fromMs - awaitedPeriods * lengthMs, lengthMs, fromMs, toMs);
      return { awaited: Number(row?.total ?? 0), open: Number(open.get(fromMs, lengthMs)?.total ?? 0) };
    },
    fleet: () => ({
      points: points.all().map(readPoint),
      modelsSince: Object.fromEntries(
        models.all().map((row) => [String(row.model_digest), Number(row.from_ms)]),
      ),
    }),
  };
}

function createPublications(
  database: SqliteDatabase,
): Pick<SqliteDriftSteps, "unpublished" | "noteUnpublished" | "notePublished" | "states" | "putState"> {
  const list = database.prepare("SELECT * FROM drift_unpublished ORDER BY from_ms, to_ms LIMIT ?");
  const note = database.prepare(
    "INSERT INTO drift_unpublished (from_ms, to_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
  );
  const forget = database.prepare("DELETE FROM drift_unpublished WHERE from_ms = ? AND to_ms = ?");
  const state = database.prepare(
    `SELECT site, turbine, component, drift_state.* FROM drift_state JOIN point ON point.id = drift_state.point
     WHERE site = ? AND turbine = ? AND component = ?`,
  );
  const putState = database.prepare(
    `INSERT OR REPLACE INTO drift_state (point, model_digest, level, since_ms, from_ms, stable_periods)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  return {
    unpublished: (limit) => list.all(limit).map(readRange),
    noteUnpublished: ({ fromMs, toMs }) => {
      note.run(fromMs, toMs);
    },
    notePublished: ({ fromMs, toMs }) => {
      forget.run(fromMs, toMs);
    },
    states: (points) =>
      points.flatMap(({ site, turbine, component }) => {
        const row = state.get(site, turbine, component);
        return row === undefined ? [] : [readDriftState(row)];
      }),
    putState: (point, { modelDigest, level, sinceMs, fromMs, stablePeriods }) => {
      putState.run(point, modelDigest, level, sinceMs, fromMs, stablePeriods);
    },
  };
}
