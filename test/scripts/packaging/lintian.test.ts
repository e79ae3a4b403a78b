import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
// @ts-expect-error packaging scripts are JavaScript, without declarations
import { askLintian } from "../../../scripts/packaging/check-debian.mjs";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

afterEach(() => vi.unstubAllEnvs());

/** Puts a lintian before the machine's that runs these lines. */
function install(lines: string): void {
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, "lintian"), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

test("lintian is content only where it has looked at the package and says no error and no warning", () => {
  install("echo 'I: aurora-edge: a remark'");
  expect(askLintian("one.deb")).toBeUndefined();
  install("echo 'W: aurora-edge: no-manual-page'; exit 2");
  expect(askLintian("one.deb")).toBe("W: aurora-edge: no-manual-page");
  install('echo "$3 is not a readable file" >&2; exit 2');
  expect(askLintian("one.deb")).toBe("lintian ended with 2: one.deb is not a readable file");
});
