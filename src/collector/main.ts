/** The collector daemon: parse the configuration, start the role, run until stopped. */
import { readCollectorFile } from "../core/platform/daemon/collector-file.ts";
import { type ConfigSource, startConfigured } from "../core/platform/daemon/installed-config.ts";
import { type Daemon, runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { type CollectorRole, createRoleError, type DaemonOptions, isShared } from "./role.ts";

/** How to run. */
export interface RunCollectorOptions extends ConfigSource {
  readonly runtimeVersion: string;
  readonly role: CollectorRole;
}

/**
 * Runs a collector until it is asked to stop.
 * @throws AuroraError CONFIG_INVALID, STORE, MQTT or KEY when it cannot start.
 */
export async function runCollector(options: RunCollectorOptions): Promise<void> {
  const { role, runtimeVersion: version } = options;
  const file = readCollectorFile(options);
  const { config } = file;
  keepFilesPrivate();
  const logger = createLogger({ name: "collector", level: config.log.level });
  const start = () => startDaemon({ config, source: options, role, version, logger });
  const daemon = await startConfigured(file, { logger, start });
  await runDaemon(daemon, logger);
}

/** In the arrangement that its record and broker allow: what stores shares no thread with the page in either. */
async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, role } = options;
  // Each is loaded where it is wanted: this thread needs no HTTP server where another shows.
  if (isShared(config)) return (await import("./start-shared.ts")).startShared(options);
  if (role !== "all") throw createRoleError(role);
  return (await import("./start-alone.ts")).startAlone(options);
}
