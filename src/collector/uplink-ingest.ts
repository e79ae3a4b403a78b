/**
 * Takes envelopes of the uplink and acknowledges what is *stored*: batches of messages go into one transaction, and
 * the watermark is published after its commit. Poison is counted and set aside; it never blocks. A full disk blocks:
 * nothing is acknowledged, and the gateways keep what they have.
 */
import type { Envelope, UplinkAck } from "../contract/uplink-record.ts";
import type { Clock, Timers } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { Metrics } from "../platform/metrics.ts";
import { type SqliteErrorKind, sqliteErrorKind } from "../platform/sqlite-error.ts";
import { decodeEnvelope } from "../wire/envelope-codec.ts";
import { stepWatermark } from "../wire/lane-watermark.ts";
import type { CollectorStore } from "./collector-store.ts";
import { storeRecord } from "./store-record.ts";

/** What the ingest is joined to. */
export interface UplinkIngestOptions {
  readonly store: CollectorStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Site whose turbines a gateway may speak of; one that is not in it may speak of any. */
  readonly sites?: ReadonlyMap<string, string>;
  /** Sends an acknowledgement; may reject (it is repeated when the gateway sends again). */
  readonly acknowledge: (gateway: string, ack: UplinkAck) => Promise<void>;
  /** A batch is stored when this old … */
  readonly maxDelayMs?: number;
  /** … or this large. */
  readonly maxBatchMessages?: number;
  /** Messages beyond this many waiting bytes are dropped unacknowledged; the gateway sends them again. */
  readonly maxPendingBytes?: number;
}

/** Takes messages. */
export interface UplinkIngest {
  /** Takes one message of `<base>/gateway/<gateway>/up/<lane>`; keeps `payload` until it is stored. */
  accept(topic: string, payload: Uint8Array): void;
  /** Stores what waits, now. */
  flush(): void;
  /** Did the last attempt to store fail? */
  readonly storeFails: boolean;
  /** Stores what waits and takes no more. */
  close(): void;
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

interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Creates the ingest. */
export function createUplinkIngest(options: UplinkIngestOptions): UplinkIngest {
  const { store, clock, timers, logger, metrics } = options;
  const maxDelayMs = options.maxDelayMs ?? 20;
  const maxBatchMessages = options.maxBatchMessages ?? 500;
  const maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
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
  let pending: Message[] = [];
  let pendingBytes = 0;
  let cancelTimer: (() => void) | null = null;
  let closed = false;
  let storeFails = false;

  const flush = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    const batch = pending;
    pending = [];
    pendingBytes = 0;
    if (batch.length === 0) return;
    let acks: Map<string, { gateway: string; ack: UplinkAck }>;
    try {
      acks = store.transaction(() => storeBatch(batch));
    } catch (error) {
      messagesTotal.add(batch.length, { outcome: "store-failed" });
      // Once until it works again: every batch fails while a disk is full.
      if (!storeFails) logger.error("nothing can be stored; gateways keep their records", { error });
      storeFails = true;
      return;
    }
    if (storeFails) logger.info("storing works again");
    storeFails = false;
    for (const { gateway, ack } of acks.values()) {
      options.acknowledge(gateway, ack).catch((error: unknown) => {
        messagesTotal.add(1, { outcome: "ack-unsent" });
        logger.debug("acknowledgement not sent; the gateway will ask again", { gateway, error });
      });
    }
  };

  const storeBatch = (batch: readonly Message[]): Map<string, { gateway: string; ack: UplinkAck }> => {
    const acks = new Map<string, { gateway: string; ack: UplinkAck }>();
    for (const message of batch) {
      const envelope = readEnvelope(message);
      if (envelope === null) continue;
      const { gateway, bootId, lane } = envelope;
      const sequence = storeEnvelope(message, envelope);
      acks.set(`${gateway}\n${bootId}\n${lane}`, { gateway, ack: { bootId, lane, sequence } });
    }
    return acks;
  };

  const readEnvelope = (message: Message): Envelope | null => {
    const decoded = decodeEnvelope(message.payload);
    if (!decoded.ok) {
      setAside(message, "envelope-invalid", decoded.error.message);
      return null;
    }
    const [gateway, , lane] = message.topic.split("/").slice(-3);
    if (decoded.value.gateway !== gateway || decoded.value.lane !== lane) {
      setAside(message, "topic-mismatch", "the envelope names another gateway or lane than its topic");
      return null;
    }
    return decoded.value;
  };

  /** Returns the new watermark of the envelope's lane. */
  const storeEnvelope = (message: Message, envelope: Envelope): number => {
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
      else setAside(message, result.error.reason, result.error.detail);
    }
    if (step.watermark !== stored) store.progress.set(envelope, step.watermark);
    return step.watermark;
  };

  /** A record that the store itself stumbles over is set aside like any other; a failing disk is not its fault. */
  const tryRecord = (work: () => ReturnType<typeof storeRecord>): ReturnType<typeof storeRecord> | Fault => {
    try {
      return store.attempt(work);
    } catch (error) {
      if (storageFailures.has(sqliteErrorKind(error))) throw error;
      logger.error("a record could not be stored", { error });
      return { ok: false, error: { reason: "not-storable", detail: String(error) } };
    }
  };

  const setAside = ({ topic, payload }: Message, reason: string, detail: string): void => {
    messagesTotal.add(1, { outcome: "quarantined" });
    store.quarantine.put({ topic, reason, detail, payload, nowMs: clock.nowMs() });
  };

  return {
    accept: (topic, payload) => {
      if (closed) return;
      if (pendingBytes + payload.length > maxPendingBytes) {
        messagesTotal.add(1, { outcome: "overload" });
        return;
      }
      pending.push({ topic, payload });
      pendingBytes += payload.length;
      if (pending.length >= maxBatchMessages) flush();
      else cancelTimer ??= timers.after(maxDelayMs, flush);
    },
    flush,
    get storeFails() {
      return storeFails;
    },
    close: () => {
      closed = true;
      flush();
    },
  };
}

interface Fault {
  readonly ok: false;
  readonly error: { readonly reason: string; readonly detail: string };
}
