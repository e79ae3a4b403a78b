/** `aurora explain`: what the prediction of one window is made of, as bars or JSON. */
import { Command } from "commander";
import { explainFile, renderExplanation } from "../score/explain-file.ts";
import { withBundle } from "../score/open-bundle.ts";
import { openSampleFile } from "../score/sample-file.ts";
import {
  addSidecarOptions,
  createDescriber,
  type SidecarFlags,
  sidecarHelp,
} from "../score/sidecar-options.ts";

interface ExplainFlags extends SidecarFlags {
  readonly window: string;
  readonly json?: boolean;
}

/** Builds the command. */
export function explainCommand(): Command {
  const command = new Command("explain")
    .argument("<dir>", "the bundle's folder; its digests are checked, not who signed it")
    .requiredOption("--window <file>", "recording whose first window is explained");
  return addSidecarOptions(command)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `${sidecarHelp}

The bars are exact Shapley values of the bundle's feature groups: the background's mean score and the shares sum to
the window's score, which the calibrated probability p is made from.

Example:
  $ aurora explain models/bearing-vibration/1.0.0 --window a.npy --rate-hz 12000 --shaft-rpm 1797 \\
      --scale 0.000162 --channel 0 --bearing bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828`,
    )
    .action(async (dir: string, flags: ExplainFlags) => {
      const describer = await createDescriber(flags);
      const explanation = await withBundle(dir, async (bundle) => {
        const { sidecar, channel } = await describer.describe(flags.window);
        return explainFile(bundle, await openSampleFile(flags.window, channel), sidecar);
      });
      const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(explanation)}\n` : renderExplanation(explanation, color),
      );
    });
}
