/** Reads a collector's configuration, paths of its defaults in the installation. */
import { type CollectorConfig, collectorConfigSchema } from "../core/contract/config/collector-config.ts";
import { loadYamlConfig } from "../core/platform/daemon/yaml-config.ts";
import { installedPath } from "../core/platform/files/installed-path.ts";

/** Where the configuration is, and what changes it. */
export interface ConfigSource {
  readonly configPath: string;
  /** Folder of the installation: `models` in a configuration is the one in there. Absolute. */
  readonly installationDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** @throws AuroraError CONFIG_INVALID */
export function loadCollectorConfig({
  configPath,
  installationDir,
  environment,
}: ConfigSource): CollectorConfig {
  const config = loadYamlConfig({ path: configPath, schema: collectorConfigSchema, environment });
  const installed = (path: string): string => installedPath(path, installationDir);
  return {
    ...config,
    registry: {
      ...config.registry,
      publish: config.registry.publish.map(installed),
      trustedKeys: config.registry.trustedKeys.map(installed),
    },
  };
}
