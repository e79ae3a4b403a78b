/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { setFlagsFromString } from "node:v8";
import { startConfigured } from "../core/platform/daemon/installed-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger, type Logger } from "../core/platform/logger.ts";
import { type GatewaySource, readGatewayFile } from "../core/serving/gateway-file.ts";
import { startGateway } from "./compose.ts";

/**
 * The heap may grow by a tenth and 8 MB above what lived in it when it was last collected, instead of to twice as much: 10 to 20 MB
 * less, for two or three full collections more in a minute at full speed (ADR 58). Only of a gateway: what lives in it stays small.
 */
const heapFlags: readonly string[] = ["--heap-growing-percent=10"];
/**
 * In the small profile V8 also leaves no gaps and favours size: for a tenth of the throughput, which is why the standard
 * profile does without.
 */
const smallHeapFlags: readonly string[] = ["--optimize-for-size", "--compact-on-every-full-gc"];

export interface RunGatewayOptions extends GatewaySource {
  readonly runtimeVersion: string;
}

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: RunGatewayOptions): Promise<void> {
  const { gateway, logger } = await startFromFile(options);
  await runDaemon(gateway, logger);
}

/** Lets go of the configuration's syntax tree when it returns: of a thousand points it would hold 5 MB as long as they run. */
async function startFromFile(options: RunGatewayOptions): Promise<StartedGateway> {
  const { environment, runtimeVersion } = options;
  const file = readGatewayFile(options);
  const { config } = file;
  const flags = config.gateway.profile === "small" ? [...heapFlags, ...smallHeapFlags] : heapFlags;
  for (const flag of flags) setFlagsFromString(flag);
  keepFilesPrivate();
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const start = () => startGateway({ config, logger, environment, runtimeVersion });
  return { gateway: await startConfigured(file, { logger, start }), logger };
}

interface StartedGateway {
  readonly gateway: Awaited<ReturnType<typeof startGateway>>;
  readonly logger: Logger;
}
