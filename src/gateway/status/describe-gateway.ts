/** What `/status` says of a gateway, as plain data. Holds no secret. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { ServedModels } from "../../core/serving/served-models.ts";
import type { AlertJournal } from "../alarms/alert-journal.ts";
import type { PointCondition } from "../alarms/state-publisher.ts";
import type { ConnectedDevices } from "../devices/connect-devices.ts";
import type { Pipeline } from "../points/pipeline.ts";
import type { DataQuality } from "../record/data-quality.ts";
import type { Outbox } from "../record/outbox.ts";
import type { Uplink } from "../record/uplink.ts";
import type { ServingFigures } from "./serving-figures.ts";

/** Whom it asks. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly runtimeVersion: string;
  readonly models: ServedModels;
  readonly quality: DataQuality;
  readonly pipeline: Pipeline;
  /** Where the baselines of all points stand. */
  readonly conditions: () => readonly PointCondition[];
  readonly figures: ServingFigures;
  readonly mqtt: MqttClient;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly journal: AlertJournal;
  readonly devices: ConnectedDevices;
}

/** The gateway as it is now. */
export function describeGateway(parts: GatewayParts): Readonly<Record<string, unknown>> {
  const { config, runtimeVersion, models, quality, pipeline, figures, mqtt, devices } = parts;
  return {
    gateway: config.gateway.id,
    version: runtimeVersion,
    models: models.names.map((name) => ({
      ...models.current(name).ref,
      engine: models.current(name).engine.kind,
    })),
    windows: quality.total,
    baselines: parts.conditions().map(({ point: { turbine, component }, status, severityDb }) => ({
      turbine,
      component,
      severityDb,
      ...status,
    })),
    ...figures.describe(),
    mqtt: { connected: mqtt.connected, version: mqtt.version },
    outbox: parts.outbox.counts(),
    uplink: parts.uplink.counts(),
    unpublishedAlerts: parts.journal.undelivered,
    edgeScores: pipeline.edgeScores,
    devicePushes: devices.pushes.counts,
    recordings: devices.recordings.written,
    missedRecordings: devices.alertCaptures.missed,
    backPressure: {
      isPaused: devices.backPressure.isPaused,
      pauses: devices.backPressure.pauses,
      forcedEnds: devices.backPressure.forcedEnds,
    },
    devices: devices.describe(),
  };
}
