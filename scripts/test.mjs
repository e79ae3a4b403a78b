// Runs the test suite (or the files given as arguments; --suite=long, --suite=retrained: those of that folder of test/)
// and ends with the plain line `N passed, N failed[, N skipped]`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "aurora-test-"));
const suite = process.argv.find((argument) => argument.startsWith("--suite="))?.slice("--suite=".length);
const report = join(folder, "report.json");
const run = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--config",
    "test/vitest.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2).filter((argument) => !argument.startsWith("--suite=")),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...(suite === undefined ? {} : { AURORA_SUITE: suite }) },
  },
);
let result;
try {
  result = JSON.parse(readFileSync(report, "utf8"));
} catch {
  result = undefined;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (result === undefined) {
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const cases = result.testResults.flatMap((file) =>
  file.assertionResults.map((test) => ({ ...test, file: file.name.replace(`${root}/`, "") })),
);
const skipped = cases.filter((test) => test.status !== "passed" && test.status !== "failed");
for (const test of skipped) console.log(`skipped: ${test.file}: ${test.fullName}`);
// A file that does not even load holds no failed case, but it has failed.
const brokenFiles = result.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
).length;
const failed = cases.filter((test) => test.status === "failed").length + brokenFiles;
const passed = cases.filter((test) => test.status === "passed").length;
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
process.exit(failed > 0 || run.status !== 0 || passed === 0 ? 1 : 0);
