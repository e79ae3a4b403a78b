/**
 * The fleet's record in a PostgreSQL database (15 or later): the engine for a fleet that one machine does not hold. Many
 * processes may use one database at the same time.
 */

import { dayMs } from "../../../core/maths/durations.ts";
import type { FleetRecord } from "../fleet-record.ts";
import { ownSource } from "../record-rules.ts";
import { pruneClasses } from "../retention-policy.ts";
import { listAlarmingTurbines, listAlarms, listAlertEvents } from "./postgres-alarms.ts";
import { createEnvelopeStore } from "./postgres-batch.ts";
import { openPostgres, type PostgresDatabase, type PostgresOptions } from "./postgres-database.ts";
import { createPostgresDrift } from "./postgres-drift.ts";
import { createPostgresDriftRecord } from "./postgres-drift-record.ts";
import { inOneEra } from "./postgres-era.ts";
import { findEvents, listEvents, listQuarantine, listUpdates, putEvents } from "./postgres-events.ts";
import { createPostgresEvidence } from "./postgres-evidence.ts";
import { createPostgresListing } from "./postgres-listing.ts";
import { createPostgresPartitions, type PostgresPartitions } from "./postgres-partitions.ts";
import { createPostgresPredictions } from "./postgres-predictions.ts";
import { createPostgresPruners } from "./postgres-prune.ts";
import { migratePostgres } from "./postgres-schema.ts";
import { createStateWriter } from "./postgres-states.ts";
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
  const pruners = createPostgresPruners(database, partitions);
  return {
    storeEnvelopes: createEnvelopeStore({ database, partitions, drift }),
    storeStates: createStateWriter(database, partitions),
    storeOwnEvent: (event, nowMs) =>
      inOneEra(database, async (held) => {
        await partitions.prepare(nowMs, ["event"]);
        const source = ownSource(nowMs);
        await held.transaction((session) => putEvents(session, [[event, source]]));
      }),
    countPredictions: (use) => database.transaction((session) => addUse(session, use)),
    ...createPostgresListing(database),
    alarms: (query) => listAlarms(database, query),
    alertEvents: (query) => listAlertEvents(database, query),
    alarmingTurbines: () => listAlarmingTurbines(database),
    predictions: (query) => predictions.read(query),
    newestPredictionMs: (query) => predictions.newestMs(query),
    thinPredictions: createPostgresThinning(database, partitions, thinningRows),
    ...createPostgresDriftRecord(database, partitions),
    ...createPostgresEvidence(database),
    events: (query) => listEvents(database, query),
    eventsAt: (moments) => findEvents(database, moments),
    updates: (query) => listUpdates(database, query),
    quarantine: (limit) => listQuarantine(database, limit),
    prune: (olderThanMs) => pruneClasses(pruners, olderThanMs),
    // By the server's clock alone: those of its clients may differ. One that is held for longer than anybody asks for was taken before
    // that clock was set back, and its holder, who asks again, is gone.
    holdLease: async (name, { holder, forMs }) =>
      (await database.run(
        `INSERT INTO lease AS held (name, holder, until) VALUES ($1, $2, now() + $3::float8 * interval '1 ms')
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
         WHERE held.holder = excluded.holder
           OR held.until NOT BETWEEN clock_timestamp() AND clock_timestamp() + 2 * $3::float8 * interval '1 ms'`,
        [name, holder, forMs],
      )) > 0,
    releaseLeases: async (holder) => {
      await database.run("DELETE FROM lease WHERE holder = $1", [holder]);
    },
    era: async () => {
      await database.transaction(async () => {});
      return database.era;
    },
    check: async () => {
      await database.rows("SELECT 1 FROM uplink_progress LIMIT 1");
    },
    close: () => database.close(),
  };
}
