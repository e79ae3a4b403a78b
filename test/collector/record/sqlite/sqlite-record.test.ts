import { existsSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { CheckedEnvelope, FleetRecord } from "../../../../src/collector/record/fleet-record.ts";
import {
  createSqliteRecord,
  openSqliteRecord,
} from "../../../../src/collector/record/sqlite/sqlite-record.ts";
import { migrateDatabase } from "../../../../src/collector/record/sqlite/sqlite-schema.ts";
import { ok } from "../../../../src/core/contract/result.ts";
import { outcomeEventName } from "../../../../src/core/drift/outcome-event.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../../src/core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../../../src/core/platform/sqlite/sqlite-database.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { envelopeOf } from "../../envelope-of.ts";
import { alertEvent, driftReport } from "../../fleet-records.ts";
import { describeFleetRecord, type RecordStorage } from "../fleet-record-suite.ts";

const t = 1_700_000_000_000;

function createSqliteStorage(path = join(createTemporaryFolder(), "collector.sqlite")): RecordStorage {
  return {
    open: () => openSqliteRecord({ path, clock: { nowMs: () => t }, logger: silentLogger, thinningRows: 13 }),
    damage: () => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0xa5, 100, bytes.length / 2));
    },
  };
}

describeFleetRecord("sqlite", createSqliteStorage);

function eventsOf(names: readonly string[]): CheckedEnvelope {
  return envelopeOf(
    names.map((name) => ({ kind: "event", timeMs: t, name, subject: "s", detail: "d".repeat(4_000) })),
  );
}

const store = (record: FleetRecord, ...envelopes: CheckedEnvelope[]) =>
  record.storeEnvelopes({ nowMs: t, envelopes, setAside: [] });

it("says of nothing that it is stored once its file was removed or replaced, until it is in its place again", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  await store(record, eventsOf(["a"]));
  renameSync(path, `${path}.away`);
  await expect(store(record, eventsOf(["a", "b"]))).rejects.toMatchObject({ code: "STORE", subject: path });
  writeFileSync(path, "another");
  await expect(store(record, eventsOf(["a", "b"]))).rejects.toThrow(/removed or replaced while it is in use/);
  renameSync(`${path}.away`, path);
  expect(await store(record, eventsOf(["a", "b"]))).toMatchObject([{ outcome: "stored", watermark: 2 }]);
});

it("stores nothing of a batch that the disk has no room for, and goes on when there is room", async () => {
  const record = createSqliteRecord(openSqlite(":memory:", { maxBytes: 256 * 1024 }));
  onTestFinished(() => record.close());
  await store(record, eventsOf(["a"]));
  const many = eventsOf(Array.from({ length: 200 }, (_, index) => `e${index}`));
  await expect(store(record, eventsOf(["a", "b"]), many)).rejects.toMatchObject({ code: "STORE" });
  expect(await record.events({ limit: 9, offset: 0 })).toMatchObject({ total: 1 });
  expect((await record.quarantine(0)).total).toBe(0);
  expect(await store(record, eventsOf(["a", "b"]))).toMatchObject([{ outcome: "stored", watermark: 2 }]);
});

it("does not call stored what cannot be brought to the disk, and takes it again when it can", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const record = await openSqliteRecord({ path, clock: { nowMs: () => t }, logger: silentLogger });
  onTestFinished(() => record.close());
  const log = `${path}-wal`;
  renameSync(log, `${log}-kept`);
  symlinkSync(log, log);
  await expect(store(record, eventsOf(["a"]))).rejects.toMatchObject({ code: "STORE", subject: path });
  renameSync(`${log}-kept`, log);
  expect(await store(record, eventsOf(["a"]))).toMatchObject([{ outcome: "duplicate", watermark: 1 }]);
});

it("sets a record aside that the tables stumble over, alone", async () => {
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const [stored] = await store(record, eventsOf(["a", "b\u0000c", "d"]));
  expect(stored).toMatchObject({
    watermark: 3,
    records: [ok("event"), { ok: false, error: { reason: "not-storable" } }, ok("event")],
  });
  expect((await record.events({ limit: 9, offset: 0 })).total).toBe(2);
});

/** Opens a file as an older collector left it, after so many steps of its schema: of 2, drift had no periods yet. */
function openOlder(path: string, steps = 2): SqliteDatabase {
  const database = openSqlite(path);
  migrateDatabase(database, steps);
  database.exec("INSERT INTO point (id, site, turbine, component) VALUES (7, 's', 't', 'gearbox')");
  return database;
}

it("says how many rows it has removed", async () => {
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  await store(record, eventsOf(["a", "b", outcomeEventName]));
  const never = { predictions: 0, drift: 0, verdicts: 0, events: 0, updates: 0 };
  expect(await record.prune({ ...never, events: t + 1 })).toBe(2);
  expect(await record.prune({ ...never, verdicts: t + 1 })).toBe(1);
});

it("gives others their turn while it removes what a shorter retention leaves behind", async () => {
  const database = openSqlite(":memory:");
  const record = createSqliteRecord(database);
  onTestFinished(() => record.close());
  const many = "WITH RECURSIVE row (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM row WHERE i < 9001)";
  database.exec(`
    INSERT INTO drift_period (id, point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
      last_ms, reports, late_reports, assessed, sketches)
      ${many} SELECT i, i, 'm', ${t}, 1, 'm', '1', 'gw', 0, 0, 1, 0, 0, '' FROM row;
    INSERT INTO drift_cell ${many} SELECT i, 0, 'all', '' FROM row;
    INSERT INTO drift_verdict ${many} SELECT i, 'm', ${t - 1}, ${t}, 'stable', '{}' FROM row;
    INSERT INTO model_update (gateway, time_ms, received_ms, model_name, from_version, to_version, step, detail)
      ${many} SELECT 'gw', ${t}, ${t}, 'm', '1', '2', 's', '' FROM row;
    INSERT INTO event (gateway, time_ms, received_ms, name, subject, detail)
      ${many} SELECT 'gw', ${t}, ${t}, '${outcomeEventName}', 's', '' FROM row`);
  const tables = ["drift_period", "drift_cell", "drift_verdict", "model_update", "event"];
  const counts = tables.map((table) => database.prepare(`SELECT COUNT(*) AS left FROM ${table}`));
  const countAll = (): number => counts.reduce((sum, count) => sum + Number(count.get()?.left), 0);
  const before = t + 2 * 86_400_000;
  let isDone = false;
  const pruning = record
    .prune({ predictions: 0, drift: before, verdicts: before, events: 0, updates: before })
    .finally(() => {
      isDone = true;
    });
  let left = 5 * 9_001;
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = countAll();
    // A part of periods goes with its cells.
    expect(left - now).toBeLessThanOrEqual(2 * 2_000);
    left = now;
  }
  expect([await pruning, countAll()]).toEqual([4 * 9_001, 0]);
});

it("reads what an older collector has kept: of its predictions no risk is known", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const database = openOlder(path, 1);
  database.exec(`INSERT INTO prediction VALUES (7, 'wear', ${t}, 60, 0.78, 0.9, 1800, '1.0.0')`);
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const [series] = await record.predictions({ site: "s", turbine: "t", fromMs: 0, toMs: t, bucketMs: 1 });
  expect(series).toMatchObject({ mean: [[0.78]], meanRisk: [[null]], maxRisk: [[null]], isLearning: [null] });
});

it("reads the alarms that an older collector has kept, step by step, and takes no event of theirs again", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const database = openOlder(path, 5);
  const alert = alertEvent("wt-1", "raised", t, { risk: 0.4 });
  const values = `'north-sea', 'wt-1', 'gearbox-hss-bearing', 'inner-race', 1, ${t}, ${t}, '${alert.id}'`;
  database.exec(
    `INSERT INTO alarm (site, turbine, component, failure_mode, active, first_ms, last_ms, last_event) VALUES (${values})`,
  );
  database
    .prepare("INSERT INTO alert_event VALUES (?, 1, 'raised', ?, ?, ?)")
    .run(alert.id, t, t, JSON.stringify(alert));
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const envelope = envelopeOf([{ kind: "alert", event: alert }]);
  expect(await store(record, envelope)).toMatchObject([{ outcome: "stored" }]);
  const step = {
    eventId: alert.id,
    transition: "raised",
    state: null,
    timeMs: t,
    probability: 0.972,
    risk: 0.4,
  };
  expect(await record.alarms({ limit: 9, offset: 0 })).toMatchObject({
    total: 1,
    items: [{ event: alert, steps: [step] }],
  });
});

it("goes by the repairs that an older collector was told of", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const database = openOlder(path, 20);
  database.exec(`INSERT INTO turbine (site, turbine, gateway, last_seen_ms) VALUES ('s', 't', 'gw-1', ${t});
    INSERT INTO drift_renewal VALUES (7, ${t - 1_000})`);
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const report = driftReport("t", t, "d", { windows: 5, shift: 0 });
  await store(record, envelopeOf([{ ...report, site: "s", component: "gearbox" }], { lane: "drift" }));
  const due = await record.duePeriods({ nowMs: t * 2, graceMs: 0, limit: 10 });
  expect(due.map(({ renewedMs }) => renewedMs)).toEqual([t - 1_000]);
});

it("takes no clock for far behind by what an older collector noted of it", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const database = openOlder(path, 20);
  database.exec("INSERT INTO gateway (gateway, last_seen_ms, behind) VALUES ('gw-1', 1, 1)");
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const timeMs = t - 60 * 86_400_000;
  await store(record, envelopeOf([{ kind: "event", timeMs, name: "n", subject: "s", detail: "d" }]));
  expect((await record.events({ limit: 9, offset: 0 })).items).toMatchObject([{ believedMs: timeMs }]);
});

it("finds the renewals of a period, and those of a gateway that make room, by their order", async () => {
  const database = openSqlite(":memory:");
  const prepare = vi.spyOn(database, "prepare");
  const record = createSqliteRecord(database);
  onTestFinished(() => record.close());
  const asked = prepare.mock.calls.flatMap(([sql]) => (/baseline_renewal.*LIMIT/s.test(sql) ? [sql] : []));
  expect(asked).toHaveLength(2);
  for (const sql of asked) {
    const values = Array.from({ length: sql.split("?").length - 1 }, () => 1);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    const steps = plan.map(({ detail }) => String(detail));
    expect(steps.filter((step) => /^SCAN (?!drift_period USING INDEX)|TEMP B-TREE/.test(step))).toEqual([]);
    expect(steps.filter((step) => /renewal|before/.test(step)).join()).not.toContain("SCAN");
  }
});

it("reads no more of an alarm than its first step and the newest", async () => {
  const database = openSqlite(":memory:");
  const prepare = vi.spyOn(database, "prepare");
  const record = createSqliteRecord(database);
  onTestFinished(() => record.close());
  const event = alertEvent("wt-1", "raised", t);
  await store(record, envelopeOf([{ kind: "alert", event }]));
  database.exec(
    `WITH RECURSIVE row (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM row WHERE i < 1000)
     INSERT INTO alert_event (site, turbine, id, alarm, transition, time_ms, received_ms, probability, json)
       SELECT site, turbine, id || '/' || i, alarm, 'updated', time_ms + i, received_ms, probability, '' FROM alert_event, row`,
  );
  const { steps } = (await record.alarms({ limit: 1, offset: 0 })).items[0]!;
  expect(steps.map(({ timeMs }) => timeMs - t)).toEqual([
    0,
    ...Array.from({ length: 99 }, (_, index) => 902 + index),
  ]);
  // Both ends are found by an index in its order: nothing is sorted before it is cut.
  const ends = prepare.mock.calls.flatMap(([sql]) => sql.match(/SELECT id, transition.*?LIMIT \d+/s) ?? []);
  for (const [index, end] of ends.entries()) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${end}`).all(...[1, 0].slice(0, index + 1));
    expect(plan).toMatchObject([{ detail: expect.stringMatching(/^SEARCH alert_event USING INDEX/) }]);
  }
  // The first is read once, with its JSON.
  expect(ends.map((end) => end.includes("json"))).toEqual([true, false]);
});

it("reads the drift that an older collector has kept, adds to it, and assesses none of it", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const database = openOlder(path);
  const sketch = { counts: [3, 1], invalid: 1, mean: 0.1, sumSquares: 2.5, min: -1, max: 2 };
  const insert = database.prepare("INSERT INTO drift VALUES (7, ?, 'd', 'bearing', '1.0.0', ?, ?, 2, ?, ?)");
  for (const day of ["2023-11-13", "2023-11-14"]) {
    const endMs = Date.parse(day) + 80_000_000;
    for (const feature of [0, 1])
      insert.run(day, feature, JSON.stringify({ feature, ...sketch }), endMs - 9, endMs);
  }
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const [day] = await record.driftOfDay({ day: "2023-11-13" });
  const endMs = Date.parse("2023-11-13") + 80_000_000;
  expect(day).toEqual({
    site: "s",
    turbine: "t",
    component: "gearbox",
    day: "2023-11-13",
    modelName: "bearing",
    modelVersion: "1.0.0",
    modelDigest: "d",
    fromMs: endMs - 9,
    toMs: endMs,
    reports: 2,
    sketches: [
      { feature: 0, ...sketch },
      { feature: 1, ...sketch },
    ],
  });
  const report = {
    kind: "drift-report" as const,
    site: "s",
    turbine: "t",
    component: "gearbox",
    modelName: "bearing",
    modelVersion: "1.0.0",
    modelDigest: "d",
    fromMs: t - 600_000,
    toMs: t,
    sketches: [{ feature: 0, ...sketch }],
  };
  const envelope = envelopeOf([report], { lane: "drift" });
  expect(await store(record, envelope)).toMatchObject([{ records: [ok("drift-report")] }]);
  const [today] = await record.driftOfDay({ day: "2023-11-14" });
  expect(today).toMatchObject({ reports: 3, sketches: [{ counts: [6, 2] }, { counts: [3, 1] }] });
  expect(await record.duePeriods({ nowMs: t * 2, graceMs: 0, limit: 10 })).toEqual([]);
  expect(await record.driftBacklog()).toEqual({ openPeriods: 0, lateReports: 1 });
});

it("keeps the damaged file and refuses one that a newer collector has written", async () => {
  const folder = createTemporaryFolder();
  const path = join(folder, "collector.sqlite");
  writeFileSync(path, "this is not a database, but long enough".repeat(100));
  const record = await createSqliteStorage(path).open();
  await record.close();
  expect(readdirSync(folder).some((name) => name.startsWith("collector.sqlite.corrupt-"))).toBe(true);
  const database = openSqlite(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  await expect(createSqliteStorage(path).open()).rejects.toMatchObject({ code: "STORE" });
  expect(existsSync(path)).toBe(true);
});

it("says of a list that it does not count to its end", async () => {
  const path = join(createTemporaryFolder(), "collector.sqlite");
  await (await createSqliteStorage(path).open()).close();
  const database = openSqlite(path);
  database.exec(
    `INSERT INTO model_update (gateway, time_ms, received_ms, believed_ms, model_name, from_version, to_version, step, detail)
     SELECT 'gw', value, value, value, 'm', '1', '2', 's', '' FROM
       (WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 100001) SELECT * FROM number)`,
  );
  database.close();
  const record = await createSqliteStorage(path).open();
  onTestFinished(() => record.close());
  const listed = await record.updates({ limit: 1, offset: 100_000 });
  expect(listed).toMatchObject({ total: 100_000, totalIsAtLeast: true, items: [{ timeMs: 1 }] });
});
