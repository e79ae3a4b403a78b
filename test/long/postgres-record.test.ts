import { chownSync, statSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type {
  CheckedEnvelope,
  FleetRecord,
  StorableRecord,
} from "../../src/collector/record/fleet-record.ts";
import { openPostgres } from "../../src/collector/record/postgres/postgres-database.ts";
import { openPostgresRecord } from "../../src/collector/record/postgres/postgres-record.ts";
import { recordBounds } from "../../src/collector/record/record-bounds.ts";
import { hasErrorCode } from "../../src/core/contract/aurora-error.ts";
import { ok } from "../../src/core/contract/result.ts";
import { envelopeOf } from "../collector/envelope-of.ts";
import { alertEvent, driftReport, predictionBatch, turbineState } from "../collector/fleet-records.ts";
import { describeFleetRecord, type RecordStorage } from "../collector/record/fleet-record-suite.ts";
import { limits, openAt, query, undoNewestStep } from "../collector/record/postgres-place.ts";
import { namedAlarm } from "../collector/record/said-alarm-suite.ts";
import { countWindows, storeRows, thinAll } from "../collector/record/thinning-suite.ts";
import { hasPostgres, type ScratchPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

const t = 1_700_000_000_000;
const dayMs = 86_400_000;
const all = { limit: 500, offset: 0 };

const event = (name: string) =>
  ({ kind: "event", timeMs: t, name, subject: "s", detail: "d" }) as const satisfies StorableRecord;

const countReads = `SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_user_tables WHERE relname = 'alert_event'`;

const store = (record: FleetRecord, envelopes: readonly CheckedEnvelope[], nowMs = t) =>
  record.storeEnvelopes({ nowMs, envelopes, setAside: [] });

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off", "shared_preload_libraries=pg_stat_statements"]);
  });
  afterAll(() => server?.close());

  describeFleetRecord("postgres", (): RecordStorage => {
    let url: string | null = null;
    return {
      open: async () => {
        url ??= await server.createDatabase();
        return openPostgresRecord({ ...limits, url, thinningRows: 13 });
      },
      damage: null,
    };
  });

  it("makes its tables once, however many collectors begin together", async () => {
    const url = await server.createDatabase();
    const records = await Promise.all([1, 2, 3, 4].map(() => openAt(url)));
    await Promise.all(records.map((record) => record.check()));
    const steps = await query(url, "SELECT version FROM schema_step ORDER BY version");
    expect(steps.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    await query(url, "INSERT INTO schema_step VALUES (99)");
    await expect(openAt(url)).rejects.toMatchObject({
      code: "STORE",
      message: expect.stringContaining("99"),
    });
  });

  it("stores what several workers take of the same lanes once, in whatever order they come", async () => {
    const url = await server.createDatabase();
    const workers = await Promise.all([openAt(url), openAt(url), openAt(url)]);
    const gateways = Array.from({ length: 12 }, (_, index) => `gw-${index}`);
    const report = (sequence: number) => driftReport(`wt-${sequence % 3}`, t, "d", { windows: 5, shift: 0 });
    // Every worker is given everything, each in another order of gateways.
    await Promise.all(
      workers.map(async (worker, shift) => {
        for (let sequence = 1; sequence <= 10; sequence++) {
          const turned = gateways.map(
            (_, index) => gateways[(index * (shift + 1) * 5 + shift) % gateways.length]!,
          );
          await store(
            worker,
            [...new Set(turned)].map((gateway) =>
              envelopeOf(
                [
                  event(`${gateway}/${sequence}`),
                  predictionBatch("wt-1", t, { rows: 2, stepMs: 1 }),
                  report(sequence),
                ],
                {
                  gateway,
                  firstSequence: 3 * sequence - 2,
                },
              ),
            ),
          );
        }
      }),
    );
    const { items, total } = await workers[0]!.events(all);
    expect(total).toBe(gateways.length * 10);
    expect(new Set(items.map(({ name }) => name)).size).toBe(total);
    const days = await workers[1]!.driftOfDay({ day: "2023-11-14" });
    expect(days.reduce((sum, { reports }) => sum + reports, 0)).toBe(gateways.length * 10);
    expect((await workers[2]!.quarantine(9)).total).toBe(0);
  });

  it("gives lists to the server as they are, whatever stands in them", async () => {
    const database = openPostgres({ ...limits, url: await server.createDatabase() });
    onTestFinished(() => database.close());
    const rows = await database.rows(
      `SELECT * FROM unnest($1::text[], $2::float8[], $3::boolean[], $4::bytea[]) AS row (text, number, flag, bytes)`,
      [
        ['a "b" \\ c', "", "NULL", null, "{x, y}", " ä\n\t"],
        [1.5, -1e-300, 9e15, null, 0, 2],
        [true, false, null, true, true, false],
        [null, Uint8Array.of(0, 34, 92), Uint8Array.of(), null, null, null],
      ],
    );
    expect(rows.map(({ text }) => text)).toEqual(['a "b" \\ c', "", "NULL", null, "{x, y}", " ä\n\t"]);
    expect(rows.map(({ number }) => number)).toEqual([1.5, -1e-300, 9e15, null, 0, 2]);
    expect(rows.map(({ flag }) => flag)).toEqual([true, false, null, true, true, false]);
    expect(rows.slice(0, 3).map(({ bytes }) => bytes)).toEqual([
      null,
      Uint8Array.of(0, 34, 92),
      Uint8Array.of(),
    ]);
    expect(await database.rows("SELECT cardinality($1::int[]) AS size", [[]])).toEqual([{ size: 0 }]);
  });

  it("sets a record aside that the server refuses, alone, and stores its neighbours", async () => {
    const record = await openAt(await server.createDatabase());
    const batch = predictionBatch("wt-1", t, { rows: 1, stepMs: 1 });
    // Nothing that a gateway can send is refused by the server alone.
    const strange = { ...batch, turbine: "wt-2", isLearning: ["perhaps" as unknown as boolean] };
    const stored = await store(record, [
      envelopeOf([event("a"), strange, event("b")]),
      envelopeOf([batch, event("c")], { gateway: "gw-2" }),
    ]);
    expect(stored).toMatchObject([
      { watermark: 3, records: [ok("event"), { ok: false, error: { reason: "not-storable" } }, ok("event")] },
      { watermark: 2, records: [ok("prediction-batch"), ok("event")] },
    ]);
    expect((await record.events(all)).items.map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
    expect((await record.quarantine(9)).items).toMatchObject([{ reason: "not-storable", messages: 1 }]);
  });

  it("keeps so many versions that one gateway is the first to name in a day, and takes what others have named", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const bound = recordBounds.labelsPerDay;
    const versions = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        ...predictionBatch("wt-1", t + first + index, { rows: 1, stepMs: 1 }),
        modelVersion: `${first + index}.0.0`,
      }));
    const [flooded] = await store(record, [envelopeOf([...versions(0, bound + 30), event("after")])]);
    const refused = flooded!.records.filter((each) => !each.ok);
    expect(refused).toHaveLength(30);
    expect(refused[0]).toMatchObject({
      error: { reason: "gateway-bounds", detail: expect.stringContaining("gw-1") },
    });
    const labels = await query(url, "SELECT COUNT(*)::int AS labels FROM prediction_label");
    expect(labels).toEqual([{ labels: bound }]);
    const countFaults = async (
      records: readonly StorableRecord[],
      { nowMs = t, ...changes }: Partial<CheckedEnvelope> & { readonly nowMs?: number },
    ): Promise<number> => {
      const [stored] = await store(record, [envelopeOf(records, changes)], nowMs);
      return stored!.records.filter((each) => !each.ok).length;
    };
    // Also by a worker that has just begun, and remembers nothing.
    const another = await openAt(url);
    expect((await store(another, [envelopeOf(versions(0, bound), { bootId: "again" })]))[0]!.records).toEqual(
      versions(0, bound).map(() => ok("prediction-batch")),
    );
    expect(await countFaults(versions(bound, 9), { gateway: "gw-2" })).toBe(0);
    expect(await countFaults(versions(bound, 9), { bootId: "c" })).toBe(0);
    expect(await countFaults(versions(bound + 9, 1), { bootId: "d" })).toBe(1);
    expect(await countFaults(versions(bound + 9, 1), { bootId: "e", nowMs: t + dayMs })).toBe(0);
  });

  it("writes a turbine down again when it was not heard of for a while, by another gateway at once, and after a batch that failed", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const send = (timeMs: number, changes: Partial<CheckedEnvelope> = {}) =>
      store(
        record,
        [
          envelopeOf([predictionBatch("wt-1", timeMs, { rows: 1, stepMs: 1 })], {
            bootId: `${changes.gateway}-${timeMs}`,
            ...changes,
          }),
        ],
        timeMs,
      );
    const heard = async () =>
      (await record.turbines()).map(({ gateway, lastSeenMs }) => [gateway, lastSeenMs - t]);
    await query(url, "ALTER TABLE uplink_progress RENAME COLUMN received_ms TO elsewhere");
    await expect(send(t)).rejects.toMatchObject({ code: "STORE" });
    await query(url, "ALTER TABLE uplink_progress RENAME COLUMN elsewhere TO received_ms");
    await send(t + 1);
    expect(await heard()).toEqual([["gw-1", 1]]);
    await send(t + 500);
    expect(await heard()).toEqual([["gw-1", 1]]);
    await send(t + 600, { gateway: "gw-2" });
    expect(await heard()).toEqual([["gw-2", 600]]);
    await send(t + 5_000, { gateway: "gw-2" });
    expect(await heard()).toEqual([["gw-2", 5_000]]);
  });

  it("drops whole days of what came in masses, and shows a row that came again on another day once", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const batch = predictionBatch("wt-1", t, { rows: 3, stepMs: 1_000 });
    await store(record, [envelopeOf([batch, event("old")])], t);
    await store(record, [envelopeOf([batch, event("new")], { bootId: "later" })], t + 3 * dayMs);
    const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t, bucketMs: 10 * t };
    const [series] = await record.predictions(range);
    expect(series).toMatchObject({ windows: [60] });
    const partitions = async (): Promise<number> =>
      (await query(url, "SELECT 1 FROM pg_inherits WHERE inhparent = 'prediction'::regclass")).length;
    expect(await partitions()).toBe(4);
    const before = t + 2 * dayMs;
    const never = { predictions: 0, drift: 0, verdicts: 0, events: 0, updates: 0 };
    await record.prune({ ...never, predictions: before, events: before });
    expect(await partitions()).toBe(2);
    expect((await record.events(all)).items.map(({ name }) => name)).toEqual(["new"]);
    expect((await record.predictions(range))[0]).toMatchObject({ windows: [60] });
  });

  /** Somebody reads all tables, as a dump does, until told to end. */
  const readForLong = async (url: string): Promise<() => Promise<void>> => {
    const reader = new pg.Client(url);
    reader.on("error", () => {});
    await reader.connect();
    await reader.query("BEGIN");
    for (const table of ["prediction", "prediction_summary", "event", "alarm"])
      await reader.query(`SELECT COUNT(*) FROM ${table}`);
    return () => reader.end();
  };

  it("stores on a new day while somebody reads for long", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url, { statementTimeoutMs: 5_000 });
    await store(record, [envelopeOf([event("today")])]);
    const end = await readForLong(url);
    onTestFinished(end);
    // One that waited for the reader would fail after its five seconds.
    for (const days of [1, 2]) {
      const batch = predictionBatch("wt-1", t, { rows: 3, stepMs: 1_000 });
      const envelope = envelopeOf([event(`day ${days}`), batch], {
        firstSequence: 1 + days,
        bootId: `b${days}`,
      });
      await store(record, [{ ...envelope, firstSequence: 1 }], t + days * dayMs);
    }
    expect((await record.events(all)).total).toBe(3);
  });

  it("leaves a day that is over to another time while somebody reads for long, and holds nobody up", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const update = {
      kind: "update",
      timeMs: t,
      modelName: "m",
      fromVersion: "1",
      toVersion: "2",
      step: "fetched",
      detail: "",
    } as const;
    await store(record, [envelopeOf([event("old"), update])]);
    await store(record, [envelopeOf([event("new")], { bootId: "later" })], t + 3 * dayMs);
    const end = await readForLong(url);
    onTestFinished(end);
    const before = t + 2 * dayMs;
    const times = { predictions: before, drift: 0, verdicts: 0, events: before, updates: before };
    let isPruning = true;
    const pruning = record.prune(times).finally(() => {
      isPruning = false;
    });
    let slowestMs = 0;
    for (let sequence = 2; isPruning; sequence++) {
      const startMs = performance.now();
      const envelope = envelopeOf([event(`${sequence}`)], { bootId: "later", firstSequence: sequence });
      await store(record, [envelope], t + 3 * dayMs);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
    await pruning;
    // One that waited for the reader would wait for the twenty seconds of the pruning.
    expect(slowestMs).toBeLessThan(10_000);
    // What waits for nobody was done.
    expect((await record.updates(all)).total).toBe(0);
    const olds = async (): Promise<number> =>
      (await query(url, "SELECT 1 FROM event WHERE name = 'old'")).length;
    expect(await olds()).toBe(1);
    await end();
    await record.prune(times);
    expect(await olds()).toBe(0);
  });

  it("removes what a shorter retention leaves behind in statements of few rows each", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const tables = {
      drift_period: `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway,
        first_ms, last_ms, reports, late_reports, assessed, received_ms, sketches)
        SELECT i, 'm', ${t}, 1, 'm', '1', 'gw', 0, 0, 1, 0, true, 0, '' FROM generate_series(1, 9001) AS i`,
      drift_reference: `INSERT INTO drift_reference SELECT i, 'm', 1, ${t}, NULL, '{}' FROM generate_series(1, 9001) AS i`,
      drift_verdict: `INSERT INTO drift_verdict SELECT i, 'm', ${t - 1}, ${t}, 'stable', '{}'
        FROM generate_series(1, 9001) AS i`,
      model_update: `INSERT INTO model_update (gateway, time_ms, received_ms, believed_ms, model_name, from_version,
        to_version, step, detail) SELECT 'gw', ${t}, ${t}, ${t}, 'm', '1', '2', 's', '' FROM generate_series(1, 9001) AS i`,
      outcome: `INSERT INTO outcome (gateway, time_ms, received_ms, believed_ms, name, subject, detail)
        SELECT 'gw', ${t}, ${t}, ${t}, 'outcome.confirmed', 's', '' FROM generate_series(1, 9001) AS i`,
      point_mode: `INSERT INTO point_mode SELECT i, 'inner-race', ${t} FROM generate_series(1, 9001) AS i`,
    };
    await query(
      url,
      `CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF (SELECT COUNT(*) FROM gone) > 4000 THEN RAISE 'too many rows of % in one statement', TG_TABLE_NAME; END IF;
         RETURN NULL;
       END $$`,
    );
    for (const [table, fill] of Object.entries(tables)) {
      await query(url, fill);
      await query(
        url,
        `CREATE TRIGGER few AFTER DELETE ON ${table} REFERENCING OLD TABLE AS gone
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()`,
      );
    }
    const before = t + 2 * dayMs;
    const old = { predictions: before, drift: before, verdicts: before, events: before, updates: before };
    expect(await record.prune(old)).toBe(5 * 9_001);
    for (const table of Object.keys(tables))
      expect(await query(url, `SELECT 1 FROM ${table} LIMIT 1`), table).toEqual([]);
  });

  it("counts a row that came again on another day once when the first of its days is thinned", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const batch = predictionBatch("wt-1", t, { rows: 3, stepMs: 1_000 });
    await store(record, [envelopeOf([batch])], t);
    await store(record, [envelopeOf([batch], { bootId: "later" })], t + 3 * dayMs);
    await thinAll(record, { receivedBeforeMs: t + 2 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(record)).toBe(60);
    await thinAll(record, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    expect(await countWindows(record)).toBe(60);
  });

  it("keeps every window while two collectors thin the same and the server ends their sessions", async () => {
    const url = await server.createDatabase();
    const writer = await openAt(url);
    const rows = Array.from({ length: 400 }, (_, index) => ({
      timeMs: t + index * 60_000 - (index % 5) * dayMs,
      windows: 1 + index,
      component: `point-${index % 3}`,
    }));
    await storeRows(writer, rows.slice(0, 200), t);
    await storeRows(writer, rows.slice(200), t + dayMs);
    const windows = rows.reduce((sum, row) => sum + row.windows, 0);
    const others = await Promise.all([1, 2].map(() => openAt(url, { thinningRows: 17 })));
    let cuts = 0;
    let areDone = false;
    const thinning = Promise.all(
      others.map(async (record) => {
        for (const rowMs of [600_000, 3_600_000]) {
          for (let isDone = false; !isDone; ) {
            await record.thinPredictions({ receivedBeforeMs: t + 9 * dayMs, rowMs }).then(
              (step) => {
                isDone = step.isDone;
              },
              (error: { readonly code: string }) => {
                expect(error.code).toBe("STORE");
                cuts += 1;
                if (cuts > 99) throw error;
              },
            );
          }
        }
      }),
    ).finally(() => {
      areDone = true;
    });
    thinning.catch(() => {});
    while (!areDone) {
      expect(await countWindows(writer)).toBe(windows);
      if (cuts > 8) continue;
      await query(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND query LIKE 'DELETE FROM prediction%' AND state <> 'idle'`,
      );
    }
    await thinning;
    expect(await countWindows(writer)).toBe(windows);
    const left = await query(
      url,
      "SELECT COALESCE(SUM(rows), 0) AS rows, MIN(row_ms) AS row_ms FROM prediction_summary",
    );
    expect(left).toEqual([{ rows: "400", row_ms: 3_600_000 }]);
    // Those of ten minutes are gone with their rows, now that nobody reads.
    await thinAll(writer, { receivedBeforeMs: t + 9 * dayMs, rowMs: 3_600_000 });
    const partitions = await query(
      url,
      "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'prediction_summary'::regclass",
    );
    expect(partitions.filter(({ relname }) => String(relname).includes("_600000_"))).toEqual([]);
  });

  it("rejects while the server is gone, and goes on when it is back, with what it had committed", async () => {
    const own = await startScratchPostgres();
    onTestFinished(() => own.close());
    const record = await openAt(await own.createDatabase());
    await store(record, [envelopeOf([event("a")])]);
    await own.kill();
    await expect(store(record, [envelopeOf([event("a"), event("b")])])).rejects.toMatchObject({
      code: "STORE",
    });
    await expect(record.check()).rejects.toMatchObject({ code: "STORE" });
    await own.start();
    const [stored] = await store(record, [envelopeOf([event("a"), event("b")])]);
    expect(stored).toMatchObject({ watermark: 2, records: [ok("event")] });
    expect((await record.events(all)).total).toBe(2);
  });

  it("waits for a server that does not answer, and for a lock, no longer than its limit", async () => {
    const own = await startScratchPostgres(["fsync=off", "shared_preload_libraries=pg_stat_statements"]);
    onTestFinished(() => own.close());
    const url = await own.createDatabase();
    const [patient, record] = [await openAt(url), await openAt(url, { statementTimeoutMs: 300 })];
    const other = new pg.Client(url);
    other.on("error", () => {});
    await other.connect();
    await store(patient, [envelopeOf([event("a")])]);
    await other.query("BEGIN; LOCK TABLE uplink_progress");
    const next = (by: FleetRecord) => store(by, [envelopeOf([event("a"), event("b")])]);
    await expect(next(record)).rejects.toMatchObject({ code: "STORE" });
    await other.query("ROLLBACK");
    expect(await next(patient)).toMatchObject([{ watermark: 2 }]);
    await other.end();
    own.freeze();
    const startMs = performance.now();
    await expect(record.check()).rejects.toMatchObject({ code: "STORE" });
    expect(performance.now() - startMs).toBeLessThan(8_000);
    own.goOn();
    const answers = (): Promise<boolean> =>
      record.check().then(
        () => true,
        () => false,
      );
    await until(answers, "it answers again");
  });

  it("has what it says is stored on the disk, also of a server that is set to answer before", async () => {
    // It writes down what it has answered every ten seconds.
    const own = await startScratchPostgres(["synchronous_commit=off", "wal_writer_delay=10s"]);
    onTestFinished(() => own.close());
    const url = await own.createDatabase();
    const record = await openAt(url);
    const events: StorableRecord[] = [];
    for (let index = 1; index <= 20; index++) {
      events.push(event(`event ${index}`));
      await store(record, [envelopeOf(events)]);
    }
    await own.kill();
    await record.close();
    await own.start();
    expect((await (await openAt(url)).events(all)).total).toBe(20);
  });

  it("stores what is not known as such where the database takes NULL in a list for a word", async () => {
    const url = await server.createDatabase();
    await query(url, `ALTER DATABASE ${url.split("/").at(-1)} SET array_nulls = off`);
    const record = await openAt(url);
    const batch = predictionBatch("WT01", t, { rows: 2, stepMs: 60_000 });
    const [stored] = await store(record, [envelopeOf([{ ...batch, shaftRpm: [1_800, Number.NaN] }])]);
    expect(stored?.records).toEqual([ok("prediction-batch")]);
    const range = { site: batch.site, turbine: "WT01", fromMs: t - dayMs, toMs: t, bucketMs: 1 };
    expect(await record.predictions(range)).toMatchObject([{ windows: [20, 20], shaftRpm: [1_800, null] }]);
  });

  it("goes on where a newer collector gives its tables new columns", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const readAll = () =>
      Promise.all([record.gateways(), record.quarantine(9), record.events(all), record.updates(all)]);
    await store(record, [envelopeOf([event("a")])]);
    // On all connections that there may be.
    for (let times = 0; times < 4; times++) await Promise.all([1, 2, 3].map(readAll));
    for (const table of ["gateway", "quarantine", "model_update", "uplink_progress", "turbine", "event"])
      await query(url, `ALTER TABLE ${table} ADD COLUMN further integer`);
    await store(record, [envelopeOf([event("b")], { firstSequence: 2 })]);
    const [gateways, , events] = await readAll();
    expect(gateways).toHaveLength(1);
    expect(events.total).toBe(2);
    await Promise.all([1, 2, 3].map(readAll));
  });

  it("says since when a gateway is gone where an older collector left the time at which it went before", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const leave = (seenMs: number) => {
      const status = { gateway: "gw-1", online: false, time: null, version: null, config: null };
      return record.storeStates({ nowMs: t, turbines: [], gateways: [{ status, seenMs }], setAside: [] });
    };
    await leave(t);
    await query(url, "UPDATE gateway SET online = true");
    await leave(t + 7);
    await leave(t + 9);
    expect((await record.gateways())[0]).toMatchObject({ online: false, offlineMs: t + 7 });
  });

  it("keeps the steps of an older collector's alarms as they were read, and puts what comes after them", async () => {
    const url = await server.createDatabase();
    const older = await openAt(url);
    let sequence = 0;
    const put = async (record: FleetRecord, seconds: readonly number[], nowMs: number): Promise<void> => {
      const alerts = seconds.map((second) => {
        const alert = alertEvent("wt-1", second === 0 ? "raised" : "updated", t + second * 1000);
        return { kind: "alert", event: { ...alert, id: `${alert.id}/${second}` } } as const;
      });
      await store(record, [envelopeOf(alerts, { lane: "alert", firstSequence: sequence + 1 })], nowMs);
      sequence += alerts.length;
    };
    await put(older, [0, 3, 2], t);
    await put(older, [1], t - 1);
    await query(
      url,
      "ALTER TABLE gateway DROP COLUMN offline_ms, DROP COLUMN behind; ALTER TABLE alert_event DROP COLUMN state; DROP TABLE baseline_renewal; DROP INDEX drift_period_of_point",
    );
    await query(url, "DROP INDEX alarm_standing; ALTER TABLE alarm DROP COLUMN said");
    await query(url, "ALTER TABLE turbine DROP COLUMN twinned_ms, DROP COLUMN twins_json");
    await query(url, "ALTER TABLE alert_event DROP COLUMN arrival; DROP SEQUENCE alert_arrival");
    await query(url, "CREATE INDEX alert_event_of_alarm ON alert_event (alarm, time_ms)");
    await query(url, `${undoNewestStep} DELETE FROM schema_step WHERE version > 6`);

    const record = await openAt(url);
    await put(record, [5, 4], t - 2);
    const [alarm] = (await record.alarms(all)).items;
    expect(alarm!.steps.map(({ timeMs }) => (timeMs - t) / 1000)).toEqual([1, 0, 3, 2, 5, 4]);
    expect(alarm!.steps.map(({ state }) => state === null)).toEqual([true, true, true, true, false, false]);
    expect(alarm!.steps.map(({ gateway }) => gateway)).toEqual([null, null, null, null, "gw-1", "gw-1"]);
  });

  it("reads no more of an alarm than its first step and the newest", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    await store(record, [
      envelopeOf([{ kind: "alert", event: alertEvent("wt-1", "raised", t) }], { lane: "alert" }),
    ]);
    await query(
      url,
      `INSERT INTO alert_event (site, turbine, id, alarm, transition, time_ms, received_ms, probability, json)
       SELECT site, turbine, id || '/' || i, alarm, 'updated', time_ms + i, received_ms, probability, json
       FROM alert_event, generate_series(1, 5000) AS i`,
    );
    await query(url, "ANALYZE");
    const [before] = await query(url, countReads);
    const [alarm] = (await record.alarms(all)).items;
    expect(alarm!.steps.map(({ timeMs }) => timeMs - t)).toEqual([
      0,
      ...Array.from({ length: 99 }, (_, index) => 4902 + index),
    ]);
    // The server counts them when a connection ends, at the latest.
    await record.close();
    await until(async () => (await query(url, countReads))[0]!.rows !== before!.rows, "reads are counted");
    const [after] = await query(url, countReads);
    expect(Number(after!.rows) - Number(before!.rows)).toBeLessThan(500);
  });

  it("reads of each alarm that a state names the newest of its kind, however many there were", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const raised = { kind: "alert", event: alertEvent("wt-1", "raised", t) } as const;
    await store(record, [envelopeOf([raised])]);
    await query(
      url,
      `WITH former AS (
         INSERT INTO alarm (site, turbine, component, failure_mode, active, first_ms, last_ms, last_event)
         SELECT site, turbine, component, failure_mode, false, first_ms, last_ms, 'former-' || i
         FROM alarm, generate_series(1, 1000) AS i RETURNING *)
       INSERT INTO alert_event (site, turbine, id, alarm, transition, time_ms, received_ms, probability, json)
       SELECT former.site, former.turbine, former.last_event, former.id, 'cleared', time_ms, received_ms, probability, json
       FROM former, alert_event`,
    );
    const newest = alertEvent("wt-1", "raised", t + 60_000);
    await store(record, [envelopeOf([{ kind: "alert", event: newest }], { firstSequence: 2 })]);
    await query(url, "ANALYZE");
    const [before] = await query(url, countReads);
    const nowMs = t + dayMs;
    const state = turbineState("wt-1", nowMs, "0".repeat(64), {
      alarms: [namedAlarm(t + 60_000, { state: "acknowledged" })],
    });
    const batch = { nowMs, turbines: [{ state, seenMs: nowMs }], gateways: [], setAside: [] };
    expect(await record.storeStates(batch)).toEqual([]);
    // The server counts them when a connection ends, at the latest.
    await record.close();
    await until(async () => (await query(url, countReads))[0]!.rows !== before!.rows, "reads are counted");
    const [after] = await query(url, countReads);
    expect(Number(after!.rows) - Number(before!.rows)).toBeLessThan(50);
    const told = await query(url, "SELECT last_event FROM alarm WHERE said IS NOT NULL");
    expect(told).toEqual([{ last_event: newest.id }]);
  });

  it("rejects what the server's disk has no room for, whole, and goes on when there is room", async (context) => {
    const disk = mountSmallDisk(40_960);
    if (disk === null) return context.skip("nobody may mount a small disk here");
    const url = await server.createDatabase();
    const [{ data_directory: data }] = (await query(url, "SHOW data_directory")) as [
      { readonly data_directory: string },
    ];
    const { uid, gid } = statSync(data);
    chownSync(disk, uid, gid);
    const name = url.split("/").at(-1);
    const admin = url.replace(/[^/]*$/, "postgres");
    await query(admin, `CREATE TABLESPACE small_disk LOCATION '${disk}'`);
    await query(admin, `ALTER DATABASE ${name} SET TABLESPACE small_disk`);
    const record = await openAt(url);
    await store(record, [envelopeOf([event("first")])]);
    const empty = fillDisk(disk, 64);
    let sequence = 2;
    const next = (): Promise<unknown> => {
      const large = Array.from({ length: 50 }, (_, index) => ({
        ...event(`e-${sequence + index}`),
        detail: "x".repeat(4_000 + index),
      }));
      return store(record, [envelopeOf(large, { firstSequence: sequence })]).then(() => {
        sequence += 50;
      });
    };
    let refusal: unknown = null;
    while (refusal === null)
      await next().catch((error: unknown) => {
        refusal = error;
      });
    expect(refusal).toMatchObject({ code: "STORE", hint: expect.stringContaining("Free some space") });
    await expect(next()).rejects.toMatchObject({ code: "STORE" });
    expect((await record.events(all)).total).toBe(sequence - 1);
    empty();
    await next();
    expect((await record.events(all)).total).toBe(sequence - 1);
    await record.close();
    await query(admin, `DROP DATABASE ${name}`);
    await query(admin, "DROP TABLESPACE small_disk");
  });

  it("has the server compile no reading of days, however expensive it takes them for", async () => {
    const url = await server.createDatabase();
    const database = new URL(url).pathname.slice(1);
    await query(url, "CREATE EXTENSION pg_stat_statements");
    await query(url, `ALTER DATABASE "${database}" SET jit_above_cost = 0`);
    const record = await openAt(url);
    const batch = predictionBatch("wt-1", t, { rows: 2, stepMs: 1000 });
    await store(record, [envelopeOf([event("n"), batch])]);
    const moment = { alertId: "a", gateway: "gw-1", name: "n", subject: "s", atMs: t };
    expect(await record.eventsAt([moment])).toHaveLength(1);
    await record.predictions({ site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t, bucketMs: 1 });
    await record.events(all);
    const compiled = (await query(
      url,
      `SELECT query FROM pg_stat_statements JOIN pg_database ON dbid = oid
       WHERE datname = current_database() AND jit_functions > 0`,
    )) as { query: string }[];
    const isAny = (text: string): boolean => compiled.some(({ query: each }) => each.includes(text));
    // Lists of events are, which shows that the server would.
    expect(["FROM any_event", "AS nearest", "AS bucket"].map(isAny)).toEqual([true, false, false]);
  });

  it("reads bytes as they were stored, in whichever form the server writes them", async () => {
    const url = await server.createDatabase();
    await query(url, `ALTER DATABASE ${url.split("/").at(-1)} SET bytea_output = escape`);
    const record = await openAt(url);
    const payload = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const fault = { reason: "envelope-invalid", detail: "d" } as const;
    await record.storeEnvelopes({ nowMs: t, envelopes: [], setAside: [{ topic: "up", payload, fault }] });
    const [aside] = (await record.quarantine(1)).items;
    expect(aside!.sample).toEqual(payload.subarray(0, aside!.sample.length));
    expect(aside!.sample.length).toBeGreaterThan(128);
  });

  it("leaves a server that only reads for the one that the address leads to then", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const name = url.split("/").at(-1);
    // Holds for connections that are made from now on, as long as they live.
    await query(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
    );
    /** Null: it is stored. */
    const next = (): Promise<unknown> =>
      store(record, [envelopeOf([event("a")])]).then(
        () => null,
        (error: unknown) => error,
      );
    const isRefused = async (): Promise<boolean> => {
      const error = await next();
      return hasErrorCode(error, "STORE") && error.hint?.includes("primary") === true;
    };
    await until(isRefused, "the server is known to only read");
    const other = url.replace(`${name}`, "postgres");
    await query(other, `ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await until(async () => (await next()) === null, "the next is stored");
  });

  it("logs in with a password that a file holds, whatever is in it", async () => {
    const url = await server.createDatabase();
    const password = 'a%2F&b=c? +"\u00e9';
    const [row] = await query(url, "SHOW hba_file");
    const lines = ["host all locked 127.0.0.1/32 scram-sha-256", "host all all 127.0.0.1/32 trust"];
    const values = lines.map((line) => `('${line}')`).join(", ");
    await query(url, `COPY (VALUES ${values}) TO '${String(row?.hba_file)}'`);
    await query(url, "SELECT pg_reload_conf()");
    await query(url, `CREATE ROLE locked LOGIN SUPERUSER PASSWORD '${password}'`);
    const locked = url.replace("aurora@", "locked@");
    for (const address of [locked, `${locked}?application_name=test`]) {
      const record = await openAt(address, { login: { password } });
      await record.check();
      await record.close();
    }
    const error: unknown = await openAt(locked, { login: { password: "wrong" } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "STORE", hint: expect.stringContaining("record.passwordFile") });
  });

  it("says what is wrong with a server, and no password", async () => {
    const url = `postgres://aurora@127.0.0.1:${server.port}/nowhere`;
    const error: unknown = await openAt(url, { login: { password: "very-secret" } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "STORE", hint: expect.stringContaining("createdb") });
    expect(JSON.stringify(error) + String(error)).not.toContain("very-secret");
    const [latin] = [await server.createDatabase()].map((address) => address.replace(/record_\d+$/, "latin"));
    await query(
      url.replace("nowhere", "postgres"),
      "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0",
    );
    await expect(openAt(latin!)).rejects.toMatchObject({ message: expect.stringContaining("UTF8") });
  });
});
