/** A disk that takes its time for each commit. */
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { UplinkRecord } from "../../../src/core/contract/uplink-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents } from "./outbox-rig.ts";

/** An outbox on a disk that takes `disk.takesMs` for each use. */
function createScene(maxPendingBytes = 1e6) {
  const clock = createManualClock();
  const disk = { takesMs: 0, tookMs: 0 };
  const warn = vi.fn();
  const slowClock = { nowMs: clock.nowMs, monotonicMs: () => clock.monotonicMs() + disk.tookMs };
  const logger = { ...silentLogger, warn };
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, clock: slowClock, logger });
  onTestFinished(() => file.close());
  const use: typeof file.use = (work, part) => {
    disk.tookMs += disk.takesMs;
    return file.use(work, part);
  };
  const outbox = createOutbox({
    file: { ...file, use },
    clock: slowClock,
    timers: clock,
    logger,
    maxPendingBytes,
  });
  return { clock, disk, outbox, warn };
}

const report: UplinkRecord = {
  kind: "health",
  timeMs: 1,
  uptimeMs: 1,
  rssBytes: 1,
  windowsProcessed: 1,
  windowsQuarantined: 0,
  windowsDropped: 0,
  quarantined: {},
  outboxRecords: 0,
};
const alert: UplinkRecord = { kind: "alert", id: "a", json: "{}" };

test("what may wait is written ten times less often than the disk needs, alerts at once, and it is told once", () => {
  const { clock, disk, outbox, warn } = createScene();
  disk.takesMs = 2_000;
  outbox.append(alert);
  expect(outbox.counts()).toMatchObject({ trouble: null, slow: true, commitMs: 2_000 });
  clock.advance(150);
  expect(contents(outbox, "update")?.records).toEqual([
    expect.objectContaining({ name: "store.slow", detail: expect.stringMatching(/^the disk took 2.0 s/) }),
  ]);
  for (let index = 0; index < 100; index++) outbox.append(report);
  clock.advance(19_900);
  expect(outbox.counts().lanes.prediction).toMatchObject({ records: 0, pending: 100 });
  clock.advance(200);
  expect(outbox.counts().lanes.prediction).toMatchObject({ records: 100, pending: 0 });
  outbox.append(report);
  outbox.append({ ...alert, id: "b" });
  expect(outbox.counts()).toMatchObject({ pendingRecords: 0, lanes: { alert: { records: 2 } } });
  expect(warn).toHaveBeenCalledTimes(1);

  disk.takesMs = 5;
  outbox.append({ ...alert, id: "c" });
  outbox.append(report);
  clock.advance(100);
  expect(outbox.counts().pendingRecords).toBe(0);
  clock.advance(600_000);
  expect(outbox.counts().slow).toBe(false);
});

test("what waits for a slow disk waits no longer than memory has room", () => {
  const { disk, outbox } = createScene(2_000);
  disk.takesMs = 900;
  outbox.append(alert);
  for (let index = 0; index < 1_000; index++) outbox.append(report);
  const { prediction } = outbox.counts().lanes;
  expect([prediction.dropped, prediction.records > 900]).toEqual([0, true]);
  expect(outbox.counts().slow).toBe(false);
});

const event: UplinkRecord = { kind: "event", timeMs: 1, name: "n", subject: "s", detail: "d" };
const piece: UplinkRecord = {
  kind: "evidence-piece",
  id: "ab".repeat(32),
  offset: 0,
  about: "",
  bytes: new Uint8Array(8),
};

test.for([event, piece])(
  "$kind is written within 100 ms although a group waits for a slow disk",
  (record) => {
    const { clock, disk, outbox } = createScene();
    disk.takesMs = 900;
    outbox.append(alert);
    outbox.append(report);
    clock.advance(1_000);
    expect(outbox.counts().pendingRecords).toBe(1);
    outbox.append(record);
    clock.advance(100);
    expect(outbox.counts().pendingRecords).toBe(0);
  },
);

test("that the collector knows more than the file is told within 100 ms", () => {
  const { clock, disk, outbox } = createScene();
  disk.takesMs = 900;
  outbox.append(alert);
  outbox.acknowledge(outbox.bootId!, "alert", 99);
  clock.advance(100);
  expect(contents(outbox, "update")?.records).toEqual([
    expect.objectContaining({ name: "store.rolled-back" }),
  ]);
});

test("nothing waits longer than 30 s, or behind more than 4,096 records", () => {
  const { clock, disk, outbox } = createScene();
  disk.takesMs = 4_000;
  outbox.append(alert);
  clock.advance(100);
  outbox.append(report);
  clock.advance(30_000);
  expect(outbox.counts().pendingRecords).toBe(0);
  for (let index = 0; index < 4_095; index++) outbox.append(report);
  expect(outbox.counts().pendingRecords).toBe(4_095);
  outbox.append(report);
  expect(outbox.counts().pendingRecords).toBe(0);
});

test("a slow last write leaves nothing in memory at the end", () => {
  const { disk, outbox, warn } = createScene();
  outbox.append(report);
  disk.takesMs = 2_000;
  outbox.close();
  expect(outbox.counts().pendingRecords).toBe(0);
  expect(warn).toHaveBeenCalledTimes(1);
});
