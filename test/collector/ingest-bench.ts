import { onTestFinished } from "vitest";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import {
  createUplinkIngest,
  type UplinkIngest,
  type UplinkIngestOptions,
} from "../../src/collector/uplink/uplink-ingest.ts";
import type { UplinkAck, UplinkEnvelope, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../src/core/platform/metrics.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../src/core/platform/sqlite/sqlite-database.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

/** What it is made of. */
export interface IngestBench {
  readonly record: FleetRecord;
  readonly ingest: UplinkIngest;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  readonly acks: (UplinkAck & { readonly gateway: string })[];
  /** Stores an envelope now; resolves with the acknowledgements that it brought. */
  take(records: readonly UplinkRecord[], changes?: Partial<UplinkEnvelope>): Promise<UplinkAck[]>;
}

/** What may be given instead of the default. */
export interface IngestBenchOptions
  extends Partial<
    Pick<
      UplinkIngestOptions,
      "sites" | "maxPendingBytes" | "acknowledge" | "beforeStore" | "driftKeptMs" | "driftBinsOf"
    >
  > {
  readonly path?: string;
  readonly wrapDatabase?: (database: SqliteDatabase) => SqliteDatabase;
  readonly wrapRecord?: (record: FleetRecord) => FleetRecord;
}

/** What a gateway sends: an envelope of records. */
export function sentEnvelope(
  records: readonly UplinkRecord[],
  changes: Partial<UplinkEnvelope> = {},
): UplinkEnvelope {
  const header = {
    gateway: "gw-1",
    bootId: "b",
    lane: "update",
    firstSequence: 1,
    oldestSequence: 1,
  } as const;
  return { ...header, records, ...changes };
}

/** Opens one for the length of a test. */
export function createIngestBench({
  path = ":memory:",
  wrapDatabase,
  wrapRecord,
  ...given
}: IngestBenchOptions = {}): IngestBench {
  const database = openSqlite(path);
  const record = createSqliteRecord(wrapDatabase?.(database) ?? database);
  onTestFinished(() => record.close());
  const clock = createManualClock();
  const metrics = createMetrics();
  const acks: IngestBench["acks"] = [];
  const ingest = createUplinkIngest({
    record: wrapRecord?.(record) ?? record,
    clock,
    timers: clock,
    metrics,
    logger: silentLogger,
    maxPendingBytes: 100_000,
    acknowledge: async (gateway, ack) => {
      acks.push({ gateway, ...ack });
    },
    ...given,
  });
  return {
    record,
    ingest,
    clock,
    metrics,
    acks,
    take: async (records, changes) => {
      const before = acks.length;
      const envelope = sentEnvelope(records, changes);
      ingest.accept(`aurora/v1/gateway/gw-1/up/${envelope.lane}`, encodeUplinkEnvelope(envelope));
      await ingest.flush();
      return acks.slice(before);
    },
  };
}
