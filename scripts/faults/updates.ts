/**
 * Updates whose disk is full, fails or loses its power at every single operation: the long suite of the file-system port
 * that updates write through, of which each test is a case here.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";

const suite = "test/long/update-power-cut.test.ts";

/** What of Vitest's report is read. */
interface SuiteReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export const runUpdates: FaultModule = async (options) => {
  // A glance has no time for every operation.
  if (options.rounds < 2) return { cases: 0, violations: [], figures: { leftOut: "a glance" } };
  const ledger = createFaultLedger(options.say);
  const root = packageRoot();
  const scratch = createScratchFolder("faults-updates");
  const reportPath = join(scratch.path, "report.json");
  const args = ["run", "--config", "test/vitest.config.ts", "--reporter=json", `--outputFile=${reportPath}`];
  const program = join(root, "node_modules", "vitest", "vitest.mjs");
  try {
    // A test that fails is in the report, and the program's status says so once more.
    const ended = await promisify(execFile)(process.execPath, [program, ...args, suite], {
      cwd: root,
      env: { ...process.env, AURORA_SUITE: "long", NO_COLOR: "1" },
    }).catch((error: Error) => error);
    const text = await readFile(reportPath, "utf8").catch(() => null);
    if (text === null) throw new Error(`the suite does not run: ${String(ended)}`);
    for (const { assertionResults } of (JSON.parse(text) as SuiteReport).testResults)
      for (const { fullName, status, failureMessages } of assertionResults)
        ledger.note(
          fullName.trim(),
          status === "passed" ? [] : [failureMessages.join(" ").slice(0, 600) || status],
        );
  } finally {
    scratch.remove();
  }
  return ledger.report({ suite });
};
