/**
 * Keeps the page in a thread of its own, beside the one that stores: begun again when it ends, on the same port. The thread
 * is told every second how storing goes and what was counted there; it tells when it serves, or why it cannot, and its events.
 */
import { AuroraError, type ErrorCode } from "../core/contract/aurora-error.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import type { EventRecord } from "../core/contract/uplink-record.ts";
import { type BegunWorker, keepWorker } from "../core/platform/daemon/keep-worker.ts";
import { openThread } from "../core/platform/daemon/open-thread.ts";
import { isReadyMessage } from "../core/platform/daemon/run-daemon.ts";
import type { LogFields, Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { EmbeddedAddress } from "./uplink/mqtt-side.ts";
import { type StoringPart, sendReports } from "./worker-report.ts";

/** What the thread is begun with. Plain data. */
export interface PageThreadData {
  readonly config: CollectorConfig;
  readonly version: string;
  readonly embedded: EmbeddedAddress | null;
}

/** What the thread says when it cannot serve for a reason that its user can mend. */
export interface RefusedMessage {
  readonly type: "refused";
  readonly code: ErrorCode;
  readonly message: string;
  readonly op: string;
  readonly subject?: string;
  readonly hint: string;
}

/** An event that the thread has to tell, of a record that it may only read. */
export interface EventMessage {
  readonly type: "event";
  readonly event: EventRecord;
}

/** Asks the thread to close what it holds, and to end. */
export const stopMessage = "stop";

/** What a stop may take in all is 2.5 s, and what waits is to be stored in it. */
const stopMs = 1_000;

interface PageThreadOptions extends PageThreadData {
  /** What stores, and what it counts. */
  readonly worker: StoringPart;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Takes the events of the thread. */
  storeEvent(event: EventRecord): Promise<void>;
}

interface PageThread {
  /** Base address of the page and the API. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Resolves when the page is served.
 * @throws AuroraError what the thread cannot serve for
 */
export async function startPageThread(options: PageThreadOptions): Promise<PageThread> {
  const { config, version, embedded, worker, metrics, logger } = options;
  let data: PageThreadData = { config, version, embedded };
  let stopReports = (): void => {};
  let isServed = false;
  return new Promise((resolve, reject) => {
    const onServed = (url: string, send: (report: object) => void): void => {
      stopReports = sendReports(worker, metrics, { logger, send });
      isServed = true;
      // The next one listens where this one did, also where any port was asked for.
      const { collector } = config;
      const httpPort = collector.httpPort === 0 ? Number(new URL(url).port) : collector.httpPort;
      data = { ...data, config: { ...config, collector: { ...collector, httpPort } } };
      resolve({ url, close: () => kept.close() });
    };
    const onEvent = (event: EventRecord): void => {
      options
        .storeEvent(event)
        .catch((error: unknown) => logger.error("an event of the page cannot be stored", { error }));
    };
    const kept = keepWorker({
      begin: () => beginThread(data, { onServed, onEvent }),
      onEnd: ({ error, code }) => {
        stopReports();
        if (isServed) return;
        void kept.close();
        reject(
          error ??
            new AuroraError("PROCESS", `the page's thread ended with ${code}`, { op: "start the page" }),
        );
      },
      message: "the page's thread ended; it is begun again",
      stopMs,
      logger,
    });
  });
}

function beginThread(
  data: PageThreadData,
  {
    onServed,
    onEvent,
  }: {
    readonly onServed: (url: string, send: (report: object) => void) => void;
    readonly onEvent: (event: EventRecord) => void;
  },
): BegunWorker {
  const thread = openThread("page-main", import.meta.url, { workerData: data });
  let why: LogFields = {};
  thread.on("message", (message: unknown) => {
    if (isReadyMessage(message)) onServed(message.httpUrl, (report) => thread.postMessage(report));
    else if (isEventMessage(message)) onEvent(message.event);
    else if (isRefusedMessage(message))
      why = { error: new AuroraError(message.code, message.message, message) };
  });
  thread.once("error", (error) => {
    why = { error };
  });
  return {
    ended: new Promise((resolve) => thread.once("exit", (code) => resolve({ code, ...why }))),
    stop: () => thread.postMessage(stopMessage),
    kill: () => void thread.terminate(),
  };
}

function isRefusedMessage(message: unknown): message is RefusedMessage {
  return typeof message === "object" && message !== null && "type" in message && message.type === "refused";
}

function isEventMessage(message: unknown): message is EventMessage {
  return typeof message === "object" && message !== null && "type" in message && message.type === "event";
}
