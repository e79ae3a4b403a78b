/** A store on a disk that fails to read, as a loose card does: whatever was kept is there once it can be read again. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { failReads } from "../../support/failing-reads.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { contents, openOutbox } from "./outbox-rig.ts";

const baseline = '{"version":5}';
const pageBytes = 4_096;

/** A store with a baseline and sixty events; gives its path, and the page that a table begins at. */
function leaveStore(): { readonly path: string; readonly rootOf: (table: string) => number } {
  const path = join(createTemporaryFolder(), "store.db");
  const { file, outbox } = openOutbox(path);
  const state = createStateStore(file);
  state.set("baseline", baseline);
  state.set("other", JSON.stringify("x".repeat(20_000)));
  for (let index = 0; index < 60; index++)
    outbox.append({ kind: "event", timeMs: 1, name: "n", subject: "s", detail: "x".repeat(500) });
  outbox.flush();
  file.use((database) => database.exec("CREATE TABLE junk (x); INSERT INTO junk VALUES (1)"));
  const roots = file.use((database) => database.prepare("SELECT name, rootpage FROM sqlite_master").all());
  outbox.close();
  file.close();
  return {
    path,
    rootOf: (table) => Number(roots.find(({ name }) => name === table)!.rootpage),
  };
}

interface Told {
  readonly kept: string | null;
  readonly refusal: string | null;
  /** Could another start take up the rest, before the disk reads again and afterwards? */
  readonly canTakeUp: readonly boolean[];
  /** What the status says of the outbox while the disk fails. */
  readonly trouble: string | null;
  readonly errors: readonly string[];
}

/**
 * Begins in another process while reads of `path` fail from one page to before another, which tries for so many ms, and ends the failing
 * after so many; null: nobody can have that here.
 */
function beginFailing(
  path: string,
  [from, to]: readonly [number, number],
  times: readonly number[] = [100],
): Told | null {
  const env = failReads({ path, from: (from - 1) * pageBytes, to: (to - 1) * pageBytes });
  if (env === null) return null;
  writeFileSync(`${path}.failing`, "");
  const program = fileURLToPath(new URL("open-store-main.ts", import.meta.url));
  const answer = execFileSync(process.execPath, ["--import", "tsx", program, path, ...times.map(String)], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  rmSync(`${path}.failing`, { force: true });
  return JSON.parse(answer) as Told;
}

/** What the next run finds. */
function readAgain(path: string): { readonly baseline: string | null; readonly setAside: readonly string[] } {
  const file = openStoreFile({ path });
  const state = createStateStore(file);
  const found = {
    baseline: state.get("baseline"),
    setAside: readdirSync(dirname(path)).filter((name) => name.includes(".corrupt")),
  };
  file.close();
  return found;
}

test("where nothing of the file can be read a start goes without it, writes nothing over it, and the next one finds all of it", ({
  skip,
}) => {
  const { path } = leaveStore();
  const told = beginFailing(path, [1, 1e6]);
  if (told === null) return skip("nobody can make a disk fail here");
  expect(told).toMatchObject({ kept: null, refusal: null });
  expect(readAgain(path)).toEqual({ baseline, setAside: [] });
});

test("where what waits cannot be read the state is taken up all the same", ({ skip }) => {
  const { path, rootOf } = leaveStore();
  const page = rootOf("outbox_entry");
  const told = beginFailing(path, [page, page + 1]);
  if (told === null) return skip("nobody can make a disk fail here");
  expect(told).toMatchObject({ kept: baseline, refusal: null });
  expect(readAgain(path)).toEqual({ baseline, setAside: [] });
});

test("a page of the state that cannot be read is no damage: nothing is set aside or written over", ({
  skip,
}) => {
  const { path, rootOf } = leaveStore();
  const page = rootOf("state");
  const told = beginFailing(path, [page, page + 1]);
  if (told === null) return skip("nobody can make a disk fail here");
  expect(told).toMatchObject({ kept: null, refusal: null, canTakeUp: [false, true] });
  expect(readAgain(path)).toEqual({ baseline, setAside: [] });
});

test("a page that could not be read at the opening is told, though nobody needs it", ({ skip }) => {
  const { path, rootOf } = leaveStore();
  const page = rootOf("junk");
  const told = beginFailing(path, [page, page + 1]);
  if (told === null) return skip("nobody can make a disk fail here");
  expect(told).toMatchObject({ kept: baseline, refusal: null, trouble: "unreadable" });
  const { outbox } = openOutbox(path);
  // What is of another life is given out once the older is stored.
  outbox.acknowledge(outbox.peek("update")!.bootId, "update", 60);
  outbox.flush();
  expect(contents(outbox, "update")!.records).toContainEqual(
    expect.objectContaining({ name: "store.unreadable", detail: expect.stringContaining(`page ${page}`) }),
  );
  expect(outbox.counts().trouble).toBeNull();
});

test("a disk that reads again while a start waits costs nothing", ({ skip }) => {
  const { path } = leaveStore();
  const told = beginFailing(path, [1, 1e6], [60_000, 500]);
  if (told === null) return skip("nobody can make a disk fail here");
  expect(told).toMatchObject({ kept: baseline, refusal: null });
});

test("what could be taken up neither from the file nor from a copy is not written over in that run, but what goes out is kept once the disk takes it", async () => {
  const { path } = leaveStore();
  // SQLite opens no database whose log is a folder.
  mkdirSync(`${path}-wal/x`, { recursive: true });
  const { file, outbox } = openOutbox(path);
  const state = createStateStore(file);
  outbox.append({ kind: "alert", id: "first", json: "{}" });
  expect(state.get("baseline")).toBeNull();
  expect(outbox.counts().records).toBe(0);
  expect([file.isUnread(), file.isOpen()]).toEqual([true, false]);
  rmSync(`${path}-wal`, { recursive: true });
  expect(state.set("baseline", '{"version":1}')).toBe(false);
  outbox.append({ kind: "alert", id: "second", json: "{}" });
  expect(state.set("baseline", '{"version":1}')).toBe(false);
  expect(state.get("baseline")).toBe('{"version":1}');
  expect([file.isOpen(), await file.canReadAll()]).toEqual([true, true]);
  // Reading it gives none of its locks free.
  const other = "new (require('better-sqlite3'))(process.argv[1], { timeout: 0 }).exec('BEGIN IMMEDIATE')";
  expect(() => execFileSync(process.execPath, ["-e", other, path], { stdio: "pipe" })).toThrow(/locked/);
  outbox.close();
  file.close();
  expect(readAgain(path).baseline).toBe(baseline);
  expect(contents(openOutbox(path).outbox, "alert")!.records).toMatchObject([
    { id: "first" },
    { id: "second" },
  ]);
});
