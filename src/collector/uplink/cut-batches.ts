/**
 * Reads messages of the uplink and cuts them into batches of a bounded cost, a large envelope into several: no batch
 * holds the event loop, or the record's transaction, for long. The watermark of a lane steps with each part.
 */
import type { Result } from "../../core/contract/result.ts";
import { lanes } from "../../core/contract/topics.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { rest } from "../../core/platform/rest.ts";
import type {
  CheckedEnvelope,
  EnvelopeBatch,
  RecordFault,
  SetAsideMessage,
  StorableRecord,
  UplinkMessage,
} from "../record/fleet-record.ts";
import { recordBounds } from "../record/record-bounds.ts";
import { type OpenedEnvelope, openEnvelope, type RecordLimits } from "./read-envelope.ts";

/** A batch, and which of its envelopes are only the first part of a message. */
export interface CutBatch extends EnvelopeBatch {
  readonly goesOn: ReadonlySet<number>;
}

/** Reads messages in their order, resting now and then, and yields them in batches; at least one. */
export async function* cutBatches(
  messages: readonly UplinkMessage[],
  limits: RecordLimits,
  clock: Pick<Clock, "monotonicMs">,
): AsyncGenerator<CutBatch> {
  let batch = createBatch(limits.nowMs);
  let restedMs = clock.monotonicMs();
  for (const message of messages) {
    const opened = openEnvelope(message, limits);
    if (!opened.ok) {
      batch.setAside.push({ ...message, topic: nameTopic(message.topic), fault: opened.error });
      batch.cost += faultCost;
    }
    const envelope = opened.ok ? opened.value : null;
    let records: Result<StorableRecord, RecordFault>[] = [];
    for (let index = 0; index < (envelope?.count ?? 0); index++) {
      const read = envelope!.read(index);
      records.push(read);
      batch.cost += costOfRecord(read);
      if (clock.monotonicMs() - restedMs > recordBounds.readingMs) {
        await rest();
        restedMs = clock.monotonicMs();
      }
      if (batch.cost < recordBounds.transactionCost || index + 1 === envelope!.count) continue;
      batch.goesOn.add(batch.envelopes.length);
      batch.envelopes.push(toPart(envelope!, index + 1 - records.length, records));
      yield batch;
      batch = createBatch(limits.nowMs);
      records = [];
      restedMs = clock.monotonicMs();
    }
    if (envelope !== null) {
      batch.envelopes.push(toPart(envelope, envelope.count - records.length, records));
      batch.cost += envelopeCost;
    }
    if (batch.cost < recordBounds.transactionCost) continue;
    yield batch;
    batch = createBatch(limits.nowMs);
    restedMs = clock.monotonicMs();
  }
  if (batch.cost > 0) yield batch;
}

interface OpenBatch extends CutBatch {
  readonly envelopes: CheckedEnvelope[];
  readonly setAside: SetAsideMessage[];
  readonly goesOn: Set<number>;
  cost: number;
}

function createBatch(nowMs: number): OpenBatch {
  return { nowMs, envelopes: [], setAside: [], goesOn: new Set(), cost: 0 };
}

function toPart(
  { header, message }: OpenedEnvelope,
  passed: number,
  records: readonly Result<StorableRecord, RecordFault>[],
): CheckedEnvelope {
  // Written out: to copy objects by their names takes longer than to read what is in them.
  return {
    gateway: header.gateway,
    bootId: header.bootId,
    lane: header.lane,
    firstSequence: header.firstSequence + passed,
    oldestSequence: header.oldestSequence,
    records,
    topic: message.topic,
    payload: message.payload,
  };
}

const envelopeCost = 4;
const faultCost = 8;

/** What a record costs to store, in rows of predictions (about 4 µs each on a slow core). */
function costOfRecord(read: Result<StorableRecord, RecordFault>): number {
  if (!read.ok) return faultCost;
  const record = read.value;
  switch (record.kind) {
    case "prediction-batch":
      return 8 + record.timesMs.length * record.failureModes.length;
    case "drift-report":
      return 30 + 4 * record.sketches.length;
    case "alert":
      return 40;
    default:
      return 8;
  }
}

/** A gateway may publish under any name of a lane: those that are none share one entry of what was set aside. */
function nameTopic(topic: string): string {
  const levels = topic.split("/");
  const isLane = lanes.some((lane) => lane === levels.at(-1));
  return isLane ? topic : [...levels.slice(0, -1), "(no lane)"].join("/");
}
