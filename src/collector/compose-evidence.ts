/** Joins what the collector does with raw evidence: takes it, keeps it in bounds, and tells gateways of it. */
import { join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import type { EvidenceOrder, EvidenceRequest } from "../core/contract/evidence.ts";
import type { Topics } from "../core/contract/topics.ts";
import { systemClock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { createEvidenceIntake } from "./evidence/evidence-intake.ts";
import type { EvidenceStore } from "./evidence/evidence-store.ts";
import { openFolderStore } from "./evidence/folder-store.ts";
import { openIncomingFiles } from "./evidence/incoming-files.ts";
import { keepEvidence } from "./evidence/keep-evidence.ts";
import { takePieces } from "./evidence/take-pieces.ts";
import type { CheckedEnvelope, FleetRecord } from "./record/fleet-record.ts";
import { openAckSeal } from "./uplink/ack-seal.ts";
import { gatewaySites } from "./uplink/mqtt-side.ts";

export interface EvidenceSurroundings {
  readonly config: CollectorConfig;
  readonly record: FleetRecord;
  readonly topics: Topics;
  readonly client: Pick<MqttClient, "publish">;
  readonly logger: Logger;
}

/** Of all bytes: so much may be stored before it is looked at again whether it is too much. */
const slack = 0.02;

export interface CollectorEvidence {
  readonly store: EvidenceStore;
  /** Takes the pieces in envelopes, before these are stored. */
  take(envelopes: readonly CheckedEnvelope[]): Promise<readonly CheckedEnvelope[]>;
  /** Tells a gateway what a person asks for; rejects when the broker does not take it. */
  ask(request: EvidenceRequest): Promise<void>;
  /** Removes what is too old or too much; call it now and then. */
  keep(): Promise<number>;
}

/** Opens its folders. @throws AuroraError STORE */
export async function openCollectorEvidence(around: EvidenceSurroundings): Promise<CollectorEvidence> {
  const { config, record, topics, client, logger } = around;
  const clock = systemClock;
  const sites = gatewaySites(config.mqtt.embedded.gateways);
  const seal = await openAckSeal(config.mqtt.enrolmentKeyFile);
  const tell = (gateway: string, order: EvidenceOrder): Promise<void> =>
    client.publish(topics.evidence(gateway), JSON.stringify(seal.order(gateway, order)), {
      qos: 1,
      retain: false,
    });

  const { maxBytes, days } = config.evidence;
  const dir = config.evidence.dir ?? join(config.collector.stateDir, "evidence");
  const store = await openFolderStore(dir);
  // Beside them: what several collectors keep together, they also put together.
  const incoming = await openIncomingFiles({ dir: join(dir, "incoming"), clock });
  const intake = createEvidenceIntake({ incoming, store, record, sites, clock, logger, tell });
  let keeping: Promise<number> | null = null;
  const keep = (): Promise<number> => {
    keeping ??= keepEvidence({ record, store, incoming, bounds: { maxBytes, days }, clock, logger }).finally(
      () => {
        keeping = null;
      },
    );
    return keeping;
  };
  let keptAtBytes = 0;
  return {
    store,
    keep,
    ask: (request) => tell(request.gateway, request),
    take: async (envelopes) => {
      const taken = await takePieces(envelopes, { intake, logger });
      if (intake.storedBytes - keptAtBytes >= slack * maxBytes) {
        keptAtBytes = intake.storedBytes;
        await keep();
      }
      return taken;
    },
  };
}
