/** Training where it is not part of the installation. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { requireTrainingPart } from "../../../src/cli/commands/train.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function makeInstallation(): string {
  const folder = mkdtempSync(join(tmpdir(), "aurora-train-"));
  folders.push(folder);
  writeFileSync(join(folder, "package.json"), "{}");
  return folder;
}

test("a checkout with its optional packages trains", () => {
  expect(() => requireTrainingPart(packageRoot())).not.toThrow();
});

test("a gateway's installation says that it does not train, and where one does", () => {
  expect(() => requireTrainingPart(makeInstallation())).toThrow(
    expect.objectContaining({ code: "TRAINING", hint: expect.stringContaining("checkout") }),
  );
});

test("a checkout without TensorFlow names the package that is missing", () => {
  const root = makeInstallation();
  mkdirSync(join(root, "src", "training"), { recursive: true });
  writeFileSync(join(root, "src", "training", "train.ts"), "");
  expect(() => requireTrainingPart(root)).toThrow(/@tensorflow\/tfjs/);
});
