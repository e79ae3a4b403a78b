/**
 * Joins the half of a collector that writes: the broker where it is ours, what takes and stores what gateways send, and
 * work on the record by the clock. Answers nobody but gateways. What is opened here is closed here.
 */
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createTopics } from "../core/contract/topics.ts";
import { systemClock } from "../core/platform/clock.ts";
import { type Closers, openWhole } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import { prepareStateFolder } from "../core/platform/daemon/state-folder.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import { openCollectorEvidence } from "./compose-evidence.ts";
import { bundleScanMs, openModels } from "./compose-registry.ts";
import { keepRecord } from "./keep-record.ts";
import { openRecord } from "./open-record.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { createGatewayIntake } from "./uplink/gateway-intake.ts";
import { enrolledScanMs, openGatewaySites, warnOfAnySite } from "./uplink/gateway-sites.ts";
import { type EmbeddedAddress, openMqttSide } from "./uplink/mqtt-side.ts";
import type { StoringPart } from "./worker-report.ts";

export interface WriterOptions {
  readonly config: CollectorConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
}

/** A half that runs. */
export interface RunningWriter extends StoringPart {
  readonly record: FleetRecord;
  /** Address of the broker that it uses (or is), without credentials. */
  readonly mqttUrl: string;
  /** The way into the broker that it is; null: it uses another. */
  readonly embedded: EmbeddedAddress | null;
  /** Looks at the folders of bundles now; resolves with how many were new. */
  scanBundles(): Promise<number>;
  /** Stores what waits. */
  close(): Promise<void>;
}

/**
 * Resolves when gateways are listened to. A broker that cannot be reached is tried for ever meanwhile.
 * @throws AuroraError STORE, MQTT, KEY or CONFIG_INVALID for what cannot be mended by waiting
 */
export async function openWriter(options: WriterOptions): Promise<RunningWriter> {
  return openWhole(options.logger, (closers) => assemble(options, closers));
}

async function assemble(options: WriterOptions, closers: Closers): Promise<RunningWriter> {
  const { config, logger, metrics } = options;
  await prepareStateFolder(config.collector.stateDir, { nowMs: systemClock.nowMs(), logger });
  const record = await openRecord(config, logger);
  closers.add(() => record.close());
  const shelf = await openModels(config, logger);
  const { models } = shelf;
  const topics = createTopics(config.mqtt.base);
  const sites = await openGatewaySites(config, logger);
  warnOfAnySite(config, logger);
  closers.add(every(enrolledScanMs, logger, () => sites.refresh()));
  const mqtt = await openMqttSide(config, logger);
  closers.add(() => mqtt.close());
  const { client } = mqtt;
  const evidence = await openCollectorEvidence({ config, record, topics, client, sites, metrics, logger });
  closers.add(() => evidence.close());
  const { ingest, states } = await createGatewayIntake({
    config,
    record,
    topics,
    sites,
    models,
    logger,
    metrics,
    publish: (topic, payload, how) => client.publish(topic, payload, how),
    beforeStore: evidence.take,
  });
  closers.add(() => ingest.close());
  closers.add(() => states.close());
  await client.subscribe(topics.allUplinks, 1, (topic, payload) => ingest.accept(topic, payload));
  await client.subscribe(topics.allStates, 1, states.acceptState);
  await client.subscribe(topics.allStatuses, 1, states.acceptStatus);
  closers.add(every(options.bundleScanMs ?? bundleScanMs, logger, () => shelf.scan()));
  keepRecord({ config, record, models, evidence, metrics, logger }, closers);
  return {
    get connected() {
      return client.connected;
    },
    get storeFails() {
      return ingest.storeFails;
    },
    record,
    mqttUrl: mqtt.url,
    embedded: mqtt.embedded,
    scanBundles: () => shelf.scan(),
    close: () => closers.closeAll(),
  };
}
