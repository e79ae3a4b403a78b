/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { setFlagsFromString } from "node:v8";
import { startConfigured } from "../core/platform/daemon/installed-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { type GatewaySource, readGatewayFile } from "../core/serving/gateway-file.ts";
import { startGateway } from "./compose.ts";

/**
 * In the small profile V8 keeps its heap close to what lives in it, and without gaps: 12 to 18 MB less at full speed, for a tenth
 * of the throughput, which is why the standard profile does without (ADR 58).
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
  const { environment, runtimeVersion } = options;
  const file = readGatewayFile(options);
  const { config } = file;
  if (config.gateway.profile === "small") {
    for (const flag of smallHeapFlags) setFlagsFromString(flag);
  }
  keepFilesPrivate();
  const logger = createLogger({ name: "gateway", level: config.log.level });
  const start = () => startGateway({ config, logger, environment, runtimeVersion });
  const gateway = await startConfigured(file, { logger, start });
  await runDaemon(gateway, logger);
}
