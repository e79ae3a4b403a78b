import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteRecord } from "../../../../src/collector/record/sqlite/sqlite-record.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { openSqlite } from "../../../../src/core/platform/sqlite/sqlite.ts";
import { wrapSqliteError } from "../../../../src/core/platform/sqlite/sqlite-error.ts";
import { fillDisk, mountSmallDisk } from "../../../support/small-disk.ts";

const disk = (sizeKib: number, skip: (note: string) => void): string => {
  const folder = mountSmallDisk(sizeKib);
  if (folder === null) skip("nobody may mount a disk here");
  return folder!;
};

test("a first start on a disk with room for some of it says that it is full, where, and what to do", ({
  skip,
}) => {
  const folder = disk(256, skip);
  const path = join(folder, "state", "collector.sqlite");
  let refused = 0;
  for (let leftKib = 0; leftKib <= 64; leftKib += 4) {
    const free = fillDisk(folder, leftKib);
    try {
      openSqlite(path, { onCorrupt: () => expect.unreachable("it is taken for a damaged one") }).close();
    } catch (error) {
      refused += 1;
      expect(error).toMatchObject({
        code: "STORE",
        subject: path,
        message: expect.stringMatching(/disk is full/),
        hint: expect.stringMatching(
          /^Free some space on the disk that holds .*state \(\d+ KiB are left\) and start again/,
        ),
      });
    }
    free();
  }
  expect(refused).toBeGreaterThan(3);
  openSqlite(path).close();
});

test("a first start on a disk with room and no inodes left says so, at whichever file it ends", ({
  skip,
}) => {
  const files = 16;
  const folder = mountSmallDisk(4_096, files);
  if (folder === null) return skip("nobody may mount a disk here");
  const path = join(folder, "state", "gateway.db");
  const taken = Array.from({ length: files - 1 }, (_, index) => join(folder, `taken-${index}`));
  for (const each of taken) writeFileSync(each, "");
  // One after the other becomes free: the folder, the database and its log each need one.
  for (const each of taken.slice(0, 2)) {
    expect(() => openSqlite(path)).toThrow(
      expect.objectContaining({
        code: "STORE",
        hint: expect.stringMatching(/^Remove files on the disk that holds .* no inodes left/),
      }),
    );
    rmSync(each);
  }
  expect(() => openSqlite(path)).toThrow(/^cannot open database .*: the disk takes no more files \(/);
  for (const each of taken.slice(2)) rmSync(each);
  openSqlite(path).close();
});

test("on a disk with room and no inodes left only what needs another file is told so, with what to do", ({
  skip,
}) => {
  const folder = mountSmallDisk(4_096, 2);
  if (folder === null) return skip("nobody may mount a disk here");
  writeFileSync(join(folder, "taken"), "");
  const tell = (code: string, op: string): unknown =>
    wrapSqliteError(Object.assign(new Error("failed"), { code }), op, join(folder, "gateway.db"));
  for (const [code, op] of [
    ["SQLITE_CANTOPEN", "write state"],
    ["SQLITE_IOERR_WRITE", "open database"],
  ] as const) {
    const message = expect.stringMatching(/takes no more files \(failed\)$/);
    expect(tell(code, op)).toMatchObject({ message, hint: expect.stringMatching(/no inodes left/) });
  }
  for (const code of ["SQLITE_IOERR_READ", "SQLITE_IOERR_FSYNC"]) {
    const message = expect.stringMatching(/db: failed$/);
    const hint = expect.stringMatching(/^The disk reported an error/);
    expect(tell(code, "write state")).toMatchObject({ message, hint });
  }
});

test("a collector's record says it wherever in its tables the disk becomes full, and begins when there is room", async ({
  skip,
}) => {
  const folder = disk(2_048, skip);
  const path = join(folder, "collector.sqlite");
  const open = () => openSqliteRecord({ path, clock: { nowMs: () => 0 }, logger: silentLogger });
  for (const leftKib of [40, 80, 160]) {
    const free = fillDisk(folder, leftKib);
    await expect(open()).rejects.toMatchObject({
      code: "STORE",
      subject: path,
      message: expect.stringMatching(/disk is full/),
      hint: expect.stringMatching(/^Free some/),
    });
    free();
  }
  await (await open()).close();
});

test("a disk that this process may only read is named so, with the line that opens it in a unit of systemd", ({
  skip,
}) => {
  const folder = disk(256, skip);
  mkdirSync(join(folder, "made"));
  execFileSync("mount", ["-o", "remount,ro", folder]);
  for (const dir of [join(folder, "made"), join(folder, "missing", "deeper")]) {
    expect(() => openSqlite(join(dir, "gateway.db"))).toThrowError(
      expect.objectContaining({
        code: "STORE",
        hint: expect.stringMatching(`read-only, or systemd keeps it so.*ReadWritePaths=${dir};`),
      }),
    );
  }
});
