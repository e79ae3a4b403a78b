/** `aurora config schema|validate`: what can be configured, and whether a file is right. */
import { Argument, Command } from "commander";
import { z } from "zod";
import { collectorConfigSchema } from "../../core/contract/config/collector-config.ts";
import type { ConfigKind } from "../../core/contract/config/config-kind.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { ConfigError } from "../../core/platform/daemon/config-error.ts";
import {
  type ConfigSource,
  type InstalledConfig,
  readCollectorFile,
} from "../../core/platform/daemon/installed-config.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { readGatewayFile } from "../../core/serving/gateway-file.ts";
import { environmentHelp } from "../terminal/options.ts";

const schemas = { gateway: gatewayConfigSchema, collector: collectorConfigSchema } as const;
const readers: Readonly<Record<ConfigKind, (source: ConfigSource) => InstalledConfig<unknown>>> = {
  gateway: readGatewayFile,
  collector: readCollectorFile,
};

interface ValidateOptions {
  readonly json?: boolean;
  readonly files: boolean;
}

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
    .action((name: ConfigKind) => {
      const schema = z.toJSONSchema(schemas[name], { io: "input" });
      process.stdout.write(
        `${JSON.stringify({ title: `aurora ${name} configuration`, ...schema }, null, 2)}\n`,
      );
    });
  command
    .command("validate")
    .description("check a configuration file and what it names: a line for each mistake, and what to write")
    .argument("<file>", "the YAML file")
    .addArgument(kind())
    .option("--no-files", "of another machine's configuration: look for no files and bundles here")
    .option(
      "--json",
      "print JSON: the effective configuration (no secrets stand in it), or {file, complaints} where it is wrong",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ aurora config validate /etc/aurora/gateway.yaml\n  $ aurora config validate collector.yaml collector --no-files\n",
    )
    .action(validate);
  return command;
}

async function validate(path: string, name: ConfigKind, options: ValidateOptions): Promise<void> {
  try {
    const file = readers[name]({
      configPath: path,
      installationDir: packageRoot(),
      environment: process.env,
    });
    const findings = options.files ? await file.check() : [];
    if (findings.length > 0) throw file.refuse(findings);
    process.stdout.write(options.json ? `${JSON.stringify(file.config, null, 2)}\n` : `${path}: good\n`);
  } catch (error) {
    if (!options.json || !(error instanceof ConfigError)) throw error;
    process.stdout.write(`${JSON.stringify({ file: path, complaints: error.complaints }, null, 2)}\n`);
    process.exitCode = 1;
  }
}
