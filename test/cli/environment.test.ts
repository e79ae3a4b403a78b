import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** Files below `src` whose text fits. */
function findSources(pattern: RegExp): readonly string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && pattern.test(readFileSync(join(root, "src", name), "utf8")))
    .sort();
}

// A variable that names a folder of data must not turn a simulation into a replay.
test("the folder of data is read of the environment in one place, and only training, its judges and its checks ask there", () => {
  expect(findSources(/env(ironment)?\.AURORA_DATA/)).toEqual(["cli/installation.ts"]);
  expect(findSources(/\bfindDataDir\(/)).toEqual([
    "cli/commands/evaluate.ts",
    "cli/commands/train.ts",
    "cli/data/check-tables.ts",
    "cli/data/data-target.ts",
    "cli/installation.ts",
  ]);
});
