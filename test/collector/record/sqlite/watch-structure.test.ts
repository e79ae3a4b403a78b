import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import type { FleetRecord } from "../../../../src/collector/record/fleet-record.ts";
import { openSqliteRecord } from "../../../../src/collector/record/sqlite/sqlite-record.ts";
import { watchStructure } from "../../../../src/collector/record/sqlite/watch-structure.ts";
import { awaitAnswer } from "../../../../src/collector/role.ts";
import { findProgram } from "../../../../src/core/platform/daemon/open-thread.ts";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../../src/core/platform/sqlite/sqlite.ts";
import { childrenOf } from "../../../support/children-of.ts";
import { leakFreePages } from "../../../support/leak-free-pages.ts";
import { fillDisk, mountSmallDisk } from "../../../support/small-disk.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const t = 1_700_000_000_000;

/** Opens records at one place, each with the log's lines from its opening on. */
function createPlace(folder = createTemporaryFolder()) {
  const path = join(folder, "collector.sqlite");
  const open = async (checkedBytes: number) => {
    const lines: string[] = [];
    const logger = createLogger({ format: "json", write: (line) => lines.push(line) });
    const record = await openSqliteRecord({ path, clock: { nowMs: () => t }, logger, checkedBytes });
    onTestFinished(() => record.close());
    const said = (words: string): boolean => lines.join("").includes(words);
    return { record, said, checked: () => until(() => said("the database was checked"), "the check") };
  };
  /** Closed, with some pages of events and some free ones. */
  const fill = async (): Promise<void> => {
    const { record } = await open(Number.POSITIVE_INFINITY);
    for (let index = 0; index < 300; index++) await putEvent(record, `e${index}`);
    await record.close();
    const database = openSqlite(path);
    database.exec("CREATE TABLE gone AS SELECT * FROM event; DROP TABLE gone");
    database.close();
  };
  const setAside = (): string[] => readdirSync(folder).filter((name) => name.includes(".corrupt-"));
  return { path, open, fill, setAside };
}

function putEvent(record: FleetRecord, name: string): Promise<void> {
  const event = { kind: "event", timeMs: t, name, subject: "s", detail: "d".repeat(900) } as const;
  return record.storeOwnEvent(event, t);
}

/** Writes over the first page of the events, which nobody who stores one comes upon. */
function damageEvents(path: string): void {
  const database = openSqlite(path);
  const { page } = database
    .prepare("SELECT min(pageno) AS page FROM dbstat WHERE name = 'event' AND pagetype = 'leaf'")
    .get() as { page: number };
  database.close();
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(4_096).fill(0xa5), 0, 4_096, (page - 1) * 4_096);
  closeSync(file);
}

/** The processes that check the file at `path`. */
function checksOf(path: string): number[] {
  return childrenOf(process.pid).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return words.some((word) => word.includes("record-check-main")) && words.includes(path);
    } catch {
      // It has ended meanwhile, as whoever listed them.
      return false;
    }
  });
}

function holdsOpen(pid: number, path: string): boolean {
  const opened = `/proc/${pid}/fd`;
  return readdirSync(opened).some((each) => {
    try {
      return readlinkSync(join(opened, each)) === path;
    } catch {
      // Closed meanwhile.
      return false;
    }
  });
}

const eventsOf = async (record: FleetRecord, name: string) =>
  (await record.events({ name, limit: 9, offset: 0 })).items;

it("uses a large file at once, and checks it by a process of its own meanwhile", async () => {
  const { open, fill, setAside } = createPlace();
  await fill();
  const { record, said, checked } = await open(1);
  expect(said("is checked while it is used")).toBe(true);
  await putEvent(record, "meanwhile");
  await checked();
  expect(await eventsOf(record, "meanwhile")).toHaveLength(1);
  expect(setAside()).toEqual([]);
});

it("stores nothing more once a damage is found, lets nobody hear that it answers, and sets the file aside at the next start", async () => {
  const { path, open, fill, setAside } = createPlace();
  await fill();
  damageEvents(path);
  const { record, said, checked } = await open(1);
  await putEvent(record, "before the finding");
  await checked();
  await until(() => said("nothing more is stored in it"), "the finding");
  await expect(putEvent(record, "after it")).rejects.toMatchObject({ code: "STORE", subject: path });
  let isHeard = false;
  void awaitAnswer(record).then(() => {
    isHeard = true;
  });
  await record.close();
  expect(isHeard).toBe(false);
  expect(setAside()).toEqual([]);

  const next = await open(1);
  expect(setAside()).toContain("collector.sqlite.corrupt-1");
  const [told] = await eventsOf(next.record, "store.corrupted");
  expect(told?.detail).toMatch(/page .*the old file is .*collector\.sqlite\.corrupt-1: src\/KEYS\.md/i);
  await putEvent(next.record, "in the new one");
  await next.checked();
  await next.record.close();
  const last = await open(Number.POSITIVE_INFINITY);
  expect(await eventsOf(last.record, "in the new one")).toHaveLength(1);
});

it.each([
  ["moved", "mv"],
  ["copied", "cp"],
  ["copied with its times", "cp -p"],
])("does not take a file that was %s into the place of a damaged one for that", async (_how, command) => {
  const { path, open, fill, setAside } = createPlace();
  await fill();
  cpSync(path, `${path}-good`);
  // As where the disk itself changed a page, and nothing was written since.
  const { atime, mtime } = statSync(path);
  damageEvents(path);
  utimesSync(path, atime, mtime);
  utimesSync(`${path}-good`, atime, mtime);
  const { record, said } = await open(1);
  await until(() => said("nothing more is stored in it"), "the finding");
  await record.close();
  expect(existsSync(`${path}.damaged`)).toBe(true);
  const [program, ...words] = command.split(" ");
  execFileSync(program!, [...words, `${path}-good`, path]);
  const next = await open(1);
  await next.checked();
  expect(await eventsOf(next.record, "e0")).toHaveLength(1);
  expect(setAside()).toEqual([]);
  expect(existsSync(`${path}.damaged`)).toBe(false);
});

it("notes nothing of a file that was put in place of the damaged one while it is used", async () => {
  const { path, open, fill, setAside } = createPlace();
  await fill();
  cpSync(path, `${path}-good`);
  damageEvents(path);
  const { record, said } = await open(1);
  await until(() => said("nothing more is stored in it"), "the finding");
  renameSync(`${path}-good`, path);
  await record.close();
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  const next = await open(1);
  expect(await eventsOf(next.record, "e0")).toHaveLength(1);
  expect(setAside()).toEqual([]);
});

it.each([
  ["at the start", Number.POSITIVE_INFINITY],
  ["while it is used", 1],
])("uses a file with pages that nothing uses, and tells it once, found %s", async (_when, checkedBytes) => {
  const { path, open, fill, setAside } = createPlace();
  await fill();
  const pages = leakFreePages(path);
  expect(pages).toBeGreaterThan(10);
  for (let run = 1; run <= 2; run++) {
    const { record, said } = await open(checkedBytes);
    await until(() => said("pages of the database have no use"), "the finding");
    await until(async () => (await eventsOf(record, "store.leaked")).length > 0, "the event");
    await record.close();
  }
  const { record } = await open(Number.POSITIVE_INFINITY);
  const told = await eventsOf(record, "store.leaked");
  expect(told).toMatchObject([{ subject: path, detail: expect.stringContaining(`${pages} pages`) }]);
  expect(await eventsOf(record, "e0")).toHaveLength(1);
  expect(setAside()).toEqual([]);
});

it("gives the check up while the log is too large, and only then", async () => {
  const { path, open, fill } = createPlace();
  await fill();
  const { record } = await open(Number.POSITIVE_INFINITY);
  await putEvent(record, "in the log");
  const watch = (maxLogBytes: number) => {
    const lines: string[] = [];
    const logger = createLogger({ format: "json", write: (line) => lines.push(line) });
    const watched = watchStructure(record, {
      path,
      clock: { nowMs: () => t },
      logger,
      maxLogBytes,
      lookEveryMs: 1,
    });
    return { watched, saying: (words: string) => until(() => lines.join("").includes(words), words) };
  };
  await watch(1e9).saying("the database was checked");
  const { watched, saying } = watch(4_096);
  await saying("the log beside the database is too large: its check is ended");
  await saying("tried again in an hour");
  await putEvent(watched, "goes on");
  await watched.close();
});

it("gives the check up on a full disk", async ({ skip }) => {
  const folder = mountSmallDisk(8_192);
  if (folder === null) return skip("nobody may mount a disk here");
  const { open, fill } = createPlace(folder);
  await fill();
  const { record } = await open(Number.POSITIVE_INFINITY);
  await putEvent(record, "in the log");
  fillDisk(folder);
  const lines: string[] = [];
  const logger = createLogger({ format: "json", write: (line) => lines.push(line) });
  const path = join(folder, "collector.sqlite");
  const watched = watchStructure(record, { path, clock: { nowMs: () => t }, logger, lookEveryMs: 1 });
  await until(() => lines.join("").includes("its check is ended"), "the end");
  await watched.close();
});

it("keeps a damaged file where it is while the disk has no room for a new one, however often it is tried", async ({
  skip,
}) => {
  const folder = mountSmallDisk(8_192);
  if (folder === null) return skip("nobody may mount a disk here");
  const { path, open, fill, setAside } = createPlace(folder);
  await fill();
  damageEvents(path);
  const { record, said } = await open(1);
  await until(() => said("nothing more is stored in it"), "the finding");
  await record.close();
  const bytes = readFileSync(path);
  for (const leftKib of [0, 0, 0, 0, 20, 40, 80]) {
    const free = fillDisk(folder, leftKib);
    await expect(open(Number.POSITIVE_INFINITY)).rejects.toThrow(/disk is full/);
    expect(setAside()).toEqual([]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    free();
  }
  const next = await open(Number.POSITIVE_INFINITY);
  expect(setAside()).toContain("collector.sqlite.corrupt-1");
  expect(readFileSync(`${path}.corrupt-1`).equals(bytes)).toBe(true);
  expect(await eventsOf(next.record, "store.corrupted")).toHaveLength(1);
});

it("takes what the check says beside its finding for no answer, and goes on", async () => {
  const { open, fill } = createPlace();
  await fill();
  vi.stubEnv("NODE_OPTIONS", "--import=data:text/javascript,console.log(1)");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { record, said } = await open(1);
  await until(() => said("could not be checked, tried again in an hour"), "the warning");
  await putEvent(record, "goes on");
});

it("the check ends with whoever began it, also within SQLite", async () => {
  const { path, fill } = createPlace();
  await fill();
  // SQLite waits for five seconds for a file that another one has for itself.
  const owner = openSqlite(path, { locking: "exclusive" });
  onTestFinished(() => owner.close());
  const { file, loader } = findProgram(
    "record-check-main",
    new URL("../../../../src/collector/record/sqlite/watch-structure.ts", import.meta.url).href,
  );
  const check = spawn(process.execPath, [...loader, fileURLToPath(file), path], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(check, "exit");
  await until(() => holdsOpen(check.pid!, path), "its reading");
  check.stdin.end();
  expect(await ended).toEqual([null, "SIGKILL"]);
});

it("goes on when the check ends without an answer, and leaves none behind when it closes", async () => {
  const { path, open, fill } = createPlace();
  await fill();
  const { record, said } = await open(1);
  const checks = checksOf(path);
  expect(checks).toHaveLength(1);
  process.kill(checks[0]!, "SIGKILL");
  await until(() => said("could not be checked, tried again in an hour"), "the warning");
  await putEvent(record, "goes on");
  await record.close();
  const again = await open(1);
  await again.record.close();
  expect(checksOf(path)).toEqual([]);
});
