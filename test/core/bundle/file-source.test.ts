import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderSource } from "../../../src/core/bundle/file-source.ts";
import { withTempDir } from "./sample-bundle.ts";

describe("a bundle's folder", () => {
  it("that is missing is told apart from one that is a file", async () => {
    await withTempDir(async (dir) => {
      await writeFile(join(dir, "file"), "");
      const missing = folderSource(join(dir, "none")).names();
      await expect(missing).rejects.toMatchObject({ code: "BUNDLE_FORMAT", message: "is missing" });
      const file = folderSource(join(dir, "file")).names();
      await expect(file).rejects.toMatchObject({ code: "BUNDLE_FORMAT", message: "is not a folder" });
    });
  });

  it("tells a missing file from one that is a link, a folder or too large", async () => {
    await withTempDir(async (dir) => {
      await writeFile(join(dir, "file"), "four");
      await symlink(join(dir, "file"), join(dir, "link"));
      await mkdir(join(dir, "folder"));
      const source = folderSource(dir);
      const refusals = { none: "is missing", link: "is not a plain file", folder: "is not a plain file" };
      for (const [name, message] of Object.entries(refusals)) {
        await expect(source.read(name, 10, "BUNDLE_FORMAT")).rejects.toMatchObject({
          code: "BUNDLE_FORMAT",
          message,
        });
      }
      const message = "has 4 bytes, at most 3 were expected";
      for (const code of ["BUNDLE_FORMAT", "BUNDLE_DIGEST"] as const)
        await expect(source.read("file", 3, code)).rejects.toMatchObject({ code, message });
      expect(await source.read("file", 4, "BUNDLE_FORMAT")).toEqual(new TextEncoder().encode("four"));
    });
  });

  it.runIf(process.platform === "linux")("calls a file unreadable, not damaged, that gives EIO", async () => {
    // The memory of a process is a plain file whose first page cannot be read.
    const refused = folderSource("/proc/self").read("mem", 10, "BUNDLE_FORMAT");
    await expect(refused).rejects.toMatchObject({
      code: "BUNDLE_FORMAT",
      message: expect.stringContaining("cannot be read: EIO"),
      hint: expect.stringContaining("may be whole"),
    });
  });
});
