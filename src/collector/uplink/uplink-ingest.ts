/**
 * Takes envelopes of the uplink and acknowledges what is *stored*: batches of messages go into one transaction, and
 * the watermark is published after its commit. Poison is counted and set aside; it never blocks. A full disk blocks:
 * nothing is acknowledged, and the gateways keep what they have.
 */
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { CollectorStore } from "../record/collector-store.ts";
import { type AddressedAck, createEnvelopeStore, type UplinkMessage } from "./envelope-store.ts";

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

/** Creates the ingest. */
export function createUplinkIngest(options: UplinkIngestOptions): UplinkIngest {
  const { store, timers, logger, metrics } = options;
  const maxDelayMs = options.maxDelayMs ?? 20;
  const maxBatchMessages = options.maxBatchMessages ?? 500;
  const maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
  const messagesTotal = metrics.counter({
    name: "uplink_messages_total",
    help: "Uplink messages by what became of them",
    labels: ["outcome"],
  });
  const envelopes = createEnvelopeStore({ ...options, messagesTotal });
  let pending: UplinkMessage[] = [];
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
    let acks: readonly AddressedAck[];
    try {
      acks = store.transaction(() => envelopes.put(batch));
    } catch (error) {
      messagesTotal.add(batch.length, { outcome: "store-failed" });
      // Once until it works again: every batch fails while a disk is full.
      if (!storeFails) logger.error("nothing can be stored; gateways keep their records", { error });
      storeFails = true;
      return;
    }
    if (storeFails) logger.info("storing works again");
    storeFails = false;
    for (const { gateway, ack } of acks) {
      options.acknowledge(gateway, ack).catch((error: unknown) => {
        messagesTotal.add(1, { outcome: "ack-unsent" });
        logger.debug("acknowledgement not sent; the gateway will ask again", { gateway, error });
      });
    }
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
