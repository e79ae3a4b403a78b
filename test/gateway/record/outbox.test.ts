import { closeSync, openSync, readdirSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import type { Lane } from "../../../src/core/contract/topics.ts";
import type { AlertRecord, EventRecord, PredictionBatch } from "../../../src/core/contract/uplink-record.ts";
import { sqliteErrorKind } from "../../../src/core/platform/sqlite/sqlite-error.ts";
import { type LanePolicies, lanePolicies } from "../../../src/gateway/record/lane-policy.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, type OutboxRig, openOutbox } from "./outbox-rig.ts";

const newPath = (): string => join(createTemporaryFolder(), "store.db");
const event = (name: string): EventRecord => ({ kind: "event", timeMs: 1, name, subject: "s", detail: "d" });
const alert = (id: string): AlertRecord => ({ kind: "alert", id, json: "{}" });
const batch = (windows: number): PredictionBatch => ({
  kind: "prediction-batch",
  site: "s",
  turbine: "t",
  component: "c",
  modelName: "m",
  modelVersion: "1",
  failureModes: [],
  timesMs: [1],
  windows: [windows],
  meanProbability: [],
  maxProbability: [],
  shaftRpm: [1],
});

/** The usual ones, but predictions are dropped and not thinned. */
const droppingPolicies: LanePolicies = {
  ...lanePolicies,
  prediction: { priority: 4, isExpendable: true, timeToLiveMs: null, quotaBytes: null },
};

describe("the outbox", () => {
  test("numbers the records of each lane from 1 and gives them back in order", () => {
    const { outbox } = openOutbox(newPath());
    outbox.append(event("a"));
    outbox.append(batch(1));
    outbox.append(event("b"));
    outbox.flush();
    expect(contents(outbox, "update")).toMatchObject({ first: 1, records: [{ name: "a" }, { name: "b" }] });
    expect(contents(outbox, "prediction")).toMatchObject({ first: 1, records: [{ windows: [1] }] });
    expect(outbox.peek("drift")).toBeNull();
    expect(outbox.peek("update", { after: 1 })).toMatchObject({ firstSequence: 2, oldestSequence: 1 });
    expect(outbox.peek("update", { maxBytes: 1 })?.records).toHaveLength(1);
  });

  test("commits a group after 100 ms or 64 records, and an alert at once", () => {
    const { clock, outbox } = openOutbox(newPath());
    const committed: Lane[] = [];
    outbox.onCommit((lane) => committed.push(lane));
    outbox.append(event("a"));
    clock.advance(99);
    expect(outbox.counts()).toMatchObject({ records: 0, pendingRecords: 1 });
    clock.advance(1);
    expect(outbox.counts()).toMatchObject({ records: 1, pendingRecords: 0 });
    for (let index = 0; index < 64; index++) outbox.append(batch(index));
    expect(outbox.counts().records).toBe(65);
    outbox.append(alert("x"));
    expect(outbox.counts()).toMatchObject({ records: 66, pendingRecords: 0 });
    expect(committed).toEqual(["update", "prediction", "alert"]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("survives a restart: records, sequences and their boot id; what follows has a new one", () => {
    const path = newPath();
    const restart = (rig: OutboxRig): OutboxRig => {
      rig.outbox.close();
      rig.file.close();
      return openOutbox(path);
    };
    const first = openOutbox(path);
    for (const name of ["a", "b", "c"]) first.outbox.append(event(name));
    first.outbox.flush();
    const { bootId } = first.outbox.peek("update")!;
    first.outbox.acknowledge(bootId, "update", 2);
    // Nothing is appended by the second.
    const rig = restart(restart(first));
    const third = rig.outbox;
    expect(third.counts().records).toBe(1);
    third.append(event("d"));
    third.append(alert("z"));
    third.flush();
    expect(third.bootId).not.toBe(bootId);
    // One life after the other, and what of one is acknowledged says nothing of the next.
    expect(third.peek("update")).toMatchObject({ bootId, firstSequence: 3, records: { length: 1 } });
    expect(third.peek("update", { after: 3 })).toBeNull();
    expect(third.peek("alert")).toMatchObject({ bootId: third.bootId, firstSequence: 1 });
    third.acknowledge(bootId, "update", 50);
    expect(third.peek("update")).toMatchObject({ bootId: third.bootId, firstSequence: 4, oldestSequence: 4 });
    expect(restart(rig).outbox.peek("update")).toMatchObject({ bootId: third.bootId, firstSequence: 4 });
    expect(openOutbox(newPath()).outbox.peek("update")).toBeNull();
  });

  test("remembers the lives of what it holds, and no others", () => {
    const path = newPath();
    const lives: string[] = [];
    const readLives = ({ file }: OutboxRig): unknown[] =>
      file.use((database) =>
        database.prepare("SELECT key FROM outbox_meta WHERE key LIKE 'life/update/%' ORDER BY key").all(),
      );
    for (let run = 1; run <= 4; run++) {
      const rig = openOutbox(path);
      rig.outbox.append(event(`${run}`));
      rig.outbox.flush();
      lives.push(rig.outbox.bootId!);
      expect(readLives(rig)).toHaveLength(run);
      rig.outbox.close();
      rig.file.close();
    }
    const fifth = openOutbox(path);
    for (const [index, bootId] of lives.slice(0, 3).entries()) {
      expect(fifth.outbox.peek("update")).toMatchObject({ bootId, firstSequence: index + 1 });
      fifth.outbox.acknowledge(bootId, "update", index + 1);
    }
    // With the first record of another run.
    fifth.outbox.append(event("5"));
    fifth.outbox.flush();
    expect(readLives(fifth)).toEqual([{ key: "life/update/4" }, { key: "life/update/5" }]);
    // As older as the collector says: all that is held is sent under one new name.
    fifth.outbox.acknowledge(lives[3]!, "update", 4);
    fifth.outbox.acknowledge(fifth.outbox.bootId!, "update", 50);
    fifth.outbox.flush();
    const { bootId } = fifth.outbox;
    expect(fifth.outbox.peek("update")).toMatchObject({ bootId, firstSequence: 5, records: { length: 2 } });
    fifth.outbox.close();
    fifth.file.close();
    expect(openOutbox(path).outbox.peek("update")).toMatchObject({ bootId, firstSequence: 5 });
  });

  test("forgets what is acknowledged, of its own boot and never more than it gave out", () => {
    const { clock, outbox } = openOutbox(newPath());
    for (const name of ["a", "b", "c"]) outbox.append(event(name));
    outbox.flush();
    const { bootId } = outbox.peek("update")!;
    outbox.acknowledge("another", "update", 3);
    clock.advance(200);
    expect(outbox.counts().records).toBe(3);
    outbox.acknowledge(bootId, "update", 2);
    expect(outbox.peek("update")).toMatchObject({ firstSequence: 3, oldestSequence: 3 });
    clock.advance(200);
    expect(outbox.counts().records).toBe(1);
    outbox.acknowledge(bootId, "update", 3);
    clock.advance(200);
    expect(outbox.counts().records).toBe(0);
    outbox.append(event("d"));
    outbox.flush();
    expect(outbox.peek("update")).toMatchObject({ firstSequence: 4 });
  });

  test("a file restored from a backup goes on under a new boot id, so that its records are not taken for duplicates", () => {
    const { clock, outbox } = openOutbox(newPath());
    outbox.append(event("a"));
    outbox.flush();
    const { bootId } = outbox.peek("update")!;
    outbox.acknowledge(bootId, "update", 50);
    clock.advance(200);
    expect(outbox.bootId).not.toBe(bootId);
    expect(contents(outbox, "update")).toMatchObject({
      first: 1,
      records: [{ name: "a" }, { name: "store.rolled-back" }],
    });
    outbox.acknowledge(bootId, "update", 1);
    expect(outbox.peek("update")?.records).toHaveLength(2);
  });

  test("keeps to its size by dropping the oldest predictions, declared as gaps; alerts stay", () => {
    const maxBytes = 200_000;
    const rig = openOutbox(newPath(), { maxBytes, policies: droppingPolicies }, { survives: "crash" });
    const { outbox } = rig;
    for (let index = 0; index < 300; index++) outbox.append(alert(`alert-${index}-${"x".repeat(20)}`));
    for (let index = 0; index < 6000; index++) outbox.append(batch(index));
    outbox.flush();
    const counts = outbox.counts();
    expect(counts.lanes.alert.records).toBe(300);
    expect(counts.lanes.prediction.dropped).toBeGreaterThan(0);
    // On the disk, and not only of bodies; the declaration of what was dropped comes after the measuring.
    const used = rig.file.use((db) => Number(db.prepare("PRAGMA page_count").get()!.page_count)) * 4096;
    expect(used).toBeLessThanOrEqual(maxBytes * 1.1);
    expect(used).toBeGreaterThan(maxBytes * 0.8);
    const held = contents(outbox, "prediction")!;
    const gaps = contents(outbox, "update")!.records.filter((record) => record.kind === "gap");
    const declared = gaps.reduce((sum, gap) => sum + gap.records, 0);
    expect(declared).toBe(counts.lanes.prediction.dropped);
    expect(declared + held.records.length).toBe(6000);
    expect(held.first).toBe(declared + 1);
    expect(outbox.peek("prediction")?.oldestSequence).toBe(held.first);
  });

  test("a full disk stops nothing: records wait, it is reported once, an alert takes the place of predictions", () => {
    const rig = openOutbox(
      newPath(),
      { maxPendingBytes: 3000, maxBytes: 1e9, policies: droppingPolicies },
      { maxFileBytes: 500_000, survives: "crash" },
    );
    const { clock, outbox } = rig;
    let appended = 0;
    while (outbox.counts().trouble === null && appended < 100_000) {
      outbox.append(batch(appended));
      appended += 1;
    }
    expect(outbox.counts().trouble).toBe("full");
    for (let index = 0; index < 500; index++) {
      outbox.append(batch(appended));
      appended += 1;
    }
    clock.advance(60_000);
    expect(outbox.counts()).toMatchObject({ trouble: "full" });
    expect(outbox.counts().lanes.prediction.dropped).toBeGreaterThan(300);
    // At once, although predictions wait before it:
    outbox.append(alert("important"));
    expect(contents(outbox, "alert")?.records).toEqual([alert("important")]);
    for (let index = 0; index < 600; index++) outbox.append(alert(`alert ${index} ${"x".repeat(240)}`));
    clock.advance(120_000);
    expect(outbox.counts().trouble).toBeNull();
    expect(outbox.counts().lanes.alert).toMatchObject({ records: 601, dropped: 0 });
    const updates = contents(outbox, "update")!.records;
    expect(updates.filter((record) => record.kind === "event" && record.name === "store.full")).toHaveLength(
      1,
    );
    const declared = updates.reduce((sum, record) => sum + (record.kind === "gap" ? record.records : 0), 0);
    expect(declared + contents(outbox, "prediction")!.records.length).toBe(appended);
  });

  test("a file that is removed or replaced while it is in use is told once, and that it is back", () => {
    const path = newPath();
    const { clock, outbox } = openOutbox(path);
    const later = (name: string): void => {
      clock.advance(10_000);
      outbox.append(event(name));
      clock.advance(1_000);
    };
    later("before");
    expect(outbox.counts().trouble).toBeNull();
    renameSync(path, `${path}.away`);
    for (const name of ["gone", "still gone"]) later(name);
    expect(outbox.counts()).toMatchObject({ trouble: "gone", pendingRecords: 0 });
    writeFileSync(path, "of somebody else");
    later("another's");
    expect(outbox.counts().trouble).toBe("gone");
    renameSync(`${path}.away`, path);
    later("back");
    expect(outbox.counts().trouble).toBeNull();
    const told = contents(outbox, "update")!.records.filter(
      (record) => record.kind === "event" && record.name === "store.gone",
    );
    expect(told).toHaveLength(1);
  });

  test("a corrupted file at the start is set aside, and the collector is told", () => {
    const path = newPath();
    writeFileSync(path, "garbage ".repeat(2000));
    const { clock, outbox } = openOutbox(path);
    clock.advance(200);
    const [record] = contents(outbox, "update")!.records;
    expect(record).toMatchObject({ kind: "event", name: "store.corrupted" });
    expect(readdirSync(join(path, ".."))).toContain("store.db.corrupt-1");
  });

  test("corruption found while running begins a new life with a new boot id, and waiting records are kept", () => {
    const path = newPath();
    const { clock, file, outbox } = openOutbox(path);
    outbox.append(alert("old"));
    const { bootId } = outbox.peek("alert")!;
    // Everything into the main file, then damage it under the open connection and forget the cached pages.
    file.use((db) => db.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = 0; PRAGMA shrink_memory"));
    const handle = openSync(path, "r+");
    writeSync(handle, new Uint8Array(60_000).fill(0x5a), 0, 60_000, 4096);
    closeSync(handle);
    outbox.append(event("waiting"));
    clock.advance(200);
    const held = contents(outbox, "update")!;
    expect(held.records.map((record) => record.kind === "event" && record.name)).toContain("waiting");
    expect(held.records.map((record) => record.kind === "event" && record.name)).toContain("store.corrupted");
    expect(outbox.peek("update")?.bootId).not.toBe(bootId);
    expect(outbox.counts().trouble).toBeNull();
  });

  test("a second process on the same file is refused with a hint", () => {
    const path = newPath();
    openOutbox(path);
    let failure: unknown;
    try {
      openStoreFile({ path, busyTimeoutMs: 50 });
    } catch (error) {
      failure = error;
    }
    expect(hasErrorCode(failure, "STORE")).toBe(true);
    expect(sqliteErrorKind(failure)).toBe("busy");
  });

  test("a record that cannot be encoded is counted and declared, not thrown", () => {
    const { outbox } = openOutbox(newPath());
    outbox.append({ ...batch(1), windows: [] });
    outbox.flush();
    expect(outbox.counts().rejected).toBe(1);
    expect(contents(outbox, "update")?.records).toMatchObject([{ name: "record.rejected" }]);
  });

  test("under any mixture of appends, acknowledgements and restarts nothing is lost, doubled or out of order", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant("append" as const) },
      { weight: 2, arbitrary: fc.constant("acknowledge" as const) },
      { weight: 1, arbitrary: fc.constant("restart" as const) },
      { weight: 2, arbitrary: fc.constant("wait" as const) },
    );
    const folder = createTemporaryFolder();
    let runs = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        runs += 1;
        const path = join(folder, `${runs}.db`);
        let clock = createManualClock();
        let file = openStoreFile({ path, survives: "crash" });
        let outbox = createOutbox({ file, clock, timers: clock });
        let appended = 0;
        let acknowledged = 0;
        for (const what of steps) {
          if (what === "append") {
            appended += 1;
            outbox.append(batch(appended));
          } else if (what === "wait") clock.advance(150);
          else if (what === "acknowledge") {
            const held = outbox.peek("prediction", { maxRecords: 2 });
            if (held === null) continue;
            acknowledged = held.firstSequence + held.records.length - 1;
            outbox.acknowledge(held.bootId, "prediction", acknowledged);
          } else {
            outbox.close();
            file.close();
            clock = createManualClock();
            file = openStoreFile({ path, survives: "crash" });
            outbox = createOutbox({ file, clock, timers: clock });
          }
        }
        outbox.flush();
        const expected = Array.from(
          { length: appended - acknowledged },
          (_, index) => acknowledged + index + 1,
        );
        const found: unknown[] = [];
        for (;;) {
          const held = outbox.peek("prediction");
          if (held === null) break;
          expect(held).toMatchObject({ firstSequence: acknowledged + 1, oldestSequence: acknowledged + 1 });
          const { records } = contents(outbox, "prediction")!;
          found.push(...records.map((record) => record.kind === "prediction-batch" && record.windows[0]));
          acknowledged += records.length;
          outbox.acknowledge(held.bootId, "prediction", acknowledged);
        }
        expect(found).toEqual(expected);
        file.close();
      }),
      { numRuns: 40 },
    );
  });
});
