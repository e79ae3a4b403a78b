/** `aurora gateway`: the daemon beside the turbine. */
import { Command } from "commander";
import { runGateway } from "../../gateway/main.ts";
import { packageRoot } from "../package-root.ts";
import { runtimeVersion } from "../runtime-version.ts";

/** Builds the command. */
export function gatewayCommand(): Command {
  return new Command("gateway")
    .requiredOption("-c, --config <file>", "the YAML configuration")
    .addHelpText("after", "\nExample:\n  $ aurora gateway --config /etc/aurora/gateway.yaml\n")
    .action((options: { readonly config: string }) =>
      runGateway({
        configPath: options.config,
        runtimeVersion: runtimeVersion(),
        installationDir: packageRoot(),
        environment: process.env,
      }),
    );
}
