/** The collector daemon: parse the configuration, start the role, run until stopped. */
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { type ConfigSource, loadCollectorConfig } from "./load-config.ts";
import type { CollectorRole } from "./role.ts";
import { startCollectorDaemon } from "./start-daemon.ts";

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
  const config = loadCollectorConfig(options);
  keepFilesPrivate();
  const logger = createLogger({ name: "collector", level: config.log.level });
  const daemon = await startCollectorDaemon({ config, source: options, role, version, logger });
  await runDaemon(daemon, logger);
}
