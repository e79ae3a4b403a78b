/**
 * Joins what judges the turbines: the pipeline of the measuring points and the watch over SCADA values, with the alarms
 * that both raise, the states that they publish and the journal that keeps an alert from being half told.
 */
import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { Reading } from "../core/contract/stream.ts";
import type { Topics } from "../core/contract/topics.ts";
import type { Clock } from "../core/platform/clock.ts";
import { type Closers, waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import type { LoadedBundle } from "../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import { type AlarmRegister, createAlarmRegister } from "./alarms/alarm-register.ts";
import { type AlertJournal, openAlertJournal } from "./alarms/alert-journal.ts";
import { defaultAlertPolicy } from "./alarms/alert-policy.ts";
import { createMqttAlertSink } from "./alarms/alert-sink.ts";
import { createStatePublisher } from "./alarms/state-publisher.ts";
import { composePipeline } from "./compose-pipeline.ts";
import { composeScada, listScadaComponents } from "./compose-scada.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { isOperatingChannel } from "./points/operating-readings.ts";
import type { Pipeline } from "./points/pipeline.ts";
import type { WorkGauge } from "./points/work-gauge.ts";
import type { DataQuality } from "./record/data-quality.ts";
import type { Uplink } from "./record/uplink.ts";
import { createServingFigures, type ServingFigures } from "./status/serving-figures.ts";

/** What is joined. */
export interface JudgeParts {
  readonly config: GatewayConfig;
  readonly record: GatewayRecord;
  readonly models: ServedModels;
  readonly quality: DataQuality;
  /** What waits in the pipeline. */
  readonly load: WorkGauge;
  readonly mqtt: MqttClient;
  readonly topics: Topics;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every alert when it is on its way. */
  readonly onAlert: (event: AlertEvent) => void;
}

/** What judges. */
export interface Judges {
  readonly pipeline: Pipeline;
  readonly register: AlarmRegister;
  readonly figures: ServingFigures;
  readonly journal: AlertJournal;
  /** A scalar of a turbine from SCADA. */
  takeReading(reading: Reading): void;
  /** A new bundle serves from the next windows and rows on. */
  use(bundle: LoadedBundle): void;
  /** Silent points, ended rows, due states; call it about once a second. */
  tick(): void;
}

/** How long a broker may take to hear that the gateway stops. */
const lastWordsMs = 500;

/**
 * Joins them; `closers` let what is open come to its end, and write everything down.
 * @throws AuroraError CONFIG_INVALID when a `scadaBundle` cannot watch what is mapped.
 */
export function composeJudges(parts: JudgeParts, closers: Closers): Judges {
  const { config, record, models, quality, load, mqtt, topics, uplink, clock, logger } = parts;
  const { outbox, state, snapshots, telemetry } = record;
  const journal = openAlertJournal({
    state,
    sinks: [createMqttAlertSink(mqtt, topics)],
    append: (event) => telemetry.alert(event),
    isCommitted: () => outbox.counts().pendingRecords === 0,
    logger,
  });
  const register = createAlarmRegister(defaultAlertPolicy, snapshots.alarms);
  const states = createStatePublisher({
    site: config.gateway.site,
    turbines: config.turbines,
    register,
    dataQualityOf: quality.ofTurbine,
    conditions: () => pipeline.conditions,
    componentsOf: (turbine) => listScadaComponents(config, models, turbine),
    mqtt,
    topics,
    clock,
  });
  const figures = createServingFigures(clock);

  const takeAlert = (event: AlertEvent): void => {
    const { turbine, component, failureMode, probability } = event.data;
    logger.warn("alert", { type: event.type, turbine, component, failureMode, probability });
    journal.take(event, snapshots.describe(register, pipeline));
    states.tick();
    parts.onAlert(event);
  };
  const pipeline = composePipeline({
    config,
    models,
    register,
    quality,
    snapshots,
    state,
    telemetry,
    states,
    figures,
    clock,
    logger,
    load,
    takeAlert,
  });
  const scada = composeScada({
    config,
    models,
    register,
    quality,
    state,
    telemetry,
    states,
    logger,
    takeAlert,
  });
  closers.add(async () => {
    await Promise.all([pipeline.close(), scada.close()]);
    telemetry.flush();
    outbox.flush();
    journal.close(snapshots.describe(register, pipeline));
    uplink.hurry();
    await waitAtMost(states.sayGoodbye(), lastWordsMs);
  });
  return {
    pipeline,
    register,
    figures,
    journal,
    takeReading: (reading) => {
      const isJudged = scada.accept(reading, clock.nowMs());
      if (!isJudged || isOperatingChannel(reading.channel)) pipeline.acceptReading(reading);
    },
    use: (bundle) => {
      pipeline.use(bundle);
      scada.use(bundle);
    },
    tick: () => {
      pipeline.tick();
      scada.tick(clock.nowMs());
      states.tick();
    },
  };
}
