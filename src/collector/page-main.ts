/** The thread of the page: begun with its data, told by messages how storing goes and when to end. */
import { getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { AuroraError } from "../core/contract/aurora-error.ts";
import type { EventRecord } from "../core/contract/uplink-record.ts";
import type { ReadyMessage } from "../core/platform/daemon/run-daemon.ts";
import { createLogger } from "../core/platform/logger.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { openPage } from "./compose-page.ts";
import { type EventMessage, type PageThreadData, type RefusedMessage, stopMessage } from "./page-thread.ts";
import { createReportedWorker, viewAll } from "./worker-report.ts";

/** Niceness above that of all else here; a machine that is busy gives what is as much nicer a third. */
const pageNiceness = 5;
const lowestPriority = 19;

const { config, version, embedded } = workerData as PageThreadData;
const logger = createLogger({ name: "collector-page", level: config.log.level });
const worker = createReportedWorker();
const workers = viewAll([worker]);
const metrics = createMetrics({ defaults: "process", workers: workers.snapshots, logger });
yieldToStoring();
try {
  const storeOwnEvent = async (event: EventRecord): Promise<void> =>
    parentPort?.postMessage({ type: "event", event } satisfies EventMessage);
  const page = await openPage({ config, version, embedded, logger, metrics, workers, storeOwnEvent });
  parentPort?.on("message", (message: unknown) => {
    if (message === stopMessage) void page.close().finally(() => process.exit(0));
    else worker.take(message);
  });
  const { url: httpUrl, mqttUrl } = page;
  parentPort?.postMessage({ type: "ready", httpUrl, mqttUrl } satisfies ReadyMessage);
} catch (error) {
  // Any other is a bug, and ends the thread with its stack.
  if (!(error instanceof AuroraError)) throw error;
  const { code, message, op, subject, hint } = error;
  const about = { op, hint, ...(subject === undefined ? {} : { subject }) };
  parentPort?.postMessage({ type: "refused", code, message, ...about } satisfies RefusedMessage);
  process.exitCode = 1;
}

/** Where cores are short what gateways send goes first. On Linux each thread has a priority of its own. */
function yieldToStoring(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Math.min(lowestPriority, getPriority() + pageNiceness));
  } catch (error) {
    // A sandbox may forbid it.
    logger.debug("the page has the priority of all else", { error });
  }
}
