/**
 * The fleet's record in one SQLite file: the first engine of `FleetRecord`. Both libraries are synchronous, so that a
 * batch is one transaction without a pause; nobody outside this folder sees that.
 */

import { failed, ok, type Result } from "../../../core/contract/result.ts";
import type { PredictionBatch, UplinkRecord } from "../../../core/contract/uplink-record.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { Clock } from "../../../core/platform/clock.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import { openSqlite } from "../../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { type SqliteErrorKind, sqliteErrorKind } from "../../../core/platform/sqlite/sqlite-error.ts";
import { stepWatermark } from "../../../core/wire/uplink-ack.ts";
import { DriftRefusedError, readRenewal } from "../drift-rules.ts";
import type {
  CheckedEnvelope,
  FleetRecord,
  PredictionSeries,
  RecordFault,
  SetAsideMessage,
  StateBatch,
  StorableRecord,
  StoredEnvelope,
} from "../fleet-record.ts";
import { dailyClassOf, RecordRefusedError, recordBounds } from "../record-bounds.ts";
import { describeGap, otherTopics, utcDayOf } from "../record-rules.ts";
import { createSqliteAlarms, type SqliteAlarms } from "./sqlite-alarms.ts";
import { createSqliteDrift } from "./sqlite-drift.ts";
import { createSqliteDriftDays } from "./sqlite-drift-days.ts";
import { createSqliteDriftRecord, type DriftTables } from "./sqlite-drift-record.ts";
import { createSqliteDriftSteps } from "./sqlite-drift-steps.ts";
import { createSqliteEvents, type RecordOrigin, type SqliteEvents } from "./sqlite-events.ts";
import { createSqliteMachines, type SqliteMachines } from "./sqlite-machines.ts";
import { createSqlitePredictions, type SqlitePredictions } from "./sqlite-predictions.ts";
import { migrateDatabase } from "./sqlite-schema.ts";
import { createSqliteUse, type SqliteUse } from "./sqlite-use.ts";
import { createSqliteVerdicts } from "./sqlite-verdicts.ts";

interface Tables extends DriftTables {
  readonly machines: SqliteMachines;
  readonly alarms: SqliteAlarms;
  readonly predictions: SqlitePredictions;
  readonly events: SqliteEvents;
  readonly use: SqliteUse;
  /** Prepared: they run around every record. */
  readonly savepoint: Readonly<Record<"begin" | "release", ReturnType<SqliteDatabase["prepare"]>>>;
}

export interface SqliteRecordOptions {
  /** Length of a period in which drift is assessed; divides a day, which is the default. */
  readonly driftPeriodMs?: number;
}

/** Failures of the disk or the file, which the next message would meet as well. */
const storageFailures: ReadonlySet<SqliteErrorKind | undefined> = new Set([
  "busy",
  "read-only",
  "io",
  "corrupt",
  "full",
  "cannot-open",
]);

/**
 * Opens (or creates) the record at `path`. A damaged file is set aside and a new record begun, which says so as its
 * first event.
 * @throws AuroraError STORE
 */
export async function openSqliteRecord(
  options: SqliteRecordOptions & {
    readonly path: string;
    readonly clock: Pick<Clock, "nowMs">;
    readonly logger: Logger;
  },
): Promise<FleetRecord> {
  const { path, clock, logger } = options;
  const damages: string[] = [];
  const database = openSqlite(path, {
    onCorrupt: (setAside, reason) => {
      logger.error("the database was corrupted: set aside, a new one begun", { setAside, reason });
      damages.push(`${reason}; the old file is ${setAside}`);
    },
  });
  try {
    const record = createSqliteRecord(database, options);
    for (const detail of damages) {
      const timeMs = clock.nowMs();
      const event = { kind: "event", timeMs, name: "store.corrupted", subject: path, detail } as const;
      createSqliteEvents(database).putEvent(event, { gateway: "(collector)", receivedMs: timeMs });
    }
    return record;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Creates the record over an open database, which it migrates and closes. @throws AuroraError STORE */
export function createSqliteRecord(
  database: SqliteDatabase,
  { driftPeriodMs = dayMs }: SqliteRecordOptions = {},
): FleetRecord {
  migrateDatabase(database);
  const tables = prepareTables(database, driftPeriodMs);
  const { machines, alarms, predictions, driftDays, driftSteps, verdicts, events } = tables;
  const any = database.prepare("SELECT 1 AS one FROM uplink_progress LIMIT 1");
  return {
    storeEnvelopes: async ({ nowMs, envelopes, setAside }) =>
      database.transaction(() => {
        for (const message of setAside) events.setAside(message, nowMs);
        return envelopes.map((envelope) => storeEnvelope(tables, envelope, nowMs));
      }),
    storeStates: async ({ nowMs, turbines, gateways, setAside }) =>
      database.transaction(() => {
        for (const message of setAside) events.setAside(message, nowMs);
        const faults: SetAsideMessage[] = [];
        const put = (of: Pick<StateBatch["turbines"][number], "message">, work: () => void): void => {
          const fault = tryWork(tables, work);
          if (fault === null) return;
          const message = of.message ?? { topic: otherTopics, payload: new Uint8Array() };
          faults.push({ ...message, fault });
        };
        const room = machines.unclaimedRoom();
        for (const each of turbines) put(each, () => machines.putState(each.state, each.seenMs, room));
        for (const each of gateways) put(each, () => machines.putStatus(each.status, each.seenMs));
        for (const message of faults) events.setAside(message, nowMs);
        return faults;
      }),
    turbines: async () => machines.turbines(),
    gateways: async () => machines.gateways(),
    alarms: async (query) => alarms.list(query),
    predictions: async ({ component, ...range }) => {
      const points = machines
        .points(range)
        .filter((point) => component === undefined || point.component === component);
      const maxRows = Math.floor(recordBounds.answerRows / Math.max(1, points.length));
      const series: PredictionSeries[] = [];
      for (const point of points) series.push(await predictions.read(point, { ...range, maxRows }));
      return series;
    },
    newestPredictionMs: async ({ untilMs, ...turbine }) =>
      Math.max(0, ...machines.points(turbine).map((point) => predictions.newestMs(point, untilMs))),
    ...createSqliteDriftRecord(tables),
    events: async (query) => events.events(query),
    updates: async (query) => events.updates(query),
    quarantine: async (limit) => events.quarantine(limit),
    prune: async (olderThanMs) =>
      database.transaction(() => {
        machines.pruneModes(olderThanMs.predictions);
        return (
          predictions.prune(olderThanMs.predictions) +
          driftDays.prune(utcDayOf(olderThanMs.drift)) +
          driftSteps.pruneReferences(olderThanMs.drift) +
          verdicts.prune(olderThanMs.verdicts) +
          events.pruneEvents(olderThanMs.events) +
          events.pruneOutcomes(olderThanMs.verdicts) +
          events.pruneUpdates(olderThanMs.updates)
        );
      }),
    ...createLeases(),
    check: async () => {
      any.get();
    },
    close: async () => database.close(),
  };
}

/** One process has the file, whose parts may still ask for each other's work: leases are kept in memory. */
function createLeases(): Pick<FleetRecord, "holdLease" | "releaseLeases"> {
  const leases = new Map<string, { readonly holder: string; readonly untilMs: number }>();
  return {
    holdLease: async (name, { holder, forMs }) => {
      const held = leases.get(name);
      const nowMs = performance.now();
      if (held !== undefined && held.holder !== holder && nowMs < held.untilMs) return false;
      leases.set(name, { holder, untilMs: nowMs + forMs });
      return true;
    },
    releaseLeases: async (holder) => {
      for (const [name, held] of leases) if (held.holder === holder) leases.delete(name);
    },
  };
}

function prepareTables(database: SqliteDatabase, driftPeriodMs: number): Tables {
  return {
    database,
    machines: createSqliteMachines(database),
    alarms: createSqliteAlarms(database),
    predictions: createSqlitePredictions(database),
    drift: createSqliteDrift(database, driftPeriodMs),
    driftDays: createSqliteDriftDays(database),
    driftSteps: createSqliteDriftSteps(database),
    verdicts: createSqliteVerdicts(database),
    events: createSqliteEvents(database),
    use: createSqliteUse(database),
    savepoint: {
      begin: database.prepare("SAVEPOINT one_record"),
      release: database.prepare("RELEASE one_record"),
    },
  };
}

/** Stores what is new of an envelope, and its lane's watermark; inside a transaction. */
function storeEnvelope(tables: Tables, envelope: CheckedEnvelope, nowMs: number): StoredEnvelope {
  const { machines, events } = tables;
  const before = machines.watermark(envelope);
  const step = stepWatermark(before ?? 0, envelope);
  machines.touchGateway(envelope.gateway, nowMs);
  const fresh = envelope.records.slice(step.duplicates, step.duplicates + step.fresh);
  const records = fresh.map((record) => {
    const origin = { gateway: envelope.gateway, receivedMs: nowMs };
    const stored = record.ok ? tryRecord(tables, record.value, origin) : record;
    if (!stored.ok) {
      events.setAside({ topic: envelope.topic, payload: envelope.payload, fault: stored.error }, nowMs);
    }
    return stored;
  });
  if (step.watermark !== before) {
    machines.setWatermark(envelope, { sequence: step.watermark, nowMs });
  }
  return {
    outcome: step.hole ? "hole" : step.fresh > 0 ? "stored" : "duplicate",
    watermark: step.watermark,
    missing: before === null ? 0 : step.missing,
    records,
  };
}

function tryRecord(
  tables: Tables,
  record: StorableRecord,
  origin: RecordOrigin,
): Result<UplinkRecord["kind"], RecordFault> {
  const dailyClass = dailyClassOf(record.kind);
  const fault = tryWork(tables, () => {
    if (dailyClass !== null) tables.use.count(dailyClass, origin);
    putRecord(tables, record, origin);
  });
  if (fault === null) return ok(record.kind);
  return failed({ ...fault, detail: `${origin.gateway}: ${fault.detail}` });
}

/** What the tables themselves stumble over is a fault like any other, and undone alone; a failing disk is not its fault. */
function tryWork({ database, savepoint }: Tables, work: () => void): RecordFault | null {
  savepoint.begin.run();
  try {
    work();
    savepoint.release.run();
    return null;
  } catch (error) {
    if (storageFailures.has(sqliteErrorKind(error))) throw error;
    database.exec("ROLLBACK TO one_record; RELEASE one_record");
    if (error instanceof DriftRefusedError || error instanceof RecordRefusedError) {
      return { reason: error.reason, detail: error.message };
    }
    return { reason: "not-storable", detail: String(error) };
  }
}

function putPredictions({ machines, predictions }: Tables, batch: PredictionBatch, nowMs: number): void {
  const point = machines.pointNumber(batch);
  machines.noteModes(point, batch.failureModes, nowMs);
  predictions.put(point, batch);
}

function putRecord(tables: Tables, record: StorableRecord, origin: RecordOrigin): void {
  const { machines, alarms, drift, driftSteps, events } = tables;
  const from = { gateway: origin.gateway, nowMs: origin.receivedMs };
  switch (record.kind) {
    case "alert":
      alarms.put(record.event, origin.receivedMs);
      machines.touchTurbine(record.event.data, from);
      break;
    case "prediction-batch":
      machines.touchTurbine(record, from);
      putPredictions(tables, record, origin.receivedMs);
      break;
    case "drift-report":
      drift.put(machines.pointNumber(record), record, origin);
      machines.touchTurbine(record, from);
      break;
    case "health":
      machines.putHealth(origin.gateway, record);
      break;
    case "event": {
      events.putEvent(record, origin);
      const renewal = readRenewal(record, origin.receivedMs);
      if (renewal !== null) driftSteps.renew(origin.gateway, renewal);
      break;
    }
    case "gap":
      events.putEvent(describeGap(record), origin);
      break;
    case "update":
      events.putUpdate(record, origin);
      break;
    default:
      record satisfies never;
  }
}
