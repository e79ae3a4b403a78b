import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type {
  CheckedEnvelope,
  FleetRecord,
  StorableRecord,
} from "../../../../src/collector/record/fleet-record.ts";
import { ok } from "../../../../src/core/contract/result.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { envelopeOf } from "../../envelope-of.ts";
import { alertEvent, predictionBatch } from "../../fleet-records.ts";
import { openAt, query, slowNextStep } from "../postgres-place.ts";

const t = 1_700_000_000_000;
const dayMs = 86_400_000;
const all = { limit: 500, offset: 0 };
const day = Math.floor(t / dayMs);

const event = (name: string) =>
  ({ kind: "event", timeMs: t, name, subject: "s", detail: "d" }) as const satisfies StorableRecord;

const versioned = (turbine: string, modelVersion: string) => ({
  ...predictionBatch(turbine, t, { rows: 2, stepMs: 1_000 }),
  modelVersion,
});

const store = (record: FleetRecord, of: Partial<CheckedEnvelope>, records: readonly StorableRecord[]) =>
  record.storeEnvelopes({ nowMs: t, envelopes: [envelopeOf(records, of)], setAside: [] });

const versionsOf = async (record: FleetRecord, turbine: string): Promise<readonly unknown[]> => {
  const range = { site: "north-sea", turbine, fromMs: 0, toMs: t, bucketMs: 1 };
  return (await record.predictions(range)).map(({ modelVersion }) => modelVersion);
};

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  /** What `change` makes of the database while a worker remembers it: another worker gives numbers that are forgotten there anew. */
  const expectOwnRows = async (url: string, change: (record: FleetRecord) => Promise<void>) => {
    const record = await openAt(url);
    await store(record, { gateway: "gw-a", bootId: "b" }, [versioned("wt-1", "1")]);
    await change(record);
    const other = await openAt(url);
    await store(other, { gateway: "gw-c", bootId: "b" }, [versioned("wt-3", "3")]);
    const [stored] = await store(record, { gateway: "gw-b", bootId: "c" }, [
      versioned("wt-2", "2"),
      event("e"),
    ]);
    expect(stored!.records).toEqual([ok("prediction-batch"), ok("event")]);
    const turbines = ["wt-1", "wt-2", "wt-3"];
    expect(await Promise.all(turbines.map((turbine) => versionsOf(other, turbine)))).toEqual([
      ["1"],
      ["2"],
      ["3"],
    ]);
    expect((await other.gateways()).map(({ gateway }) => gateway)).toEqual(["gw-a", "gw-b", "gw-c"]);
    expect((await other.turbines()).map(({ turbine }) => turbine)).toEqual(turbines);
    const modes = await query(
      url,
      "SELECT DISTINCT point FROM point_mode WHERE point NOT IN (SELECT id FROM point)",
    );
    expect(modes).toEqual([]);
  };
  const learn = (record: FleetRecord) =>
    store(record, { gateway: "gw-b", bootId: "b" }, [versioned("wt-2", "2"), event("e")]);

  it("stores a machine's predictions as its own after a server that was behind took over", async () => {
    const own = await startScratchPostgres(["fsync=off"]);
    onTestFinished(() => own.close());
    await expectOwnRows(await own.createDatabase(), async (record) => {
      await own.keepCopy();
      await record.check().catch(() => {});
      await learn(record);
      await own.becomeCopy();
      await record.check().catch(() => {});
    });
  });

  it("stores a machine's predictions as its own after a copy took the database's name", async () => {
    const url = await server.createDatabase();
    const name = url.split("/").at(-1)!;
    const admin = url.replace(name, "postgres");
    const end = () =>
      query(admin, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`);
    await expectOwnRows(url, async (record) => {
      await end();
      await query(admin, `CREATE DATABASE ${name}_copy TEMPLATE ${name}`);
      await learn(record);
      await end();
      await query(admin, `ALTER DATABASE ${name} RENAME TO ${name}_gone`);
      await query(admin, `ALTER DATABASE ${name}_copy RENAME TO ${name}`);
    });
  });

  it("stores a machine's predictions as its own after a copy was restored under its connections", async () => {
    const url = await server.createDatabase();
    const tables = ["gateway", "turbine", "point", "prediction_label", "point_mode", "prediction"];
    await expectOwnRows(url, async (record) => {
      for (const table of tables) await query(url, `CREATE TABLE copy_${table} AS SELECT * FROM ${table}`);
      await learn(record);
      const restored = tables.map(
        (table) => `TRUNCATE ${table} RESTART IDENTITY;
          INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM copy_${table}`,
      );
      const numbered = ["point", "prediction_label"].map((table) => `SELECT setval('${table}_id_seq', 1)`);
      await query(url, [...restored, ...numbered].join(";"));
    });
  });

  it("stores on a day whose partitions somebody took away", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await store(record, { gateway: "gw-a", bootId: "b" }, [event("a"), versioned("wt-1", "1")]);
    await query(url, `DROP TABLE event_${day}, prediction_${day}`);
    const [stored] = await store(record, { gateway: "gw-a", bootId: "c" }, [
      event("b"),
      versioned("wt-1", "1"),
    ]);
    expect(stored!.records).toEqual([ok("event"), ok("prediction-batch")]);
    await query(url, `DROP TABLE event_${day}, prediction_${day}`);
    await record.storeOwnEvent(event("c"), t);
    expect((await record.events(all)).items.map(({ name }) => name)).toEqual(["c"]);
    expect((await record.quarantine(9)).total).toBe(0);
  });

  it("acknowledges nothing of a day that cannot have its partition", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await store(record, { gateway: "gw-a", bootId: "b" }, [event("a")]);
    // Its name is taken.
    await query(url, `ALTER TABLE event DETACH PARTITION event_${day}`);
    await expect(store(record, { gateway: "gw-a", bootId: "c" }, [event("b")])).rejects.toMatchObject({
      code: "STORE",
    });
    expect((await record.quarantine(9)).total).toBe(0);
    await query(
      url,
      `ALTER TABLE event ATTACH PARTITION event_${day} FOR VALUES FROM (${day}) TO (${day + 1})`,
    );
    await store(record, { gateway: "gw-a", bootId: "c" }, [event("b")]);
    expect((await record.events(all)).items.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("sets no alert aside where a restored copy gives numbers that are there already", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const raise = (turbine: string) =>
      store(record, { gateway: "gw-a", bootId: turbine }, [
        { kind: "alert", event: alertEvent(turbine, "raised", t) },
      ]);
    for (const turbine of ["wt-1", "wt-2", "wt-3"]) await raise(turbine);
    await query(url, "ALTER SEQUENCE alarm_id_seq RESTART WITH 1");
    await expect(raise("wt-4")).rejects.toMatchObject({ code: "STORE" });
    await raise("wt-4");
    expect((await record.alarms(all)).total).toBe(4);
    expect((await record.quarantine(9)).total).toBe(0);
  });

  it("changes the tables of an older collector for longer than a statement may take otherwise, and says so", async () => {
    const url = await server.createDatabase();
    await (await openAt(url)).check();
    await slowNextStep(url, 6);
    const lines: string[] = [];
    // Beyond the server's limit, and the five seconds more for which its answer is awaited.
    const record = await openAt(url, {
      statementTimeoutMs: 300,
      logger: createLogger({ level: "info", write: (line) => lines.push(line) }),
    });
    expect(await record.gateways()).toEqual([]);
    expect(lines.join()).toContain("tables of an older collector are changed");
  }, 60_000);
});
