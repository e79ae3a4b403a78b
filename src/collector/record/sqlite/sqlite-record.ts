/**
 * The fleet's record in one SQLite file: the first engine of `FleetRecord`. Both libraries are synchronous, so that a
 * batch is one transaction without a pause; nobody outside this folder sees that.
 */

import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { Clock } from "../../../core/platform/clock.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import { rest } from "../../../core/platform/rest.ts";
import { noteFilePlace } from "../../../core/platform/sqlite/file-place.ts";
import { holdLock } from "../../../core/platform/sqlite/hold-lock.ts";
import { openSqlite } from "../../../core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { syncSqliteLog } from "../../../core/platform/sqlite/sync-log.ts";
import type { DurableWrites, FleetRecord } from "../fleet-record.ts";
import type { PredictionSeries } from "../prediction-record.ts";
import { recordBounds } from "../record-bounds.ts";
import { ownSource, utcDayOf } from "../record-rules.ts";
import { type Pruners, pruneClasses } from "../retention-policy.ts";
import { createSqliteAlarms } from "./sqlite-alarms.ts";
import { createSqliteDrift } from "./sqlite-drift.ts";
import { createSqliteDriftDays } from "./sqlite-drift-days.ts";
import { createSqliteDriftRecord } from "./sqlite-drift-record.ts";
import { createSqliteDriftSteps } from "./sqlite-drift-steps.ts";
import { createSqliteEvents } from "./sqlite-events.ts";
import { createSqliteEvidence } from "./sqlite-evidence.ts";
import { createSqliteListing } from "./sqlite-listing.ts";
import { createSqliteMachines } from "./sqlite-machines.ts";
import { createPredictionPruner } from "./sqlite-prediction-age.ts";
import { createSqlitePredictions } from "./sqlite-predictions.ts";
import { isOfOlderSchema, migrateDatabase } from "./sqlite-schema.ts";
import { type RecordTables, storeEnvelope, storeStates } from "./sqlite-store.ts";
import { createSqliteThinning } from "./sqlite-thinning.ts";
import { createSqliteUse } from "./sqlite-use.ts";
import { createSqliteVerdicts } from "./sqlite-verdicts.ts";
import { forgetDamage, readNotedDamage, tellLeaked } from "./structure-findings.ts";
import { watchStructure } from "./watch-structure.ts";

interface SqliteRecordOptions {
  /** Length of a period in which drift is assessed; divides a day, which is the default. */
  readonly driftPeriodMs?: number;
  /** Rows of predictions that one step of thinning takes; for tests. */
  readonly thinningRows?: number;
  /** A file of more bytes is checked while it is used; for tests. */
  readonly checkedBytes?: number;
}

/** Rows that are removed at a time: whoever stores waits for no more. */
const prunedRows = 1_000;

/** Of a file of so many bytes the check takes a second or two, and ten on a slow card. */
const checkedAtOnceBytes = 256 * 1024 * 1024;

/** What another may take to end, as at a restart. */
const patienceMs = 3_000;

/**
 * Holds the record at `path` for the process that writes it; returns what gives it free. The page reads the file beside it, so that
 * the file itself cannot be locked: a small one beside it is.
 * @throws AuroraError STORE where another process holds it
 */
export function holdSqliteRecord(path: string): Promise<() => void> {
  const refusal = {
    message: `another collector writes ${path}`,
    op: "open database",
    subject: path,
    hint: "Give each collector a stateDir of its own, or stop the other one. Where there is none, the file system keeps no locks (NFS): put stateDir on another.",
  };
  return holdLock(`${path}.lock`, { patienceMs, refusal });
}

/**
 * Opens (or creates) the record at `path`. A damaged file is set aside and a new record begun, which says so as its
 * first event. Of a large file only what SQLite refuses to open is found here; all else while it is used ({@link watchStructure}).
 * @throws AuroraError STORE
 */
export async function openSqliteRecord(
  options: SqliteRecordOptions & {
    readonly path: string;
    /** `read`: beside another that writes and has opened it before. Default `write`. */
    readonly access?: "read" | "write";
    readonly clock: Pick<Clock, "nowMs">;
    readonly logger: Logger;
    /** Is waited for before work in which nothing else runs: tables of an older collector are changed, all of a damaged file is read. */
    readonly beforeSteps?: () => Promise<void>;
  },
): Promise<FleetRecord> {
  const { path, clock, logger, checkedBytes = checkedAtOnceBytes } = options;
  if (options.access === "read") return createSqliteRecord(openSqlite(path, { access: "read" }), options);
  let leakedPages = 0;
  let isUnchecked = false;
  const notedDamage = await readNotedDamage(path, logger);
  if (notedDamage !== null) await options.beforeSteps?.();
  const database = openSqlite(path, {
    // The thread that stores does more than that: it does not wait for the disk (`syncWrites`), and seldom for a checkpoint.
    synchronous: "normal",
    checkpointPages: 4_000,
    checkedBytes,
    ...(notedDamage === null ? {} : { knownDamage: notedDamage }),
    onUnchecked: () => {
      isUnchecked = true;
    },
    onFinding: (finding) => {
      leakedPages = finding.leakedPages;
      const { unreadable } = finding;
      if (unreadable !== null) logger.warn("not all of the database could be read", { path, unreadable });
    },
    onCorrupt: (setAside, reason, fresh) => {
      const hint = `src/KEYS.md says how to get out of ${setAside} what can be read. Gateways send again what they were not told is stored; the rest is in that file alone.`;
      const detail = `${reason}; the old file is ${setAside}: ${hint}`;
      const timeMs = clock.nowMs();
      const event = { kind: "event", timeMs, name: "store.corrupted", subject: path, detail } as const;
      migrateDatabase(fresh);
      createSqliteEvents(fresh).putEvent(event, ownSource(timeMs));
      logger.error("the database was corrupted: set aside, a new one begun", { setAside, reason, hint });
    },
  });
  try {
    if (isOfOlderSchema(database)) await options.beforeSteps?.();
    const record = syncWrites(createSqliteRecord(database, options), path);
    await forgetDamage(path);
    const around = { path, clock, logger };
    if (leakedPages > 0) await tellLeaked(record, leakedPages, around);
    return isUnchecked ? watchStructure(record, around) : record;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What is stored is on the disk, and will be found there, when that is said. */
function syncWrites(record: FleetRecord, path: string): FleetRecord {
  const isGone = noteFilePlace(path);
  const thenSync =
    <A extends readonly unknown[], R>(store: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (isGone()) throw goneError(path);
      const stored = await store(...args);
      await syncSqliteLog(path);
      return stored;
    };
  const writes: DurableWrites = {
    storeEnvelopes: thenSync(record.storeEnvelopes),
    storeStates: thenSync(record.storeStates),
    storeOwnEvent: thenSync(record.storeOwnEvent),
    storeVerdict: thenSync(record.storeVerdict),
    publishPeriod: thenSync(record.publishPeriod),
    putEvidence: thenSync(record.putEvidence),
    forgetEvidence: thenSync(record.forgetEvidence),
  };
  return { ...record, ...writes };
}

function goneError(path: string): AuroraError {
  return new AuroraError(
    "STORE",
    `${path} was removed or replaced while it is in use: nothing is stored in it`,
    {
      op: "store",
      subject: path,
      hint: "Start the collector again: it begins a new record, or opens what was put there. Gateways keep what it has not acknowledged.",
    },
  );
}

/** Creates the record over an open database, which it migrates and closes. @throws AuroraError STORE */
export function createSqliteRecord(
  database: SqliteDatabase,
  { driftPeriodMs = dayMs, thinningRows }: SqliteRecordOptions = {},
): FleetRecord {
  migrateDatabase(database);
  const tables = prepareTables(database, driftPeriodMs);
  const { machines, alarms, predictions, events } = tables;
  const thin = createSqliteThinning(database, thinningRows);
  const pruners = createPruners(tables);
  const any = database.prepare("SELECT 1 AS one FROM uplink_progress LIMIT 1");
  return {
    storeEnvelopes: async ({ nowMs, envelopes, setAside }) =>
      database.transaction(() => {
        for (const message of setAside) events.setAside(message, nowMs);
        return envelopes.map((envelope) => storeEnvelope(tables, envelope, nowMs));
      }),
    countPredictions: async ({ gateway, cells, nowMs }) =>
      database.transaction(() => tables.use.add(cells, { gateway, receivedMs: nowMs })),
    storeOwnEvent: async (event, nowMs) =>
      database.transaction(() => events.putEvent(event, ownSource(nowMs))),
    storeStates: async (batch) => database.transaction(() => storeStates(tables, batch)),
    ...createSqliteListing(database),
    alarms: async (query) => alarms.list(query),
    alertEvents: async (query) => alarms.events(query),
    alarmingTurbines: async () => alarms.turbines(),
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
    thinPredictions: async (thinning) => thin(thinning),
    ...createSqliteDriftRecord(tables),
    ...createSqliteEvidence(database),
    events: async (query) => events.events(query),
    eventsAt: async (moments) => events.eventsAt(moments),
    updates: async (query) => events.updates(query),
    quarantine: async (limit) => events.quarantine(limit),
    prune: (olderThanMs) => pruneClasses(pruners, olderThanMs),
    ...createMemoryLeases(),
    // The file is this process's own.
    era: async () => 0,
    check: async () => {
      any.get();
    },
    close: async () => database.close(),
  };
}

function createPruners({
  database,
  machines,
  driftDays,
  driftSteps,
  verdicts,
  events,
}: RecordTables): Pruners {
  const inParts = async (part: () => number): Promise<number> => {
    let removed = 0;
    for (let more = prunedRows; more >= prunedRows; await rest()) {
      more = database.transaction(part);
      removed += more;
    }
    return removed;
  };
  const prunePredictions = createPredictionPruner(database);
  return {
    predictions: async (beforeMs) => {
      const removed = await prunePredictions(beforeMs);
      machines.pruneModes(beforeMs);
      return removed;
    },
    events: (beforeMs) => inParts(() => events.pruneEvents(beforeMs, prunedRows)),
    drift: async (beforeMs) => {
      const removed = await inParts(() => driftDays.prune(utcDayOf(beforeMs), prunedRows));
      return removed + database.transaction(() => driftSteps.pruneReferences(beforeMs));
    },
    verdicts: async (beforeMs) =>
      (await inParts(() => verdicts.prune(beforeMs, prunedRows))) +
      (await inParts(() => events.pruneKept(beforeMs, prunedRows))),
    updates: (beforeMs) => inParts(() => events.pruneUpdates(beforeMs, prunedRows)),
  };
}

/** One thread alone writes, but its parts may still ask for each other's work; nothing of it outlives the process. */
function createMemoryLeases(): Pick<FleetRecord, "holdLease" | "releaseLeases"> {
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

function prepareTables(database: SqliteDatabase, driftPeriodMs: number): RecordTables {
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
