import { readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../../../src/core/platform/sqlite/sqlite.ts";
import { syncSqliteLog } from "../../../../src/core/platform/sqlite/sync-log.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("syncs the log in which a commit stands, and one that a closed database has removed", async () => {
  const path = join(createTemporaryFolder(), "t.db");
  const database = openSqlite(path, { synchronous: "normal" });
  database.exec("CREATE TABLE t (a); INSERT INTO t VALUES ('kept in the log')");
  await syncSqliteLog(path);
  expect(readFileSync(`${path}-wal`).includes("kept in the log")).toBe(true);
  // Opening the log beside it took no lock away.
  expect(() => openSqlite(path, { locking: "exclusive", busyTimeoutMs: 10 })).toThrowError(/locked/);
  database.close();
  await syncSqliteLog(path);
});

test("says which database cannot be brought to the disk", async () => {
  const path = join(createTemporaryFolder(), "t.db");
  const database = openSqlite(path, { synchronous: "normal" });
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE t (a)");
  renameSync(`${path}-wal`, `${path}-lost`);
  symlinkSync(`${path}-wal`, `${path}-wal`);
  await expect(syncSqliteLog(path)).rejects.toMatchObject({ code: "STORE", subject: path });
});
