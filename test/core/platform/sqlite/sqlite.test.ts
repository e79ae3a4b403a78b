import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { type AuroraError, hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import { loadSqliteEngine, openSqlite, sqliteEngines } from "../../../../src/core/platform/sqlite/sqlite.ts";
import { sqliteErrorKind } from "../../../../src/core/platform/sqlite/sqlite-error.ts";
import { compiledRoot } from "../../../support/compiled.ts";
import { leakFreePages } from "../../../support/leak-free-pages.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a database that may not be looked at is not gone, one that was moved is", () => {
  const folder = join(createTemporaryFolder(), "state");
  mkdirSync(folder);
  const module = join(compiledRoot(), "dist", "src", "core", "platform", "sqlite", "file-place.js");
  // In a process of its own: a thread may not change its user.
  const script = `import { chmodSync, renameSync, statSync, writeFileSync } from "node:fs";
    const { noteFilePlace } = await import(${JSON.stringify(pathToFileURL(module).href)});
    const [folder, path] = ${JSON.stringify([folder, join(folder, "a.db")])};
    const isRoot = process.getuid() === 0;
    writeFileSync(path, "");
    const isElsewhere = noteFilePlace(path);
    chmodSync(folder, 0);
    if (isRoot) process.seteuid(65_534);
    const found = [isElsewhere()];
    try {
      statSync(path);
    } catch ({ code }) {
      found.push(code);
    }
    if (isRoot) process.seteuid(0);
    chmodSync(folder, 0o700);
    renameSync(path, path + ".old");
    console.log(JSON.stringify([...found, isElsewhere()]));`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual([false, "EACCES", true]);
});

test("a path that cannot be followed is said to be one, whatever the disk says of it", () => {
  const path = join(createTemporaryFolder(), "a.db");
  symlinkSync(path, path);
  expect(() => openSqlite(path)).toThrow(expect.objectContaining({ code: "STORE" }));
});

for (const engine of sqliteEngines) {
  const loads = loadSqliteEngine(engine) !== undefined;
  describe.skipIf(!loads)(`${engine}${loads ? "" : ` (not in Node ${process.versions.node})`}`, () => {
    test("values come back as they were bound", () => {
      const db = openSqlite(":memory:", { engine });
      expect(db.engine).toBe(engine);
      db.exec("CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e)");
      const blob = Uint8Array.of(0, 1, 255);
      const insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)");
      expect(insert.run(2 ** 53 - 1, 0.1, "ü€", blob, null)).toEqual({
        changes: 1,
        lastInsertRowid: 1,
      });
      const row = db.prepare("SELECT * FROM t").get();
      expect({ ...row }).toEqual({ a: 2 ** 53 - 1, b: 0.1, c: "ü€", d: blob, e: null });
      expect(Buffer.isBuffer(row?.d)).toBe(false);
      expect(db.prepare("SELECT * FROM t WHERE a = ?").get(1)).toBeUndefined();
      expect(db.prepare("SELECT a FROM t WHERE a = ?").all(1)).toEqual([]);
      db.close();
      db.close();
    });

    test("a text with NUL is refused, as one library would read it back cut off", () => {
      const db = openSqlite(":memory:", { engine });
      expect(() => db.prepare("SELECT ? AS a").get("a\u0000b")).toThrowError(/NUL/);
      db.close();
    });

    test("a view into a larger buffer is stored as the view", () => {
      const db = openSqlite(":memory:", { engine });
      db.exec("CREATE TABLE t (d BLOB)");
      db.prepare("INSERT INTO t VALUES (?)").run(Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
      expect(db.prepare("SELECT d FROM t").get()?.d).toEqual(Uint8Array.of(2, 3));
      db.close();
    });

    test("a transaction that throws leaves nothing, nested ones join the outer", () => {
      const db = openSqlite(":memory:", { engine });
      db.exec("CREATE TABLE t (a)");
      const insert = db.prepare("INSERT INTO t VALUES (?)");
      expect(() =>
        db.transaction(() => {
          insert.run(1);
          db.transaction(() => insert.run(2));
          throw new Error("mine");
        }),
      ).toThrow("mine");
      expect(db.prepare("SELECT count(*) AS n FROM t").get()?.n).toBe(0);
      expect(db.transaction(() => insert.run(3).changes)).toBe(1);
      expect(db.prepare("SELECT count(*) AS n FROM t").get()?.n).toBe(1);
      db.close();
    });

    test("what was committed is there after reopening, in WAL mode", () => {
      const path = join(createTemporaryFolder(), "new", "t.db");
      let db = openSqlite(path, { engine });
      db.exec("CREATE TABLE t (a); INSERT INTO t VALUES (7)");
      expect(db.prepare("PRAGMA journal_mode").get()?.journal_mode).toBe("wal");
      expect(db.prepare("PRAGMA synchronous").get()?.synchronous).toBe(2);
      db.close();
      db = openSqlite(path, { engine });
      expect(db.prepare("SELECT a FROM t").get()?.a).toBe(7);
      db.close();
    });

    test("one that reads sees what another commits, and can write nothing", () => {
      const path = join(createTemporaryFolder(), "t.db");
      expect(() => openSqlite(path, { engine, access: "read" })).toThrow(/cannot open database/);
      const writer = openSqlite(path, { engine });
      writer.exec("CREATE TABLE t (a)");
      const reader = openSqlite(path, { engine, access: "read" });
      const count = reader.prepare("SELECT count(*) AS n FROM t");
      expect(count.get()?.n).toBe(0);
      writer.transaction(() => {
        writer.exec("INSERT INTO t VALUES (1)");
        expect(count.get()?.n).toBe(0);
      });
      expect(count.get()?.n).toBe(1);
      for (const write of [
        () => reader.exec("INSERT INTO t VALUES (2)"),
        () => reader.exec("CREATE TABLE other (a)"),
      ])
        expect(write).toThrow(expect.toSatisfy((error) => sqliteErrorKind(error) === "read-only"));
      reader.close();
      writer.close();
      expect(existsSync(`${path}-wal`)).toBe(false);
    });

    test("a wrong statement is an error of the store that names the file", () => {
      const db = openSqlite(":memory:", { engine });
      expect(() => db.prepare("SELEC 1")).toThrowError(/syntax error/);
      try {
        db.exec("INSERT INTO missing VALUES (1)");
      } catch (error) {
        expect(hasErrorCode(error, "STORE")).toBe(true);
        expect(sqliteErrorKind(error)).toBe("other");
      }
      db.close();
    });

    test("a full disk is an error of its own kind, with a hint, and the database goes on afterwards", () => {
      const path = join(createTemporaryFolder(), "t.db");
      const db = openSqlite(path, { engine, maxBytes: 65_536 });
      db.exec("CREATE TABLE t (d BLOB)");
      const insert = db.prepare("INSERT INTO t VALUES (?)");
      let failure: unknown;
      try {
        for (let index = 0; index < 100; index++) db.transaction(() => insert.run(new Uint8Array(4000)));
      } catch (error) {
        failure = error;
      }
      expect(hasErrorCode(failure, "STORE")).toBe(true);
      expect(sqliteErrorKind(failure)).toBe("full");
      expect(failure).toMatchObject({ hint: expect.stringMatching(/disk space/) });
      db.exec("DELETE FROM t");
      db.transaction(() => insert.run(new Uint8Array(4000)));
      expect(db.prepare("SELECT count(*) AS n FROM t").get()?.n).toBe(1);
      db.close();
    });

    test("a second writer waits its time and is then told that the database is busy", () => {
      const path = join(createTemporaryFolder(), "t.db");
      const first = openSqlite(path, { engine });
      first.exec("CREATE TABLE t (a)");
      const second = openSqlite(path, { engine, busyTimeoutMs: 10 });
      first.exec("BEGIN IMMEDIATE");
      let failure: unknown;
      try {
        second.transaction(() => {});
      } catch (error) {
        failure = error;
      }
      expect(sqliteErrorKind(failure)).toBe("busy");
      first.exec("COMMIT");
      second.close();
      first.close();
    });

    test("a corrupted file is set aside, reported and replaced by a new one; only the newest few are kept", () => {
      const folder = createTemporaryFolder();
      const path = join(folder, "t.db");
      const setAside: string[] = [];
      for (let round = 1; round <= 5; round++) {
        writeFileSync(path, `this is no database, round ${round} `.repeat(500));
        const db = openSqlite(path, { engine, onCorrupt: (aside) => void setAside.push(aside) });
        db.exec("CREATE TABLE t (a)");
        db.close();
      }
      expect(setAside).toEqual([1, 2, 3, 4, 5].map((n) => `${path}.corrupt-${n}`));
      expect(readdirSync(folder).filter((name) => /corrupt-\d+$/.test(name))).toHaveLength(3);
      expect(existsSync(`${path}.corrupt-5`)).toBe(true);
    });

    test("empty files that were set aside displace none that hold something", () => {
      const folder = createTemporaryFolder();
      const path = join(folder, "t.db");
      const open = () => openSqlite(path, { engine, onCorrupt: () => {} }).close();
      writeFileSync(path, "this is no database ".repeat(500));
      open();
      for (let round = 1; round <= 5; round++) {
        writeFileSync(path, "");
        open();
      }
      const kept = readdirSync(folder).filter((name) => name.includes(".corrupt-"));
      expect(kept.sort()).toEqual(["t.db.corrupt-1", "t.db.corrupt-5", "t.db.corrupt-6"]);
    });

    test("where the new file cannot be begun the old one comes back, with its log", () => {
      const folder = createTemporaryFolder();
      const path = join(folder, "t.db");
      writeFileSync(path, "this is no database ".repeat(500));
      const before = readFileSync(path);
      const onCorrupt = (): void => {
        throw new Error("no room");
      };
      for (let round = 1; round <= 5; round++) {
        writeFileSync(`${path}-wal`, "its log");
        expect(() => openSqlite(path, { engine, onCorrupt })).toThrow("no room");
        expect(readFileSync(path).equals(before)).toBe(true);
        expect(readdirSync(folder).filter((name) => name.includes("corrupt"))).toEqual([]);
      }
    });

    test("a page overwritten in the middle of the file is found at open", () => {
      const path = join(createTemporaryFolder(), "t.db");
      const db = openSqlite(path, { engine });
      db.exec("CREATE TABLE t (a); CREATE INDEX i ON t (a)");
      const insert = db.prepare("INSERT INTO t VALUES (?)");
      db.transaction(() => {
        for (let index = 0; index < 5000; index++) insert.run(`row ${index}`);
      });
      db.close();
      overwrite(path, 3 * 4096, 4096);
      let reason = "";
      const fresh = openSqlite(path, {
        engine,
        onCorrupt: (_aside, why) => {
          reason = why;
        },
      });
      expect(reason).not.toBe("");
      expect(fresh.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n).toBe(0);
      fresh.close();
    });

    test("a file of which nothing but pages without use is found is used, and that is told", () => {
      const path = join(createTemporaryFolder(), "t.db");
      const db = openSqlite(path, { engine });
      db.exec("CREATE TABLE t (a); CREATE TABLE kept (a); INSERT INTO kept VALUES (7)");
      const insert = db.prepare("INSERT INTO t VALUES (?)");
      db.transaction(() => {
        for (let index = 0; index < 5000; index++) insert.run(`row ${index}`);
      });
      db.exec("DELETE FROM t");
      db.close();
      const pages = leakFreePages(path);
      expect(pages).toBeGreaterThan(10);
      const told: unknown[] = [];
      const again = openSqlite(path, {
        engine,
        onFinding: ({ leakedPages }) => told.push(leakedPages),
        onCorrupt: (aside) => told.push(aside),
      });
      expect(told).toEqual([pages]);
      expect(again.prepare("SELECT a FROM kept").get()?.a).toBe(7);
      again.exec("INSERT INTO t VALUES (1)");
      again.close();
    });

    test("a damage beside pages without use is still one", () => {
      const path = join(createTemporaryFolder(), "t.db");
      const db = openSqlite(path, { engine });
      db.exec("CREATE TABLE t (a); CREATE TABLE u (a)");
      for (const table of ["t", "u"]) {
        const insert = db.prepare(`INSERT INTO ${table} VALUES (?)`);
        db.transaction(() => {
          for (let index = 0; index < 5000; index++) insert.run(`row ${index}`);
        });
      }
      db.exec("DELETE FROM u");
      db.close();
      leakFreePages(path);
      overwrite(path, 3 * 4096, 4096);
      expect(() => openSqlite(path, { engine })).toThrow(
        expect.toSatisfy((error) => sqliteErrorKind(error) === "corrupt"),
      );
    });

    test("a file that was cut to nothing is set aside and reported, as everything in it is lost; one that was never written is not", () => {
      const path = join(createTemporaryFolder(), "a.db");
      const setAside: string[] = [];
      const open = () => openSqlite(path, { engine, onCorrupt: (to) => setAside.push(to) });
      open().close();
      expect(setAside).toEqual([]);
      writeFileSync(path, "");
      open().close();
      expect(setAside).toEqual([`${path}.corrupt-1`]);
    });

    test("a corrupted file is an error when nobody asked to set it aside", () => {
      const path = join(createTemporaryFolder(), "t.db");
      writeFileSync(path, "no database ".repeat(1000));
      expect(() => openSqlite(path, { engine })).toThrowError(/cannot open database/);
    });

    test("a folder that cannot be made is an error that names it and says what to do", () => {
      const file = join(createTemporaryFolder(), "in-the-way");
      writeFileSync(file, "");
      expect(() => openSqlite(join(file, "state", "t.db"), { engine })).toThrowError(
        expect.objectContaining({
          code: "STORE",
          subject: join(file, "state"),
          hint: expect.stringContaining("stateDir"),
        }),
      );
    });
  });
}

function overwrite(path: string, offset: number, length: number): void {
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(length).fill(0xa5), 0, length, offset);
  closeSync(file);
}

const absent = sqliteEngines.find((engine) => loadSqliteEngine(engine) === undefined);

test.skipIf(absent === undefined)(
  "where no library loads the hint names the program that installs one",
  () => {
    const open = (): unknown => openSqlite(join(createTemporaryFolder(), "a.db"), { engine: absent! });
    let hint = "";
    try {
      open();
    } catch (error) {
      hint = (error as AuroraError).hint ?? "";
    }
    expect(hint).toContain("--allow-scripts=aurora-edge");
    expect(existsSync(/`node (.*?)`/.exec(hint)?.[1] ?? "")).toBe(true);
  },
);
