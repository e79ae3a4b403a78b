/** `aurora collector`: the daemon that keeps the fleet's record. */
import { Command } from "commander";
import { runCollector } from "../../collector/main.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { runtimeVersion } from "../terminal/installation.ts";
import { environmentHelp } from "../terminal/options.ts";

export function collectorCommand(): Command {
  return new Command("collector")
    .requiredOption("-c, --config <file>", "the YAML configuration")
    .addHelpText(
      "after",
      `${environmentHelp}

Example:
  $ aurora collector --config /etc/aurora/collector.yaml
`,
    )
    .action((options: { readonly config: string }) =>
      runCollector({
        configPath: options.config,
        runtimeVersion: runtimeVersion(),
        installationDir: packageRoot(),
        environment: process.env,
      }),
    );
}
