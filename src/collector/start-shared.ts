/**
 * A collector whose record and broker processes share: workers are processes of their own, on this machine or on others, and
 * this one shows what they store, and does the work on the record by the clock, or only keeps its workers running.
 */
import { systemClock } from "../core/platform/clock.ts";
import { openWhole } from "../core/platform/daemon/closing.ts";
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import { prepareStateFolder } from "../core/platform/daemon/state-folder.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import { openPage } from "./compose-page.ts";
import { type IngestWorkers, serveIngest, startIngestWorkers } from "./ingest-workers.ts";
import { keepRecord } from "./keep-record.ts";
import { awaitAnswer, type DaemonOptions } from "./role.ts";
import { measureConnection } from "./uplink/mqtt-side.ts";
import { viewAll } from "./worker-report.ts";

const nowhere: IngestWorkers = { ...viewAll([]), close: async () => {} };

/** Resolves when it serves what its role serves. @throws AuroraError CONFIG_INVALID, STORE, MQTT or KEY */
export async function startShared(options: DaemonOptions): Promise<Daemon> {
  const { config, source, role, version, logger } = options;
  const workers = role === "web" ? nowhere : startIngestWorkers(config, source, logger);
  try {
    if (role !== "ingest") return await startWeb(options, workers);
    const metrics = createMetrics({ defaults: "process", workers: workers.snapshots, logger });
    return await serveIngest(config, { workers, metrics, logger, version });
  } catch (error) {
    await workers.close();
    throw error;
  }
}

function startWeb({ config, version, logger }: DaemonOptions, workers: IngestWorkers): Promise<Daemon> {
  return openWhole(logger, async (closers) => {
    await prepareStateFolder(config.collector.stateDir, { nowMs: systemClock.nowMs(), logger });
    const metrics = createMetrics({ defaults: "process", workers: workers.snapshots, logger });
    const around = { config, logger, metrics };
    const page = await openPage({ ...around, version, embedded: null, workers, access: "write" });
    closers.add("page", page);
    // Where there are workers it is theirs that shows gateways.
    if (workers === nowhere) measureConnection(metrics, page.client);
    const { record, models, evidence, url: httpUrl, mqttUrl } = page;
    keepRecord({ ...around, record, models, evidence }, closers);
    let areWorkersClosed = false;
    const closeWorkers = async (): Promise<void> => {
      await workers.close();
      areWorkersClosed = true;
    };
    const close = async (): Promise<void> => {
      await Promise.all([closeWorkers(), closers.closeAll()]);
    };
    const unclosed = (): readonly string[] => [
      ...(areWorkersClosed ? [] : ["workers"]),
      ...closers.unclosed(),
    ];
    return { httpUrl, mqttUrl, nextWork: () => awaitAnswer(record), close, unclosed };
  });
}
