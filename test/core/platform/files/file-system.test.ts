import { statSync } from "node:fs";
import { type FileHandle, open, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type FileSystem, nodeFileSystem } from "../../../../src/core/platform/files/file-system.ts";
import { createMemoryDisk } from "../../../support/memory-disk.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const text = async (files: FileSystem, path: string): Promise<string | null> => {
  const bytes = await files.read(path, 1000);
  return bytes === null ? null : Buffer.from(bytes).toString("utf8");
};

describe.each([
  ["the machine's", nodeFileSystem],
  ["the one in memory", createMemoryDisk()],
])("a file system: %s", (_name, files) => {
  const newFolder = async (): Promise<string> => {
    const folder = join(createTemporaryFolder(), "a", "b");
    await files.makeFolder(folder);
    return folder;
  };

  it("tells missing from unreadable and from too large", async () => {
    const folder = await newFolder();
    const path = join(folder, "file");
    expect(await files.read(path, 10)).toBeNull();
    expect(await files.sizeOf(path)).toBe(0);
    await files.writeAtomic(path, "12345");
    expect([await text(files, path), await files.sizeOf(path)]).toEqual(["12345", 5]);
    await expect(files.read(path, 4)).rejects.toMatchObject({ code: "DATA_FORMAT" });
    await expect(files.read(folder, 1000)).rejects.toMatchObject({ code: "STORE" });
  });

  it("writes whole files, replaces them, and needs their folder", async () => {
    const folder = await newFolder();
    await files.writeAtomic(join(folder, "file"), "one");
    await files.writeAtomic(join(folder, "file"), Uint8Array.of(50));
    expect([await text(files, join(folder, "file")), await files.list(folder)]).toEqual(["2", ["file"]]);
    const lost = files.writeAtomic(join(folder, "none", "file"), "x");
    await expect(lost).rejects.toMatchObject({ code: "STORE" });
  });

  it("lists, renames and removes, and what is missing is no error", async () => {
    const folder = await newFolder();
    await files.makeFolder(join(folder, "x", "y"));
    await files.makeFolder(join(folder, "x"));
    await files.writeAtomic(join(folder, "x", "y", "file"), "1");
    await files.writeAtomic(join(folder, "b"), "2");
    expect(await files.list(folder)).toEqual(["b", "x"]);
    await files.rename(join(folder, "x"), join(folder, "z"));
    await files.rename(join(folder, "b"), join(folder, "z", "y", "file"));
    expect(await text(files, join(folder, "z", "y", "file"))).toBe("2");
    await files.remove(join(folder, "z"));
    await files.remove(join(folder, "z"));
    expect([await files.list(folder), await files.list(join(folder, "z"))]).toEqual([[], []]);
    await expect(files.rename(join(folder, "z"), join(folder, "a"))).rejects.toMatchObject({ code: "STORE" });
    await files.writeAtomic(join(folder, "file"), "");
    await expect(files.list(join(folder, "file"))).rejects.toMatchObject({ code: "STORE" });
    await expect(files.makeFolder(join(folder, "file", "x"))).rejects.toMatchObject({ code: "STORE" });
  });

  it("goes on with a part where it ended, and begins it anew at 0", async () => {
    const folder = await newFolder();
    expect(await files.freeBytes(folder)).toBeGreaterThan(0);
    const path = join(folder, "part");
    for (const [offset, word] of [
      [0, "abc"],
      [2, "de"],
    ] as const) {
      const part = await files.openPart(path, offset);
      await part.append(Buffer.from(word));
      await part.append(Buffer.from("!"));
      await part.close();
    }
    expect(await text(files, path)).toBe("abde!");
    await (await files.openPart(path, 0)).close();
    expect(await text(files, path)).toBe("");
    await expect(files.openPart(join(folder, "none"), 3)).rejects.toMatchObject({ code: "STORE" });
  });
});

describe("the machine's file system", () => {
  it("does not wait for a pipe or read a device", async () => {
    await expect(nodeFileSystem.read("/dev/null", 10)).rejects.toMatchObject({ code: "STORE" });
  });

  it("says that something in the way of a folder is no missing file", async () => {
    const file = join(createTemporaryFolder(), "file");
    await writeFile(file, "");
    await expect(nodeFileSystem.read(join(file, "below"), 10)).rejects.toMatchObject({ code: "STORE" });
    await expect(nodeFileSystem.sizeOf(join(file, "below"))).rejects.toMatchObject({ code: "STORE" });
  });
});

it("the machine's file system follows no link, and lets nobody else write into the folders that it makes", async () => {
  const root = createTemporaryFolder();
  const before = process.umask(0);
  try {
    await nodeFileSystem.makeFolder(join(root, "a", "b"));
  } finally {
    process.umask(before);
  }
  expect([join(root, "a"), join(root, "a", "b")].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o755, 0o755,
  ]);
  await writeFile(join(root, "elsewhere"), "x");
  await symlink(join(root, "elsewhere"), join(root, "a", "link"));
  await expect(nodeFileSystem.read(join(root, "a", "link"), 10)).rejects.toMatchObject({ code: "STORE" });
});

it("a part is whole although the system takes three bytes at a time", async () => {
  const path = join(createTemporaryFolder(), "part");
  await writeFile(path, "");
  const probe = await open(path);
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  type Write = (bytes: Uint8Array, offset: number, length: number, position: number) => Promise<unknown>;
  const write = handles.write as Write;
  const inThrees: Write = function (this: FileHandle, bytes, offset, length, position) {
    return write.call(this, bytes, offset, Math.min(3, length), position);
  };
  const spy = vi.spyOn(handles, "write").mockImplementation(inThrees as FileHandle["write"]);
  try {
    const part = await nodeFileSystem.openPart(path, 0);
    await part.append(Buffer.from("0123456"));
    await part.append(Buffer.from("789"));
    await part.close();
  } finally {
    spy.mockRestore();
  }
  expect(await readFile(path, "utf8")).toBe("0123456789");
});
