/** A full disk and a kill: what is kept in the room that is reserved, what is sent from memory, what is declared. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lanes } from "../../../src/core/contract/topics.ts";
import type { AlertRecord, EventRecord } from "../../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { decodeRecord } from "../../../src/core/wire/record-codec.ts";
import { noLossMark, openLossMark } from "../../../src/gateway/record/loss-mark.ts";
import { openStoreReserve } from "../../../src/gateway/record/store-reserve.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { fillDisk, mountSmallDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, type OutboxRig, openOutbox } from "./outbox-rig.ts";

const alert = (id: string, bytes = 300): AlertRecord => ({
  kind: "alert",
  id,
  json: `"${"x".repeat(bytes)}"`,
});
const event = (name: string): EventRecord => ({ kind: "event", timeMs: 1, name, subject: "s", detail: "d" });
const idsOf = (records: readonly unknown[]): unknown[] =>
  records.map((record) => (record as { id?: string }).id);

test("the room that is kept is a sixteenth of a small disk, given back once and taken again when there is plenty", ({
  skip,
}) => {
  const disk = mountSmallDisk(4096);
  if (disk === null) return skip("nobody may mount a small disk here");
  const path = join(disk, "x.reserve");
  const reserve = openStoreReserve(path, 64 * 1024 * 1024);
  expect([reserve.isHeld, statSync(path).size]).toEqual([true, 256 * 1024]);
  const giveBack = fillDisk(disk);
  expect([reserve.giveUp(), reserve.giveUp(), existsSync(path)]).toEqual([true, false, false]);
  expect(reserve.restore()).toBe(false);
  expect(() => writeFileSync(join(disk, "alert"), new Uint8Array(200 * 1024))).not.toThrow();
  giveBack();
  expect([reserve.restore(), openStoreReserve(path, 64 * 1024 * 1024).isHeld]).toEqual([true, true]);
});

test("on a full disk alerts are durable in the room that is kept, and everything goes on when there is room again", ({
  skip,
}) => {
  const disk = mountSmallDisk(8192);
  if (disk === null) return skip("nobody may mount a small disk here");
  const path = join(disk, "store.db");
  const { clock, outbox } = openOutbox(path, {}, { reserveBytes: 1024 * 1024 });
  outbox.append(event("before"));
  outbox.flush();
  const giveBack = fillDisk(disk);
  for (let index = 0; index < 86; index++) outbox.append(alert(`${index}`, 1500));
  clock.advance(60_000);
  expect(outbox.counts()).toMatchObject({ trouble: "full" });
  // As a kill would leave it: what is on the disk now.
  expect(outbox.counts().lanes.alert.records).toBe(86);
  expect(idsOf(contents(outbox, "alert")!.records)).toHaveLength(86);

  giveBack();
  outbox.append(event("after"));
  clock.advance(70_000);
  outbox.append(event("long after"));
  clock.advance(200);
  expect(outbox.counts()).toMatchObject({ trouble: null, pendingRecords: 0 });
  const events = contents(outbox, "update")!.records;
  expect(events.filter((record) => record.kind === "event" && record.name === "store.full")).toHaveLength(1);
});

test("a backlog on a full disk makes room for what is newer within its own file", ({ skip }) => {
  const disk = mountSmallDisk(8192);
  if (disk === null) return skip("nobody may mount a small disk here");
  const { clock, file, outbox } = openOutbox(join(disk, "store.db"), {}, { reserveBytes: 1024 * 1024 });
  const sketches = [{ feature: 0, counts: [1], invalid: 0, mean: 0, sumSquares: 0, min: 0, max: 0 }];
  const report = (toMs: number): void =>
    outbox.append({
      kind: "drift-report",
      site: "s",
      turbine: "t",
      component: "x".repeat(200),
      modelName: "m",
      modelVersion: "1",
      modelDigest: "d",
      fromMs: 0,
      toMs,
      sketches,
    });
  for (let index = 0; index < 6000; index++) report(index);
  outbox.flush();
  file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  fillDisk(disk);
  const before = outbox.counts();
  for (let index = 6000; index < 9000; index++) report(index);
  for (let index = 0; index < 100; index++) {
    outbox.append(alert(`${index}`, 1000));
    clock.advance(1000);
  }
  clock.advance(120_000);
  const after = outbox.counts();
  expect(after.lanes.alert).toMatchObject({ records: 100, dropped: 0 });
  expect(after.diskBytes).toBeLessThan(before.diskBytes + 1024 * 1024);
  const newest = contents(outbox, "drift")!.records.at(-1);
  expect(newest).toMatchObject({ toMs: 8999 });
  const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
  expect(gaps.reduce((sum, { records }) => sum + records, 0)).toBe(after.lanes.drift.dropped);
  expect(after.lanes.drift.dropped + contents(outbox, "drift")!.records.length).toBe(9000);
  expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set(["disk-full"]));
});

test("alerts for which there is no room at all are sent from memory, once they are stored forgotten, and never twice on the disk", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const mark = openLossMark(`${path}.mark`);
  const { clock, outbox } = openOutbox(path, { mark }, { maxFileBytes: 60_000, survives: "crash" });
  for (let index = 0; index < 200; index++) outbox.append(alert(`${index}`));
  expect(outbox.counts().trouble).toBe("full");
  const onDisk = outbox.counts().lanes.alert.records;
  expect(onDisk).toBeGreaterThan(0);
  // What the file holds is older and goes first.
  expect(outbox.unwritten.peek("alert")).toBeNull();
  outbox.acknowledge(outbox.bootId!, "alert", onDisk);
  const held = outbox.unwritten.peek("alert")!;
  expect([held.firstSequence, held.oldestSequence, held.bootId === outbox.bootId]).toEqual([1, 1, false]);
  expect(decodeRecord(held.records[0]!)).toMatchObject({ id: `${onDisk}` });

  // Killed now, the next run says how much was lost.
  const { lost } = openLossMark(`${path}.mark`);
  expect(lost.find(({ lane }) => lane === "alert")).toMatchObject({
    reason: "killed",
    records: 200 - onDisk,
  });

  const upTo = held.records.length - 5;
  outbox.unwritten.acknowledge(held.bootId, "alert", upTo);
  expect(outbox.unwritten.peek("alert")).toMatchObject({ firstSequence: upTo + 1 });
  clock.advance(120_000);
  // The acknowledged ones in the file have made room for the rest.
  expect(outbox.counts()).toMatchObject({ trouble: null });
  expect(idsOf(contents(outbox, "alert")!.records)[0]).toBe(`${onDisk + upTo}`);
  expect(outbox.unwritten.peek("alert")).toBeNull();
  expect(openLossMark(`${path}.mark`).lost).toEqual([]);
});

test("what was in memory when the last run was killed is declared by the next, once", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const first = openLossMark(`${path}.mark`);
  expect(first.lost).toEqual([]);
  first.note({ "open-predictions": { records: 0, windows: 57, fromMs: 1000.4, toMs: 2000 } });
  first.note({ drift: { records: 2, windows: 0, fromMs: 5, toMs: 6 } });
  first.note({ prediction: { records: 1, windows: 0, fromMs: 5, toMs: 6 } });
  first.note({ prediction: null });

  const mark = openLossMark(`${path}.mark`);
  const { outbox, file } = openOutbox(path, { mark });
  expect(contents(outbox, "update")!.records).toEqual([
    { kind: "gap", lane: "prediction", reason: "killed", records: 0, windows: 57, fromMs: 1000, toMs: 2000 },
    { kind: "gap", lane: "drift", reason: "killed", records: 2, fromMs: 5, toMs: 6 },
  ]);
  expect(openLossMark(`${path}.mark`).lost).toEqual([]);
  outbox.close();
  file.close();
});

test("what a commit leaves in memory is marked in one write for all lanes", () => {
  const noted: object[] = [];
  const { outbox } = openOutbox(join(createTemporaryFolder(), "store.db"), {
    mark: { ...noLossMark, note: (now) => noted.push(now) },
  });
  outbox.append({ kind: "gap", lane: "raw", reason: "expired", records: 1, fromMs: 1, toMs: 2 });
  outbox.append({
    kind: "evidence-piece",
    id: "e".repeat(64),
    offset: 0,
    about: "",
    bytes: Uint8Array.of(1),
  });
  noted.length = 0;
  outbox.flush();
  expect(noted).toEqual([Object.fromEntries(lanes.map((lane) => [lane, null]))]);
});

test("what a kill takes is dated by what it tells of, not by when it was told", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const { outbox } = openOutbox(path, { mark: openLossMark(`${path}.mark`) });
  const sketches = [{ feature: 0, counts: [1], invalid: 0, mean: 0, sumSquares: 0, min: 0, max: 0 }];
  const machine = { site: "s", turbine: "t", component: "c", modelName: "m", modelVersion: "1" };
  const cells = { failureModes: ["x"], windows: [1, 1], meanProbability: [0, 0], maxProbability: [0, 0] };
  outbox.append({
    kind: "prediction-batch",
    ...machine,
    ...cells,
    timesMs: [120_000, 180_000],
    shaftRpm: [1500, 1500],
  });
  outbox.append(
    { kind: "prediction-batch", ...machine, ...cells, timesMs: [121_000, 180_000], shaftRpm: [1500, 1500] },
    58_800,
  );
  outbox.append({
    kind: "drift-report",
    ...machine,
    modelDigest: "d",
    fromMs: 10_000,
    toMs: 70_000,
    sketches,
  });
  expect(openLossMark(`${path}.mark`).lost).toEqual([
    // The first row of the one begins where one before it would have ended, that of the other where it is said to.
    { kind: "gap", lane: "prediction", reason: "killed", records: 2, fromMs: 58_800, toMs: 180_000 },
    { kind: "gap", lane: "drift", reason: "killed", records: 1, fromMs: 10_000, toMs: 70_000 },
  ]);
});

test("a gateway that first starts on a full disk and is killed declares that nobody knows what is lost, and then keeps both its mark and its room", ({
  skip,
}) => {
  const disk = mountSmallDisk(8192);
  if (disk === null) return skip("nobody may mount a small disk here");
  const path = join(disk, "store.db");
  const giveBack = fillDisk(disk);
  const startedMs = Date.now();
  const start = (): OutboxRig =>
    openOutbox(path, { mark: openLossMark(`${path}.mark`) }, { reserveBytes: 1024 * 1024 });
  const first = start();
  first.outbox.append(alert("held in memory"));
  expect(first.outbox.counts()).toMatchObject({
    trouble: "full",
    pendingRecords: 1,
    lanes: { alert: { records: 0, pending: 1 }, update: { pending: 0 } },
  });
  // As a kill would leave it; and the disk is still full, and the next one is killed too.
  first.file.close();
  const second = start();
  second.outbox.append(event("held in memory"));
  second.file.close();

  giveBack();
  const { outbox, clock } = start();
  const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
  expect(gaps.map(({ lane, reason, records }) => [lane, reason, records])).toEqual(
    lanes.map((lane) => [lane, "killed", 0]),
  );
  for (const { fromMs, toMs, windows } of gaps) {
    expect(windows).toBeUndefined();
    // A file's time is of the last tick of the system's clock.
    expect(fromMs).toBeGreaterThan(startedMs - 1000);
    expect(fromMs).toBeLessThanOrEqual(toMs);
  }
  clock.advance(20_000);
  outbox.append(event("later"));
  clock.advance(200);
  expect([statSync(`${path}.mark`).size, statSync(`${path}.reserve`).size]).toEqual([512, 512 * 1024]);
  expect(outbox.counts()).toMatchObject({ trouble: null, pendingRecords: 0 });
  expect(openLossMark(`${path}.mark`).lost).toEqual([]);
});

test("a gateway that starts on a full disk takes its mark and its room as soon as there is some, without a new start", ({
  skip,
}) => {
  const disk = mountSmallDisk(8192);
  if (disk === null) return skip("nobody may mount a small disk here");
  const path = join(disk, "store.db");
  const giveBack = fillDisk(disk);
  const mark = openLossMark(`${path}.mark`);
  const { outbox, clock } = openOutbox(path, { mark }, { reserveBytes: 1024 * 1024 });
  outbox.append(alert("held in memory"));
  clock.advance(30_000);
  expect([statSync(`${path}.mark`).size, existsSync(`${path}.reserve`)]).toEqual([0, false]);
  giveBack();
  clock.advance(120_000);
  expect([statSync(`${path}.mark`).size, existsSync(`${path}.reserve`)]).toEqual([512, true]);
  expect(idsOf(contents(outbox, "alert")!.records)).toEqual(["held in memory"]);
});

test("an orderly end on a disk that was full throughout says that nothing is lost; with something held it does not", ({
  skip,
}) => {
  const disk = mountSmallDisk(4096);
  if (disk === null) return skip("nobody may mount a small disk here");
  const path = join(disk, "x.mark");
  fillDisk(disk);
  openLossMark(path).close();
  expect(openLossMark(path).lost).toEqual([]);
  const holding = openLossMark(join(disk, "y.mark"));
  holding.note({ alert: { records: 1, windows: 0, fromMs: 1, toMs: 1 } });
  holding.close();
  expect(openLossMark(join(disk, "y.mark")).lost).toHaveLength(lanes.length);
});

test("what was lost and is not declared yet outlives a second kill", () => {
  const path = join(createTemporaryFolder(), "x.mark");
  openLossMark(path).note({ alert: { records: 2, windows: 0, fromMs: 5, toMs: 6 } });
  openLossMark(path).note({ "open-predictions": { records: 0, windows: 7, fromMs: 8, toMs: 9 } });
  const third = openLossMark(path);
  expect(third.lost).toHaveLength(2);
  expect(third.lost).toMatchObject([
    { lane: "prediction", windows: 7 },
    { lane: "alert", records: 2 },
  ]);
  third.note({ update: null });
  expect(openLossMark(path).lost).toEqual([]);
});

test.for([
  ["is empty", ""],
  ["is cut", '{"prediction":[1,2'],
  ["holds zeros", "\0".repeat(512)],
] as const)("a mark that %s declares a loss since its own time, where that can be right", ([, text]) => {
  const path = join(createTemporaryFolder(), "x.mark");
  writeFileSync(path, text);
  const lostAt = (nowMs: number, fileMs: number): readonly (readonly [number, number])[] => {
    utimesSync(path, fileMs / 1000, fileMs / 1000);
    const { lost } = openLossMark(path, { clock: { ...createManualClock(), nowMs: () => nowMs } });
    expect(lost.map(({ lane, records }) => [lane, records])).toEqual(lanes.map((lane) => [lane, 0]));
    return [
      ...new Map(lost.map(({ fromMs, toMs }) => [`${fromMs} ${toMs}`, [fromMs, toMs] as const])).values(),
    ];
  };
  // Whole seconds, as a file system may keep no finer ones.
  const nowMs = Math.ceil(Date.now() / 1000 + 1) * 1000;
  const monthMs = 30 * 86_400_000;
  expect(lostAt(nowMs, nowMs - 5_000_000)).toEqual([[nowMs - 5_000_000, nowMs]]);
  // The clock was not set when the file was made; or it was ahead.
  expect(lostAt(nowMs, 5_000_000)).toEqual([[nowMs - monthMs, nowMs]]);
  const earlierMs = nowMs - 2 * monthMs;
  expect(lostAt(earlierMs, nowMs)).toEqual([[earlierMs - monthMs, earlierMs]]);

  const mark = openLossMark(path);
  mark.note({ alert: { records: 1, windows: 0, fromMs: 1, toMs: 1 } });
  expect(openLossMark(path).lost).toHaveLength(lanes.length);
  mark.note({ update: null });
  mark.close();
  expect(openLossMark(path).lost).toMatchObject([{ lane: "alert", records: 1 }]);
});

test("a mark that cannot be read is named with what helps, is left as it is, and tells of no kill", () => {
  const folder = createTemporaryFolder();
  const pipe = join(folder, "pipe.mark");
  execFileSync("mkfifo", [pipe]);
  const inside = join(folder, "folder.mark");
  mkdirSync(inside);
  for (const path of [pipe, inside]) {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (...said: unknown[]) => void errors.push(said) };
    const mark = openLossMark(path, { logger });
    expect(mark.lost.map(({ lane, reason, records }) => [lane, reason, records])).toEqual(
      lanes.map((lane) => [lane, undefined, 0]),
    );
    const error = expect.objectContaining({
      message: expect.stringMatching(/^cannot read .*\.mark: it is a (named pipe|folder)/),
      hint: expect.stringMatching(/remove it/),
    });
    expect(errors).toEqual([[expect.any(String), { path, error }]]);
    mark.note({ alert: { records: 1, windows: 0, fromMs: 1, toMs: 1 }, update: null });
    mark.close();
    expect(existsSync(path)).toBe(true);
  }
});

test("a pipe in place of the room that is kept gives way to it", () => {
  const path = join(createTemporaryFolder(), "x.reserve");
  execFileSync("mkfifo", [path]);
  expect([openStoreReserve(path, 1024 * 1024).isHeld, statSync(path).isFile()]).toEqual([true, true]);
});
