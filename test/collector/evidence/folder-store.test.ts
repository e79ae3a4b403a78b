import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFolderStore } from "../../../src/collector/evidence/folder-store.ts";
import { mountSmallDisk, remountDisk } from "../../support/small-disk.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { describeEvidenceStore } from "./evidence-store-suite.ts";

describe("evidence in a folder", () => {
  let dir: string;
  describeEvidenceStore((again) => {
    if (again === undefined) dir = createTemporaryFolder();
    return openFolderStore(dir);
  });
});

test("a folder that a service may not write names the line that opens it", async ({ skip }) => {
  const disk = mountSmallDisk(64);
  if (disk === null) return skip("nobody may mount a disk here");
  remountDisk(disk, "ro");
  for (const dir of [disk, join(disk, "evidence")]) {
    await expect(openFolderStore(dir)).rejects.toMatchObject({
      code: "STORE",
      hint: expect.stringContaining(`ReadWritePaths=${dir}; or configure another folder`),
    });
  }
});
