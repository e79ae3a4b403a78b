/**
 * Writes the records of a batch that are new into PostgreSQL: all at once, a few statements a kind, or each alone, so that
 * one that the server refuses is set aside and leaves nothing behind.
 */
import type { EventRecord, HealthRecord, UpdateRecord } from "../../../core/contract/uplink-record.ts";
import { DriftRefusedError, readRenewal } from "../drift-rules.ts";
import type { RecordFault, RecordSource, StorableRecord, UplinkMessage } from "../fleet-record.ts";
import { RecordRefusedError } from "../record-bounds.ts";
import { describeGap } from "../record-rules.ts";
import { putAlert } from "./postgres-alarms.ts";
import type { RecordNumbers } from "./postgres-bounds.ts";
import type { SqlSession } from "./postgres-database.ts";
import type { PostgresDrift } from "./postgres-drift.ts";
import { renewReferences } from "./postgres-drift-steps.ts";
import { isDataError } from "./postgres-errors.ts";
import { putEvents, putUpdates, type Received } from "./postgres-events.ts";
import { putHealths, type TouchMemory, type TurbineTouch, touchTurbines } from "./postgres-machines.ts";
import { type NumberedBatch, putPredictions } from "./postgres-predictions.ts";

/** A record that is new, where it came from, and whether it was stored. */
export interface FreshRecord {
  readonly record: StorableRecord;
  readonly source: RecordSource;
  readonly message: UplinkMessage;
  /** Null: stored, or about to be. */
  fault: RecordFault | null;
}

/** What writers write with. */
interface Writing {
  readonly drift: PostgresDrift;
  readonly session: SqlSession;
  readonly numbers: RecordNumbers;
  readonly touches: Pick<TouchMemory, "due">;
  /** What was written of them, and is known once it is committed. */
  readonly touched: TurbineTouch[];
}

export type RecordWriter = (writing: Writing, fresh: readonly FreshRecord[]) => Promise<void>;

/** All records at once, a few statements a kind. */
export async function putRecords(writing: Writing, fresh: readonly FreshRecord[]): Promise<void> {
  const { session, drift, numbers } = writing;
  const sorted = sortRecords(fresh, numbers);
  await putPredictions(session, sorted.predictions);
  const touches = writing.touches.due(sorted.touches);
  await touchTurbines(session, touches);
  writing.touched.push(...touches);
  await putEvents(session, sorted.events);
  await putUpdates(session, sorted.updates);
  await putHealths(session, sorted.healths);
  for (const entry of fresh) {
    const { record, source } = entry;
    if (record.kind === "event") {
      const renewal = readRenewal(record, source);
      if (renewal !== null) await renewReferences(session, source.gateway, renewal);
    }
    try {
      if (record.kind === "alert") await putAlert(session, record.event, source);
      if (record.kind !== "drift-report") continue;
      await drift.put(session, numbers.points.get(record)!, { report: record, source });
    } catch (error) {
      // Said before anything of the record was written.
      if (!(error instanceof DriftRefusedError || error instanceof RecordRefusedError)) throw error;
      entry.fault = { reason: error.reason, detail: `${source.gateway}: ${error.message}` };
    }
  }
}

/** Each record alone: of one that the server refuses nothing stays. */
export async function putOneByOne(writing: Writing, fresh: readonly FreshRecord[]): Promise<void> {
  const { session } = writing;
  for (const entry of fresh) {
    await session.exec("SAVEPOINT one_record");
    try {
      const touched: TurbineTouch[] = [];
      await putRecords({ ...writing, touched }, [entry]);
      await session.exec("RELEASE one_record");
      writing.touched.push(...touched);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await session.exec("ROLLBACK TO one_record; RELEASE one_record");
      entry.fault = {
        reason: "not-storable",
        detail: `${entry.source.gateway}: ${(error as Error).message}`,
      };
    }
  }
}

/** Records by what stores them. */
interface SortedRecords {
  readonly predictions: NumberedBatch[];
  readonly touches: TurbineTouch[];
  readonly events: Received<EventRecord>[];
  readonly updates: Received<UpdateRecord>[];
  readonly healths: Map<string, HealthRecord>;
}

function sortRecords(fresh: readonly FreshRecord[], { points, labels }: RecordNumbers): SortedRecords {
  const sorted: SortedRecords = { predictions: [], touches: [], events: [], updates: [], healths: new Map() };
  for (const { record, source } of fresh) {
    switch (record.kind) {
      case "alert":
        sorted.touches.push({ source, turbine: record.event.data });
        break;
      case "prediction-batch": {
        const [point, label] = [points.get(record)!, labels.get(record)!];
        sorted.predictions.push({ point, label, batch: record, receivedMs: source.receivedMs });
        sorted.touches.push({ source, turbine: record });
        break;
      }
      case "drift-report":
        sorted.touches.push({ source, turbine: record });
        break;
      case "health":
        sorted.healths.set(source.gateway, record);
        break;
      case "event":
        sorted.events.push([record, source]);
        break;
      case "gap":
        sorted.events.push([describeGap(record), source]);
        break;
      case "update":
        sorted.updates.push([record, source]);
        break;
      case "evidence-piece":
        // Its bytes are a file by now; here it only takes its sequence.
        break;
      default:
        record satisfies never;
    }
  }
  return sorted;
}

/** Does one of the texts that become columns hold what no text of the server can: a NUL character, or half of one? */
export function holdsNoText(record: StorableRecord): boolean {
  return textsOf(record).some((text) => text.includes("\u0000") || /\p{Surrogate}/u.test(text));
}

function textsOf(record: StorableRecord): readonly string[] {
  switch (record.kind) {
    case "alert": {
      const { site, turbine, component, failureMode } = record.event.data;
      return [record.event.id, site, turbine, component, failureMode];
    }
    case "prediction-batch":
      return [record.component, record.modelVersion, ...record.failureModes];
    case "drift-report":
      return [record.component, record.modelDigest, record.modelName, record.modelVersion];
    case "event":
      return [record.name, record.subject, record.detail];
    case "update":
      return [record.modelName, record.fromVersion, record.toVersion, record.step, record.detail];
    case "health":
    case "gap":
    case "evidence-piece":
      return [];
    default:
      return record satisfies never;
  }
}
