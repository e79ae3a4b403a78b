import { onTestFinished } from "vitest";
import { type CollectorStore, openCollectorStore } from "../../src/collector/record/collector-store.ts";
import { createUplinkIngest, type UplinkIngest } from "../../src/collector/uplink/uplink-ingest.ts";
import type { UplinkAck, UplinkEnvelope, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../src/core/platform/metrics.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

/** What it is made of. */
export interface IngestBench {
  readonly store: CollectorStore;
  readonly ingest: UplinkIngest;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  readonly acks: (UplinkAck & { readonly gateway: string })[];
  /** Stores an envelope now; returns the acknowledgements that it brought. */
  take(records: readonly UplinkRecord[], changes?: Partial<UplinkEnvelope>): UplinkAck[];
}

/** Opens one for the length of a test. */
export function createIngestBench(
  path = ":memory:",
  wrap: (store: CollectorStore) => CollectorStore = (store) => store,
  sites: ReadonlyMap<string, string> = new Map(),
): IngestBench {
  const store = openCollectorStore(path);
  onTestFinished(() => store.close());
  const clock = createManualClock();
  const metrics = createMetrics();
  const acks: IngestBench["acks"] = [];
  const ingest = createUplinkIngest({
    store: wrap(store),
    clock,
    timers: clock,
    metrics,
    sites,
    logger: silentLogger,
    maxPendingBytes: 100_000,
    acknowledge: async (gateway, ack) => {
      acks.push({ gateway, ...ack });
    },
  });
  return {
    store,
    ingest,
    clock,
    metrics,
    acks,
    take: (records, changes) => {
      const before = acks.length;
      const envelope: UplinkEnvelope = {
        gateway: "gw-1",
        bootId: "b",
        lane: "update",
        firstSequence: 1,
        oldestSequence: 1,
        records,
        ...changes,
      };
      ingest.accept(`aurora/v1/gateway/gw-1/up/${envelope.lane}`, encodeUplinkEnvelope(envelope));
      ingest.flush();
      return acks.slice(before);
    },
  };
}
