/** What a worker tells every second of itself, and how whoever shows the record reads it: how it is, and what it has counted. */
import { systemClock } from "../core/platform/clock.ts";
import { every } from "../core/platform/daemon/every.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics, MetricsSnapshot } from "../core/platform/metrics.ts";
import { othersFailWords, type StoreFailures } from "./uplink/store-failures.ts";

/** Whatever takes and stores what gateways send. */
export interface StoringPart {
  /** To a broker that grants the lanes of alerts and of what else is stored at once. */
  readonly connected: boolean;
  /** Since when there is no connection to the broker, whatever it would grant, epoch ms; null: there is one. */
  readonly brokerLostMs: number | null;
  /** Topic filters whose subscription the broker refuses, those lanes or others; mosquitto grants all, and keeps back what may not be read. */
  readonly refusedFilters: readonly string[];
  /** What cannot be stored of what gateways send: all, or all but alerts and updates; null: nothing fails. */
  readonly unstored: StoreFailures["unstored"];
  /** Why raw evidence waits at its gateways, or null. */
  readonly evidenceFault: string | null;
}

interface WorkerReport extends StoringPart {
  readonly type: "worker";
  readonly metrics: MetricsSnapshot;
}

/** A worker as it is seen from elsewhere. */
export interface WorkerView {
  state(): "ready" | "not ready" | "cannot store";
  /** What does not come although alerts do, as it last said, in words; or null. */
  impairment(): string | null;
  /** Since when it has no connection to the broker, as it last said; null: it has one, or has not said so lately. */
  brokerLostMs(): number | null;
  /** What it has counted; null: it has not said so yet. */
  snapshot(): MetricsSnapshot | null;
}

/** A worker that is seen by its reports. */
export interface ReportedWorker extends WorkerView {
  /** Anything but a report is passed over. */
  take(message: unknown): void;
  /** It has ended. */
  forget(): void;
}

/** All workers whose work is shown here. */
export interface WorkersView {
  /** Words for what is not as it should be, or null. */
  notReady(): string | null;
  /** Words for what goes wrong without stopping the rest, or null. */
  impairment(): string | null;
  /** Since when none of them has a connection to the broker; null: one has, or whether one has is not known here. */
  brokerLostMs(): number | null;
  /** What each has counted, by its number. */
  snapshots(): ReadonlyMap<string, MetricsSnapshot>;
}

const reportEveryMs = 1_000;
/** A worker that is silent for longer is not well. */
const reportHoldsMs = 15_000;

/** Sends a report now and every second; returns the way out. */
export function sendReports(
  worker: StoringPart,
  metrics: Metrics,
  { logger, send }: { readonly logger: Logger; readonly send: (report: object) => void },
): () => void {
  const report = async (): Promise<void> => {
    const { connected, brokerLostMs, refusedFilters, unstored, evidenceFault } = worker;
    send({
      type: "worker",
      connected,
      brokerLostMs,
      refusedFilters,
      unstored,
      evidenceFault,
      metrics: await metrics.snapshot(),
    } satisfies WorkerReport);
  };
  report().catch((error: unknown) => logger.error("a worker's figures cannot be read", { error }));
  return every(reportEveryMs, logger, report);
}

/** A worker of which nothing is known yet. */
export function createReportedWorker(): ReportedWorker {
  let report: WorkerReport | null = null;
  let reportedMs = 0;
  const isFresh = (): boolean => systemClock.monotonicMs() - reportedMs < reportHoldsMs;
  return {
    take: (message) => {
      if (!isWorkerReport(message)) return;
      report = message;
      reportedMs = systemClock.monotonicMs();
    },
    forget: () => {
      report = null;
    },
    state: () => {
      if (report === null) return "not ready";
      return stateOf({ ...report, connected: report.connected && isFresh() });
    },
    impairment: () => (report === null ? null : impairmentOf(report)),
    brokerLostMs: () => (isFresh() ? (report?.brokerLostMs ?? null) : null),
    snapshot: () => report?.metrics ?? null,
  };
}

/** Joins the views of workers 1, 2, … */
export function viewAll(workers: readonly WorkerView[]): WorkersView {
  const wanted = workers.length;
  return {
    notReady: () => {
      const states = workers.map((worker) => worker.state());
      if (states.includes("cannot store")) return "what gateways send cannot be stored; see the log";
      const ready = states.filter((state) => state === "ready").length;
      return ready === wanted ? null : `${ready} of ${wanted} workers are ready; the log says why`;
    },
    impairment: () => workers.map((worker) => worker.impairment()).find((one) => one !== null) ?? null,
    brokerLostMs: () => {
      const lostMs = workers.flatMap((worker) => worker.brokerLostMs() ?? []);
      return wanted > 0 && lostMs.length === wanted ? Math.max(...lostMs) : null;
    },
    snapshots: () =>
      new Map(
        workers.flatMap((worker, index) => {
          const metrics = worker.snapshot();
          return metrics === null ? [] : [[String(index + 1), metrics]];
        }),
      ),
  };
}

function stateOf({ connected, unstored }: StoringPart): "ready" | "not ready" | "cannot store" {
  if (unstored === "all") return "cannot store";
  return connected ? "ready" : "not ready";
}

function impairmentOf({ unstored, refusedFilters, evidenceFault }: StoringPart): string | null {
  const faults = [
    ...(unstored === "others" ? [othersFailWords] : []),
    ...(refusedFilters.length === 0 ? [] : [`the broker refuses ${refusedFilters.join(", ")}`]),
    ...(evidenceFault === null ? [] : [`raw evidence waits at its gateways: ${evidenceFault}`]),
  ];
  return faults.length === 0 ? null : faults.join("; ");
}

function isWorkerReport(message: unknown): message is WorkerReport {
  return typeof message === "object" && message !== null && "type" in message && message.type === "worker";
}
