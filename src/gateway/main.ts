/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { gatewayConfigSchema } from "../core/contract/config/gateway-config-schema.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { loadYamlConfig } from "../core/platform/daemon/yaml-config.ts";
import { installedPath } from "../core/platform/files/installed-path.ts";
import { createLogger } from "../core/platform/logger.ts";
import { startGateway } from "./compose.ts";

export interface RunGatewayOptions {
  readonly configPath: string;
  readonly runtimeVersion: string;
  /** Folder of the installation: `models` in a configuration is the one in there. Absolute. */
  readonly installationDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: RunGatewayOptions): Promise<void> {
  const { configPath, environment, runtimeVersion, installationDir } = options;
  const installed = (path: string): string => installedPath(path, installationDir);
  const read = loadYamlConfig({ path: configPath, schema: gatewayConfigSchema, environment });
  const config = {
    ...read,
    bundles: {
      ...read.bundles,
      dir: installed(read.bundles.dir),
      trustedKeys: read.bundles.trustedKeys.map(installed),
    },
  };
  keepFilesPrivate();
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const gateway = await startGateway({ config, logger, environment, runtimeVersion });
  await runDaemon(gateway, logger);
}
