/** `aurora train`: a training configuration to a signed bundle. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { createKeyPair, loadTrustedKeys, parsePrivateKey } from "../../core/bundle/keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import type { OpenRecipe } from "../../training/recipes/recipe.ts";
import { defaultBundleDir, train } from "../../training/train.ts";
import { loadTrainingConfig, recipeTable } from "../../training/training-config.ts";
import { loadReleaseKey } from "../bundle/release-key.ts";
import { findDataDir, releaseKeyFile, trainingWorkDir } from "../installation.ts";
import { printReply } from "../terminal/print-reply.ts";
import { createProgressBar, keepLog } from "../terminal/progress-bar.ts";

interface TrainFlags {
  readonly data?: string;
  readonly out?: string;
  readonly key?: string;
  readonly work?: string;
  readonly report?: string;
  readonly ungated?: boolean;
  readonly keys?: string[];
  readonly acceptLittleEvidence?: boolean;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .argument("<config>", "the training configuration (YAML)")
    .option(
      "--data <dir>",
      "folder of the data (default: that of the configuration for one's own recordings, else AURORA_DATA, then ../shared/data)",
    )
    .option("--out <dir>", "folder of the bundle (default: <folder of the configuration>/<version>)")
    .option("--key <file>", "private key (PEM) to sign with; without it a throw-away key signs")
    .option(
      "--work <dir>",
      "where finished steps are kept, so that a run that was killed goes on (default: the user's cache folder)",
    )
    .option("--report <dir>", "folder of report.html and report.json (default: below the work folder)")
    .option(
      "--ungated",
      "write the bundle without asking the gate: it says so wherever it is looked at, and is published on request only",
    )
    .option(
      "--keys <path...>",
      "trusted public keys of a bundle that the configuration goes on `from` (default: the release key of this installation)",
    )
    .option(
      "--accept-little-evidence",
      "write a fine-tuned bundle although its machines are too few to say how good it is: it says so wherever it is looked at",
    )
    .option("--json", "print the bundle's digest and figures as one JSON object")
    .addHelpText(
      "after",
      `
What is learnt is the configuration's dataset.kind: ${[...new Set(recipeTable.map(({ kind }) => kind))].join(", ")}. A configuration that
goes on \`from\` a bundle's folder is fine-tuned on a few machines' recordings, and inherits what it
does not say. The gate looks at the bundle before it is written: exit code 1 where it refuses.
TensorFlow runs natively where its library is there; AURORA_TENSORFLOW=wasm in the environment asks
for WebAssembly, which made the shipped bundles.

Example:
  $ aurora train models/bearing-vibration/train.yaml --key ~/.config/aurora/release.ed25519.pem
`,
    )
    .action(async (configPath: string, flags: TrainFlags) => {
      requireTrainingPart(packageRoot());
      const bar = createProgressBar();
      const loaded = await loadTrainingConfig(configPath, {
        parentKeys: await loadTrustedKeys(flags.keys ?? releaseKeyFile()),
        acceptLittleEvidence: flags.acceptLittleEvidence === true,
      });
      const { recipe } = loaded;
      if (flags.key === undefined) {
        bar.log("no --key: signed with a key that is thrown away, so that no gateway trusts this bundle");
      }
      const workDir = flags.work ?? trainingWorkDir(recipe.config.name);
      const reportDir = flags.report ?? join(workDir, "report");
      const signer =
        flags.key === undefined
          ? parsePrivateKey(createKeyPair().privateKeyPem)
          : await loadReleaseKey(flags.key);
      const result = await train(loaded, {
        dataDir: findTrainingData(flags.data, configPath, recipe),
        outDir: flags.out ?? defaultBundleDir(configPath, recipe.config),
        workDir,
        reportDir,
        gated: flags.ungated !== true,
        signer,
        log: keepLog(join(workDir, "train.log"), bar.log, () => new Date()),
        progress: bar.update,
      });
      bar.end();
      const { dir, digest, manifest, evaluation, summary } = result;
      const { name, version, lineage } = manifest;
      printReply(
        flags.json,
        {
          dir,
          name,
          version,
          digest,
          signedBy: signer.keyId,
          ungated: lineage.ungated,
          metrics: evaluation.metrics,
        },
        () =>
          `${[`${name}@${version} ${digest}`, ...summary, `see ${join(dir, "MODEL_CARD.md")}`].join("\n")}\n`,
      );
    });
}

/** `--data`; else the configuration's own folder where its data lie in that; else the data folder. Fails with DATA_MISSING. */
function findTrainingData(
  option: string | undefined,
  configPath: string,
  { liesBeside }: Pick<OpenRecipe, "liesBeside">,
): string {
  return findDataDir(option ?? (liesBeside ? dirname(configPath) : undefined));
}

/** The optional part of an installation that training needs. */
const tensorFlow = "@tensorflow/tfjs";

/**
 * A gateway's installation does not train: a bundle names the digest of the sources that made it, and TensorFlow is larger
 * than everything else together. Fails with TRAINING where either is missing.
 * @param root absolute, of the installation
 */
export function requireTrainingPart(root: string): void {
  const hint = "train in a checkout of aurora-edge, after npm ci there without --omit=optional";
  const missing = (what: string): AuroraError =>
    new AuroraError("TRAINING", `training is not part of this installation: ${what}`, {
      op: "find what training needs",
      subject: root,
      hint,
    });
  if (!existsSync(join(root, "src", "training", "train.ts"))) throw missing("it holds no sources");
  try {
    createRequire(join(root, "package.json")).resolve(tensorFlow);
  } catch {
    throw missing(`${tensorFlow} (TensorFlow) is not installed`);
  }
}
