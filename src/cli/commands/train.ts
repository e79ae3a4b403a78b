/** `aurora train`: a training configuration to a signed bundle. */
import { join } from "node:path";
import { Command } from "commander";
import { createKeyPair, loadPrivateKey, parsePrivateKey } from "../../bundle/keys.ts";
import { defaultBundleDir, train } from "../../training/train.ts";
import { loadTrainingConfig } from "../../training/training-config.ts";
import { findDataDir } from "../data-dir.ts";
import { createProgressBar } from "../progress-bar.ts";

interface TrainFlags {
  readonly data?: string;
  readonly out?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** Builds the command. */
export function trainCommand(): Command {
  return new Command("train")
    .argument("<config>", "the training configuration (YAML)")
    .option("--data <dir>", "folder of the data sets (default: AURORA_DATA, then ../shared/data)")
    .option("--out <dir>", "folder of the bundle (default: <folder of the configuration>/<version>)")
    .option("--key <file>", "private key (PEM) to sign with; without it a throw-away key signs")
    .option("--json", "print the bundle's digest and figures as one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora train models/bearing-vibration/train.yaml --key ~/.config/aurora/release.ed25519.pem\n",
    )
    .action(async (configPath: string, flags: TrainFlags) => {
      const bar = createProgressBar();
      const { config } = await loadTrainingConfig(configPath);
      if (flags.key === undefined) {
        bar.log("no --key: signed with a key that is thrown away, so that no gateway trusts this bundle");
      }
      const signer =
        flags.key === undefined
          ? parsePrivateKey(createKeyPair().privateKeyPem)
          : await loadPrivateKey(flags.key);
      const result = await train(configPath, {
        dataDir: findDataDir(flags.data),
        outDir: flags.out ?? defaultBundleDir(configPath, config),
        signer,
        log: bar.log,
        progress: bar.update,
      });
      bar.end();
      const { heldOut } = result.report;
      const summary = {
        dir: result.dir,
        name: result.manifest.name,
        version: result.manifest.version,
        digest: result.digest,
        signedBy: signer.keyId,
        metrics: {
          heldOut: {
            macroAuroc: { value: heldOut.macroAuroc },
            detected: heldOut.detected,
            quiet: heldOut.quiet,
          },
        },
      };
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify(summary)}\n`
          : `${summary.name}@${summary.version} ${summary.digest}\nheld-out macro AUROC ${heldOut.macroAuroc.toFixed(4)}; ${heldOut.detected.right} of ${heldOut.detected.of} faulty recordings raised rightly, ${heldOut.quiet.right} of ${heldOut.quiet.of} healthy ones quiet\nsee ${join(result.dir, "MODEL_CARD.md")}\n`,
      );
    });
}
