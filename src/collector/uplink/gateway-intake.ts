/** What takes the messages of gateways for a record: envelopes of the uplink, and the states of turbines and gateways. */
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import type { Topics } from "../../core/contract/topics.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { systemClock, systemTimers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkAck } from "../../core/wire/uplink-ack.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { openAckSeal } from "./ack-seal.ts";
import { createFleetCloneWatch, createTwinWatch } from "./clone-watch.ts";
import type { EnrolledSites } from "./gateway-sites.ts";
import { createRevokedStatuses } from "./revoked-statuses.ts";
import { createStateWatch, type StateWatch } from "./state-watch.ts";
import { createUplinkIngest, type UplinkIngest, type UplinkIngestOptions } from "./uplink-ingest.ts";

export interface GatewayIntake {
  readonly ingest: UplinkIngest;
  readonly states: StateWatch;
  /** Says of revoked gateways that they are offline, where their status says otherwise; call it when the list was looked at. */
  tellRevoked(): Promise<void>;
}

/** The drift reference of a model. */
interface KnownReference {
  readonly reference: { readonly features: readonly { readonly counts: readonly number[] }[] };
}

export interface GatewayIntakeOptions {
  readonly config: CollectorConfig;
  readonly record: FleetRecord;
  readonly topics: Topics;
  readonly sites: Omit<EnrolledSites, "refresh">;
  /** Says when something arrives. */
  readonly clock: UplinkIngestOptions["clock"];
  /** Models that are known here, by their digest. */
  readonly models: {
    get(digest: string): KnownReference | undefined;
  };
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Sends acknowledgements. */
  readonly publish: MqttClient["publish"];
  readonly beforeStore: NonNullable<UplinkIngestOptions["beforeStore"]>;
  /** Instead of the defaults. */
  readonly batches?: Pick<UplinkIngestOptions, "maxBatchMessages">;
}

/** Creates it at rest. @throws AuroraError KEY for an enrolment key that cannot be read */
export async function createGatewayIntake(options: GatewayIntakeOptions): Promise<GatewayIntake> {
  const { config, record, topics, sites, clock, models, logger, metrics, publish, beforeStore } = options;
  const seal = await openAckSeal(config.mqtt.enrolmentKeyFile);
  const around = { record, clock, timers: systemTimers, logger };
  const ingest = createUplinkIngest({
    ...around,
    ...options.batches,
    metrics,
    beforeStore,
    sites,
    driftKeptMs: config.retentionDays * dayMs,
    driftBinsOf: (digest) => models.get(digest)?.reference.features.map(({ counts }) => counts.length),
    acknowledge: (gateway, { bootId, lane, sequence }) => {
      const ack = seal.ack(gateway, { bootId, lane, sequence, timeMs: systemClock.nowMs() });
      return publish(topics.ack(gateway), encodeUplinkAck(ack), { qos: 1, retain: false });
    },
  });
  const isCloneSign = createFleetCloneWatch({ clock: systemClock, logger, metrics });
  const findTwins = createTwinWatch({ clock: systemClock, logger, metrics });
  const revoked = createRevokedStatuses({ sites, topics, publish, logger });
  const onStatus = revoked.note;
  const states = createStateWatch({ ...around, sites, isCloneSign, findTwins, onStatus, metrics });
  return { ingest, states, tellRevoked: revoked.tell };
}
