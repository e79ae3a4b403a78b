/** Counts what became of messages and records, and tells of those that no engine could store. */
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Counter, Metrics } from "../../core/platform/metrics.ts";
import type { RecordFault, StoredEnvelope } from "../record/fleet-record.ts";
import type { CutBatch } from "./cut-batches.ts";

/** Between two lines of the log on records that could not be stored. */
const unstorableTellMs = 60_000;

/** The counters, and how they are told. */
interface IngestAccounts {
  readonly messagesTotal: Counter;
  /** Counts a batch that is stored. */
  count(batch: CutBatch, stored: readonly StoredEnvelope[]): void;
}

/** Creates counters at nought. */
export function createIngestAccounts({
  metrics,
  logger,
  clock,
}: {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}): IngestAccounts {
  const messagesTotal = metrics.counter({
    name: "uplink_messages_total",
    help: "Uplink messages by what became of them",
    labels: ["outcome"],
  });
  const recordsTotal = metrics.counter({
    name: "uplink_records_total",
    help: "Uplink records stored, by kind",
    labels: ["kind"],
  });
  const missingTotal = metrics.counter({
    name: "uplink_records_missing_total",
    help: "Uplink records that their gateway dropped before they were stored here",
    labels: ["lane"],
  });
  const refusedTotal = metrics.counter({
    name: "uplink_refused_total",
    help: "Messages and records that were set aside, by reason; /api/v1/quarantine names their gateways",
    labels: ["reason"],
  });
  const countSetAside = ({ reason, detail }: RecordFault): void => {
    messagesTotal.add(1, { outcome: "quarantined" });
    refusedTotal.add(1, { reason });
    if (reason === "not-storable") unstorable ??= detail;
  };
  /** Of a batch: one line, however many there are. */
  let unstorable: string | null = null;
  let toldMs = Number.NEGATIVE_INFINITY;
  const tellUnstorable = (): void => {
    if (unstorable === null) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs >= unstorableTellMs) {
      toldMs = nowMs;
      logger.error("records could not be stored; /api/v1/quarantine holds them", { first: unstorable });
    }
    unstorable = null;
  };
  return {
    messagesTotal,
    count: (batch, stored) => {
      for (const { fault } of batch.setAside) countSetAside(fault);
      const outcomes = createTally();
      const kinds = createTally();
      const lost = createTally();
      for (const [index, { outcome, missing, records }] of stored.entries()) {
        // Of a message that is stored in parts the last one says what became of it.
        if (!batch.goesOn.has(index)) outcomes.add(outcome);
        lost.add(batch.envelopes[index]!.lane, missing);
        for (const record of records) {
          if (record.ok) kinds.add(record.value);
          else countSetAside(record.error);
        }
      }
      for (const [outcome, messages] of outcomes.counts) messagesTotal.add(messages, { outcome });
      for (const [kind, records] of kinds.counts) recordsTotal.add(records, { kind });
      for (const [lane, records] of lost.counts) missingTotal.add(records, { lane });
      tellUnstorable();
    },
  };
}

/** Counts by name, told to a metric once a batch. */
function createTally(): {
  readonly counts: ReadonlyMap<string, number>;
  add(name: string, amount?: number): void;
} {
  const counts = new Map<string, number>();
  return { counts, add: (name, amount = 1) => void counts.set(name, (counts.get(name) ?? 0) + amount) };
}
