/** The gateway daemon: parse the configuration, compose, run until stopped. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startConfigured } from "../core/platform/daemon/installed-config.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger, type Logger } from "../core/platform/logger.ts";
import { type GatewaySource, readGatewayFile } from "../core/serving/gateway-file.ts";
import { startGateway } from "./compose.ts";

/**
 * The heap may grow by a tenth and 8 MB above what lived in it when it was last collected, instead of to twice as much (ADR 58).
 * Only of a gateway: what lives in it stays small.
 */
const heapFlags: readonly string[] = ["--heap-growing-percent=10"];
/**
 * In the small profile V8 also favours size: it keeps no code in the form between bytecode and optimised code, which is large, and
 * at each full collection leaves no gaps and forgets the bytecode that has not run since the last.
 */
const smallHeapFlags: readonly string[] = [
  "--optimize-for-size",
  "--no-sparkplug",
  "--flush-baseline-code",
  "--bytecode-old-age=1",
  "--compact-on-every-full-gc",
];

export interface RunGatewayOptions extends GatewaySource {
  readonly runtimeVersion: string;
}

/**
 * Runs a gateway until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, STORE when it cannot start.
 */
export async function runGateway(options: RunGatewayOptions): Promise<void> {
  const { gateway, logger } = await startFromFile(options);
  collectGarbage();
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

/**
 * Takes away what only the start needed. How far the heap may grow is reckoned at a full collection: without one, what held
 * before the flags were set would hold for the first minutes under load.
 */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
}

interface StartedGateway {
  readonly gateway: Awaited<ReturnType<typeof startGateway>>;
  readonly logger: Logger;
}
