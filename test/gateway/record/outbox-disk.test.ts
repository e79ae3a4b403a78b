/** What the outbox takes on the disk, what becomes of an older file, and how predictions make room. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DriftReport, PredictionBatch, UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { assembleEnvelope, decodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { decodeRecord, encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { stepWatermark } from "../../../src/core/wire/uplink-ack.ts";
import { lanePolicies } from "../../../src/gateway/record/lane-policy.ts";
import { openOutboxTable } from "../../../src/gateway/record/outbox-table.ts";
import { summarisePredictions } from "../../../src/gateway/record/prediction-summary.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, openOutbox } from "./outbox-rig.ts";

const newPath = (): string => join(createTemporaryFolder(), "store.db");
const startMs = 1_699_999_800_000;

/** Five minutes of a point, a row a minute. */
const batch = (index: number, turbine = "t"): PredictionBatch => {
  const rows = [0, 1, 2, 3, 4];
  return {
    kind: "prediction-batch",
    site: "site",
    turbine,
    component: "generator-bearing",
    modelName: "bearing-cwru",
    modelVersion: "1.0.0",
    failureModes: ["inner-race", "outer-race", "ball"],
    timesMs: rows.map((row) => startMs + (index * 5 + row) * 60_000),
    windows: rows.map((row) => 50 + row),
    meanProbability: rows.flatMap((row) => [0.1, 0.2 + row / 100, 0.3]),
    maxProbability: rows.flatMap(() => [0.4, 0.5, 0.6]),
    shaftRpm: rows.map(() => 1500),
  };
};

/** Ten minutes of its drift, as large as a gateway's. */
const report = (index: number): DriftReport => ({
  kind: "drift-report",
  site: "site",
  turbine: "t",
  component: "generator-bearing",
  modelName: "bearing-cwru",
  modelVersion: "1.0.0",
  modelDigest: "0".repeat(64),
  fromMs: startMs + (index - 1) * 300_000,
  toMs: startMs + (index + 1) * 300_000,
  sketches: Array.from({ length: 41 }, (_, feature) => ({
    feature,
    counts: Array.from({ length: 16 }, () => 4),
    invalid: 0,
    mean: 0.1,
    sumSquares: 64,
    min: -3,
    max: 3,
  })),
});

const windowsOf = (records: readonly UplinkRecord[]): number =>
  records.reduce(
    (sum, record) =>
      sum + (record.kind === "prediction-batch" ? record.windows.reduce((a, b) => a + b, 0) : 0),
    0,
  );

// Of the third size a page holds one and not two.
test.for([
  [200, 1.3],
  [1300, 1.3],
  [2500, 1.7],
  [4000, 1.3],
] as const)("bodies of %i bytes take at most %f times that on the disk", ([size, times]) => {
  const path = newPath();
  const { file, outbox } = openOutbox(path, {}, { survives: "crash" });
  let bytes = 0;
  while (bytes < 4_000_000) {
    const record: UplinkRecord = {
      kind: "event",
      timeMs: 1,
      name: "n",
      subject: "s",
      detail: "x".repeat(size),
    };
    outbox.append(record);
    bytes += encodeRecord(record).length;
  }
  outbox.flush();
  file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  expect(file.sizeBytes() / bytes).toBeLessThan(times);
  expect(outbox.counts().diskBytes).toBe(file.sizeBytes());
});

test("an older file is opened as it stands: everything in it is sent, and its table goes with the last record", () => {
  const path = newPath();
  const older = openSqlite(path);
  older.exec(`
    CREATE TABLE outbox_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE outbox_lane (lane INTEGER PRIMARY KEY, next_sequence INTEGER NOT NULL);
    CREATE TABLE outbox_record (lane INTEGER NOT NULL, sequence INTEGER NOT NULL, time_ms INTEGER NOT NULL,
      body BLOB NOT NULL, PRIMARY KEY (lane, sequence)) WITHOUT ROWID;
    INSERT INTO outbox_meta VALUES ('schema', '1'), ('boot-id', 'older');
    INSERT INTO outbox_lane VALUES (1, 21), (2, 1), (3, 1), (4, 1), (5, 1);
  `);
  const put = older.prepare("INSERT INTO outbox_record VALUES (1, ?, 5, ?)");
  for (let sequence = 11; sequence <= 20; sequence++)
    put.run(sequence, encodeRecord({ kind: "alert", id: `${sequence}`, json: "{}" }));
  older.close();

  const first = openOutbox(path);
  expect(first.outbox.peek("alert")?.bootId).toBe("older");
  first.outbox.append({ kind: "alert", id: "21", json: "{}" });
  const held = contents(first.outbox, "alert")!;
  expect(held.first).toBe(11);
  expect(held.records.map((record) => record.kind === "alert" && record.id)).toEqual(
    Array.from({ length: 10 }, (_, index) => `${11 + index}`),
  );
  first.outbox.acknowledge("older", "alert", 15);
  first.clock.advance(200);
  expect(contents(first.outbox, "alert")!.first).toBe(16);
  first.outbox.acknowledge("older", "alert", 20);
  first.outbox.close();
  first.file.close();

  const { file, outbox } = openOutbox(path);
  expect(contents(outbox, "alert")).toMatchObject({ first: 21, records: [{ id: "21" }] });
  const tables = file.use((db) => db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all());
  expect(tables.map(({ name }) => name)).not.toContain("outbox_record");
});

test("predictions that must make room become rows of ten minutes: no window is gone, and it is declared", () => {
  const { outbox } = openOutbox(newPath(), { maxBytes: 700_000 }, { survives: "crash" });
  const days = 20;
  const count = days * 288;
  for (let index = 0; index < count; index++) outbox.append(batch(index));
  outbox.flush();
  const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
  expect(gaps.length).toBeGreaterThan(0);
  expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set(["summarised"]));
  expect(outbox.counts().lanes.prediction.dropped).toBe(0);
  expect(gaps.reduce((sum, { records }) => sum + records, 0)).toBeLessThan(count);

  // Sent as the uplink does, to a collector that keeps its watermark.
  const { bootId } = outbox;
  const stored: UplinkRecord[] = [];
  let watermark = 0;
  for (let step = 0; step < 10_000 && outbox.counts().lanes.prediction.records > 0; step++) {
    let after = 0;
    for (let flight = 0; flight < 4; flight++) {
      const held = outbox.peek("prediction", { after });
      if (held === null) break;
      const { firstSequence, oldestSequence } = held;
      after = firstSequence + held.records.length - 1;
      // Every third envelope is lost on the way.
      if ((step + flight) % 3 === 0) continue;
      const header = { gateway: "g", bootId: bootId!, lane: "prediction" as const };
      const decoded = decodeUplinkEnvelope(
        assembleEnvelope({ ...header, firstSequence, oldestSequence }, held.records),
      );
      if (!decoded.ok) throw new Error(decoded.error.message);
      const taken = stepWatermark(watermark, decoded.value);
      stored.push(...decoded.value.records.slice(taken.duplicates, taken.duplicates + taken.fresh));
      watermark = taken.watermark;
    }
    if (watermark > 0) outbox.acknowledge(bootId!, "prediction", watermark);
    outbox.flush();
  }
  expect(outbox.counts().lanes.prediction.records).toBe(0);
  expect(windowsOf(stored)).toBe(count * 260);
});

test("what a window of envelopes may have brought to the collector is not thinned, and so never counted twice", () => {
  const path = newPath();
  const options = { maxBytes: 700_000 };
  const first = openOutbox(path, options, { survives: "crash" });
  const count = 4_000;
  let made = 0;
  const append = (outbox: typeof first.outbox, until: number): void => {
    while (made < until) outbox.append(batch(made++));
    outbox.flush();
  };
  append(first.outbox, 1_500);
  const stored: UplinkRecord[] = [];
  let watermark = 0;
  /** Has the collector store a window of envelopes; what it answers is for the caller to hear. */
  const send = ({ outbox }: typeof first): void => {
    let after = 0;
    for (let flight = 0; flight < 4; flight++) {
      const held = outbox.peek("prediction", { after, maxRecords: 200 });
      if (held === null) return;
      after = held.firstSequence + held.records.length - 1;
      const taken = stepWatermark(watermark, held);
      const decoded = held.records.slice(taken.duplicates, taken.duplicates + taken.fresh).map(decodeRecord);
      stored.push(...decoded);
      watermark = taken.watermark;
    }
  };
  send(first);
  expect(stored.length).toBe(800);
  // The answers are lost, and the gateway is started again before it is short of room.
  first.outbox.close();
  first.file.close();
  const second = openOutbox(path, options, { survives: "crash" });
  append(second.outbox, count);
  expect(second.outbox.counts().lanes.prediction.records).toBeLessThan(count);
  for (let step = 0; step < 100 && second.outbox.counts().lanes.prediction.records > 0; step++) {
    send(second);
    second.outbox.acknowledge(second.outbox.peek("prediction")!.bootId, "prediction", watermark);
    second.outbox.flush();
    second.clock.advance(200);
  }
  expect(second.outbox.counts().lanes.prediction.dropped).toBe(0);
  expect(windowsOf(stored)).toBe(count * 260);
});

test("no drift goes while predictions can be thinned, however many that cannot lie before them", () => {
  const path = newPath();
  const policies = {
    ...lanePolicies,
    // Nothing is thinned or dropped yet.
    prediction: { ...lanePolicies.prediction, shedding: "drop" } as const,
  };
  const first = openOutbox(path, { policies, maxBytes: 1e9 }, { survives: "crash" });
  for (let index = 0; index < 20; index++) first.outbox.append(report(index));
  for (let index = 0; index < 7_000; index++)
    first.outbox.append(summarisePredictions([batch(2 * index, `t${index}`)])[0]!);
  for (let index = 0; index < 3_000; index++) first.outbox.append(batch(index));
  first.outbox.flush();
  const used = first.file.use((database) => openOutboxTable(database).measureFile().usedBytes);
  first.outbox.close();
  first.file.close();

  const maxBytes = used - 200_000;
  const { outbox, file } = openOutbox(path, { maxBytes }, { survives: "crash" });
  for (let index = 0; index < 10; index++) {
    outbox.append({ kind: "alert", id: `${index}`, json: "{}" });
    expect(outbox.counts().lanes).toMatchObject({ drift: { dropped: 0 }, prediction: { dropped: 0 } });
  }
  expect(outbox.counts().lanes).toMatchObject({ alert: { records: 10 }, drift: { records: 20 } });
  const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
  expect(new Set(gaps.map(({ lane, reason }) => `${lane} ${reason}`))).toEqual(
    new Set(["prediction summarised"]),
  );
  expect(file.use((database) => openOutboxTable(database).measureFile().usedBytes)).toBeLessThanOrEqual(
    maxBytes,
  );
});

test("when thinning is not enough the oldest drift goes next, and the thinned predictions last", () => {
  const { outbox } = openOutbox(newPath(), { maxBytes: 700_000 }, { survives: "crash" });
  let index = 0;
  for (; index < 4_000; index++) {
    outbox.append(batch(index));
    if (index % 2 === 0) outbox.append(report(index));
  }
  outbox.flush();
  const first = outbox.counts().lanes;
  expect(first.prediction.dropped).toBe(0);
  expect(first.drift.dropped).toBeGreaterThan(0);
  expect(first.drift.records).toBeGreaterThan(0);
  for (; index < 40_000 && outbox.counts().lanes.prediction.dropped === 0; index++)
    outbox.append(batch(index, `t${index % 5}`));
  const { prediction, drift } = outbox.counts().lanes;
  expect(drift.records).toBe(0);
  expect(prediction.dropped).toBeGreaterThan(0);
  expect(prediction.records).toBeGreaterThan(0);
  const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
  expect(gaps.map(({ reason }) => reason)).toContain("summarised");
  for (const [lane, { dropped }] of Object.entries({ prediction, drift })) {
    const told = gaps.filter((gap) => gap.lane === lane && gap.reason === "quota");
    expect(told.reduce((sum, { records }) => sum + records, 0)).toBe(dropped);
  }
});
