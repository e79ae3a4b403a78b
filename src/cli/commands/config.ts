/** `aurora config schema|validate`: what can be configured, and whether a file is right. */
import { Argument, Command } from "commander";
import { z } from "zod";
import { loadRegistryKeys } from "../../collector/registry/installation-keys.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type CollectorConfig, collectorConfigSchema } from "../../core/contract/config/collector-config.ts";
import type { ConfigFinding } from "../../core/contract/config/config-finding.ts";
import { type ConfigKind, configKinds } from "../../core/contract/config/config-kind.ts";
import { gatewayConfigSchema } from "../../core/contract/config/gateway-config-schema.ts";
import { readCollectorFile } from "../../core/platform/daemon/collector-file.ts";
import { ConfigError, renderComplaint } from "../../core/platform/daemon/config-error.ts";
import type { InstalledConfig } from "../../core/platform/daemon/installed-config.ts";
import { maxConfigBytes } from "../../core/platform/daemon/yaml-config.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { printable } from "../../core/platform/printable.ts";
import { type GatewaySource, readGatewayFile } from "../../core/serving/gateway-file.ts";
import { installedSource, releaseKeyFile } from "../installation.ts";
import { countOf } from "../terminal/count-of.ts";
import { environmentHelp } from "../terminal/options.ts";
import { printIndented } from "../terminal/print-reply.ts";

type DaemonKind = Exclude<ConfigKind, "train">;

const schemas = { gateway: gatewayConfigSchema, collector: collectorConfigSchema } as const;
const readers: Readonly<Record<DaemonKind, (source: GatewaySource) => InstalledConfig<unknown>>> = {
  gateway: readGatewayFile,
  collector: (source) => {
    const file = readCollectorFile(source);
    return { ...file, check: async () => withKeys(await file.check(), file.config) };
  },
};

/** And whether the folder of the keys holds what its root names, as the collector loads it. */
async function withKeys(
  findings: ConfigFinding[],
  { registry: { keysDir } }: CollectorConfig,
): Promise<ConfigFinding[]> {
  const path = ["registry", "keysDir"];
  if (keysDir === null || findings.some((finding) => finding.path.join() === path.join())) return findings;
  try {
    await loadRegistryKeys(keysDir);
    return findings;
  } catch (error) {
    if (!(error instanceof AuroraError)) throw error;
    return [...findings, { path, value: keysDir, problem: error.message, write: error.hint }];
  }
}

interface ValidateOptions {
  readonly json?: boolean;
  readonly keys?: string[];
  readonly files: boolean;
}

export function configCommand(): Command {
  const kind = (): Argument => new Argument("[kind]", "whose configuration").choices(configKinds);
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
    .addArgument(kind().default("gateway"))
    .addHelpText(
      "after",
      "\nExamples:\n  $ aurora config schema gateway > gateway.schema.json\n  $ aurora config schema train > train.schema.json\n",
    )
    .action(async (name: ConfigKind) => printIndented(await describeSchema(name)));
  command
    .command("validate")
    .description("check a configuration file and what it names: a line for each mistake, and what to write")
    .argument("<file>", "the YAML file")
    .addArgument(kind())
    .option("--no-files", "of another machine's configuration: look for no files and bundles here")
    .option(
      "--keys <path...>",
      "trusted public keys of a bundle that a training configuration goes on `from` (default: the release key of this installation)",
    )
    .option(
      "--json",
      "print JSON: the effective configuration (no secrets stand in it), or {file, complaints} where it is wrong",
    )
    .addHelpText(
      "after",
      `
What a file may say, and probably does not mean, is a warning on stderr: exit code 0. Without [kind]
a file with a data set is a training configuration's, any other a gateway's. Of a training
configuration this is what the file says, completed; what its data hold, \`aurora data check\` says.

Examples:
  $ aurora config validate /etc/aurora/gateway.yaml
  $ aurora config validate collector.yaml collector --no-files
  $ aurora config validate models/bearing-vibration/train.yaml`,
    )
    .action(validate);
  return command;
}

async function describeSchema(name: ConfigKind): Promise<object> {
  if (name === "train") {
    const [{ loadUsualConfigs }, { recipeTable }, { describeTrainingConfig }] = await loadTrainingPart();
    return describeTrainingConfig(recipeTable, await loadUsualConfigs());
  }
  return { title: `aurora ${name} configuration`, ...z.toJSONSchema(schemas[name](), { io: "input" }) };
}

async function validate(
  path: string,
  named: ConfigKind | undefined,
  options: ValidateOptions,
): Promise<void> {
  try {
    const known = named ?? (await recogniseFile(path));
    const name = known ?? "gateway";
    if (known !== null && known !== "train" && options.keys !== undefined) {
      throw new AuroraError("USAGE", `--keys is for a training configuration, and this is a ${known}'s`, {
        op: "validate configuration",
        subject: path,
        hint: "Leave it out: the file itself names the keys that it trusts.",
      });
    }
    const { config, warnings } =
      name === "train"
        ? { config: await readTraining(path, options), warnings: [] }
        : await readDaemons(path, name, options);
    for (const each of warnings) process.stderr.write(printable(`warning: ${renderComplaint(each)}\n`));
    const verdict = warnings.length === 0 ? "good" : `good, with ${countOf(warnings.length, "warning")}`;
    if (options.json) printIndented(config);
    else process.stdout.write(`${path}: ${verdict}\n`);
  } catch (error) {
    const complaints = findComplaints(error);
    if (!options.json || complaints === null) throw error;
    printIndented({ file: path, complaints });
    process.exitCode = 1;
  }
}

/** @throws ConfigError where it is wrong */
async function readDaemons(
  path: string,
  name: DaemonKind,
  { files }: ValidateOptions,
): Promise<{ readonly config: unknown; readonly warnings: ConfigError["complaints"] }> {
  const file = readers[name](installedSource(path));
  const findings = files ? await file.check() : [];
  if (findings.length > 0) throw file.refuse(findings);
  const warnings = [...file.warnings(), ...(files ? await file.fileWarnings() : [])];
  return { config: file.config, warnings: file.refuse(warnings).complaints };
}

async function readTraining(path: string, { keys }: ValidateOptions): Promise<unknown> {
  const [, { loadTrainingConfig }] = await loadTrainingPart();
  const parentKeys = await loadTrustedKeys(keys ?? releaseKeyFile());
  return (await loadTrainingConfig(path, { parentKeys })).recipe.config;
}

/** A gateway's file is looked at without it. */
function loadTrainingPart() {
  return Promise.all([
    import("../../training/complete-config.ts"),
    import("../../training/training-config.ts"),
    import("../../training/training-schema.ts"),
  ]);
}

/** By whether it names a data set; null: it cannot be read, which its reader says. */
async function recogniseFile(path: string): Promise<Exclude<ConfigKind, "collector"> | null> {
  const bytes = await readFileBounded(path, maxConfigBytes).catch(() => null);
  if (bytes === null) return null;
  return /^dataset\s*:/m.test(new TextDecoder().decode(bytes)) ? "train" : "gateway";
}

/** The training part says them in words of its own. */
function findComplaints(error: unknown): ConfigError["complaints"] | null {
  const cause = error instanceof Error ? error.cause : undefined;
  const found = [error, cause].find((one) => one instanceof ConfigError);
  return found instanceof ConfigError ? found.complaints : null;
}
