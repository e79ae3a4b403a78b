/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { gatewayConfigSchema } from "../contract/gateway-config-schema.ts";
import { createLogger } from "../platform/logger.ts";
import { runDaemon } from "../platform/run-daemon.ts";
import { loadYamlConfig } from "../platform/yaml-config.ts";
import { startGateway } from "./compose.ts";

/** How to run. */
export interface RunGatewayOptions {
  readonly configPath: string;
  readonly runtimeVersion: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: RunGatewayOptions): Promise<void> {
  const { configPath, environment, runtimeVersion } = options;
  const config = loadYamlConfig({ path: configPath, schema: gatewayConfigSchema, environment });
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const gateway = await startGateway({ config, logger, environment, runtimeVersion });
  await runDaemon(gateway, logger);
}
