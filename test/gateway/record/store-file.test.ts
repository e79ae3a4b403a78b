import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { openOutboxTable } from "../../../src/gateway/record/outbox-table.ts";
import { openStoreReserve } from "../../../src/gateway/record/store-reserve.ts";
import { fillDisk, mountSmallDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, openOutbox } from "./outbox-rig.ts";

/** An outbox of twenty alerts whose index says that its first row is longer than its page; SQLite's quick check passes that over. */
function damageIndex(): string {
  const path = join(createTemporaryFolder(), "store.db");
  const database = openSqlite(path);
  const table = openOutboxTable(database);
  for (let sequence = 1; sequence <= 20; sequence++)
    table.insert("alert", { sequence, timeMs: 1, body: new Uint8Array(100) });
  const find = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'outbox_entry_place'");
  const page = (Number(find.get()!.rootpage) - 1) * 4_096;
  database.close();
  const bytes = readFileSync(path);
  const firstCell = page + bytes.readUInt16BE(page + 8);
  bytes[firstCell + 1] = 0x7f;
  writeFileSync(path, bytes);
  return path;
}

test("damage that only a part's own tables show is no reason not to start: the file is set aside, and that is told", () => {
  const path = damageIndex();
  openSqlite(path, { onCorrupt: (_, reason) => expect.fail(reason) }).close();
  const { clock, outbox } = openOutbox(path);
  clock.advance(200);
  expect(readdirSync(dirname(path))).toContain("store.db.corrupt-1");
  expect(contents(outbox, "update")!.records).toContainEqual(
    expect.objectContaining({ kind: "event", name: "store.corrupted" }),
  );
});

test("a damaged file stays where it is while the disk has no room for a new one, however often it is tried", ({
  skip,
}) => {
  const folder = mountSmallDisk(1_024);
  if (folder === null) return skip("nobody may mount a disk here");
  const path = join(folder, "store.db");
  const bytes = readFileSync(damageIndex());
  writeFileSync(path, bytes);
  const setAside = (): string[] => readdirSync(folder).filter((name) => name.includes(".corrupt-"));
  for (const leftKib of [0, 0, 0, 0, 8, 16, 24]) {
    const free = fillDisk(folder, leftKib);
    expect(() => openOutbox(path)).toThrow(expect.objectContaining({ code: "STORE" }));
    free();
    expect(setAside()).toEqual([]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  }
  const { clock, outbox } = openOutbox(path);
  clock.advance(200);
  expect(setAside()).toEqual(["store.db.corrupt-1"]);
  expect(contents(outbox, "update")!.records).toContainEqual(
    expect.objectContaining({ name: "store.corrupted" }),
  );
});

test("a record whose bytes the disk has changed is not sent but told of, and its neighbours arrive", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const first = openOutbox(path);
  for (const id of ["first", "second", "third"]) first.outbox.append({ kind: "alert", id, json: "{}" });
  first.outbox.close();
  first.file.close();
  const bytes = readFileSync(path);
  const at = bytes.indexOf("second");
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);

  const { clock, outbox } = openOutbox(path);
  const told: string[] = [];
  outbox.onCommit((lane) => told.push(lane));
  const sent: string[] = [];
  for (let batch = contents(outbox, "alert"); batch !== null; batch = contents(outbox, "alert")) {
    for (const record of batch.records) if (record.kind === "alert") sent.push(record.id);
    outbox.acknowledge(outbox.bootId!, "alert", batch.first + batch.records.length - 1);
    clock.advance(200);
  }
  expect(sent).toEqual(["first", "third"]);
  expect(contents(outbox, "update")!.records).toMatchObject([
    { name: "store.damaged", detail: "record 2 of the lane alert is not what was written" },
  ]);
  expect(told).toEqual(["update"]);
  expect(outbox.counts().lanes.alert).toMatchObject({ records: 0, bytes: 0 });
});

test("in a folder that answers nothing but errors any more the open store goes on, of unknown size and without a reserve", () => {
  const folder = join(createTemporaryFolder(), "state");
  mkdirSync(folder);
  const { outbox, file } = openOutbox(join(folder, "store.db"));
  outbox.append({ kind: "alert", id: "before", json: "{}" });
  expect(outbox.counts().diskBytes).toBeGreaterThan(0);
  renameSync(folder, `${folder}-away`);
  symlinkSync(folder, folder);
  outbox.append({ kind: "alert", id: "after", json: "{}" });
  expect(outbox.counts()).toMatchObject({ diskBytes: 0, pendingRecords: 0, trouble: null });
  expect(contents(outbox, "alert")!.records).toMatchObject([{ id: "before" }, { id: "after" }]);
  expect(openStoreReserve(join(folder, "x.reserve"), 65_536).isHeld).toBe(false);
  expect(file.isGone()).toBe(true);
});
