/** What a gateway says of the time that its store's writes take. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createTimedWrites } from "../../../src/gateway/record/timed-writes.ts";
import { root } from "../../support/house-sources.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { openOutbox } from "./outbox-rig.ts";

const newPath = (): string => join(createTemporaryFolder(), "store.db");

/** Has another process keep everybody else from writing the database for so long; resolves once it does. */
async function holdLock(path: string, holdMs: number): Promise<void> {
  const program = `const builtIn = process.getBuiltinModule("node:sqlite");
    const Database = builtIn === undefined ? require("better-sqlite3") : builtIn.DatabaseSync;
    const database = new Database(${JSON.stringify(path)});
    database.exec("BEGIN IMMEDIATE");
    console.log("held");
    setTimeout(() => database.exec("COMMIT"), ${holdMs});`;
  const holder = spawn(process.execPath, ["-e", program], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void holder.kill());
  await once(holder.stdout, "data");
}

test.each([
  ["statement", (writes) => void writes.prepare("INSERT INTO kept VALUES (1)").run()],
  ["text", (writes) => writes.exec("INSERT INTO kept VALUES (1)")],
  [
    "transaction",
    (writes) => writes.transaction(() => void writes.prepare("INSERT INTO kept VALUES (1)").run()),
  ],
] as readonly [string, (database: ReturnType<typeof openSqlite>) => void][])(
  "a %s that another process holds up is timed once, and told with its name",
  async (_, write) => {
    const path = newPath();
    const warn = vi.fn();
    const writes = createTimedWrites({ clock: systemClock, logger: { ...silentLogger, warn } });
    const told = vi.fn();
    writes.onSlow(told);
    const database = writes.wrap(openSqlite(path));
    onTestFinished(() => database.close());
    database.exec("CREATE TABLE kept (value INTEGER)");
    expect(writes.isSlow).toBe(false);
    await holdLock(path, 1_500);
    writes.time("state", () => write(database));
    const { state, upkeep } = writes.times();
    expect(state.count).toBe(1);
    expect(state.slowestMs).toBeGreaterThan(1_000);
    expect(state.totalMs).toBe(state.slowestMs);
    expect(upkeep).toMatchObject({ count: 1 });
    expect(writes.isSlow).toBe(true);
    expect(warn.mock.calls[0]![0]).toMatch(/^the disk took \d\.\d s for a write \(state\)/);
    expect(told).toHaveBeenCalledTimes(1);
    await holdLock(path, 1_500);
    write(database);
    expect(writes.times().upkeep.slowestMs).toBeGreaterThan(1_000);
    expect(warn).toHaveBeenCalledTimes(1);
  },
);

test("a write that fails is timed as well, and a read is not", () => {
  const writes = createTimedWrites({ clock: systemClock, logger: silentLogger });
  const database = writes.wrap(openSqlite(newPath()));
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE kept (value INTEGER PRIMARY KEY)");
  const put = database.prepare("INSERT INTO kept VALUES (1)");
  put.run();
  expect(() => put.run()).toThrow("UNIQUE");
  expect(database.prepare("SELECT value FROM kept").all()).toEqual([{ value: 1 }]);
  expect(writes.times().upkeep.count).toBe(3);
});

test("the slowest write is forgotten after five to ten minutes, and told again after ten without one", () => {
  const clock = createManualClock();
  const warn = vi.fn();
  const writes = createTimedWrites({ clock, logger: { ...silentLogger, warn } });
  const take = (ms: number): void => writes.time("mark", () => clock.advance(ms));
  const slowestMs = (): number => writes.times().mark.slowestMs;
  take(1_500);
  take(20);
  clock.advance(290_000);
  expect(slowestMs()).toBe(1_500);
  clock.advance(300_000);
  expect(slowestMs()).toBe(1_500);
  clock.advance(20_000);
  expect([slowestMs(), writes.isSlow]).toEqual([0, false]);
  expect(writes.times().mark).toMatchObject({ count: 2, totalMs: 1_520 });
  take(1_500);
  take(1_500);
  expect(warn).toHaveBeenCalledTimes(2);
});

test("each part of a store is timed under its name, and what has none as upkeep", () => {
  const { file, outbox } = openOutbox(newPath(), {}, { reserveBytes: 65_536 });
  const counts = () => {
    const { records, state, reserve, upkeep } = file.writes.times();
    return [records, state, reserve, upkeep].map(({ count }) => count);
  };
  const store = createStateStore(file);
  const opened = counts();
  expect(opened.map((count) => count > 0)).toEqual([false, false, true, true]);
  outbox.append({ kind: "alert", id: "a", json: "{}" });
  store.set("key", "{}");
  file.reserve.giveUp();
  expect(counts().slice(0, 3)).toEqual([1, 1, opened[2]! + 1]);
  const before = counts();
  file.use((database) => database.exec("CREATE TABLE other (value INTEGER)"));
  expect(counts()).toEqual([...before.slice(0, 3), before[3]! + 1]);
  expect(outbox.counts().writes).toEqual(file.writes.times());
});

test("a slow write of state is told as one of records is", () => {
  const clock = createManualClock();
  const { file, outbox } = openOutbox(newPath(), { clock, timers: clock }, { clock });
  file.writes.time("state", () => clock.advance(2_000));
  clock.advance(150);
  expect(outbox.counts().slow).toBe(true);
  expect(outbox.counts().lanes.update.records).toBe(1);
});

test("the end of a store is timed: it folds the log into the file", () => {
  const file = openStoreFile({ path: newPath() });
  const before = file.writes.times().upkeep.count;
  file.close();
  expect(file.writes.times().upkeep.count).toBe(before + 1);
});
