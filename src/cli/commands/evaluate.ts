/** `aurora evaluate`: the gate over a bundle, its verdict played again, or its recipe on a published protocol. */
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { loadPrivateKey, loadTrustedKeys } from "../../core/bundle/keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  type BundleEvaluation,
  evaluateBundle,
  evaluateGate,
  hasDataBeside,
  replayVerdict,
} from "../../training/evaluate-bundle.ts";
import { recipeTable } from "../../training/training-config.ts";
import { findDataDir, releaseKeyFile } from "../installation.ts";
import { printReply } from "../terminal/print-reply.ts";
import { createProgressBar, type ProgressBar } from "../terminal/progress-bar.ts";

interface EvaluateFlags {
  readonly data?: string;
  readonly protocol?: string;
  readonly against?: string;
  readonly key?: string;
  readonly keys?: string[];
  readonly rebuild?: boolean;
  readonly replay?: boolean;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .argument("<dir>", "the bundle's folder")
    .option(
      "--data <dir>",
      "folder of the data (default: above the bundle for one's own recordings, else AURORA_DATA, then ../shared/data)",
    )
    .option(
      "--against <dir>",
      "the active model's bundle: refuse what is worse on any slice, or decides worse",
    )
    .option("--key <file>", "private key (PEM) that signs the verdict, which is written beside the bundle")
    .option("--rebuild", "train the bundle once more and compare digests (default where it takes a minute)")
    .option("--no-rebuild", "do not train it once more")
    .option("--replay", "play the signed verdict beside the bundle again and compare every answer")
    .option("--keys <path...>", "keys that a replayed verdict may be signed with (default: the release key)")
    .option(
      "--protocol <name>",
      "instead of the gate: held-out (this very model's figures) or a published protocol that retrains its recipe, for example cwru-100",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Protocols, by the data that a bundle was made from, beside those that its train.yaml names:
${[...new Set(recipeTable.map(({ kind, protocols }) => `  ${kind.padEnd(12)} ${protocols.join(", ")}`))].join("\n")}

Exit code 0 when the bundle passes, 1 when it does not. Replayed, it passes where its verdict is
true and says that it passed.

Examples:
  $ aurora evaluate models/bearing-vibration/1.0.0 --json
  $ aurora evaluate models/bearing-vibration/1.0.0 --protocol cwru-100 --json
`,
    )
    .action(async (dir: string, flags: EvaluateFlags) => {
      const bar = createProgressBar();
      const evaluation = await evaluate(dir, flags, bar);
      bar.end();
      printReply(flags.json, evaluation.json, () => `${evaluation.lines.join("\n")}\n`);
      if (!evaluation.passed) process.exitCode = 1;
    });
}

async function evaluate(dir: string, flags: EvaluateFlags, bar: ProgressBar): Promise<BundleEvaluation> {
  refuseContradictions(dir, flags);
  const dataDir = findDataDir(flags.data ?? ((await hasDataBeside(dir)) ? dirname(resolve(dir)) : undefined));
  const context = { dataDir, log: bar.log, progress: bar.update };
  const against = flags.against ?? null;
  if (flags.protocol !== undefined) return evaluateBundle(dir, flags.protocol, context);
  if (flags.replay === true) {
    const keys = await loadTrustedKeys(flags.keys ?? releaseKeyFile());
    return replayVerdict(dir, keys, { ...context, against });
  }
  return evaluateGate(dir, {
    ...context,
    against,
    rebuild: flags.rebuild === undefined ? "auto" : flags.rebuild ? "yes" : "no",
    signer: flags.key === undefined ? null : await loadPrivateKey(flags.key),
  });
}

/** Options that would not be heeded are wrong usage, whether there are data or not. @throws AuroraError USAGE. */
function refuseContradictions(dir: string, flags: EvaluateFlags): void {
  const { protocol, replay, key, against, rebuild } = flags;
  const about = { op: "evaluate", subject: dir };
  if (protocol !== undefined && (replay === true || key !== undefined || against !== undefined)) {
    throw new AuroraError("USAGE", "--protocol goes without --against, --key and --replay", {
      ...about,
      hint: "leave --protocol out to ask the gate",
    });
  }
  if (replay === true && (key !== undefined || rebuild !== undefined)) {
    throw new AuroraError("USAGE", "--replay goes without --key, --rebuild and --no-rebuild", {
      ...about,
      hint: "it asks exactly what the record answers, a rebuild included where there was one",
    });
  }
}
