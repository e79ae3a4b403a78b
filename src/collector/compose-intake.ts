/**
 * Joins what takes and stores what gateways send, from whichever broker it comes: record, models, sites, raw evidence and
 * the intake itself.
 */
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createTopics, type Topics } from "../core/contract/topics.ts";
import { systemClock } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import { nodeFileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { believedFile, openArrivalClock } from "./clock-trust.ts";
import { type CollectorEvidence, openCollectorEvidence } from "./compose-evidence.ts";
import { bundleScanMs, openBundleShelf } from "./compose-registry.ts";
import type { BundleShelf } from "./fleet/bundle-shelf.ts";
import { openRecord } from "./open-record.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { boundPredictions } from "./record/prediction-share.ts";
import {
  createGatewayIntake,
  type GatewayIntake,
  type GatewayIntakeOptions,
} from "./uplink/gateway-intake.ts";
import { fileScanMs, openGatewaySites } from "./uplink/gateway-sites.ts";
import { measureConnection, watchConnection } from "./uplink/mqtt-side.ts";
import type { StoringPart } from "./worker-report.ts";

interface IntakeOptions {
  readonly config: CollectorConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Sends acknowledgements and orders; not called before the first message is taken. */
  readonly publish: MqttClient["publish"];
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
  /** How often the list of an enrolment is looked at; default 30 s. */
  readonly fileScanMs?: number;
  /** Instead of the defaults. */
  readonly batches?: GatewayIntakeOptions["batches"];
}

/** Open, and at rest. Its user closes `ingest` and `states` while the broker can still be told; all else is in the closers. */
interface OpenIntake extends GatewayIntake {
  readonly record: FleetRecord;
  readonly topics: Topics;
  readonly shelf: BundleShelf;
  readonly evidence: CollectorEvidence;
}

/** @throws AuroraError STORE, KEY or CONFIG_INVALID for what cannot be mended by waiting */
export async function openIntake(options: IntakeOptions, closers: Closers): Promise<OpenIntake> {
  const { config, logger, metrics, publish, batches } = options;
  const record = boundPredictions(await openRecord(config, logger));
  closers.add("record", () => record.close());
  const shelf = await openBundleShelf(config, logger);
  closers.add("bundles", () => shelf.close());
  closers.add(
    "bundle scan",
    every(options.bundleScanMs ?? bundleScanMs, logger, () => shelf.scan()),
  );
  const topics = createTopics(config.mqtt.base);
  const sites = await openGatewaySites(config, logger);
  const trusted = { path: believedFile(config), files: nodeFileSystem, clock: systemClock, logger };
  const clock = await openArrivalClock(trusted);
  const around = { config, record, topics, sites, clock, metrics, logger };
  const evidence = await openCollectorEvidence({ ...around, client: { publish } });
  closers.add("evidence", () => evidence.close());
  const intake = await createGatewayIntake({
    ...around,
    models: shelf.models,
    publish,
    beforeStore: evidence.take,
    ...(batches === undefined ? {} : { batches }),
  });
  const readList = async (): Promise<void> => {
    await sites.refresh();
    await intake.tellRevoked();
  };
  closers.add("files", every(options.fileScanMs ?? fileScanMs, logger, readList));
  return { ...intake, record, topics, shelf, evidence };
}

/** How storing goes, as it is asked, and among the figures whether its client is connected. */
export function storingPart(
  client: MqttClient,
  { ingest, evidence, topics }: Pick<OpenIntake, "ingest" | "evidence" | "topics">,
  metrics: Metrics,
): StoringPart {
  measureConnection(metrics, client);
  const brokerLostMs = watchConnection(client, systemClock);
  /** Nobody is alarmed later, or not at all, for want of these. */
  const lesser: ReadonlySet<string> = new Set([
    topics.allStates,
    topics.allStatuses,
    topics.allOfLane("raw"),
  ]);
  return {
    get connected() {
      return client.connected && [...client.refusedFilters].every((filter) => lesser.has(filter));
    },
    get brokerLostMs() {
      return brokerLostMs();
    },
    get refusedFilters() {
      return [...client.refusedFilters];
    },
    get unstored() {
      return ingest.unstored;
    },
    get evidenceFault() {
      return evidence.fault;
    },
  };
}
