// Runs the test suite (or the files given as arguments; --suite=long, --suite=retrained: those of that folder of test/)
// and ends with the plain line `N passed, N failed[, N skipped]`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "aurora-test-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const suite = process.argv.find((argument) => argument.startsWith("--suite="))?.slice("--suite=".length);
const report = join(folder, "report.json");
const vitest = spawn(
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
    // Vitest's own temporary files too, which it leaves when it is interrupted.
    env: { ...process.env, TMPDIR: folder, ...(suite === undefined ? {} : { AURORA_SUITE: suite }) },
  },
);
// Who is interrupted passes it on, and waits until the tests have tidied up.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => vitest.kill(signal));
const [status] = await once(vitest, "exit");
let result;
try {
  result = JSON.parse(readFileSync(report, "utf8"));
} catch {
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const cases = result.testResults.flatMap((file) =>
  file.assertionResults.map((test) => ({ ...test, file: file.name.replace(`${root}/`, "") })),
);
const skipped = cases.filter((test) => test.status !== "passed" && test.status !== "failed");
for (const test of skipped) console.log(`skipped: ${test.file}: ${test.fullName}`);
for (const test of cases.filter((test) => test.status === "failed"))
  console.log(`failed: ${test.file}: ${test.fullName}: ${onOneLine(test.failureMessages?.[0])}`);
// A file that does not even load holds no failed case, but it has failed.
const brokenFiles = result.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
);
for (const file of brokenFiles)
  console.log(`failed: ${file.name.replace(`${root}/`, "")}: ${onOneLine(file.message)}`);
const failedCases = cases.filter((test) => test.status === "failed").length + brokenFiles.length;
// What went wrong outside of any test, as an error that nobody caught or a folder that was left behind.
const failed = failedCases === 0 && status !== 0 ? 1 : failedCases;
if (failed > failedCases) console.log("failed: outside of any test, see above");
const passed = cases.filter((test) => test.status === "passed").length;
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** What an error says, without where it was thrown. */
function onOneLine(message = "") {
  return message
    .split(/\n\s+at /)[0]
    .replaceAll(/\s+/g, " ")
    .slice(0, 600);
}
