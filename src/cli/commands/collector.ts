/** `aurora collector`: the daemon that keeps the fleet's record. */
import { Command, Option } from "commander";
import { type RunCollectorOptions, runCollector } from "../../collector/main.ts";
import { installedSource } from "../installation.ts";
import { environmentHelp } from "../terminal/options.ts";

export function collectorCommand(): Command {
  return new Command("collector")
    .requiredOption("-c, --config <file>", "the YAML configuration")
    .addOption(
      new Option(
        "--role <role>",
        "what this process does: take and store what gateways send, show it, or both",
      )
        .choices(["all", "ingest", "web"])
        .default("all"),
    )
    .addHelpText(
      "after",
      `${environmentHelp}

Example:
  $ aurora collector --config /etc/aurora/collector.yaml
`,
    )
    .action(({ config, role }: { readonly config: string; readonly role: RunCollectorOptions["role"] }) =>
      runCollector({ ...installedSource(config), role }),
    );
}
