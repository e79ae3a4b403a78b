import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listFolderFiles } from "../../../../src/training/dataset/recordings/folder-files.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

function write(root: string, ...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), "");
  }
}

it("lists files below folders and below links to folders, hidden ones left out", async () => {
  const [root, other] = [createTemporaryFolder(), createTemporaryFolder()];
  write(root, "healthy/t1/a.wav", ".git/x", "healthy/.b.wav");
  write(other, "t2/b.wav", "c.wav");
  symlinkSync(other, join(root, "ball"));
  symlinkSync(join(root, "healthy", "t1", "a.wav"), join(root, "one.wav"));
  symlinkSync(join(root, "nowhere"), join(root, "gone.wav"));
  expect(await listFolderFiles(root)).toEqual([
    "ball/c.wav",
    "ball/t2/b.wav",
    "gone.wav",
    "healthy/t1/a.wav",
    "one.wav",
  ]);
});

it("lists a folder once, however many links lead there, and goes round in no circle", async () => {
  const [root, other] = [createTemporaryFolder(), createTemporaryFolder()];
  write(root, "healthy/a.wav");
  write(other, "b.wav", "deep/c.wav");
  symlinkSync(join(root, "healthy"), join(root, "again"));
  symlinkSync(root, join(root, "healthy", "circle"));
  symlinkSync(other, join(root, "z"));
  symlinkSync(other, join(root, "longer"));
  symlinkSync(join(other, "deep"), join(root, "within"));
  symlinkSync(join(root, "z"), join(other, "deep", "back"));
  expect(await listFolderFiles(root)).toEqual(["healthy/a.wav", "z/b.wav", "z/deep/c.wav"]);
});

it("refuses a link to a folder that holds what is listed already", async () => {
  const root = createTemporaryFolder();
  write(root, "rig/a.wav", "other/b.wav");
  symlinkSync(root, join(root, "rig", "above"));
  await expect(listFolderFiles(join(root, "rig"))).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: expect.stringMatching(/the link .*above leads to a folder that holds .*rig/),
  });
});
