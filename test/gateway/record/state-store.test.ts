import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { readKept } from "../../../src/gateway/record/read-kept.ts";
import { changedText, createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { mountSmallDisk, remountDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test("snapshots survive a restart, and null forgets", () => {
  const path = join(createTemporaryFolder(), "store.db");
  let file = openStoreFile({ path });
  let state = createStateStore(file);
  expect(state.get("alarms")).toBeNull();
  expect(state.set("alarms", '{"a":1}')).toBe(true);
  expect(state.set("model", "1.0.0")).toBe(true);
  expect(state.set("model", null)).toBe(true);
  file.close();
  file = openStoreFile({ path });
  onTestFinished(() => file.close());
  state = createStateStore(file);
  expect(state.get("alarms")).toBe('{"a":1}');
  expect(state.get("model")).toBeNull();
});

test("a text of which the disk has changed a digit is not believed, one of an older version is, and either version reads the other's", () => {
  const path = join(createTemporaryFolder(), "store.db");
  let file = openStoreFile({ path });
  const baseline = '{"locationDb":-23.98}';
  createStateStore(file).setAll({ changed: baseline, whole: baseline, older: "{}", "described/a": baseline });
  file.use((database) => {
    const value = database.prepare("SELECT value FROM state WHERE key = 'whole'").get()!.value;
    expect(JSON.parse(String(value))).toEqual({ locationDb: -23.98 });
    database.exec("UPDATE state SET value = replace(value, '-23', '-63') WHERE key = 'changed'");
    database.exec(`UPDATE state SET value = '${baseline}' WHERE key = 'older'`);
  });
  file.close();
  file = openStoreFile({ path });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  const lost = vi.fn();
  const error = vi.fn();
  const read = (key: string): unknown =>
    readKept(state, {
      key,
      schema: z.strictObject({ locationDb: z.number() }),
      logger: { ...silentLogger, error },
      onLost: () => lost(key),
    });
  expect(["whole", "older", "changed"].map(read)).toEqual([
    { locationDb: -23.98 },
    { locationDb: -23.98 },
    undefined,
  ]);
  expect(lost.mock.calls).toEqual([["changed"]]);
  expect(error.mock.calls[0]![1]).toEqual({ kept: "changed", detail: "the disk has changed it" });
  // What left memory is held against its seal as it is read again.
  state.release(["described/a"], () => ({}));
  file.use((database) => database.exec("UPDATE state SET value = replace(value, '-23', '-63')"));
  expect(state.get("described/a")).toBe(changedText);
});

test("a text of an older version has its seal after the first start, also where nobody writes it again", () => {
  const path = join(createTemporaryFolder(), "store.db");
  let file = openStoreFile({ path });
  createStateStore(file).set("baseline", "{}");
  file.use((database) => database.exec(`UPDATE state SET value = '{"locationDb":-23.98}'`));
  file.close();
  file = openStoreFile({ path });
  const state = createStateStore(file);
  state.release(["baseline"], () => ({}));
  expect(state.isWritten).toBe(true);
  file.use((database) => database.exec("UPDATE state SET value = replace(value, '-23', '-63')"));
  file.close();
  file = openStoreFile({ path });
  onTestFinished(() => file.close());
  expect(createStateStore(file).get("baseline")).toBe(changedText);
});

test("a full disk keeps the newest value in memory and writes it when it can", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, maxFileBytes: 65_536 });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  expect(state.set("large", "x".repeat(40_000))).toBe(true);
  expect(state.isWritten).toBe(true);
  expect(state.set("larger", "y".repeat(60_000))).toBe(false);
  expect(state.isWritten).toBe(false);
  expect(state.get("larger")).toHaveLength(60_000);
  expect(state.set("larger", "y")).toBe(true);
  expect(state.isWritten).toBe(true);
  expect(file.use((db) => db.prepare("SELECT value FROM state WHERE key = 'larger'").get()?.value)).toMatch(
    /^y\s+$/,
  );
});

test("a reserve that cannot be given up leaves the newest value in memory, and is tried again", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, maxFileBytes: 65_536, reserveBytes: 65_536 });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  const reserve = `${path}.reserve`;
  rmSync(reserve);
  mkdirSync(reserve);
  expect(state.set("large", "x".repeat(60_000))).toBe(false);
  expect([state.get("large")?.length, file.reserve.isHeld]).toEqual([60_000, true]);
  rmSync(reserve, { recursive: true });
  expect([file.reserve.giveUp(), file.reserve.isHeld]).toEqual([true, false]);
});

test("a snapshot without measure is refused", () => {
  const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db") });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  expect(() => state.set("k", "x".repeat(2 ** 24 + 1))).toThrowError(
    expect.toSatisfy((error: unknown) => hasErrorCode(error, "STORE")),
  );
});

test("what its owner says again leaves memory, and is asked for where the file is begun anew", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const file = openStoreFile({ path, maxFileBytes: 262_144 });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  let learnt = "one";
  let asked = 0;
  const describe = () => {
    asked++;
    return { "baseline/a": learnt, "baseline/b": learnt };
  };
  expect(state.setDescribed({ "baseline/a": "one", "baseline/b": "one" }, describe)).toBe(true);
  expect(state.keys("baseline/")).toEqual(["baseline/a", "baseline/b"]);
  expect(state.setAll({ "baseline/c": "three", "baseline/d": "four" }) && state.set("baseline/d", null)).toBe(
    true,
  );
  expect(state.keys("baseline/").toSorted()).toEqual(["baseline/a", "baseline/b", "baseline/c"]);
  expect(state.set("baseline/c", null)).toBe(true);
  expect(state.set("alarms", "{}")).toBe(true);
  expect([state.get("baseline/a"), state.get("alarms"), asked]).toEqual(["one", "{}", 0]);
  // What the file says is what there is: none of it is in memory.
  file.use((database) => database.exec("UPDATE state SET value = 'written behind' WHERE key != 'model'"));
  expect([state.get("baseline/a"), state.get("alarms")]).toEqual(["written behind", "{}"]);
  // What waits for the disk is in memory until it is written.
  expect(state.setDescribed({ "baseline/a": "x".repeat(300_000) }, describe)).toBe(false);
  expect(state.get("baseline/a")).toHaveLength(300_000);
  expect(state.setDescribed({ "baseline/a": "two" }, describe)).toBe(true);
  expect([state.get("baseline/a"), state.get("baseline/b")]).toEqual(["two", "written behind"]);
  // A file that is damaged as it is used: all is written anew.
  learnt = "three";
  expect(() =>
    file.use(() => {
      throw Object.assign(new Error("database disk image is malformed"), {
        code: "ERR_SQLITE_ERROR",
        errcode: 11,
      });
    }),
  ).toThrow();
  expect(asked).toBe(1);
  expect(["baseline/a", "baseline/b", "alarms"].map((key) => state.get(key))).toEqual([
    "three",
    "three",
    "{}",
  ]);
  file.use((database) => database.exec("UPDATE state SET value = 'from the file'"));
  expect(state.get("baseline/b")).toBe("from the file");
  // Set as anything else is, it stays in memory as anything else does; and null forgets it.
  state.set("baseline/a", "mine");
  file.use((database) => database.exec("UPDATE state SET value = 'behind'"));
  expect(state.get("baseline/a")).toBe("mine");
  state.setAll({ "baseline/b": null });
  expect(state.get("baseline/b")).toBeNull();
});

test("what the last run kept leaves memory once it has been taken up", () => {
  const path = join(createTemporaryFolder(), "store.db");
  const former = openStoreFile({ path });
  createStateStore(former).setAll({ "drift/a": "kept", "drift/b": "kept", alarms: "{}" });
  former.close();
  const file = openStoreFile({ path, maxFileBytes: 65_536 });
  onTestFinished(() => file.close());
  const state = createStateStore(file);
  const describe = () => ({ "drift/a": "said again", "drift/b": null, "drift/c": null });
  expect(state.set("drift/b", "y".repeat(100_000))).toBe(false);
  state.release(["drift/a", "drift/b", "drift/c"], describe);
  file.use((database) => database.exec("UPDATE state SET value = 'behind' WHERE key != 'alarms'"));
  // What waits for the disk stays, and what there is not is not there.
  expect(["drift/a", "drift/c"].map((key) => state.get(key))).toEqual(["behind", null]);
  expect(state.get("drift/b")).toHaveLength(100_000);
  expect(state.setDescribed({ "drift/a": "next", "drift/b": null }, describe)).toBe(true);
  expect(["drift/a", "drift/b", "alarms"].map((key) => state.get(key))).toEqual(["next", null, "{}"]);
  expect(() =>
    file.use(() => {
      throw Object.assign(new Error("database disk image is malformed"), {
        code: "ERR_SQLITE_ERROR",
        errcode: 11,
      });
    }),
  ).toThrow();
  expect(["drift/a", "drift/b", "drift/c", "alarms"].map((key) => state.get(key))).toEqual([
    "said again",
    null,
    null,
    "{}",
  ]);
});

describe("on a disk that went read-only", () => {
  /** A store as a power cut left it, on a disk that nobody may write to any more; null: nobody may mount one here. */
  function leaveStore(): { readonly path: string; readonly mayWrite: () => void } | null {
    const disk = mountSmallDisk(4_096);
    if (disk === null) return null;
    const [path, aside] = [join(disk, "store.db"), createTemporaryFolder()];
    const file = openStoreFile({ path });
    const state = createStateStore(file);
    expect(state.setAll({ alarms: "standing", model: "1.0.0" })).toBe(true);
    // A clean end would empty the log, and what was committed last is there.
    for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, join(aside, `kept${suffix}`));
    file.close();
    for (const suffix of ["", "-wal"]) copyFileSync(join(aside, `kept${suffix}`), path + suffix);
    remountDisk(disk, "ro");
    return { path, mayWrite: () => remountDisk(disk, "rw") };
  }

  function openAgain(path: string) {
    const error = vi.fn();
    const logger = { ...silentLogger, error };
    const file = openStoreFile({ path, logger });
    onTestFinished(() => file.close());
    return { file, error, state: createStateStore(file, logger) };
  }

  test("what was kept is known, nothing is left behind, and it is written when it can be", ({ skip }) => {
    const left = leaveStore();
    if (left === null) return skip("nobody may mount a small disk here");
    const temporary = createTemporaryFolder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { file, state } = openAgain(left.path);
    expect([state.get("alarms"), state.get("model")]).toEqual(["standing", "1.0.0"]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(state.set("alarms", "over")).toBe(false);
    expect(state.get("alarms")).toBe("over");
    left.mayWrite();
    expect(state.set("model", null)).toBe(true);
    const rows = file.use((database) => database.prepare("SELECT key, value FROM state").all());
    expect(rows).toEqual([{ key: "alarms", value: expect.stringMatching(/^over\s+$/) }]);
  });

  test("a store that makes no sense is said, and nothing is known of it", ({ skip }) => {
    const left = leaveStore();
    if (left === null) return skip("nobody may mount a small disk here");
    left.mayWrite();
    writeFileSync(left.path, "no database");
    writeFileSync(`${left.path}-wal`, "nor a log");
    remountDisk(join(left.path, ".."), "ro");
    const { state, error } = openAgain(left.path);
    expect(state.get("alarms")).toBeNull();
    expect(error.mock.calls.map(([message]) => message)).toContain(
      "what the last run kept cannot be read, starting without it",
    );
    expect(existsSync(left.path)).toBe(true);
  });
});
