/**
 * Keeps the workers of this machine running: a process each, begun again when it ends. Each tells every second how it is
 * and what it has counted.
 */
import { type ChildProcess, fork } from "node:child_process";
import { extname, join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createBackoff } from "../core/platform/backoff.ts";
import { systemClock, systemTimers } from "../core/platform/clock.ts";
import { createClosers, waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics, MetricsSnapshot } from "../core/platform/metrics.ts";
import { createHttpServer, listenHttp } from "./api/http-server.ts";
import { answerNotFound } from "./api/page-routes.ts";
import { serviceRoutes } from "./api/service-routes.ts";
import type { ConfigSource } from "./load-config.ts";

/** All workers of this machine. */
export interface IngestWorkers {
  /** Words for what is not as it should be, or null. */
  notReady(): string | null;
  /** What each has counted, by its number. */
  snapshots(): ReadonlyMap<string, MetricsSnapshot>;
  close(): Promise<void>;
}

/** What a worker tells. */
export interface WorkerReport {
  readonly type: "worker";
  readonly connected: boolean;
  readonly storeFails: boolean;
  readonly metrics: MetricsSnapshot;
}

/** How often a worker reports. */
export const reportEveryMs = 1_000;
/** A worker that is silent for longer is not well. */
const reportHoldsMs = 15_000;
/** A batch dies young: with V8's 16 MB for what is young, a fifth of a worker's time was spent collecting it. */
const workerNodeOptions = ["--max-semi-space-size=64"];
/** A worker that ran this long was a good one. */
const stableMs = 30_000;
const stopMs = 2_000;

/** Starts the workers; returns at once, while they connect. */
export function startIngestWorkers(
  { ingest: { workers: wanted } }: CollectorConfig,
  source: ConfigSource,
  logger: Logger,
): IngestWorkers {
  const workers = Array.from({ length: wanted }, (_, index) => keepWorker(source, index + 1, logger));
  return {
    notReady: () => {
      const states = workers.map((worker) => worker.state());
      const stored = states.filter((state) => state !== "cannot store");
      if (stored.length < wanted) return "what gateways send cannot be stored; see the log";
      const ready = states.filter((state) => state === "ready").length;
      return ready === wanted ? null : `${ready} of ${wanted} workers are ready; the log says why`;
    },
    snapshots: () =>
      new Map(
        workers.flatMap((worker, index) => {
          const metrics = worker.snapshot();
          return metrics === null ? [] : [[String(index + 1), metrics]];
        }),
      ),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Serves probes and metrics, and nothing else. */
export async function serveIngest(
  { collector: { httpHost: host, httpPort }, mqtt }: CollectorConfig,
  around: {
    readonly workers: IngestWorkers;
    readonly metrics: Metrics;
    readonly logger: Logger;
    readonly version: string;
  },
): Promise<Daemon> {
  const { workers, metrics, logger, version } = around;
  const closers = createClosers(logger);
  closers.add(() => workers.close());
  const routes = serviceRoutes({ metrics, version, notReady: async () => workers.notReady() });
  const app = createHttpServer({ metrics, logger, host, notFound: answerNotFound, routes });
  closers.add(() => app.close());
  try {
    const httpUrl = await listenHttp(app, host, httpPort);
    return { httpUrl, mqttUrl: mqtt.url ?? "", close: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** A worker that is begun again whenever it ends. */
interface KeptWorker {
  state(): "ready" | "not ready" | "cannot store";
  snapshot(): MetricsSnapshot | null;
  close(): Promise<void>;
}

function keepWorker(source: ConfigSource, index: number, logger: Logger): KeptWorker {
  // As this file runs: compiled, or from source.
  const program = join(import.meta.dirname, `worker-main${extname(import.meta.filename)}`);
  const backoff = createBackoff({ firstMs: 500, maxMs: 30_000, random: Math.random });
  let child: ChildProcess;
  let report: WorkerReport | null = null;
  let reportedMs = 0;
  let closing = false;
  let cancelStart = (): void => {};
  const start = (): void => {
    const args = [source.configPath, source.installationDir, String(index)];
    child = fork(program, args, { execArgv: [...process.execArgv, ...workerNodeOptions] });
    const cancelStable = systemTimers.after(stableMs, () => backoff.reset());
    child.on("message", (message) => {
      if (!isWorkerReport(message)) return;
      report = message;
      reportedMs = systemClock.monotonicMs();
    });
    child.once("exit", (code, signal) => {
      cancelStable();
      report = null;
      if (closing) return;
      const retryMs = Math.round(backoff.nextMs());
      logger.error("a worker ended; it is begun again", { worker: index, code, signal, retryMs });
      cancelStart = systemTimers.after(retryMs, start);
    });
    child.once("error", (error) => logger.error("a worker cannot be started", { worker: index, error }));
  };
  start();
  return {
    state: () => {
      if (report?.storeFails === true) return "cannot store";
      const isFresh = systemClock.monotonicMs() - reportedMs < reportHoldsMs;
      return report?.connected === true && isFresh ? "ready" : "not ready";
    },
    snapshot: () => report?.metrics ?? null,
    close: async () => {
      closing = true;
      cancelStart();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await waitAtMost(gone, stopMs);
      child.kill("SIGKILL");
    },
  };
}

function isWorkerReport(message: unknown): message is WorkerReport {
  return typeof message === "object" && message !== null && "type" in message && message.type === "worker";
}
