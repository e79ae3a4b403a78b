/** `aurora gateway`: the daemon beside the turbine. */
import { Command } from "commander";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { runGateway } from "../../gateway/main.ts";
import { runtimeVersion } from "../terminal/installation.ts";
import { environmentHelp } from "../terminal/options.ts";

export function gatewayCommand(): Command {
  return new Command("gateway")
    .requiredOption("-c, --config <file>", "the YAML configuration")
    .addHelpText(
      "after",
      `${environmentHelp}
The broker's password may also come from AURORA_MQTT_PASSWORD.

Example:
  $ aurora gateway --config /etc/aurora/gateway.yaml
`,
    )
    .action((options: { readonly config: string }) =>
      runGateway({
        configPath: options.config,
        runtimeVersion: runtimeVersion(),
        installationDir: packageRoot(),
        environment: process.env,
      }),
    );
}
