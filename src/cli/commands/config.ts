/** `aurora config schema|validate`: what can be configured, and whether a file is right. */
import { Argument, Command } from "commander";
import { z } from "zod";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { collectorConfigSchema } from "../../core/contract/config/collector-config.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { loadYamlConfig } from "../../core/platform/daemon/yaml-config.ts";
import { installedPath } from "../../core/platform/files/installed-path.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { checkCommissioning } from "../../core/serving/check-commissioning.ts";
import { environmentHelp } from "../terminal/options.ts";

const schemas = { gateway: gatewayConfigSchema, collector: collectorConfigSchema } as const;
type Kind = keyof typeof schemas;

export function configCommand(): Command {
  const kind = (): Argument =>
    new Argument("[kind]", "whose configuration").choices(Object.keys(schemas)).default("gateway");
  const command = new Command("config").addHelpText(
    "after",
    `${environmentHelp}

Example:
  $ aurora config validate /etc/aurora/gateway.yaml
`,
  );
  command
    .command("schema")
    .description("print the JSON schema of a configuration file")
    .addArgument(kind())
    .addHelpText("after", "\nExample:\n  $ aurora config schema gateway > gateway.schema.json\n")
    .action((name: Kind) => {
      const schema = z.toJSONSchema(schemas[name], { io: "input" });
      process.stdout.write(
        `${JSON.stringify({ title: `aurora ${name} configuration`, ...schema }, null, 2)}\n`,
      );
    });
  command
    .command("validate")
    .description("check a configuration file, with line numbers for what is wrong")
    .argument("<file>", "the YAML file")
    .addArgument(kind())
    .option("--json", "print the effective configuration (no secrets stand in it) as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora config validate /etc/aurora/gateway.yaml\n")
    .action(async (path: string, name: Kind, options: { readonly json?: boolean }) => {
      const schema = schemas[name] as z.ZodType<unknown>;
      const config = loadYamlConfig({ path, schema, environment: process.env });
      if (name === "gateway") await checkBundles(config as GatewayConfig);
      process.stdout.write(options.json ? `${JSON.stringify(config, null, 2)}\n` : `${path}: good\n`);
    });
  return command;
}

/** Against the bundles that a gateway here would serve; where they are not, a line on stderr says so. */
async function checkBundles(config: GatewayConfig): Promise<void> {
  try {
    await checkCommissioning(config, installedPath(config.bundles.dir, packageRoot()));
  } catch (error) {
    // A file may be checked on a machine that has no bundles.
    if (!hasErrorCode(error, "DATA_MISSING")) throw error;
    process.stderr.write(`note: not checked against its bundles: ${(error as Error).message}\n`);
  }
}
