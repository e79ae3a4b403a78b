/** The collector daemon: parse the configuration, compose the role, run until stopped. */
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { startCollector } from "./compose.ts";
import { createRoleError } from "./ingest-worker.ts";
import { serveIngest, startIngestWorkers } from "./ingest-workers.ts";
import { type ConfigSource, loadCollectorConfig } from "./load-config.ts";

/** What a process does: `ingest` takes and stores what gateways send, `web` shows it, `all` both. */
export type CollectorRole = "all" | "ingest" | "web";

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
  const canShare = config.record.kind === "postgres" && config.mqtt.url !== null;
  if (role !== "all" && !canShare) throw createRoleError(role);
  if (config.record.kind === "postgres" && !canShare) {
    logger.warn("with the embedded broker one process stores and shows; workers need mqtt.url");
  }
  // Workers of their own: what gateways send never waits for the page, nor the page for it.
  const workers = canShare && role !== "web" ? startIngestWorkers(config, options, logger) : null;
  const metrics = createMetrics({
    defaults: "process",
    workers: () => workers?.snapshots() ?? new Map(),
  });
  const around = { logger, metrics, version };
  if (role === "ingest" && workers !== null) {
    return runDaemon(await serveIngest(config, { ...around, workers }), logger);
  }
  const collector = await startCollector(config, {
    ...around,
    role: canShare ? "web" : "all",
    notReady: () => workers?.notReady() ?? null,
  }).catch(async (error: unknown) => {
    await workers?.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await Promise.all([workers?.close(), collector.close()]);
  };
  await runDaemon({ httpUrl: collector.url, mqttUrl: collector.mqttUrl, close }, logger);
}
