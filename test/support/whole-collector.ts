/**
 * A whole collector in this thread: the half that writes and the half that shows, joined as the daemon joins them
 * (`src/collector/main.ts`), which gives each a thread or processes of its own. For whoever runs one beside other things.
 */

import { openPage, type PageWiring } from "../../src/collector/compose-page.ts";
import { openWriter } from "../../src/collector/compose-writer.ts";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import {
  createReportedWorker,
  type StoringPart,
  viewAll,
  type WorkerView,
} from "../../src/collector/worker-report.ts";
import type { CollectorConfig } from "../../src/core/contract/config/collector-config.ts";
import { openWhole } from "../../src/core/platform/daemon/closing.ts";
import { createLogger, type Logger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";

/** What may be given instead of the default. */
export interface CollectorWiring extends PageWiring {
  readonly logger?: Logger;
  /** How often the list of an enrolment and the embedded broker's certificate are looked at. */
  readonly fileScanMs?: number;
}

/** A running collector. */
export interface RunningCollector {
  /** Base address of the page and the API. */
  readonly url: string;
  /** Address of the broker that it uses (or is), without credentials. */
  readonly mqttUrl: string;
  /** For whoever runs in the same process. */
  readonly record: FleetRecord;
  /** The half that shows looks at the folders of bundles now; resolves with how many were new. */
  scanBundles(): Promise<number>;
  /** Stores what waits and closes everything, within 3 s. */
  close(): Promise<void>;
}

/**
 * Starts a collector; resolves when the page is served. A broker that cannot be reached is tried for ever meanwhile.
 * @throws AuroraError STORE, MQTT, KEY or CONFIG_INVALID for what cannot be mended by waiting
 */
export function startCollector(
  config: CollectorConfig,
  wiring: CollectorWiring = {},
): Promise<RunningCollector> {
  const logger = wiring.logger ?? createLogger({ name: "collector", level: config.log.level });
  const common = { ...wiring, config, logger, metrics: createMetrics({ defaults: "process" }) };
  return openWhole(logger, async (closers) => {
    const writer = await openWriter(common);
    closers.add("writer", writer);
    const { record, mqttUrl, embedded } = writer;
    const page = await openPage({
      ...common,
      embedded,
      workers: viewAll([viewHere(writer.storing)]),
      storeOwnEvent: record.storeOwnEvent,
    });
    closers.add("page", page);
    const { url, scanBundles } = page;
    logger.info("collector runs", { url, mqttUrl });
    return { url, mqttUrl, record, scanBundles, close: () => closers.closeAll() };
  });
}

/** A worker as it is at the moment, by a report that is made when it is asked for. */
export function viewHere(part: StoringPart): WorkerView {
  const reported = (): WorkerView => {
    const worker = createReportedWorker();
    worker.take({ ...part, type: "worker" });
    return worker;
  };
  return {
    state: () => reported().state(),
    impairment: () => reported().impairment(),
    brokerLostMs: () => reported().brokerLostMs(),
    snapshot: () => null,
  };
}
