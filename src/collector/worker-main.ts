/** The process of one worker: arguments are the configuration, the installation's folder and the worker's number. */
import { readCollectorFile } from "../core/platform/daemon/collector-file.ts";
import { runDaemon } from "../core/platform/daemon/run-daemon.ts";
import { keepFilesPrivate } from "../core/platform/daemon/state-folder.ts";
import { createLogger } from "../core/platform/logger.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { startIngestWorker } from "./ingest-worker.ts";
import { sendReports } from "./worker-report.ts";

const [configPath = "", installationDir = "", number = ""] = process.argv.slice(2);
const config = readCollectorFile({ configPath, installationDir, environment: process.env }).config;
keepFilesPrivate();
const logger = createLogger({ name: `collector-worker-${number}`, level: config.log.level });
const metrics = createMetrics({ defaults: "process", logger });
try {
  const worker = await startIngestWorker(config, Number(number), { logger, metrics });
  const send = (report: object): void => {
    if (process.connected) process.send?.(report);
  };
  const stopReports = sendReports(worker.storing, metrics, { logger, send });
  const close = async (): Promise<void> => {
    stopReports();
    await worker.close();
  };
  const { unclosed } = worker;
  await runDaemon({ httpUrl: "", mqttUrl: config.mqtt.url ?? "", close, unclosed }, logger);
} catch (error) {
  logger.error("the worker cannot start", { error });
  process.exitCode = 1;
}
