import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findOptionalPackage } from "../../../../src/core/platform/daemon/check-packages.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

function installPackage(place: string, name: string): string {
  const folder = join(place, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
  writeFileSync(join(folder, "index.js"), "");
  return realpathSync(join(folder, "index.js"));
}

test("an optional package is found among npm's global ones, and one above the installation comes first", () => {
  const [first, second] = [createTemporaryFolder(), createTemporaryFolder()];
  const only = installPackage(second, "aurora-test-optional");
  installPackage(second, "modbus-serial");
  expect(findOptionalPackage("aurora-test-optional", [first, second])).toBe(only);
  expect(findOptionalPackage("modbus-serial", [first, second])).not.toContain(second);
  expect(() => findOptionalPackage("aurora-test-optional", [first])).toThrow(
    expect.objectContaining({ code: "MODULE_NOT_FOUND" }),
  );
});
