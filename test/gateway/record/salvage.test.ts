/** What a store with one damaged page still holds is taken over into the new one; the rest is declared. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { dayMs, hourMs } from "../../../src/core/maths/durations.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { decodeRecord } from "../../../src/core/wire/record-codec.ts";
import { lanePolicies } from "../../../src/gateway/record/lane-policy.ts";
import { salvageRecords, salvageState } from "../../../src/gateway/record/salvage.ts";
import { createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, openOutbox } from "./outbox-rig.ts";

const pageBytes = 4_096;

/** A store with alerts of 500 bytes and a few events and texts, of which the page that holds the alert in the middle is lost. */
function leaveDamaged(): string {
  const path = join(createTemporaryFolder(), "store.db");
  const { file, outbox } = openOutbox(path);
  createStateStore(file).setAll({ baseline: '{"version":5}', "serving/a": "{}" });
  for (let index = 0; index < 40; index++)
    outbox.append({ kind: "alert", id: `alert ${index}!`, json: "x".repeat(500) });
  outbox.append({ kind: "event", timeMs: 1, name: "told", subject: "s", detail: "d" });
  outbox.close();
  file.close();
  damagePage(path, Math.floor(readFileSync(path).indexOf("alert 20!") / pageBytes));
  return path;
}

/** Of the page with this number, from 0, nothing is left. */
function damagePage(path: string, page: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0, page * pageBytes, (page + 1) * pageBytes);
  writeFileSync(path, bytes);
}

test("one damaged page of what waits costs its own records: state and the other alerts are there, and what may be lost is declared", () => {
  const path = leaveDamaged();
  const { clock, file, outbox } = openOutbox(path);
  const state = createStateStore(file, silentLogger);
  expect([state.get("baseline"), state.get("serving/a")]).toEqual(['{"version":5}', "{}"]);
  clock.advance(200);
  const ids = contents(outbox, "alert")!.records.map((record) => record.kind === "alert" && record.id);
  expect(ids.length).toBeGreaterThan(30);
  expect(ids).toEqual(expect.arrayContaining(["alert 0!", "alert 39!"]));
  expect(ids).not.toContain("alert 20!");
  expect(
    ids.toSorted(
      (left, right) => Number(left.toString().slice(6, -1)) - Number(right.toString().slice(6, -1)),
    ),
  ).toEqual(ids);
  const updates = contents(outbox, "update")!.records;
  expect(updates.map((record) => (record.kind === "event" ? record.name : record.kind))).toContain("told");
  const gaps = updates.filter((record): record is UplinkRecord & { kind: "gap" } => record.kind === "gap");
  expect(gaps.map(({ lane, records }) => [lane, records]).toSorted()).toEqual([["alert", 0]]);
  file.close();
  // It is on the disk: the next run has it too.
  const again = openSqlite(path);
  expect(again.prepare("SELECT count(*) AS texts FROM state").get()!.texts).toBe(2);
  again.close();
});

/** The page that a table of a store that is closed begins at, from 0. */
function rootOf(path: string, table: string): number {
  const database = openSqlite(path);
  const row = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?").get(table)!;
  database.close();
  return Number(row.rootpage) - 1;
}

/** What of these lanes a start after damage declares, and the ids of the alerts. */
function takeOver(path: string): { readonly ids: readonly string[]; readonly lost: readonly string[] } {
  const { clock, file, outbox } = openOutbox(path);
  clock.advance(200);
  const alerts = contents(outbox, "alert")?.records ?? [];
  const updates = contents(outbox, "update")!.records;
  file.close();
  return {
    ids: alerts.flatMap((record) => (record.kind === "alert" ? [record.id] : [])),
    lost: updates.flatMap((record) => (record.kind === "gap" ? [record.lane] : [])),
  };
}

test("what an older version left in its own table is taken over too, first, and a lane is whole only where both are", () => {
  const ids = Array.from({ length: 40 }, (_, index) => `alert ${index}!`);
  const leave = (): string => {
    const path = join(createTemporaryFolder(), "store.db");
    const { file, outbox } = openOutbox(path);
    for (const id of ids) outbox.append({ kind: "alert", id, json: "x".repeat(500) });
    outbox.close();
    file.close();
    const older = openSqlite(path);
    older.exec(`
      CREATE TABLE junk (x);
      CREATE TABLE outbox_record (lane INTEGER NOT NULL, sequence INTEGER NOT NULL, time_ms INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (lane, sequence)) WITHOUT ROWID;
      INSERT INTO outbox_record SELECT * FROM outbox_entry WHERE sequence <= 20;
      DELETE FROM outbox_entry WHERE sequence <= 20;
      VACUUM;
    `);
    older.close();
    return path;
  };
  const beside = leave();
  damagePage(beside, rootOf(beside, "junk"));
  expect(takeOver(beside)).toEqual({ ids, lost: expect.not.arrayContaining(["alert"]) });
  const alone = leave();
  const older = openSqlite(alone);
  older.exec("DROP TABLE outbox_entry; UPDATE outbox_lane SET next_sequence = 21 WHERE next_sequence = 41");
  older.close();
  damagePage(alone, rootOf(alone, "junk"));
  expect(takeOver(alone)).toEqual({ ids: ids.slice(0, 20), lost: expect.not.arrayContaining(["alert"]) });
  const within = leave();
  damagePage(within, rootOf(within, "outbox_record"));
  expect(takeOver(within)).toEqual({ ids: ids.slice(20), lost: expect.arrayContaining(["alert"]) });
});

test("a damaged page of the index that gives fewer records and no error leaves no lane whole", () => {
  const leave = (damage: (index: Buffer) => void): string => {
    const path = join(createTemporaryFolder(), "store.db");
    const { file, outbox } = openOutbox(path);
    for (let index = 0; index < 40; index++)
      outbox.append({ kind: "alert", id: `alert ${index}!`, json: "x".repeat(500) });
    outbox.close();
    file.use((database) => database.exec("CREATE TABLE junk (x)"));
    file.close();
    const at = rootOf(path, "outbox_entry_place") * pageBytes;
    damagePage(path, rootOf(path, "junk"));
    const bytes = readFileSync(path);
    damage(bytes.subarray(at, at + pageBytes));
    writeFileSync(path, bytes);
    return path;
  };
  // A leaf counts its cells in its header, behind which their places stand in order, two bytes each.
  const firstCell = 8;
  const countCells = (index: Buffer, cells: number): void => void index.writeUInt16BE(cells, 3);
  expect(takeOver(leave(() => {}))).toMatchObject({ lost: expect.not.arrayContaining(["alert"]) });
  const shortened = takeOver(leave((index) => countCells(index, 30)));
  expect(shortened).toMatchObject({ lost: expect.arrayContaining(["alert"]) });
  expect(shortened.ids).toHaveLength(30);
  const holed = leave((index) => {
    index.copyWithin(firstCell + 2 * 10, firstCell + 2 * 11, firstCell + 2 * 40);
    countCells(index, 39);
  });
  expect(takeOver(holed)).toMatchObject({ lost: expect.arrayContaining(["alert"]) });
  const headless = leave((index) => {
    index.copyWithin(firstCell, firstCell + 2 * 10, firstCell + 2 * 40);
    countCells(index, 30);
  });
  expect(takeOver(headless)).toMatchObject({ lost: expect.arrayContaining(["alert"]) });
  const emptied = takeOver(leave((index) => countCells(index, 0)));
  expect(emptied).toMatchObject({ ids: [], lost: expect.arrayContaining(["alert"]) });
});

test("a start that ends before all was taken over is followed by one that does it again, and none after that", () => {
  const path = leaveDamaged();
  // Ends before there is a state; what was taken over of records is on the disk.
  const begun = takeOver(path);
  expect(begun.ids.length).toBeGreaterThan(30);
  const file = openStoreFile({ path });
  expect(createStateStore(file, silentLogger).get("baseline")).toBe('{"version":5}');
  file.close();
  expect(takeOver(path)).toEqual(begun);
  const next = openStoreFile({ path });
  const state = createStateStore(next, silentLogger);
  expect([state.get("baseline"), state.set("baseline", null)]).toEqual(['{"version":5}', true]);
  next.close();
  const last = openStoreFile({ path });
  expect(createStateStore(last, silentLogger).get("baseline")).toBeNull();
  last.close();
});

test("a start that ends before anything was taken over is followed by one that takes over all of it", () => {
  const path = leaveDamaged();
  openStoreFile({ path }).close();
  openStoreFile({ path }).close();
  const { ids, lost } = takeOver(path);
  expect(ids.length).toBeGreaterThan(30);
  expect(lost).toContain("alert");
});

const point = { turbine: "t", component: "c", modelName: "m", modelVersion: "1" };

/** A store without link for 45 days, up to when the next one is opened: an alert, predictions of two hours and drift of five a day. */
function leaveWaiting(): string {
  const path = join(createTemporaryFolder(), "store.db");
  const { clock, file, outbox } = openOutbox(path, {}, { survives: "crash" });
  clock.jump(-45 * dayMs);
  for (let day = 0; day < 45; day++) {
    const toMs = clock.nowMs();
    outbox.append({ kind: "alert", id: `alert ${day}!`, json: "x".repeat(500) });
    outbox.append({
      kind: "prediction-batch",
      ...point,
      site: `site ${day}!`,
      failureModes: [],
      timesMs: [toMs - hourMs, toMs],
      windows: [1, 1],
      meanProbability: [],
      maxProbability: [],
      shaftRpm: [1, 1],
    });
    outbox.append({
      kind: "drift-report",
      ...point,
      site: "site",
      modelDigest: "0".repeat(64),
      fromMs: toMs - 5 * hourMs,
      toMs,
      sketches: [],
    });
    clock.advance(dayMs);
  }
  outbox.close();
  file.close();
  return path;
}

const pageWith = (path: string, text: string): number =>
  Math.floor(readFileSync(path).indexOf(text) / pageBytes);

/** How long ago each loss begins, in hours. */
interface Declared {
  readonly damaged: string;
  readonly findPage: (path: string) => number;
  readonly hours: readonly [alert: number, drift: number, prediction: number];
}

test.for<Declared>([
  {
    damaged: "a page in the middle: since each lane's oldest record",
    findPage: (path) => pageWith(path, "site 30!"),
    hours: [45 * 24, 45 * 24 + 5, 45 * 24 + 2],
  },
  {
    damaged: "the page with the oldest records: for as long as a lane keeps",
    findPage: (path) => pageWith(path, "site 0!"),
    hours: [400 * 24, 400 * 24, 90 * 24],
  },
  {
    damaged: "the index of all records, which are read without it: since each lane's oldest record",
    findPage: (path) => rootOf(path, "outbox_entry_place"),
    hours: [45 * 24, 45 * 24 + 5, 45 * 24 + 2],
  },
])(
  "what may be lost is declared where damage is in $damaged, and nothing of a lane that held nothing",
  ({ findPage, hours }) => {
    const path = leaveWaiting();
    damagePage(path, findPage(path));
    const { clock, file, outbox } = openOutbox(path);
    const nowMs = clock.nowMs();
    clock.advance(200);
    const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
    file.close();
    expect(gaps.map(({ lane, fromMs, toMs }) => [lane, (nowMs - fromMs) / hourMs, toMs])).toEqual(
      (["alert", "drift", "prediction"] as const).map((lane, index) => [lane, hours[index], nowMs]),
    );
  },
);

test("damage that is met while running turns no order: what waited in the old file goes before what met it", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const { clock, file, outbox } = openOutbox(path);
  for (let index = 0; index < 5; index++) outbox.append({ kind: "alert", id: `old ${index}`, json: "{}" });
  // Until it is opened anew a write meets damage; a second time damages the file itself.
  file.use((database) => {
    database.transaction = () => {
      throw Object.assign(new Error("database disk image is malformed"), {
        code: "ERR_SQLITE_ERROR",
        errcode: 11,
      });
    };
    database.exec("CREATE TABLE junk (x)");
    const root = Number(
      database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'junk'").get()!.rootpage,
    );
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    damagePage(path, root - 1);
  });
  outbox.append({ kind: "alert", id: "newest", json: "{}" });
  clock.advance(200);
  expect(contents(outbox, "alert")!.records).toMatchObject(
    ["old 0", "old 1", "old 2", "old 3", "old 4", "newest"].map((id) => ({ id })),
  );
});

/** A whole store with so many alerts of 60,000 bytes, and one event. */
function leaveAlerts(count: number): string {
  const path = join(createTemporaryFolder(), "store.db");
  const { file, outbox } = openOutbox(path, {}, { survives: "crash" });
  outbox.append({ kind: "event", timeMs: 1, name: "told", subject: "s", detail: "d" });
  file.use((database) =>
    database.transaction(() => {
      for (let index = 1; index <= count; index++)
        outbox.append({ kind: "alert", id: `alert ${index}`, json: "x".repeat(60_000) });
    }),
  );
  outbox.close();
  file.close();
  return path;
}

test("no more is taken over than may wait in memory: the oldest and the newest, and the lanes of the rest are declared", () => {
  const { records, lost } = salvageRecords(leaveAlerts(700), lanePolicies);
  const ids = records.flatMap(({ body }) => {
    const record = decodeRecord(body);
    return record.kind === "alert" ? [record.id] : [];
  });
  expect(ids.length * 60_000).toBeLessThan(32 * 1024 * 1024);
  expect(ids.length * 60_000).toBeGreaterThan(31 * 1024 * 1024);
  expect([ids[0], ids.at(-1)]).toEqual(["alert 1", "alert 700"]);
  expect(lost).toEqual([{ lane: "alert", sinceMs: 1_700_000_000_000 }]);
});

test("what is all taken over from both ends is not declared as lost", () => {
  const { records, lost } = salvageRecords(leaveAlerts(400), lanePolicies);
  expect(records.length).toBe(401);
  expect(lost).toEqual([]);
});

test("of the state no more is taken over than is copied of a store on a read-only disk", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, survives: "crash" });
  const text = JSON.stringify("x".repeat(8_000_000));
  const keys = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  createStateStore(file).setAll(Object.fromEntries(keys.map((key) => [key, text])));
  file.close();
  expect([...salvageState(path).keys()]).toEqual(["a", "b", "c", "d", "g", "h", "i", "j"]);
});
