import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { digestTrainingCode, listSourceClosure } from "../../../src/training/bundle/training-code-digest.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

test("the code of a bundle is training and all that it calls, and nothing else", async () => {
  const files = await listSourceClosure(packageRoot(), [
    "src/training/train.ts",
    "src/training/recipes/bearing/bearing-recipe.ts",
  ]);
  expect(files).toContain("src/training/learn/tensorflow.ts");
  expect(files).toContain("src/core/features/standardise.ts");
  expect(files).toContain("src/core/window/revolution-windower.ts");
  // What parses a configuration, with the table of all recipes, decides no byte.
  expect(files).not.toContain("src/training/training-config.ts");
  expect(files.filter((file) => /^src\/(cli|gateway|collector)\//.test(file))).toEqual([]);
});

test("the digest changes with any file of the closure, and with no other; code compiled from another is refused", async () => {
  const root = createTemporaryFolder();
  await mkdir(join(root, "src", "training"), { recursive: true });
  const write = (name: string, text: string): Promise<void> => writeFile(join(root, "src", name), text);
  await write(
    "training/train.ts",
    'import type { A } from "../a.ts";\nexport const x = await import("./b.ts");\n',
  );
  await mkdir(join(root, "src", "training", "r"));
  await write("training/r/recipe.ts", "export const r = 1;\n");
  await write("a.ts", "export type A = 1;\n");
  await write("training/b.ts", "export const b = 1;\n");
  await write("c.ts", "export const c = 1;\n");
  const before = await digestTrainingCode("src/training/r/recipe.ts", root);
  await write("c.ts", "export const c = 2;\n");
  expect(await digestTrainingCode("src/training/r/recipe.ts", root)).toBe(before);
  await write("training/b.ts", "export const b = 2;\n");
  expect(await digestTrainingCode("src/training/r/recipe.ts", root)).not.toBe(before);
  const record = join(root, "sources.json");
  const digests: Record<string, string> = {};
  for (const name of ["training/train.ts", "training/r/recipe.ts", "a.ts", "training/b.ts"]) {
    digests[`src/${name}`] = sha256Hex(await readFile(join(root, "src", name)));
  }
  await writeFile(record, JSON.stringify(digests));
  const digest = await digestTrainingCode("src/training/r/recipe.ts", root);
  expect(await digestTrainingCode("src/training/r/recipe.ts", root, record)).toBe(digest);
  await write("a.ts", "export type A = 2;\n");
  await expect(digestTrainingCode("src/training/r/recipe.ts", root, record)).rejects.toMatchObject({
    code: "TRAINING",
    hint: expect.stringContaining("npm run build"),
    message: expect.stringContaining("src/a.ts was changed after"),
  });
  await writeFile(record, "[");
  await expect(digestTrainingCode("src/training/r/recipe.ts", root, record)).rejects.toMatchObject({
    code: "TRAINING",
    message: expect.stringContaining("does not say what"),
  });
  await rm(join(root, "src", "a.ts"));
  await expect(digestTrainingCode("src/training/r/recipe.ts", root)).rejects.toMatchObject({
    code: "TRAINING",
  });
});
