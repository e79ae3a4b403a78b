/**
 * Stores a batch of envelopes in PostgreSQL, in one transaction and few statements however many envelopes there are. A
 * record that the tables stumble over makes the batch be stored once more, record by record, so that it alone is set aside.
 */
import { failed, ok, type Result } from "../../../core/contract/result.ts";
import type { UplinkRecord } from "../../../core/contract/uplink-record.ts";
import { stepWatermark } from "../../../core/wire/uplink-ack.ts";
import { doubtRecords, isInDoubt } from "../clock-rules.ts";
import type {
  EnvelopeBatch,
  RecordFault,
  SetAsideMessage,
  StorableRecord,
  StoredEnvelope,
} from "../fleet-record.ts";
import { countMissing, describeMissing } from "../record-rules.ts";
import { type Admission, createAdmission } from "./postgres-bounds.ts";
import { tellOfClocks } from "./postgres-clocks.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import type { PostgresDrift } from "./postgres-drift.ts";
import { inOneEra, limitLocks, rememberByEra } from "./postgres-era.ts";
import { isDataError } from "./postgres-errors.ts";
import { setMessagesAside } from "./postgres-events.ts";
import { forgetLives, lockLanes, nameLane, readHighest, setLanes } from "./postgres-lanes.ts";
import { createTouchMemory, findBehind, noteGateways, type TurbineTouch } from "./postgres-machines.ts";
import type { PostgresPartitions } from "./postgres-partitions.ts";
import { countDailyUse } from "./postgres-use.ts";
import {
  type FreshRecord,
  holdsNoText,
  putOneByOne,
  putRecords,
  type RecordWriter,
} from "./postgres-writers.ts";

/** What a batch is stored with. */
interface BatchParts {
  readonly database: PostgresDatabase;
  readonly partitions: PostgresPartitions;
  readonly drift: PostgresDrift;
}

/** Creates the way in. */
export function createEnvelopeStore(
  parts: BatchParts,
): (batch: EnvelopeBatch) => Promise<readonly StoredEnvelope[]> {
  const { database, partitions } = parts;
  const recall = rememberByEra(database, (held) => ({
    admit: createAdmission(held),
    knownGateways: new Set<string>(),
    touches: createTouchMemory(),
  }));
  const storeIn = async (era: PostgresDatabase, batch: EnvelopeBatch): Promise<readonly StoredEnvelope[]> => {
    const { lockMs } = batch;
    const held = lockMs === undefined ? era : limitLocks(era, lockMs);
    const { admit, knownGateways, touches } = recall();
    const sent = batch.envelopes.flatMap(({ gateway, records }) => {
      const source = { gateway, receivedMs: batch.nowMs };
      return records.flatMap((each) =>
        each.ok && !holdsNoText(each.value) ? [{ record: each.value, source }] : [],
      );
    });
    // Alerts wait for no table that they are not written to; notices of what is missing may come with any batch.
    const hasPredictions = sent.some(({ record }) => record.kind === "prediction-batch");
    await partitions.prepare(batch.nowMs, hasPredictions ? ["event", "prediction"] : ["event"], lockMs);
    // What is remembered is looked up without that limit: such a batch has a check of its own.
    const numbers = await (lockMs === undefined ? admit : createAdmission(held))(sent);
    const gateways = [...new Set(batch.envelopes.map(({ gateway }) => gateway))];
    const unknown = gateways.filter((gateway) => !knownGateways.has(gateway));
    let touched: TurbineTouch[] = [];
    const store = (write: RecordWriter): Promise<readonly StoredEnvelope[]> =>
      held.transaction(async (session) => {
        // Of an attempt that was rolled back nothing is known.
        touched = [];
        if (unknown.length > 0) await noteGateways(session, unknown);
        return storeBatch(session, { ...batch, refused: numbers.refused }, (fresh) =>
          write({ drift: parts.drift, session, numbers, touches, touched }, fresh),
        );
      });
    const stored = await store(putRecords).catch((error: unknown) => {
      if (!isDataError(error)) throw error;
      return store(putOneByOne);
    });
    if (knownGateways.size > maxKnownGateways) knownGateways.clear();
    for (const gateway of gateways) knownGateways.add(gateway);
    touches.note(touched);
    return stored;
  };
  return (batch) => inOneEra(database, (held) => storeIn(held, batch));
}

const maxKnownGateways = 200_000;

/** Says which records are new, has them stored, and writes down how far their lanes are. */
async function storeBatch(
  session: SqlSession,
  { nowMs, envelopes, setAside, refused }: EnvelopeBatch & Pick<Admission, "refused">,
  write: (fresh: readonly FreshRecord[]) => Promise<void>,
): Promise<readonly StoredEnvelope[]> {
  if (envelopes.length === 0) {
    await setMessagesAside(session, setAside, nowMs);
    return [];
  }
  const { lanes, begun } = await lockLanes(session, envelopes, nowMs);
  const highest = await readHighest(session, begun);
  const doubted = envelopes.filter(({ records }) =>
    records.some((record) => record.ok && isInDoubt(record.value, nowMs)),
  );
  const behind = await findBehind(
    session,
    doubted.map(({ gateway }) => gateway),
  );
  const aside: SetAsideMessage[] = [...setAside];
  const fresh: FreshRecord[] = [];
  const steps = envelopes.map((envelope) => {
    const lane = lanes.get(nameLane(envelope))!;
    const before = lane.sequence;
    const step = stepWatermark(before ?? 0, envelope);
    lane.sequence = step.watermark;
    const source = {
      gateway: envelope.gateway,
      receivedMs: nowMs,
      isBehind: behind.has(envelope.gateway),
    };
    const { topic, payload } = envelope;
    const missing = countMissing(envelope, step.missing, { before, others: highest.of(envelope) });
    highest.note(envelope, step.watermark);
    const lost = describeMissing(envelope.lane, missing, nowMs);
    if (lost !== null) fresh.push({ record: lost, source, message: { topic, payload }, fault: null });
    const news = envelope.records.slice(step.duplicates, step.duplicates + step.fresh);
    const records = news.map((record) => {
      if (!record.ok) {
        aside.push({ topic, payload, fault: record.error });
        return record;
      }
      const fault = holdsNoText(record.value)
        ? textFault(envelope.gateway)
        : (refused.get(record.value) ?? null);
      const entry: FreshRecord = { record: record.value, source, message: { topic, payload }, fault };
      fresh.push(entry);
      return entry;
    });
    return { step, records, doubt: doubtRecords(news, source), missing };
  });
  const beyond = await countDailyUse(
    session,
    fresh.filter(({ fault }) => fault === null),
  );
  for (const entry of fresh) entry.fault ??= beyond.get(entry) ?? null;
  await write(fresh.filter(({ fault }) => fault === null));
  for (const { message, fault } of fresh) if (fault !== null) aside.push({ ...message, fault });
  await setMessagesAside(session, aside, nowMs);
  await tellOfClocks(
    session,
    steps.flatMap(({ doubt }) => doubt ?? []),
    nowMs,
  );
  await setLanes(session, [...lanes.values()], nowMs);
  await forgetLives(session, begun);
  return steps.map(({ step, records, missing }) => ({
    outcome: step.hole ? "hole" : step.fresh > 0 ? "stored" : "duplicate",
    watermark: step.watermark,
    missing,
    records: records.map(outcomeOf),
  }));
}

function textFault(gateway: string): RecordFault {
  return {
    reason: "not-storable",
    detail: `${gateway}: a text holds a NUL character, or half of a character`,
  };
}

function outcomeOf(
  record: FreshRecord | Result<StorableRecord, RecordFault>,
): Result<UplinkRecord["kind"], RecordFault> {
  if (!("record" in record)) return record.ok ? ok(record.value.kind) : failed(record.error);
  return record.fault === null ? ok(record.record.kind) : failed(record.fault);
}
