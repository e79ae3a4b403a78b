/** What is stored while one table of the record cannot be written to, as while it is packed or gets an index. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createUplinkIngest } from "../../../src/collector/uplink/uplink-ingest.ts";
import type { Lane } from "../../../src/core/contract/topics.ts";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { encodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../../support/scratch-postgres.ts";
import { until } from "../../support/until.ts";
import { envelopeOf } from "../envelope-of.ts";
import { alertEvent, alertRecord, predictionBatch } from "../fleet-records.ts";
import { sentEnvelope } from "../ingest-bench.ts";
import { openAt } from "../record/postgres-place.ts";

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  const open = async () => {
    const url = await server.createDatabase();
    // The driver takes it from the address, before its own.
    const record = await openAt(`${url}${url.includes("?") ? "&" : "?"}lock_timeout=300`);
    const lockMs: Record<Lane, (number | undefined)[]> = {
      alert: [],
      update: [],
      prediction: [],
      drift: [],
      raw: [],
    };
    const lines: string[] = [];
    let skippedMs = 0;
    const stored = new Map<Lane, number>();
    const ingest = createUplinkIngest({
      record: {
        check: () => record.check(),
        storeEnvelopes: (batch) => {
          for (const { lane } of batch.envelopes) lockMs[lane].push(batch.lockMs);
          return record.storeEnvelopes(batch);
        },
      },
      clock: {
        nowMs: () => systemClock.nowMs(),
        monotonicMs: () => systemClock.monotonicMs() + skippedMs,
      },
      timers: systemTimers,
      logger: createLogger({ level: "info", write: (line) => lines.push(line) }),
      metrics: createMetrics(),
      acknowledge: async (_gateway, { lane, sequence }) => void stored.set(lane, sequence),
    });
    onTestFinished(() => ingest.close());
    const left: Lane[] = [];
    const send = (lane: Lane, firstSequence: number): void => {
      const now = Date.now();
      const record: UplinkRecord =
        lane === "alert"
          ? alertRecord(alertEvent(`wt-${firstSequence}`, "raised", now))
          : predictionBatch("wt-1", now, { rows: 1, stepMs: 1_000 });
      const envelope = sentEnvelope([record], { lane, firstSequence });
      ingest.accept(`aurora/v1/gateway/gw-1/up/${lane}`, encodeUplinkEnvelope(envelope), () =>
        left.push(lane),
      );
    };
    for (const lane of ["alert", "prediction"] as const) send(lane, 1);
    await until(() => stored.get("prediction") === 1 && stored.get("alert") === 1, "all is stored");
    left.length = 0;
    const holder = new pg.Client(url);
    await holder.connect();
    onTestFinished(() => holder.end());
    const skip = (ms: number): void => {
      skippedMs += ms;
    };
    return { url, ingest, record, stored, send, left, lines, holder, skip, lockMs };
  };

  it("stores alerts while no prediction can be, and says until one is that something cannot", async () => {
    const { ingest, record, stored, send, left, lines, holder, skip, lockMs } = await open();
    await holder.query("BEGIN; LOCK TABLE prediction IN ACCESS EXCLUSIVE MODE");
    send("prediction", 2);
    send("alert", 2);
    await until(() => stored.get("alert") === 2, "the alert beside it is stored");
    await until(() => left.includes("prediction"), "the prediction is left to its gateway");
    for (let sequence = 3; sequence <= 12; sequence++) {
      // More of them take no place from alerts, and keep none waiting.
      send("prediction", sequence);
      send("alert", sequence);
      await until(() => stored.get("alert") === sequence, "an alert alone is stored");
      expect(ingest.unstored).toBe("others");
    }
    expect(stored.get("prediction")).toBe(1);
    // While they fail they are tried with little patience.
    expect(lockMs.prediction).toContain(1_000);
    expect(new Set(lockMs.alert)).toEqual(new Set([undefined]));
    await holder.query("COMMIT");
    skip(60_000);
    for (let sequence = 2; sequence <= 12; sequence++) send("prediction", sequence);
    await until(() => stored.get("prediction") === 12, "its gateway sends again");
    expect(ingest.unstored).toBeNull();
    expect((await record.alarms({ limit: 50, offset: 0 })).total).toBe(12);
    const told = lines.filter((line) => line.includes("predictions, drift and raw samples"));
    expect(told).toHaveLength(2);
    expect(lines.join()).not.toContain("nothing can be stored");
  });

  it("waits for a lock no longer than a batch may, for its rows or for the day's partition", async () => {
    const { url, holder } = await open();
    // Its own patience is longer than the test's.
    const record = await openAt(url, { statementTimeoutMs: 600_000 });
    const now = Date.now();
    const store = (nowMs: number) => {
      const batch = predictionBatch("wt-1", nowMs, { rows: 1, stepMs: 1_000 });
      const envelopes = [envelopeOf([batch], { gateway: "gw-2", lane: "prediction" })];
      return record.storeEnvelopes({ nowMs, envelopes, setAside: [], lockMs: 50 });
    };
    await holder.query("BEGIN; LOCK TABLE prediction IN ACCESS EXCLUSIVE MODE");
    for (const nowMs of [now, now + 5 * dayMs]) await expect(store(nowMs)).rejects.toThrow("lock timeout");
    await holder.query("COMMIT");
    // What is looked up before anything is written has no more patience.
    for (const table of ["turbine", "point", "point_mode"]) {
      await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      await expect(store(now), table).rejects.toThrow("lock timeout");
      await holder.query("COMMIT");
    }
    expect(await store(now)).toMatchObject([{ outcome: "stored", watermark: 1 }]);
  });

  it("keeps what is not urgent while nothing can be stored, and stores it afterwards in its order", async () => {
    const { ingest, stored, send, holder } = await open();
    await holder.query("BEGIN; LOCK TABLE uplink_progress IN ACCESS EXCLUSIVE MODE");
    for (const sequence of [2, 3]) for (const lane of ["prediction", "alert"] as const) send(lane, sequence);
    await until(() => ingest.unstored === "all", "nothing can be stored");
    for (const lane of ["prediction", "alert"] as const) send(lane, 4);
    await holder.query("COMMIT");
    await until(() => stored.get("alert") === 4 && stored.get("prediction") === 4, "nobody sends again");
    expect(ingest.unstored).toBeNull();
  });
});
