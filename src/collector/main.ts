/** The collector daemon: parse the configuration, compose, run until stopped. */
import { collectorConfigSchema } from "../core/contract/config/collector-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { loadYamlConfig } from "../core/platform/daemon/yaml-config.ts";
import { installedPath } from "../core/platform/files/installed-path.ts";
import { createLogger } from "../core/platform/logger.ts";
import { startCollector } from "./compose.ts";

/** How to run. */
export interface RunCollectorOptions {
  readonly configPath: string;
  readonly runtimeVersion: string;
  /** Folder of the installation: `models` in a configuration is the one in there. Absolute. */
  readonly installationDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a collector until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, STORE, MQTT or KEY when it cannot start.
 */
export async function runCollector(options: RunCollectorOptions): Promise<void> {
  const { configPath, environment, runtimeVersion, installationDir } = options;
  const installed = (path: string): string => installedPath(path, installationDir);
  const read = loadYamlConfig({ path: configPath, schema: collectorConfigSchema, environment });
  const config = {
    ...read,
    registry: {
      ...read.registry,
      publish: read.registry.publish.map(installed),
      trustedKeys: read.registry.trustedKeys.map(installed),
    },
  };
  keepFilesPrivate();
  const logger = createLogger({ name: "collector", level: config.log.level });
  const collector = await startCollector(config, { logger, version: runtimeVersion });
  await runDaemon(
    { httpUrl: collector.url, mqttUrl: collector.mqttUrl, close: () => collector.close() },
    logger,
  );
}
