/**
 * Stores the records of uplink envelopes that are not stored yet, and says how far each lane is. What cannot be
 * understood is counted and set aside; it never blocks. Opens no transaction and acknowledges nothing.
 */
import { failed, type Result } from "../../core/contract/result.ts";
import type { UplinkAck, UplinkEnvelope } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Counter, Metrics } from "../../core/platform/metrics.ts";
import { type SqliteErrorKind, sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import { decodeUplinkEnvelope } from "../../core/wire/envelope-codec.ts";
import { stepWatermark } from "../../core/wire/uplink-ack.ts";
import type { CollectorStore } from "../record/collector-store.ts";
import { storeRecord } from "./store-record.ts";

/** What it is joined to. */
export interface EnvelopeStoreOptions {
  readonly store: CollectorStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Counts messages by `outcome`. */
  readonly messagesTotal: Counter;
  /** Site whose turbines a gateway may speak of; one that is not in it may speak of any. */
  readonly sites?: ReadonlyMap<string, string>;
}

/** A message of `<base>/gateway/<gateway>/up/<lane>`. */
export interface UplinkMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** An acknowledgement and whom it is for. */
export interface AddressedAck {
  readonly gateway: string;
  readonly ack: UplinkAck;
}

/** A store of envelopes. */
export interface EnvelopeStore {
  /**
   * Stores a batch, to be called inside a transaction, and gives what may be acknowledged after its commit: the newest
   * of each lane. Throws when the disk or the file fails.
   */
  put(batch: readonly UplinkMessage[]): readonly AddressedAck[];
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

/** Creates the store. */
export function createEnvelopeStore(options: EnvelopeStoreOptions): EnvelopeStore {
  const { store, clock, logger, metrics, messagesTotal } = options;
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

  /** Returns the new watermark of the envelope's lane. */
  const storeEnvelope = (message: UplinkMessage, envelope: UplinkEnvelope): number => {
    const nowMs = clock.nowMs();
    const stored = store.progress.get(envelope);
    const step = stepWatermark(stored ?? 0, envelope);
    messagesTotal.add(1, { outcome: step.hole ? "hole" : step.fresh > 0 ? "stored" : "duplicate" });
    missingTotal.add(stored === null ? 0 : step.missing, { lane: envelope.lane });
    store.gateways.touch(envelope.gateway, nowMs);
    const sender = { gateway: envelope.gateway, site: options.sites?.get(envelope.gateway) ?? null };
    const fresh = envelope.records.slice(step.duplicates, step.duplicates + step.fresh);
    for (const record of fresh) {
      const result = tryRecord(() => storeRecord(store, sender, record, nowMs));
      if (result.ok) recordsTotal.add(1, { kind: record.kind });
      else setAside(message, result.error);
    }
    if (step.watermark !== stored) store.progress.set(envelope, step.watermark);
    return step.watermark;
  };

  /** A record that the store itself stumbles over is set aside like any other; a failing disk is not its fault. */
  const tryRecord = (work: () => ReturnType<typeof storeRecord>): Result<null, Fault> => {
    try {
      return store.attempt(work);
    } catch (error) {
      if (storageFailures.has(sqliteErrorKind(error))) throw error;
      logger.error("a record could not be stored", { error });
      return failed({ reason: "not-storable", detail: String(error) });
    }
  };

  const setAside = ({ topic, payload }: UplinkMessage, { reason, detail }: Fault): void => {
    messagesTotal.add(1, { outcome: "quarantined" });
    store.quarantine.put({ topic, reason, detail, payload, nowMs: clock.nowMs() });
  };

  return {
    put: (batch) => {
      const acks = new Map<string, AddressedAck>();
      for (const message of batch) {
        const envelope = readEnvelope(message);
        if (!envelope.ok) {
          setAside(message, envelope.error);
          continue;
        }
        const { gateway, bootId, lane } = envelope.value;
        const sequence = storeEnvelope(message, envelope.value);
        acks.set(`${gateway}\n${bootId}\n${lane}`, { gateway, ack: { bootId, lane, sequence } });
      }
      return [...acks.values()];
    },
  };
}

/** Why something was set aside. */
interface Fault {
  readonly reason: string;
  readonly detail: string;
}

/** The envelope in a message, if it is one of the topic that it came under. */
function readEnvelope({ topic, payload }: UplinkMessage): Result<UplinkEnvelope, Fault> {
  const decoded = decodeUplinkEnvelope(payload);
  if (!decoded.ok) return failed({ reason: "envelope-invalid", detail: decoded.error.message });
  const [gateway, , lane] = topic.split("/").slice(-3);
  if (decoded.value.gateway !== gateway || decoded.value.lane !== lane) {
    const detail = "the envelope names another gateway or lane than its topic";
    return failed({ reason: "topic-mismatch", detail });
  }
  return decoded;
}
