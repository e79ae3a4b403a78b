/** Reads a collector's configuration on the machine that it is for. Apart from what a gateway loads, which has no use for its schema. */
import { type CollectorConfig, collectorConfigSchema } from "../../contract/config/collector-config.ts";
import { listCollectorFiles } from "../../contract/config/configured-files.ts";
import { installedPath } from "../files/installed-path.ts";
import { checkConfiguredFiles } from "./check-files.ts";
import { warnOfCollector } from "./config-warnings.ts";
import { warnOfFiles } from "./file-warnings.ts";
import type { ConfigSource, InstalledConfig } from "./installed-config.ts";
import { readYamlConfig } from "./yaml-config.ts";

/** @throws AuroraError CONFIG_INVALID */
export function readCollectorFile(source: ConfigSource): InstalledConfig<CollectorConfig> {
  const { configPath, installationDir, environment } = source;
  const read = readYamlConfig({
    path: configPath,
    schema: collectorConfigSchema(),
    environment,
    kind: "collector",
  });
  const installed = (path: string): string => installedPath(path, installationDir);
  const { registry } = read.config;
  const config = {
    ...read.config,
    registry: {
      ...registry,
      publish: registry.publish.map(installed),
      trustedKeys: registry.trustedKeys.map(installed),
    },
  };
  return {
    config,
    refuse: read.refuse,
    warnings: () => warnOfCollector(config),
    fileWarnings: () => warnOfFiles(listCollectorFiles(config), Date.now()),
    check: () => checkConfiguredFiles(listCollectorFiles(config)),
  };
}
