/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { startConfigured } from "../core/platform/daemon/installed-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { type GatewaySource, readGatewayFile } from "../core/serving/gateway-file.ts";
import { startGateway } from "./compose.ts";

export interface RunGatewayOptions extends GatewaySource {
  readonly runtimeVersion: string;
}

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: RunGatewayOptions): Promise<void> {
  const { environment, runtimeVersion } = options;
  const file = readGatewayFile(options);
  const { config } = file;
  keepFilesPrivate();
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const start = () => startGateway({ config, logger, environment, runtimeVersion });
  const gateway = await startConfigured(file, { logger, start });
  await runDaemon(gateway, logger);
}
