/**
 * The fleet's record in a PostgreSQL database (15 or later): the engine for a fleet that one machine does not hold. Many
 * processes may use one database at the same time.
 */

import { outcomeEventName } from "../../../core/drift/outcome-event.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { FleetRecord } from "../fleet-record.ts";
import { utcDayOf } from "../record-rules.ts";
import type { PrunedClass } from "../retention-policy.ts";
import { listAlarms } from "./postgres-alarms.ts";
import { createEnvelopeStore } from "./postgres-batch.ts";
import { pruneModes } from "./postgres-bounds.ts";
import { ownName } from "./postgres-clocks.ts";
import { openPostgres, type PostgresDatabase, type PostgresOptions } from "./postgres-database.ts";
import { createPostgresDrift, pruneDrift } from "./postgres-drift.ts";
import { createPostgresDriftRecord } from "./postgres-drift-record.ts";
import { listEvents, listQuarantine, listUpdates, putEvents } from "./postgres-events.ts";
import { createPostgresEvidence } from "./postgres-evidence.ts";
import { listGateways, listTurbines } from "./postgres-machines.ts";
import { createPostgresPartitions, type PostgresPartitions } from "./postgres-partitions.ts";
import { createPostgresPredictions } from "./postgres-predictions.ts";
import { migratePostgres } from "./postgres-schema.ts";
import { createStateStore } from "./postgres-states.ts";
import { createPostgresThinning } from "./postgres-thinning.ts";
import { addUse } from "./postgres-use.ts";

export interface PostgresRecordOptions extends PostgresOptions {
  /** Length of a period in which drift is assessed; divides a day, which is the default. */
  readonly driftPeriodMs?: number;
  /** Rows of predictions that one step of thinning takes; for tests. */
  readonly thinningRows?: number;
}

/**
 * Opens the record and brings its tables to the newest form.
 * @throws AuroraError STORE when the server cannot be reached or used
 */
export async function openPostgresRecord(options: PostgresRecordOptions): Promise<FleetRecord> {
  const database = openPostgres(options);
  try {
    const days = await migratePostgres(database, options.logger);
    return createRecord(database, createPostgresPartitions(database, days, options.logger), options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function createRecord(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
  { driftPeriodMs = dayMs, thinningRows }: PostgresRecordOptions,
): FleetRecord {
  const predictions = createPostgresPredictions(database);
  const drift = createPostgresDrift(driftPeriodMs);
  return {
    storeEnvelopes: createEnvelopeStore({ database, partitions, drift }),
    storeStates: createStateStore(database, partitions),
    storeOwnEvent: async (event, nowMs) => {
      await partitions.prepare(nowMs);
      const source = { gateway: ownName, receivedMs: nowMs };
      await database.transaction((session) => putEvents(session, [[event, source]]));
    },
    countPredictions: (use) => database.transaction((session) => addUse(session, use)),
    turbines: () => listTurbines(database),
    gateways: () => listGateways(database),
    alarms: (query) => listAlarms(database, query),
    predictions: (query) => predictions.read(query),
    newestPredictionMs: (query) => predictions.newestMs(query),
    thinPredictions: createPostgresThinning(database, partitions, thinningRows),
    ...createPostgresDriftRecord(database, partitions),
    ...createPostgresEvidence(database),
    events: (query) => listEvents(database, query),
    updates: (query) => listUpdates(database, query),
    quarantine: (limit) => listQuarantine(database, limit),
    prune: (olderThanMs) => prune(database, partitions, olderThanMs),
    // By the server's clock alone: those of its clients may differ.
    holdLease: async (name, { holder, forMs }) =>
      (await database.run(
        `INSERT INTO lease AS held (name, holder, until) VALUES ($1, $2, now() + $3::float8 * interval '1 ms')
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
         WHERE held.holder = excluded.holder OR held.until <= now()`,
        [name, holder, forMs],
      )) > 0,
    releaseLeases: async (holder) => {
      await database.run("DELETE FROM lease WHERE holder = $1", [holder]);
    },
    check: async () => {
      await database.rows("SELECT 1 FROM uplink_progress LIMIT 1");
    },
    close: () => database.close(),
  };
}

/** Days of masses are dropped as a whole; what is kept in small numbers is deleted. */
async function prune(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
  olderThanMs: Readonly<Record<PrunedClass, number>>,
): Promise<number> {
  const remove = (sql: string, ...values: (string | number)[]): Promise<number> => database.run(sql, values);
  const { verdicts, drift, updates } = olderThanMs;
  await pruneModes(database, olderThanMs.predictions);
  const removed =
    (await partitions.drop("prediction", olderThanMs.predictions)) +
    (await partitions.drop("prediction_summary", olderThanMs.predictions)) +
    (await partitions.drop("event", olderThanMs.events)) +
    (await pruneDrift(database, utcDayOf(drift))) +
    (await remove("DELETE FROM drift_reference WHERE until_ms < $1", Math.trunc(drift))) +
    (await remove("DELETE FROM drift_verdict WHERE to_ms < $1", Math.trunc(verdicts))) +
    (await remove(
      "DELETE FROM outcome WHERE received_ms < $1 AND name = $2",
      Math.trunc(verdicts),
      outcomeEventName,
    )) +
    (await remove("DELETE FROM model_update WHERE received_ms < $1", Math.trunc(updates)));
  await remove(
    `DELETE FROM drift_model WHERE from_ms < $1
       AND NOT EXISTS (SELECT 1 FROM drift_reference WHERE drift_reference.model_digest = drift_model.model_digest)
       AND NOT EXISTS (SELECT 1 FROM drift_period WHERE drift_period.model_digest = drift_model.model_digest)`,
    Math.trunc(drift),
  );
  return removed;
}
