/** What storing waits for while a table is locked or a day cannot be made, and what is said of it; and for whom nobody waits. */
import { createHash } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FleetRecord, StorableRecord } from "../../../../src/collector/record/fleet-record.ts";
import { openPostgres } from "../../../../src/collector/record/postgres/postgres-database.ts";
import { dayNumber } from "../../../../src/collector/record/postgres/postgres-partitions.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { envelopeOf } from "../../envelope-of.ts";
import { alertEvent, predictionBatch } from "../../fleet-records.ts";
import { limits, openAt, query } from "../postgres-place.ts";

const t = 1_700_000_000_000;
const dayMs = 86_400_000;

let sequence = 0;
const store = (record: FleetRecord, stored: StorableRecord, nowMs: number) => {
  const lane = stored.kind === "alert" ? "alert" : "prediction";
  const envelopes = [envelopeOf([stored], { bootId: `b-${++sequence}`, lane })];
  return record.storeEnvelopes({ nowMs, envelopes, setAside: [] });
};
const alertAt = (nowMs: number): StorableRecord => ({
  kind: "alert",
  event: alertEvent("wt-1", "raised", nowMs),
});
const predictionAt = (nowMs: number): StorableRecord =>
  predictionBatch("wt-1", nowMs, { rows: 1, stepMs: 1_000 });

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  it("stores alerts on a new day although predictions have no place for it yet, and names the lock", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url, { statementTimeoutMs: 1_000 });
    await store(record, predictionAt(t), t);
    const holder = new pg.Client(url);
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query("BEGIN; LOCK TABLE prediction IN ACCESS EXCLUSIVE MODE");
    const later = t + 5 * dayMs;
    await store(record, alertAt(later), later);
    await expect(store(record, predictionAt(later), later)).rejects.toMatchObject({
      code: "STORE",
      hint: expect.stringContaining("Somebody reads or changes a table for long"),
    });
    await holder.query("COMMIT");
    await store(record, predictionAt(later), later);
    expect((await record.alarms({ limit: 9, offset: 0 })).total).toBe(1);
  });

  it("stores today what it can, and says once of each cause that tomorrow's partition cannot be made", async () => {
    const url = await server.createDatabase();
    const lines: string[] = [];
    const record = await openAt(url, {
      logger: createLogger({ level: "warn", write: (line) => lines.push(line) }),
    });
    const tomorrow = dayNumber(t) + 1;
    const taken = `somebody_s PARTITION OF prediction FOR VALUES FROM (${tomorrow}) TO (${tomorrow + 1})`;
    await query(url, `CREATE TABLE ${taken}`);
    for (let minute = 0; minute < 6; minute++) {
      const nowMs = t + minute * 61_000;
      await store(record, predictionAt(nowMs), nowMs);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("tomorrow's partition cannot be made yet");
    await query(url, "ALTER TABLE somebody_s RENAME TO somebody_else_s");
    for (let minute = 6; minute < 9; minute++) {
      const nowMs = t + minute * 61_000;
      await store(record, predictionAt(nowMs), nowMs);
    }
    expect(lines.slice(1)).toEqual([expect.stringContaining("somebody_else_s")]);
    await query(url, "DROP TABLE somebody_else_s");
    await store(record, predictionAt(t), t + 3_600_000);
    expect(await query(url, `SELECT to_regclass('prediction_${tomorrow}') AS name`)).toMatchObject([
      { name: `prediction_${tomorrow}` },
    ]);
  });

  it("says of a pooler that mixes prepared statements up what it needs", async () => {
    const database = openPostgres({ ...limits, url: await server.createDatabase(), connections: 1 });
    onTestFinished(() => database.close());
    const text = "SELECT 2 AS two";
    const name = `aurora_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
    await database.exec(`PREPARE ${name} AS SELECT 1`);
    await expect(database.rows(text)).rejects.toMatchObject({
      code: "STORE",
      hint: expect.stringContaining("PgBouncer 1.21 or later"),
    });
  });

  it("lets nobody wait for a holder that was killed before the server's clock was set back by hours", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const hold = (holder: string): Promise<boolean> => record.holdLease("drift", { holder, forMs: 60_000 });
    expect(await hold("killed")).toBe(true);
    expect(await hold("other")).toBe(false);
    // As the same lease looks by the clock that was set back.
    await query(url, "UPDATE lease SET until = until + interval '5 hours'");
    expect(await hold("other")).toBe(true);
    expect(await hold("killed")).toBe(false);
  });
});
