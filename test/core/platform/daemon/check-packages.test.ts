import { chmodSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import Module from "node:module";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
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

test("a linked one is found, and one that everybody may change is refused by the name of its folder", () => {
  const name = "aurora-test-optional";
  const [place, elsewhere] = [createTemporaryFolder(), createTemporaryFolder()];
  const file = installPackage(elsewhere, name);
  mkdirSync(join(place, "node_modules"));
  symlinkSync(join(elsewhere, "node_modules", name), join(place, "node_modules", name));
  expect(findOptionalPackage(name, [place])).toBe(file);
  const refusal = (folder: string) => {
    chmodSync(folder, 0o777);
    const find = (): string => findOptionalPackage(name, [place]);
    expect(find).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: `everybody may write into ${folder}, in which ${name} is`,
        hint: expect.stringContaining(`chmod o-w ${folder}`),
      }),
    );
    chmodSync(folder, 0o755);
  };
  refusal(join(place, "node_modules"));
  refusal(realpathSync(elsewhere));
  refusal(join(realpathSync(elsewhere), "node_modules", name));
});

test("where NODE_PATH points, a package is refused that everybody may change, by a folder or a file of its own", () => {
  const name = "aurora-test-optional";
  const place = realpathSync(createTemporaryFolder());
  const file = installPackage(place, name);
  searchAlso(join(place, "node_modules"));
  onTestFinished(() => searchAlso(""));
  expect(findOptionalPackage(name, [])).toBe(file);
  for (const open of [join(place, "node_modules"), file, join(dirname(file), "package.json")]) {
    const { mode } = statSync(open);
    chmodSync(open, 0o666 | mode);
    expect(() => findOptionalPackage(name, [])).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(`everybody may write into ${open}, `),
      }),
    );
    chmodSync(open, mode);
  }
  expect(findOptionalPackage(name, [])).toBe(file);
});

/** As a process does that is started with NODE_PATH. */
function searchAlso(folder: string): void {
  process.env.NODE_PATH = folder;
  (Module as unknown as { _initPaths(): void })._initPaths();
}
