/** Joins what the collector does with raw evidence: takes it, keeps it in bounds, and tells gateways of it. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AuroraError } from "../core/contract/aurora-error.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { collectorState } from "../core/contract/config/state-names.ts";
import type { EvidenceOrder, EvidenceRequest } from "../core/contract/evidence.ts";
import type { Topics } from "../core/contract/topics.ts";
import { type Clock, systemClock, systemTimers } from "../core/platform/clock.ts";
import { createLastingFault } from "../core/platform/lasting-fault.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { createWorkQueue } from "../core/platform/work-queue.ts";
import { type BucketStore, openBucketStore } from "./evidence/bucket-store.ts";
import { compareEvidence } from "./evidence/compare-evidence.ts";
import { createEvidenceIntake, type EvidenceIntake } from "./evidence/evidence-intake.ts";
import { type FolderStore, openFolderStore } from "./evidence/folder-store.ts";
import { openIncomingFiles } from "./evidence/incoming-files.ts";
import { keepEvidence } from "./evidence/keep-evidence.ts";
import { createEvidenceReader, type EvidenceReader } from "./evidence/read-evidence.ts";
import { takePieces } from "./evidence/take-pieces.ts";
import type { CheckedEnvelope, FleetRecord } from "./record/fleet-record.ts";
import { openAckSeal } from "./uplink/ack-seal.ts";
import type { GatewaySites } from "./uplink/gateway-sites.ts";

interface EvidenceSurroundings {
  readonly config: CollectorConfig;
  readonly record: FleetRecord;
  readonly topics: Topics;
  readonly client: Pick<MqttClient, "publish">;
  /** Of whose turbines gateways may speak; null: no pieces are taken here. */
  readonly sites: GatewaySites | null;
  /** Where figures are counted by whoever takes pieces; null: elsewhere. */
  readonly metrics: Metrics | null;
  readonly logger: Logger;
  /** Says when something arrives; default the machine's. */
  readonly clock?: Pick<Clock, "nowMs">;
}

/** Of all bytes: so much may be stored before it is looked at again whether it is too much. */
const slack = 0.02;
/** In which what is being stored or removed has both its files and its row, or neither. */
const settleMs = 1_000;

export interface CollectorEvidence extends EvidenceReader {
  /** Takes the pieces in envelopes, before these are stored. */
  take(envelopes: readonly CheckedEnvelope[]): Promise<readonly CheckedEnvelope[]>;
  /** Tells a gateway what a person asks for; rejects when the broker does not take it. */
  ask(request: EvidenceRequest): Promise<void>;
  /** Removes what is too old, by a clock that its caller believes, and what is too much, once no other removal runs; call it now and then. */
  keep(): Promise<number>;
  /** Removes what is too much alone, whatever the clock says. */
  makeRoom(): Promise<number>;
  /** Tells by an event what is listed and not in the folder, or the other way round; a bucket is not looked through. @throws AuroraError STORE */
  compare(signal: AbortSignal): Promise<void>;
  /** Why pieces cannot be kept, or the bucket not be used; or null. */
  readonly fault: string | null;
  /** Begins nothing more, and gives up what waits for a bucket. */
  close(): Promise<void>;
}

/** Opens its folders; a bucket is asked when it is needed. @throws AuroraError STORE or CONFIG_INVALID */
export async function openCollectorEvidence(around: EvidenceSurroundings): Promise<CollectorEvidence> {
  const { config, record, topics, client, metrics, logger, clock = systemClock } = around;
  const sites = around.sites ?? { get: () => null };
  const seal = await openAckSeal(config.mqtt.enrolmentKeyFile);
  const tell = (gateway: string, order: EvidenceOrder): Promise<void> =>
    client.publish(topics.evidence(gateway), JSON.stringify(seal.order(gateway, order)), {
      qos: 1,
      retain: false,
    });

  const { s3, maxBytes } = config.evidence;
  const dir = config.evidence.dir ?? join(config.collector.stateDir, collectorState.evidence);
  const timers = systemTimers;
  const store: BucketStore | FolderStore =
    s3 === null ? await openFolderStore(dir) : await openBucketStore(s3, { timers, logger });
  const bucket = store.isRemote ? store : null;
  // Beside them: what several collectors keep together, they also put together.
  const incoming = await openIncomingFiles({ dir: join(dir, "incoming"), clock });
  const intake = createEvidenceIntake({ incoming, store, record, sites, clock, timers, logger, tell });
  if (bucket !== null && metrics !== null) measureBucket(metrics, bucket, intake);
  const keepers = createWorkQueue();
  const keepBy = (believed: typeof clock | null): Promise<number> =>
    keepers.run(() =>
      keepEvidence({ record, store, incoming, bounds: config.evidence, clock: believed, logger }),
    );
  const makeRoom = (): Promise<number> => keepBy(null);
  const queue = createWorkQueue();
  let keptAtBytes = 0;
  let keepFault: string | null = null;
  const fault = createLastingFault();
  const onTaken = (gateway: string, error: Error | null): void => {
    keepFault = error === null ? null : error.message;
    if (error !== null) {
      if (fault.note(error, clock.nowMs()))
        logger.error("raw evidence cannot be kept; gateways keep theirs", { gateway, error });
    } else if (fault.clear()) logger.info("raw evidence can be kept again");
  };
  return {
    ...createEvidenceReader({ store, record, clock, logger }),
    keep: () => keepBy(clock),
    makeRoom,
    compare: async (signal) => {
      if (store.isRemote) return;
      // It rejects only where it is ended, which is looked at afterwards.
      const pause = (): Promise<void> => delay(settleMs, undefined, { signal }).catch(() => {});
      await compareEvidence({ record, store, clock, logger, pause, signal });
    },
    ask: (request) => tell(request.gateway, request),
    take: async (envelopes) => {
      if (queue.isClosed) throw new AuroraError("STORE", "the collector ends", { op: "take evidence" });
      const taken = await queue.run(() => takePieces(envelopes, { intake, onTaken }));
      if (intake.storedBytes - keptAtBytes >= slack * maxBytes) {
        keptAtBytes = intake.storedBytes;
        // Only what is too much: what is too old is left to the hourly work, which asks whether the clock can be believed.
        const kept = makeRoom();
        // Nobody's envelopes wait for a bucket.
        if (store.isRemote) kept.catch((error: unknown) => logger.error("old evidence remains", { error }));
        else await kept;
      }
      return taken;
    },
    get fault() {
      return keepFault ?? bucket?.fault ?? null;
    },
    close: async () => {
      await queue.close();
      bucket?.close();
      await intake.close();
      await keepers.close();
    },
  };
}

function measureBucket(metrics: Metrics, bucket: BucketStore, intake: EvidenceIntake): void {
  metrics.gauge(
    { name: "evidence_bucket_up", help: "Can the bucket for raw evidence be used? 1: yes, 0: no" },
    () => (bucket.fault === null ? 1 : 0),
  );
  metrics.gauge(
    { name: "evidence_waiting", help: "Raw evidence that is whole and waits for its bucket" },
    () => intake.waiting,
  );
  metrics.counter(
    {
      name: "evidence_upload_failures_total",
      help: "Attempts to put raw evidence into its bucket that failed",
    },
    () => intake.failures,
  );
}
