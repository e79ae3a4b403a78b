/** The process of one worker: arguments are the configuration, the installation's folder and the worker's number. */
import { every } from "../core/platform/daemon/every.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { startIngestWorker } from "./ingest-worker.ts";
import { reportEveryMs, type WorkerReport } from "./ingest-workers.ts";
import { loadCollectorConfig } from "./load-config.ts";

const [configPath = "", installationDir = "", number = ""] = process.argv.slice(2);
const config = loadCollectorConfig({ configPath, installationDir, environment: process.env });
keepFilesPrivate();
const logger = createLogger({ name: `collector-worker-${number}`, level: config.log.level });
const metrics = createMetrics({ defaults: "process" });
try {
  const worker = await startIngestWorker(config, Number(number), { logger, metrics });
  const stopReports = every(reportEveryMs, logger, async () => {
    const { connected, storeFails } = worker;
    const report: WorkerReport = {
      type: "worker",
      connected,
      storeFails,
      metrics: await metrics.snapshot(),
    };
    if (process.connected) process.send?.(report);
  });
  const close = async (): Promise<void> => {
    stopReports();
    await worker.close();
  };
  await runDaemon({ httpUrl: "", mqttUrl: config.mqtt.url ?? "", close }, logger);
} catch (error) {
  logger.error("the worker cannot start", { error });
  process.exitCode = 1;
}
