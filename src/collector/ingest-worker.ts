/**
 * One worker of many that take what gateways send: its share of a shared subscription, stored in batches, acknowledged to
 * the broker when it is committed. Serves no page. One of all workers follows the states of turbines and gateways, and takes
 * the pieces of raw evidence, which become one file.
 */

import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { type Lane, lanes, type Topics } from "../core/contract/topics.ts";
import { type ClosedPart, openWhole } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import { readBrokerLogin } from "../core/platform/mqtt/broker-login.ts";
import { readClientId } from "../core/platform/mqtt/client-id.ts";
import { createIntakeClient } from "../core/platform/mqtt/intake-client.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { openIntake, storingPart } from "./compose-intake.ts";
import { createLeasedWork, type LeasedWork } from "./leased-work.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { createRoleError } from "./role.ts";
import { warnOfAnySite } from "./uplink/gateway-sites.ts";
import type { StoringPart } from "./worker-report.ts";

/** A running worker. */
export interface IngestWorker extends ClosedPart {
  readonly storing: StoringPart;
}

/** All workers share what comes for this name. */
const shareName = "aurora";
/** Its pieces are written into files of one machine. */
const soleLane: Lane = "raw";
const renewLeaseMs = 15_000;

/**
 * Starts worker number `index` of this machine, counted from 1.
 * @throws AuroraError STORE, MQTT, KEY or CONFIG_INVALID for what cannot be mended by waiting
 */
export async function startIngestWorker(
  config: CollectorConfig,
  index: number,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
): Promise<IngestWorker> {
  const { url } = config.mqtt;
  if (url === null || config.record.kind === "sqlite") throw createRoleError("ingest");
  return openWhole(logger, async (closers) => {
    const publish: MqttClient["publish"] = (topic, payload, how) => client.publish(topic, payload, how);
    const batches = { maxBatchMessages: 1_000 };
    const intake = await openIntake({ config, logger, metrics, publish, batches }, closers);
    if (index === 1) warnOfAnySite(config, logger);
    const { record, topics, ingest, states } = intake;
    const client = createIntakeClient({
      ...(await readBrokerLogin(config.mqtt)),
      url,
      clientId: await readClientId(`aurora-${config.ingest.name}-${index}`, config.mqtt.enrolmentKeyFile),
      takenOverHint: "Another process connects with this client id: give it another ingest.name.",
      maxPacketBytes: config.mqtt.embedded.maxPacketBytes,
      sessionExpirySeconds: config.ingest.sessionExpirySeconds,
      receiveMaximum: config.ingest.maxUnacknowledged,
      onMessage: ({ topic, payload, retain, settle }) => {
        const name = topic.slice(topic.lastIndexOf("/") + 1);
        const isState = name === "state" || name === "status";
        const isForOne = isState || name === soleLane;
        if (isForOne && !owned.isMine) return settle();
        if (!isState) return ingest.accept(topic, payload, settle);
        settle();
        if (name === "state") states.acceptState(topic, payload, retain);
        else states.acceptStatus(topic, payload, retain);
      },
      onLoss: () => ingest.forget(),
      logger,
    });
    // Before anything awaits: a session that was kept brings messages at once.
    const alone = createLeasedWork(record, logger);
    const owned = createSoleSubscriber(client, topics, { record, alone });
    closers.add("broker", () => client.close());
    closers.add("states", () => states.close());
    closers.add("ingest", () => ingest.close());
    for (const lane of lanes) {
      if (lane === soleLane) continue;
      await client.subscribe(`$share/${shareName}/${topics.allOfLane(lane)}`, 1, () => {});
    }
    closers.add("leases", () => alone.close());
    await owned.renew();
    closers.add(
      "lanes",
      every(renewLeaseMs, logger, () => owned.renew()),
    );
    const { closeAll: close, unclosed } = closers;
    return { storing: storingPart(client, intake, metrics), close, unclosed };
  });
}

/**
 * Has one of all workers subscribe to what must not be shared: to pieces of files, and to states, of which a shared
 * subscription brings nothing that is retained. Anew where the record is another one: the broker then repeats what it retains.
 */
function createSoleSubscriber(
  client: MqttClient,
  topics: Topics,
  { record, alone }: { readonly record: Pick<FleetRecord, "era">; readonly alone: LeasedWork },
): { readonly isMine: boolean; renew(): Promise<void> } {
  const filters = [topics.allStates, topics.allStatuses, topics.allOfLane(soleLane)];
  /** Of the record for which they were subscribed to; null: they are another worker's. */
  let era: number | null = null;
  return {
    get isMine() {
      return era !== null;
    },
    renew: async () => {
      const before = era;
      era = (await alone.hold("states and evidence")) ? await record.era() : null;
      // What the broker refuses the client asks for again.
      if (era !== null && era !== before)
        for (const filter of filters) await client.subscribe(filter, 1, () => {});
      // Also what an earlier process of this number owned in the session that is left.
      if (era === null) for (const filter of filters) await client.unsubscribe(filter);
    },
  };
}
