import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { compareEvidence } from "../../../src/collector/evidence/compare-evidence.ts";
import { evidenceFileName } from "../../../src/collector/evidence/evidence-store.ts";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { evidenceNumber } from "../record/evidence-record-suite.ts";

const kinds = ["npy", "json"] as const;

/** Evidence of which each piece is listed and has its files. */
async function createPlace(pieces = 20) {
  const dir = join(createTemporaryFolder(), "evidence");
  const store = await openFolderStore(dir);
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const ids = Array.from({ length: pieces }, (_, index) => sha256Hex(Buffer.from(`${index}`)));
  const list = (id: string): Promise<void> => record.putEvidence(evidenceNumber(1, { id }));
  for (const id of ids) {
    for (const kind of kinds) await store.put(id, kind, Buffer.from(id));
    await list(id);
  }
  const ending = new AbortController();
  let nowMs = Date.now();
  const compare = (pause: () => Promise<void> = async () => {}): Promise<void> =>
    compareEvidence({
      record,
      store,
      clock: { nowMs: () => nowMs },
      logger: silentLogger,
      pause,
      signal: ending.signal,
    });
  const told = async (): Promise<string[]> =>
    (await record.events({ name: "evidence-differs", limit: 9, offset: 0 })).items.map(
      ({ detail, subject }) => `${subject}: ${detail}`,
    );
  const removeFile = (id: string, kind: (typeof kinds)[number]): void =>
    rmSync(join(dir, evidenceFileName(id, kind)));
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { dir, store, record, ids, list, ending, compare, told, removeFile, pass };
}

it("tells nothing where each piece has its files, and each file its piece", async () => {
  const { dir, compare, told } = await createPlace();
  // What is under way, half written or not ours is no evidence.
  mkdirSync(join(dir, "incoming"));
  writeFileSync(join(dir, "incoming", `${"0".repeat(64)}.json`), "");
  mkdirSync(join(dir, "00"), { recursive: true });
  writeFileSync(join(dir, "00", "notes.txt"), "");
  await compare(() => Promise.reject(new Error("nothing differs")));
  expect(await told()).toEqual([]);
});

it("asks for ids only where something is listed, or where files of something are", async () => {
  const { store, record, compare, told } = await createPlace(0);
  const asked = vi.spyOn(record, "evidenceIds");
  await compare();
  expect(asked).not.toHaveBeenCalled();
  await store.put("f".repeat(64), "json", Buffer.from("{}"));
  await compare();
  expect(asked.mock.calls).toEqual([["ff"], ["ff"]]);
  expect(await told()).toEqual([expect.stringContaining("not listed: 1,")]);
});

it("tells by one event how many listed pieces lack a file and how many files are not listed, and removes nothing", async () => {
  const { dir, store, record, ids, compare, told, removeFile } = await createPlace();
  const [withoutBoth = "", withoutOne = "", forgotten = ""] = ids;
  for (const kind of kinds) removeFile(withoutBoth, kind);
  removeFile(withoutOne, "json");
  await record.forgetEvidence([forgotten]);
  await store.put("f".repeat(64), "json", Buffer.from("{}"));
  await compare();
  expect(await told()).toEqual([
    expect.stringMatching(
      new RegExp(
        `^${dir}: Without a file here: 2 of 19 listed pieces of raw evidence\\. What .* backup, .* not listed: 3, .* kept`,
      ),
    ),
  ]);
  for (const kind of kinds) expect(existsSync(join(dir, evidenceFileName(forgotten, kind)))).toBe(true);
  expect((await record.evidence({ limit: 1, offset: 0 })).total).toBe(ids.length - 1);
});

it("says that the folder may not be mounted where all is missing, and tells the same again after a day only", async () => {
  const { dir, compare, told, pass, store, list } = await createPlace();
  renameSync(dir, `${dir}.away`);
  await compare();
  const words = `${dir}: Without a file here: 20 of 20 listed pieces of raw evidence. This folder may not be mounted. What is lost is restored from a backup, both files of each.`;
  expect(await told()).toEqual([words]);
  await compare();
  expect(await told()).toHaveLength(1);
  pass(86_400_000);
  await compare();
  expect(await told()).toEqual([words, words]);
  // What differs in another way is told at once.
  const other = "f".repeat(64);
  for (const kind of kinds) await store.put(other, kind, Buffer.from("{}"));
  await list(other);
  await compare();
  expect(await told()).toHaveLength(3);
  expect((await told())[0]).toMatch(/: 20 of 21 listed pieces of raw evidence\. What is lost/);
});

it("tells nothing of what is being stored or removed meanwhile", async () => {
  const { store, record, ids, list, compare, told, removeFile } = await createPlace();
  const begun = "f".repeat(64);
  await store.put(begun, "npy", Buffer.from("samples"));
  const [going = ""] = ids;
  removeFile(going, "npy");
  await compare(async () => {
    await store.put(begun, "json", Buffer.from("{}"));
    await list(begun);
    await store.remove(going);
    await record.forgetEvidence([going]);
  });
  expect(await told()).toEqual([]);
});

it("ends where it is told to, and tells nothing then", async () => {
  const { dir, ending, compare, told } = await createPlace();
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
  await compare(async () => ending.abort());
  await compare();
  expect(await told()).toEqual([]);
});
