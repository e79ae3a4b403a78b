/** The gateway daemon: parse the configuration, compose, run until stopped. */
import type { ConfigFinding } from "../core/contract/config/config-finding.ts";
import { startConfigured } from "../core/platform/daemon/installed-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger, type Logger } from "../core/platform/logger.ts";
import { findGatewayFault, type GatewaySource, readGatewayFile } from "../core/serving/gateway-file.ts";
import { startGateway } from "./compose.ts";
import { boundHeap, collectEarly, collectGarbage } from "./heap.ts";

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: GatewaySource): Promise<void> {
  const { gateway, logger, isSmall } = await startFromFile(options);
  collectGarbage();
  if (isSmall) collectEarly();
  await runDaemon(gateway, logger);
}

/** Lets go of the configuration's syntax tree when it returns: of a thousand points it would hold 5 MB as long as they run. */
async function startFromFile(options: GatewaySource): Promise<StartedGateway> {
  const { environment, runtimeVersion } = options;
  const file = readGatewayFile(options);
  const { config } = file;
  boundHeap(config.gateway.profile);
  keepFilesPrivate();
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const start = (survived: readonly ConfigFinding[]) => {
    const findConfigFault = () => findGatewayFault(options, survived);
    return startGateway({ config, logger, environment, runtimeVersion, findConfigFault });
  };
  const isSmall = config.gateway.profile === "small";
  return { gateway: await startConfigured(file, { logger, start }), logger, isSmall };
}

interface StartedGateway {
  readonly gateway: Awaited<ReturnType<typeof startGateway>>;
  readonly logger: Logger;
  /** Is it of the small profile? */
  readonly isSmall: boolean;
}
