/** `aurora gateway`: the daemon beside the turbine. */
import { Command, Option } from "commander";
import type { GatewayProfile } from "../../core/contract/config/gateway-config.ts";
import { runGateway } from "../../gateway/main.ts";
import { installedSource } from "../installation.ts";
import { environmentHelp } from "../terminal/options.ts";

export function gatewayCommand(): Command {
  return new Command("gateway")
    .requiredOption("-c, --config <file>", "the YAML configuration")
    .addOption(
      new Option(
        "--profile <name>",
        "small: less memory, since no native engine is loaded and caches are smaller; the same decisions (default: gateway.profile of the configuration, which is standard where it says nothing; a service takes it from there)",
      ).choices(["standard", "small"]),
    )
    .addHelpText(
      "after",
      `${environmentHelp}
The broker's password may also come from AURORA_MQTT_PASSWORD.

Example:
  $ aurora gateway --config /etc/aurora/gateway.yaml
  $ aurora gateway --config /etc/aurora/gateway.yaml --profile small
`,
    )
    .action(({ config, ...others }: { readonly config: string; readonly profile?: GatewayProfile }) =>
      runGateway({ ...installedSource(config), ...others }),
    );
}
