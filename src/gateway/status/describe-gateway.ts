/**
 * What a gateway says of itself: `/-/healthy` (the periodic work gets done), `/-/ready` (a model serves), `/metrics`
 * (Prometheus) and `/status` (JSON). Holds no secret.
 */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { WholeGatewayPage } from "../../core/contract/gateway-page.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { UnfitFile } from "../../core/platform/daemon/watch-files.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { ServedModels } from "../../core/serving/served-models.ts";
import type { AlertJournal } from "../alarms/alert-journal.ts";
import type { PointCondition } from "../alarms/component-tracker.ts";
import type { DescribedComponent } from "../alarms/state-publisher.ts";
import type { ConnectedDevices } from "../devices/connect-devices.ts";
import type { DriftPost } from "../points/drift-post.ts";
import type { Pipeline } from "../points/pipeline.ts";
import type { DataQuality } from "../record/data-quality.ts";
import type { Outbox } from "../record/outbox.ts";
import type { Uplink } from "../record/uplink.ts";
import { readDiskWrites } from "./disk-writes.ts";
import { answerJson, answerText, type GatewayRoute } from "./gateway-http.ts";
import type { ServingFigures } from "./serving-figures.ts";
import type { MeasuredSource } from "./source-metrics.ts";

/** What a gateway says of itself, and measures, is read from these. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly runtimeVersion: string;
  readonly models: ServedModels;
  readonly quality: DataQuality;
  readonly pipeline: Pipeline;
  readonly register: AlarmRegister;
  /** Where the baselines of all points stand: asked once a request, as of a thousand points it takes milliseconds. */
  readonly conditions: () => readonly PointCondition[];
  /** How all components are, where the baselines stand so. */
  readonly components: (conditions: readonly PointCondition[]) => readonly DescribedComponent[];
  readonly drift: Pick<DriftPost, "standings" | "refused">;
  readonly figures: ServingFigures;
  readonly mqtt: MqttClient;
  /** Does another gateway log in under this one's id? */
  readonly isCloned: () => boolean;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly journal: AlertJournal;
  readonly devices: ConnectedDevices;
  /** How the sources of SCADA values are. */
  readonly sources: () => readonly (MeasuredSource & WholeGatewayPage["sources"][number])[];
  /** Raw evidence: what waits, what was sent. */
  readonly evidence: () => WholeGatewayPage["evidence"];
  /** Certificates and keys that cannot be used, or not together. */
  /** Null before the first look. */
  readonly unfitFiles: () => readonly UnfitFile[] | null;
}

/** What the pages show; each is asked anew for every request. */
interface StatusSources {
  healthy(): boolean;
  ready(): boolean;
  /** Prometheus text. */
  metrics(): Promise<string>;
  status(): unknown;
}

export function createStatusRoutes(sources: StatusSources): readonly GatewayRoute[] {
  const page = (path: string, answer: GatewayRoute["answer"]): GatewayRoute => {
    return { method: "GET", path, answer };
  };
  const flag = (path: string, isGood: () => boolean): GatewayRoute => ({
    ...page(path, () => (isGood() ? answerText("ok") : answerText("not yet", 503))),
    anyHost: true,
  });
  return [
    flag("/-/healthy", sources.healthy),
    flag("/-/ready", sources.ready),
    page("/metrics", async () => {
      const body = await sources.metrics();
      return { status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body };
    }),
    page("/status", () => answerJson(sources.status())),
  ];
}

/** `/status`: the gateway as it is now. */
export function describeGateway(parts: GatewayParts): WholeGatewayPage & Readonly<Record<string, unknown>> {
  const { config, runtimeVersion, models, quality, pipeline, figures, mqtt, devices } = parts;
  const conditions = parts.conditions();
  return {
    gateway: config.gateway.id,
    version: runtimeVersion,
    profile: config.gateway.profile,
    models: models.names.map((name) => {
      const { ref, engine, manifest } = models.current(name);
      const refused = models.refusedOf(name).map(({ dir, error }) => ({ dir, reason: error.message }));
      const { ungated } = manifest.lineage;
      return { ...ref, engine: engine.kind, ungated, refused: refused.length > 0 ? refused : undefined };
    }),
    windows: quality.total,
    sources: parts.sources(),
    components: parts.components(conditions),
    baselines: conditions.map(({ point: { turbine, component }, status, severityDb }) => ({
      turbine,
      component,
      severityDb,
      ...status,
    })),
    drift: {
      points: parts.drift.standings.map(({ point: { turbine, component }, level, sinceMs, ...standing }) => ({
        turbine,
        component,
        level,
        sinceMs,
        title: standing.title,
        referenceDays: standing.referenceDays,
      })),
      refusedReports: parts.drift.refused,
    },
    ...figures.describe(),
    mqtt: {
      connected: mqtt.connected,
      version: mqtt.version,
      cloned: parts.isCloned(),
      refusedFilters: [...mqtt.refusedFilters],
    },
    outbox: parts.outbox.counts(),
    unfitFiles: parts.unfitFiles(),
    /** Null where the system does not count it. */
    disk: readDiskWrites(),
    uplink: parts.uplink.counts(),
    unpublishedAlerts: parts.journal.undelivered,
    /** Topics on which the broker refuses alerts of a component, and why. */
    refusedAlerts: parts.journal.refused,
    edgeScores: pipeline.edgeScores,
    workers: pipeline.workers,
    devicePushes: devices.pushes.counts,
    recordings: devices.recordings.written,
    evidence: parts.evidence(),
    missedRecordings: devices.alertCaptures.missed,
    backPressure: {
      isPaused: devices.backPressure.isPaused,
      pauses: devices.backPressure.pauses,
      forcedEnds: devices.backPressure.forcedEnds,
    },
    devices: devices.describe(),
  };
}
