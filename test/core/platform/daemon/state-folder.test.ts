import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { createClockTrust } from "../../../../src/collector/clock-trust.ts";
import { collectorState, gatewayState } from "../../../../src/core/contract/config/state-names.ts";
import { prepareStateFolder } from "../../../../src/core/platform/daemon/state-folder.ts";
import { nodeFileSystem } from "../../../../src/core/platform/files/file-system.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { startAurora } from "../../../cli/aurora.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const prepare = (dir: string) => prepareStateFolder(dir, { nowMs: Date.now(), logger: silentLogger });
/** No process has it: Linux counts to 4,194,304 at most. */
const deadPid = 5_000_000;

/** A gateway's state folder as an older version left it. */
function oldFolder(): string {
  const dir = join(createTemporaryFolder(), "state");
  mkdirSync(join(dir, "updates", "bearing"), { recursive: true });
  for (const name of [
    "gateway.db",
    "updates/bearing/journal.json",
    `updates/bearing/.journal.json.${deadPid}-3.tmp`,
  ]) {
    writeFileSync(join(dir, name), "x");
  }
  return openToAll(dir);
}

/** A collector's that ran for hours, with a clock that was set ahead in between. */
async function workedFolder(): Promise<string> {
  const dir = createTemporaryFolder();
  mkdirSync(join(dir, collectorState.registry));
  const clock = createManualClock();
  const path = join(dir, collectorState.believed);
  const mayRemove = createClockTrust({ path, files: nodeFileSystem, clock, logger: silentLogger });
  expect(await mayRemove()).toBe(true);
  clock.jump(12 * 365 * 86_400_000);
  expect(await mayRemove()).toBe(false);
  return openToAll(dir);
}

/** As a process without a mask of its own would have made it. */
function openToAll(dir: string): string {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  return dir;
}

test("what others could read is closed to them, and what a kill left half written goes", async () => {
  const dir = oldFolder();
  const elsewhere = join(createTemporaryFolder(), "elsewhere");
  writeFileSync(elsewhere, "x");
  chmodSync(elsewhere, 0o644);
  symlinkSync(elsewhere, join(dir, "link"));
  expect(await prepare(dir)).toEqual({ tightened: 6, leftoversRemoved: 1, refused: null });
  expect([dir, join(dir, "updates"), join(dir, "updates", "bearing")].map(modeOf)).toEqual([
    0o700, 0o700, 0o700,
  ]);
  expect(modeOf(join(dir, "gateway.db"))).toBe(0o600);
  expect(readdirSync(join(dir, "updates", "bearing"))).toEqual(["journal.json"]);
  expect(modeOf(elsewhere)).toBe(0o644);
  expect(await prepare(dir)).toEqual({ tightened: 0, leftoversRemoved: 0, refused: null });
});

test("a write of another process that runs is left alone, but not for ever, nor what only looks like a leftover", async () => {
  const dir = createTemporaryFolder();
  const writing = join(dir, `.active.${process.ppid}-1.tmp`);
  for (const path of [writing, join(dir, "a.5000000-1.tmp"), join(dir, ".notes.tmp")])
    writeFileSync(path, "x");
  await prepare(dir);
  expect(readdirSync(dir).sort()).toEqual(
    [`.active.${process.ppid}-1.tmp`, ".notes.tmp", "a.5000000-1.tmp"].sort(),
  );
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(writing, hourAgo, hourAgo);
  await prepare(dir);
  expect(existsSync(writing)).toBe(false);
});

test("a folder that is missing is made for its user alone; one that cannot be made is no reason not to start", async () => {
  const dir = join(createTemporaryFolder(), "a", "b");
  await prepare(dir);
  expect(modeOf(dir)).toBe(0o700);
  const file = join(dir, "file");
  writeFileSync(file, "x");
  expect((await prepare(join(file, "below"))).refused).toContain("ENOTDIR");
});

test("of a folder that holds other things nothing but a daemon's own is touched", async () => {
  const dir = oldFolder();
  mkdirSync(join(dir, "Documents", "updates"), { recursive: true });
  const foreign = [".bashrc", "Documents/updates/plan.txt", "Documents", "Documents/updates"];
  for (const name of foreign.slice(0, 2)) writeFileSync(join(dir, name), "x");
  for (const name of foreign) chmodSync(join(dir, name), 0o755);
  const leftover = join(dir, "Documents", `.plan.txt.${deadPid}-1.tmp`);
  writeFileSync(leftover, "x");
  expect(await prepare(dir)).toEqual({ tightened: 5, leftoversRemoved: 1, refused: null });
  expect([modeOf(dir), ...foreign.map((name) => modeOf(join(dir, name)))]).toEqual(
    Array.from({ length: 5 }, () => 0o755),
  );
  expect(existsSync(leftover)).toBe(true);
  expect(modeOf(join(dir, "gateway.db"))).toBe(0o600);
});

test("what both daemons made is closed, whichever starts", async () => {
  const dir = createTemporaryFolder();
  for (const name of [gatewayState.record, gatewayState.access, `${collectorState.record}-wal`])
    writeFileSync(join(dir, name), "x");
  await prepare(openToAll(dir));
  expect([dir, ...readdirSync(dir).map((name) => join(dir, name))].map(modeOf)).toEqual([
    0o700, 0o600, 0o600, 0o600,
  ]);
});

test("a folder that many share stays as it is", async () => {
  const dir = createTemporaryFolder();
  chmodSync(dir, 0o1777);
  await prepare(dir);
  expect(statSync(dir).mode & 0o7777).toBe(0o1777);
});

test.each([
  [
    "collector",
    workedFolder,
    (stateDir: string) => ({ collector: { stateDir, httpPort: 0 }, mqtt: { embedded: { port: 0 } } }),
  ],
  [
    "gateway",
    oldFolder,
    (stateDir: string) => ({
      gateway: { id: "gw-1", site: "north-sea", stateDir, httpPort: 0 },
      mqtt: { url: "mqtt://127.0.0.1:1" },
      turbines: [{ id: "wt-1" }],
    }),
  ],
])("a %s makes what nobody else can read, and knows all of it as its own", async (kind, begin, configure) => {
  const dir = await begin();
  const before = readdirSync(dir);
  const path = join(createTemporaryFolder(), "config.yaml");
  writeFileSync(path, stringify(configure(dir)));
  const { child, finished } = startAurora([kind, "--config", path]);
  const made = join(dir, kind === "gateway" ? "access.json" : "collector.sqlite-wal");
  await until(() => existsSync(made), "it runs", 30_000);
  const open = readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => [name, modeOf(join(dir, name))] as const)
    .filter(([, mode]) => (mode & 0o077) !== 0);
  expect(open).toEqual([]);
  expect(modeOf(dir)).toBe(0o700);
  child.kill("SIGKILL");
  await finished;
  await prepareStateFolder(openToAll(dir), { nowMs: Date.now(), logger: silentLogger });
  expect(modeOf(dir)).toBe(0o700);
  expect(readdirSync(dir)).toEqual(expect.arrayContaining(before));
  if (kind === "gateway") expect(readdirSync(join(dir, "updates", "bearing"))).toEqual(["journal.json"]);
});

test("on a file system that keeps no rights nothing is said to be closed, and that is told", async () => {
  const told: string[] = [];
  const note = (message: string): void => void told.push(message);
  const logger = { ...silentLogger, info: note, warn: note };
  const report = await prepareStateFolder(openToAll(createTemporaryFolder()), {
    nowMs: Date.now(),
    logger,
    setMode: async () => {},
  });
  expect(report).toEqual({ tightened: 0, leftoversRemoved: 0, refused: null });
  expect(told).toEqual([
    "this file system keeps no rights: whoever is on this machine reads what is kept here, and may give orders",
  ]);
});
