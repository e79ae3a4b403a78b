import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import {
  makeFolder,
  renameAtomic,
  replaceFile,
  writeFileAtomic,
} from "../../../src/core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../../src/core/platform/files/bounded-read.ts";
import { compiledRoot } from "../../support/compiled.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

describe("folders", () => {
  test("are made with those above them, also by several at once, and stay as they are", async () => {
    const path = join(createTemporaryFolder(), "a", "b", "c");
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, "d"))]);
    await makeFolder(path);
    expect(readdirSync(path)).toEqual(["d"]);
  });

  test("that cannot be made fail as a store, and do not try for ever", async () => {
    const file = join(createTemporaryFolder(), "file");
    writeFileSync(file, "");
    const impossible = [file, join(file, "below"), ...(existsSync("/proc") ? ["/proc/none/below"] : [])];
    for (const path of impossible) await expect(makeFolder(path)).rejects.toMatchObject({ code: "STORE" });
  });
});

describe("atomic files", () => {
  test("are written beside what a process of the same number was killed over", () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "a.json");
    const module = join(compiledRoot(), "dist", "src", "core", "platform", "files", "atomic-file.js");
    // In a container each process has the number of the one before.
    const program = `
      import { writeFileSync } from "node:fs";
      import { writeFileAtomic } from "${pathToFileURL(module)}";
      writeFileSync("${folder}/.a.json." + process.pid + "-1.tmp", "half");
      await writeFileAtomic("${path}", "whole");`;
    execFileSync(process.execPath, ["--input-type=module", "-e", program]);
    expect(readFileSync(path, "utf8")).toBe("whole");
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test("replace the old bytes as a whole, with the mode asked for, and leave nothing behind", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "a.json");
    await writeFileAtomic(path, "one");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3), { mode: 0o600 });
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["a.json"]);
  });

  test("a reader sees one version or the other while many are written at once", async () => {
    const path = join(createTemporaryFolder(), "a");
    const version = (index: number): string => `${index}`.repeat(10_000);
    await writeFileAtomic(path, version(0));
    const writes = Promise.all(
      Array.from({ length: 10 }, (_, index) => writeFileAtomic(path, version(index))),
    );
    let seen = 0;
    let done = false;
    void writes.then(() => {
      done = true;
    });
    while (!done) {
      const text = readFileSync(path, "utf8");
      expect(text).toBe(text[0]!.repeat(10_000));
      seen += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toBeGreaterThan(0);
  });

  test("a failure says what to do, leaves the old file alone and nothing behind", async () => {
    const folder = createTemporaryFolder();
    await expect(writeFileAtomic(join(folder, "none", "a"), "x")).rejects.toSatisfy(
      (error) => hasErrorCode(error, "STORE") && error.hint === "Create the folder first.",
    );
    mkdirSync(join(folder, "taken"));
    await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toSatisfy((e) =>
      hasErrorCode(e, "STORE"),
    );
    expect(readdirSync(folder)).toEqual(["taken"]);
  });

  test("are renamed durably", async () => {
    const folder = createTemporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "a"), "1");
    await renameAtomic(join(folder, "a"), join(folder, "sub", "b"));
    expect(existsSync(join(folder, "sub", "b"))).toBe(true);
    await expect(renameAtomic(join(folder, "a"), join(folder, "c"))).rejects.toSatisfy((e) =>
      hasErrorCode(e, "STORE"),
    );
  });
});

describe("bounded reading", () => {
  test("gives the bytes up to and with the bound", async () => {
    const path = join(createTemporaryFolder(), "a");
    for (const length of [0, 1, 999, 1000]) {
      writeFileSync(path, new Uint8Array(length).fill(7));
      expect((await readFileBounded(path, 1000)).length).toBe(length);
    }
    writeFileSync(path, new Uint8Array(1001));
    await expect(readFileBounded(path, 1000)).rejects.toSatisfy((error) =>
      hasErrorCode(error, "DATA_FORMAT"),
    );
    await expect(readFileBounded(path, 1000, { tooLarge: "BUNDLE_FORMAT" })).rejects.toSatisfy((error) =>
      hasErrorCode(error, "BUNDLE_FORMAT"),
    );
  });

  test("does not believe a stated size: a file of /proc states none", async () => {
    expect((await readFileBounded("/proc/self/status", 100_000)).length).toBeGreaterThan(100);
    await expect(readFileBounded("/proc/self/status", 100)).rejects.toSatisfy((error) =>
      hasErrorCode(error, "DATA_FORMAT"),
    );
  });

  test("what helps where a file is too large is not said of one that is missing", async () => {
    const path = join(createTemporaryFolder(), "list");
    const hints = { hint: "Make one.", largeHint: "Cut it." };
    await expect(readFileBounded(path, 10, hints)).rejects.toMatchObject({ hint: "Make one." });
    writeFileSync(path, new Uint8Array(11));
    await expect(readFileBounded(path, 10, hints)).rejects.toMatchObject({ hint: "Cut it." });
  });

  test("a missing file is an error with the hint given", async () => {
    const path = join(createTemporaryFolder(), "none");
    await expect(readFileBounded(path, 10, { missing: "KEY", hint: "Make one." })).rejects.toSatisfy(
      (error) => hasErrorCode(error, "KEY") && error.hint === "Make one." && error.subject === path,
    );
  });
});

describe("a file of a person", () => {
  test("keeps its mode and owner where it is replaced, and the link that leads to it", async () => {
    const folder = createTemporaryFolder();
    const [path, link] = [join(folder, "a.yaml"), join(folder, "link.yaml")];
    writeFileSync(path, "one");
    chmodSync(path, 0o662);
    if (process.getuid?.() === 0) chownSync(path, 65_534, 65_533);
    const before = statSync(path);
    symlinkSync("a.yaml", link);
    await replaceFile(link, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    const { mode, uid, gid } = statSync(path);
    expect([mode, uid, gid]).toEqual([before.mode, before.uid, before.gid]);
    expect(readdirSync(folder).sort()).toEqual(["a.yaml", "link.yaml"]);
  });

  test("is made where there is none; a link that leads nowhere and a pipe are refused", async () => {
    const folder = createTemporaryFolder();
    await replaceFile(join(folder, "new"), "one");
    expect(readFileSync(join(folder, "new"), "utf8")).toBe("one");
    symlinkSync("nowhere", join(folder, "link"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    for (const name of ["link", "pipe"]) {
      await expect(replaceFile(join(folder, name), "x")).rejects.toMatchObject({ code: "STORE" });
    }
    expect(readdirSync(folder).sort()).toEqual(["link", "new", "pipe"]);
  });
});

describe("what is no regular file", () => {
  test("is refused at once, and not opened: a pipe waits for a writer, a device has no end", async () => {
    const folder = createTemporaryFolder();
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const [path, kind] of [
      [pipe, "a named pipe"],
      ["/dev/zero", "a device"],
      [folder, "a folder"],
    ] as const) {
      const problem = `cannot read file ${path}: it is ${kind}, and a regular file is needed`;
      await expect(readFileBounded(path, 100)).rejects.toMatchObject({
        code: "DATA_MISSING",
        message: problem,
      });
    }
  });
});
