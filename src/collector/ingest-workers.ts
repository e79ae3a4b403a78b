/** The workers of this machine: a process each, begun again when it ends. */
import { fork } from "node:child_process";
import { extname, join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { listCollectorFiles } from "../core/contract/config/configured-files.ts";
import { systemClock } from "../core/platform/clock.ts";
import { openWhole } from "../core/platform/daemon/closing.ts";
import { hourly } from "../core/platform/daemon/every.ts";
import type { ConfigSource } from "../core/platform/daemon/installed-config.ts";
import { type BegunWorker, keepWorker } from "../core/platform/daemon/keep-worker.ts";
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import { createFilesWatch, unfitFilesHelp } from "../core/platform/daemon/watch-files.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import { serveRoutes } from "./api/serve-routes.ts";
import { serviceRoutes } from "./api/service-routes.ts";
import { createReportedWorker, type ReportedWorker, viewAll, type WorkersView } from "./worker-report.ts";

/** All workers of this machine. */
export interface IngestWorkers extends WorkersView {
  close(): Promise<void>;
}

/** A batch dies young: with V8's 16 MB for what is young, a fifth of a worker's time was spent collecting it. */
const workerNodeOptions = ["--max-semi-space-size=64"];
const stopMs = 2_000;

/** Starts the workers; returns at once, while they connect. */
export function startIngestWorkers(
  { ingest: { workers: wanted } }: CollectorConfig,
  source: ConfigSource,
  logger: Logger,
): IngestWorkers {
  const views = Array.from({ length: wanted }, () => createReportedWorker());
  const kept = views.map((view, index) => {
    const worker = index + 1;
    return keepWorker({
      begin: () => forkWorker(source, worker, { view, logger }),
      onEnd: () => view.forget(),
      message: "a worker ended; it is begun again",
      fields: { worker },
      stopMs,
      logger,
    });
  });
  return {
    ...viewAll(views),
    close: async () => {
      await Promise.all(kept.map((worker) => worker.close()));
    },
  };
}

function forkWorker(
  { configPath, installationDir }: ConfigSource,
  worker: number,
  { view, logger }: { readonly view: ReportedWorker; readonly logger: Logger },
): BegunWorker {
  // As this file runs: compiled, or from source.
  const program = join(import.meta.dirname, `worker-main${extname(import.meta.filename)}`);
  const child = fork(program, [configPath, installationDir, String(worker)], {
    execArgv: [...process.execArgv, ...workerNodeOptions],
  });
  child.on("message", view.take);
  return {
    ended: new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", (error) => {
        logger.error("a worker cannot be reached", { worker, error });
        if (child.pid === undefined) resolve({});
      });
    }),
    stop: () => child.kill("SIGTERM"),
    kill: () => child.kill("SIGKILL"),
  };
}

/** Serves probes and metrics, and nothing else. */
export function serveIngest(
  config: CollectorConfig,
  around: {
    readonly workers: IngestWorkers;
    readonly metrics: Metrics;
    readonly logger: Logger;
    readonly version: string;
  },
): Promise<Daemon> {
  const { workers, metrics, logger, version } = around;
  return openWhole(logger, async (closers) => {
    closers.add("workers", () => workers.close());
    const files = createFilesWatch(listCollectorFiles(config), {
      clock: systemClock,
      logger,
      tell: () => {},
      findToldMs: () => null,
    });
    metrics.gauge({ name: "files_unfit", help: unfitFilesHelp }, () => files.unfit?.length ?? null);
    closers.add("files watch", hourly(logger, files.look));
    const { impairment } = workers;
    const notReady = async (): Promise<string | null> => workers.notReady();
    const routes = serviceRoutes({ metrics, version, notReady, impairment });
    const httpUrl = await serveRoutes({ config, logger, metrics }, closers, routes);
    const { closeAll: close, unclosed } = closers;
    return { httpUrl, mqttUrl: config.mqtt.url ?? "", close, unclosed };
  });
}
