/**
 * Joins the half of a collector that writes: the broker where it is ours, what takes and stores what gateways send, and
 * work on the record by the clock. Answers nobody but gateways. What is opened here is closed here.
 */
import { hasErrorCode } from "../core/contract/aurora-error.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { systemClock } from "../core/platform/clock.ts";
import { type ClosedPart, type Closers, openWhole } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import { prepareStateFolder } from "../core/platform/daemon/state-folder.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { openIntake, storingPart } from "./compose-intake.ts";
import { keepRecord } from "./keep-record.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { warnOfAnySite } from "./uplink/gateway-sites.ts";
import { type EmbeddedAddress, openMqttSide } from "./uplink/mqtt-side.ts";
import type { StoringPart } from "./worker-report.ts";

interface WriterOptions {
  readonly config: CollectorConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
  /** How often the list of an enrolment and the embedded broker's certificate are looked at; default 30 s. */
  readonly fileScanMs?: number;
}

/** A half that runs; what waits is stored before it is closed. */
interface RunningWriter extends ClosedPart {
  readonly storing: StoringPart;
  readonly record: FleetRecord;
  /** Address of the broker that it uses (or is), without credentials. */
  readonly mqttUrl: string;
  /** The way into the broker that it is; null: it uses another. */
  readonly embedded: EmbeddedAddress | null;
}

/** How often the record is asked whether it is another one. */
const eraLookMs = 15_000;

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
  const publish: MqttClient["publish"] = (topic, payload, how) => mqtt.client.publish(topic, payload, how);
  const intake = await openIntake({ ...options, publish }, closers);
  warnOfAnySite(config, logger);
  const { record, topics, shelf, evidence, ingest, states } = intake;
  const mqtt = await openMqttSide(config, options);
  closers.add("broker", () => mqtt.close());
  closers.add("ingest", () => ingest.close());
  closers.add("states", () => states.close());
  const { client } = mqtt;
  await client.subscribe(topics.allUplinks, 1, (topic, payload) => ingest.accept(topic, payload));
  let era: number | null = null;
  const followStates = async (): Promise<void> => {
    const found = await record.era();
    if (found === era) return;
    era = found;
    // Also where it is another record by now: the broker repeats what it retains.
    await client.subscribe(topics.allStates, 1, states.acceptState);
    await client.subscribe(topics.allStatuses, 1, states.acceptStatus);
  };
  await followStates();
  // That the record cannot be asked is told by whoever stores.
  const look = (): Promise<void> =>
    followStates().catch((error: unknown) => {
      if (!hasErrorCode(error, "STORE")) throw error;
    });
  closers.add("states watch", every(eraLookMs, logger, look));
  keepRecord({ config, record, models: shelf.models, evidence, metrics, logger }, closers);
  return {
    storing: storingPart(client, intake, metrics),
    record,
    mqttUrl: mqtt.url,
    embedded: mqtt.embedded,
    close: closers.closeAll,
    unclosed: closers.unclosed,
  };
}
