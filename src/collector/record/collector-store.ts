/** Opens the fleet's record: one SQLite file, every table's store, transactions, retention. */

import { dayMs } from "../../core/maths/durations.ts";
import { openSqlite } from "../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { type AlertStore, createAlertStore } from "./alert-store.ts";
import { migrateDatabase } from "./database-schema.ts";
import { createDriftStore, type DriftStore, dayOf } from "./drift-store.ts";
import { createEventStore, type EventStore } from "./event-store.ts";
import { createGatewayStore, type GatewayStore } from "./gateway-store.ts";
import { createPredictionStore, type PredictionStore } from "./prediction-store.ts";
import { createQuarantineStore, type QuarantineStore } from "./quarantine-store.ts";
import { createTurbineStore, type TurbineStore } from "./turbine-store.ts";
import { createUplinkProgressStore, type UplinkProgressStore } from "./uplink-progress-store.ts";

/** Everything that the collector keeps. */
export interface CollectorStore {
  readonly gateways: GatewayStore;
  readonly turbines: TurbineStore;
  readonly alerts: AlertStore;
  readonly predictions: PredictionStore;
  readonly drift: DriftStore;
  readonly events: EventStore;
  readonly quarantine: QuarantineStore;
  readonly progress: UplinkProgressStore;
  /** All or nothing; durable when it returns. */
  transaction<T>(work: () => T): T;
  /** Inside a transaction: undoes `work` alone when it throws, and rethrows. */
  attempt<T>(work: () => T): T;
  /** Removes what is older than `retentionDays`; alerts and alarms stay. Returns the rows removed. */
  prune(nowMs: number, retentionDays: number): number;
  /** Fails when the database cannot be read. */
  check(): void;
  close(): void;
}

/** Told when a corrupted file was set aside and a new one begun. */
export type OnCorrupt = (setAside: string, reason: string) => void;

/** Opens (or creates) the record at `path`. @throws AuroraError STORE */
export function openCollectorStore(path: string, onCorrupt?: OnCorrupt): CollectorStore {
  const database = openSqlite(path, onCorrupt === undefined ? {} : { onCorrupt });
  try {
    migrateDatabase(database);
    return createCollectorStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function createCollectorStore(database: SqliteDatabase): CollectorStore {
  const predictions = createPredictionStore(database);
  const drift = createDriftStore(database);
  const events = createEventStore(database);
  const one = database.prepare("SELECT 1 AS one FROM uplink_progress LIMIT 1");
  return {
    predictions,
    drift,
    events,
    gateways: createGatewayStore(database),
    turbines: createTurbineStore(database),
    alerts: createAlertStore(database),
    quarantine: createQuarantineStore(database),
    progress: createUplinkProgressStore(database),
    transaction: (work) => database.transaction(work),
    attempt: (work) => {
      database.exec("SAVEPOINT attempt");
      try {
        const result = work();
        database.exec("RELEASE attempt");
        return result;
      } catch (error) {
        database.exec("ROLLBACK TO attempt; RELEASE attempt");
        throw error;
      }
    },
    prune: (nowMs, retentionDays) => {
      const beforeMs = nowMs - retentionDays * dayMs;
      return database.transaction(
        () => predictions.prune(beforeMs) + drift.prune(dayOf(beforeMs)) + events.prune(beforeMs),
      );
    },
    check: () => {
      one.get();
    },
    close: () => database.close(),
  };
}
