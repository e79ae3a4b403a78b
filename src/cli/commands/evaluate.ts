/** `aurora evaluate`: a bundle's own figures on its held-out bearings, or its recipe on the published splits. */
import { Command } from "commander";
import { evaluateBundle } from "../../training/evaluate-bundle.ts";
import { findDataDir } from "../data-dir.ts";
import { createProgressBar } from "../progress-bar.ts";

interface EvaluateFlags {
  readonly data?: string;
  readonly protocol: string;
  readonly json?: boolean;
}

/** Builds the command. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .argument("<dir>", "the bundle's folder")
    .option("--data <dir>", "folder of the data sets (default: AURORA_DATA, then ../shared/data)")
    .option(
      "--protocol <name>",
      "held-out: this very model; cwru-100, cwru-tuning: its recipe, retrained on published splits",
      "held-out",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora evaluate models/bearing-vibration/1.0.0 --protocol cwru-100 --json\n",
    )
    .action(async (dir: string, flags: EvaluateFlags) => {
      const bar = createProgressBar();
      const evaluation = await evaluateBundle(dir, flags.protocol, {
        dataDir: findDataDir(flags.data),
        log: bar.log,
        progress: bar.update,
      });
      bar.end();
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(evaluation.json)}\n` : `${evaluation.lines.join("\n")}\n`,
      );
      if (!evaluation.passed) process.exitCode = 1;
    });
}
