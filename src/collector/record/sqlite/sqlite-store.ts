/**
 * Stores envelopes and states in SQLite, inside a transaction of their caller. What one of them has wrong costs itself; a
 * failing disk costs the transaction.
 */
import { failed, ok, type Result } from "../../../core/contract/result.ts";
import type { EventRecord, PredictionBatch, UplinkRecord } from "../../../core/contract/uplink-record.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { type SqliteErrorKind, sqliteErrorKind } from "../../../core/platform/sqlite/sqlite-error.ts";
import { stepWatermark } from "../../../core/wire/uplink-ack.ts";
import { doubtRecords, doubtStatus } from "../clock-rules.ts";
import { createCloneEvent, createTwinEvent } from "../clone-rules.ts";
import { DriftRefusedError, readRenewal } from "../drift-rules.ts";
import type {
  CheckedEnvelope,
  RecordFault,
  RecordSource,
  SeenState,
  SetAsideMessage,
  StateBatch,
  StorableRecord,
  StoredEnvelope,
} from "../fleet-record.ts";
import { dailyClassOf, RecordRefusedError, refusePredictions } from "../record-bounds.ts";
import { countMissing, describeGap, describeMissing, ownSource, setStateAside } from "../record-rules.ts";
import type { SqliteAlarms } from "./sqlite-alarms.ts";
import type { DriftTables } from "./sqlite-drift-record.ts";
import type { SqliteEvents } from "./sqlite-events.ts";
import type { SqliteMachines } from "./sqlite-machines.ts";
import type { SqlitePredictions } from "./sqlite-predictions.ts";
import type { SqliteUse } from "./sqlite-use.ts";

/** All tables. */
export interface RecordTables extends DriftTables {
  readonly machines: SqliteMachines;
  readonly alarms: SqliteAlarms;
  readonly predictions: SqlitePredictions;
  readonly events: SqliteEvents;
  readonly use: SqliteUse;
  /** Prepared: they run around every record. */
  readonly savepoint: Readonly<Record<"begin" | "release", ReturnType<SqliteDatabase["prepare"]>>>;
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

/** Stores the newest states; returns those that it had to set aside. */
export function storeStates(
  tables: RecordTables,
  { nowMs, turbines, gateways, setAside, unwatched = [] }: StateBatch,
): readonly SetAsideMessage[] {
  const { machines, alarms, events } = tables;
  const faults: SetAsideMessage[] = [];
  const put = (seen: SeenState, work: () => void): void => {
    const fault = tryWork(tables, work);
    if (fault !== null) faults.push(setStateAside(seen, fault));
  };
  const room = machines.unclaimedRoom();
  for (const each of turbines) {
    put(each, () => {
      const { state, seenMs, twins = null } = each;
      machines.putState(state, { seenMs, nowMs }, room);
      if (twins !== null && machines.isTwinNews(state, { twins, seenMs }))
        events.putEvent(createTwinEvent(state, twins, seenMs), ownSource(nowMs));
      alarms.hold(each);
    });
  }
  for (const each of unwatched) put(each, () => machines.takeStateBack(each, each.seenMs));
  for (const each of gateways) {
    put(each, () => {
      machines.putStatus(each.status, each.seenMs);
      const { gateway, time } = each.status;
      tellOfClock(tables, doubtStatus(time, { gateway, receivedMs: each.seenMs }), nowMs);
      if (each.cloned === true && machines.isCloneNews(gateway, each.seenMs)) {
        events.putEvent(createCloneEvent(gateway, each.seenMs), ownSource(nowMs));
      }
    });
  }
  for (const message of [...setAside, ...faults]) events.setAside(message, nowMs);
  return faults;
}

/** Stores what is new of an envelope, and its lane's watermark. */
export function storeEnvelope(
  tables: RecordTables,
  envelope: CheckedEnvelope,
  nowMs: number,
): StoredEnvelope {
  const { machines, events } = tables;
  const before = machines.watermark(envelope);
  const step = stepWatermark(before ?? 0, envelope);
  machines.touchGateway(envelope.gateway, nowMs);
  const fresh = envelope.records.slice(step.duplicates, step.duplicates + step.fresh);
  const others = before === null ? machines.highestOfOtherLives(envelope) : null;
  const missing = countMissing(envelope, step.missing, { before, others });
  const isBehind = machines.isBehind(envelope.gateway);
  const origin = { gateway: envelope.gateway, receivedMs: nowMs, isBehind };
  const store = (record: CheckedEnvelope["records"][number]): Result<UplinkRecord["kind"], RecordFault> => {
    const stored = record.ok ? tryRecord(tables, record.value, origin) : record;
    if (!stored.ok) {
      events.setAside({ topic: envelope.topic, payload: envelope.payload, fault: stored.error }, nowMs);
    }
    return stored;
  };
  const lost = describeMissing(envelope.lane, missing, nowMs);
  if (lost !== null) store(ok(lost));
  const records = fresh.map(store);
  tellOfClock(tables, doubtRecords(fresh, origin), nowMs);
  if (step.watermark !== before) {
    machines.setWatermark(envelope, { sequence: step.watermark, nowMs });
  }
  return {
    outcome: step.hole ? "hole" : step.fresh > 0 ? "stored" : "duplicate",
    watermark: step.watermark,
    missing,
    records,
  };
}

function tryRecord(
  tables: RecordTables,
  record: StorableRecord,
  origin: RecordSource,
): Result<UplinkRecord["kind"], RecordFault> {
  const dailyClass = dailyClassOf(record.kind);
  const fault = tryWork(tables, () => {
    if (dailyClass !== null) tables.use.count(dailyClass, origin);
    putRecord(tables, record, origin);
  });
  if (fault === null) return ok(record.kind);
  return failed({ ...fault, detail: `${origin.gateway}: ${fault.detail}` });
}

/** Tells people of a gateway's clock, once a day; null: there is nothing to be told. */
function tellOfClock({ machines, events }: RecordTables, event: EventRecord | null, nowMs: number): void {
  if (event !== null && machines.isClockNews(event.subject, nowMs)) events.putEvent(event, ownSource(nowMs));
}

/** What the tables themselves stumble over is a fault like any other, and undone alone; a failing disk is not its fault. */
function tryWork({ database, savepoint }: RecordTables, work: () => void): RecordFault | null {
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

function putPredictions(
  { machines, predictions }: RecordTables,
  batch: PredictionBatch,
  nowMs: number,
): void {
  refusePredictions(batch);
  const point = machines.pointNumber(batch);
  machines.noteModes(point, batch.failureModes, nowMs);
  predictions.put(point, batch, nowMs);
}

function putRecord(tables: RecordTables, record: StorableRecord, origin: RecordSource): void {
  const { machines, alarms, drift, driftSteps, events } = tables;
  const from = { gateway: origin.gateway, nowMs: origin.receivedMs };
  switch (record.kind) {
    case "alert":
      alarms.put(record.event, origin);
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
      const renewal = readRenewal(record, origin);
      if (renewal !== null) driftSteps.renew(origin.gateway, renewal);
      break;
    }
    case "gap":
      events.putEvent(describeGap(record), origin);
      break;
    case "update":
      events.putUpdate(record, origin);
      break;
    case "evidence-piece":
      // Its bytes are a file by now; here it only takes its sequence.
      break;
    default:
      record satisfies never;
  }
}
