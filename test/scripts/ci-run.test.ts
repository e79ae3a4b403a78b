import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const root = packageRoot();
const lines = readFileSync(join(root, ".ci", "run"), "utf8");

/** The function of `.ci/run`, and what may be skipped. */
function readPiece(name: string): string {
  const found = new RegExp(`^${name}\\(\\) \\{(.*\\}$|[^]*?^\\}$)`, "m").exec(lines);
  if (found === null) throw new Error(`.ci/run has no function ${name}`);
  return found[0];
}

const mayBeSkipped = /^may_skip='[^']*'$/m.exec(lines)![0];

/** What `.ci/run` counts (passed, failed, skipped) and says of a suite that prints these lines. */
function countSuite(said: readonly string[]): string {
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, "said"), `${said.join("\n")}\n`);
  const script = [
    "set -uo pipefail",
    `work='${folder}' passed=0 failed=0 skipped=0 failures=()`,
    mayBeSkipped,
    readPiece("find_unexpected"),
    readPiece("processor_seconds"),
    readPiece("run_tests"),
    'npm() { cat "$work/said"; }',
    "run_tests long test:long > /dev/null",
    `echo "$passed $failed $skipped \${failures[*]}"`,
  ];
  return spawnSync("bash", ["-c", script.join("\n")], { encoding: "utf8" }).stdout.trim();
}

test("what a suite skips is counted, and fails where it is not known to be missing", () => {
  const known =
    "skipped: test/long/edp-held-out.test.ts: the shipped policy (set AURORA_DATA to run) is the same";
  expect(countSuite([known, "4 passed, 0 failed, 1 skipped"])).toBe("4 0 1");
  const unknown = "skipped: test/long/firmware.test.ts: a push to the firmware on host (needs a C compiler)";
  expect(countSuite([known, unknown, "4 passed, 0 failed, 2 skipped"])).toBe(
    `4 1 2 long may not be ${unknown}`,
  );
  expect(countSuite(["killed"])).toBe("0 1 0 long it printed no counts");
});

test("a script that could try nothing has failed, by what it says that it skipped", () => {
  const work = createTemporaryFolder();
  const script = [
    `work='${work}'; mkdir "$work/parts"`,
    mayBeSkipped,
    readPiece("find_unexpected"),
    readPiece("processor_seconds"),
    readPiece("run_part"),
    `test_mcu() { PATH=/nonexistent '${process.execPath}' --import tsx '${join(root, "scripts/test-mcu.ts")}'; }`,
    'run_part firmware test_mcu; cat "$work/parts/firmware.ended" | grep -c \'^skipped: \'; ls "$work/parts"',
  ];
  const { stdout } = spawnSync("bash", ["-c", script.join("\n")], { encoding: "utf8" });
  expect(stdout).toContain("skipped: fuzzing: missing clang");
  expect(stdout).toMatch(
    /firmware: FAILED \(\d+ s, \d+ s of processor time\)\n10\nfirmware.ended\nfirmware.failed\n$/,
  );
});
