/**
 * Joins what decides on the turbines: the pipeline of the measuring points and the watch over SCADA values, with the alarms
 * that both raise, the states that they publish and the journal that keeps an alert from being half told.
 */
import type { AlertEvent } from "../core/contract/alert.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { type DiagnosedDevice, findSharedId } from "../core/contract/device/device-diagnosis.ts";
import type { Decision } from "../core/contract/prediction.ts";
import type { Quarantine } from "../core/contract/stream.ts";
import type { Topics } from "../core/contract/topics.ts";
import { type AlarmRegister, createAlarmRegister } from "../core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../core/decision/alarms/alert-policy.ts";
import type { Clock, Timers } from "../core/platform/clock.ts";
import { type Closers, waitAtMost } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import type { LoadedBundle, ScoredWindow } from "../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import { type AlarmDesk, createAlarmDesk } from "./alarms/alarm-desk.ts";
import { type AlertJournal, openAlertJournal } from "./alarms/alert-journal.ts";
import { createMqttAlertSink } from "./alarms/alert-sink.ts";
import type { PointCondition } from "./alarms/component-tracker.ts";
import { createStatePublisher, type StatePublisher } from "./alarms/state-publisher.ts";
import { composeBaselines } from "./compose-baselines.ts";
import { composeDrift } from "./compose-drift.ts";
import { composeScada } from "./compose-scada.ts";
import { composeSources, type DescribedSource } from "./compose-sources.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { checkScadaConfig, listScadaComponents } from "./points/check-scada-config.ts";
import type { DriftPost } from "./points/drift-post.ts";
import { createKeptServing } from "./points/kept-serving.ts";
import { createPipeline, type Pipeline, type PipelineOptions } from "./points/pipeline.ts";
import type { SiteBaselines } from "./points/site-baselines.ts";
import type { Snapshots } from "./points/snapshots.ts";
import { createUnwatchedAlarms, forgetUnwatched } from "./points/unwatched-alarms.ts";
import type { WorkGauge } from "./points/work-gauge.ts";
import type { DataQuality } from "./record/data-quality.ts";
import type { Uplink } from "./record/uplink.ts";
import { createServingFigures, type ServingFigures } from "./status/serving-figures.ts";
import type { TickedParts } from "./ticker.ts";

/** What of a gateway is there before its points. */
interface PointsSurroundings {
  readonly config: GatewayConfig;
  readonly kept: Snapshots;
  readonly record: GatewayRecord;
  readonly models: ServedModels;
  readonly quality: DataQuality;
  /** Counts what waits in the pipeline. */
  readonly load: WorkGauge;
  /** Threads that cut windows beside this one. */
  readonly workers: number;
  readonly beginWorker: PipelineOptions["beginWorker"];
  readonly mqtt: MqttClient;
  readonly topics: Topics;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface GatewayPoints {
  readonly pipeline: Pipeline;
  readonly register: AlarmRegister;
  readonly alarms: AlarmDesk;
  readonly figures: ServingFigures;
  readonly journal: AlertJournal;
  /** Where the baselines of all points stand. */
  conditions(): readonly PointCondition[];
  readonly baselines: Pick<SiteBaselines, "reports" | "renew">;
  readonly drift: Pick<DriftPost, "standings" | "refused">;
  /** How all components are now, and whether the broker knows. */
  readonly states: Pick<StatePublisher, "describeComponents" | "arePublished">;
  /** Calls back with every alert from now on, once it is on its way. */
  onAlert(callback: (event: AlertEvent) => void): void;
  /** Calls back with every decision on waveforms from now on, and with the window that was scored, if one was. */
  onDecision(callback: (decision: Decision, scored: ScoredWindow | null) => void): void;
  /** Calls back with whatever is set aside from now on. */
  onSetAside(callback: (quarantine: Quarantine) => void): void;
  /** Where the states learn from now on what is wrong with a turbine's devices. */
  showDevices(diagnosed: (turbine: string) => readonly DiagnosedDevice[]): void;
  /** Begins to read SCADA values. @throws AuroraError CONFIG_INVALID where a package is missing that a source needs. */
  startSources(): Promise<void>;
  /** How the sources of SCADA values are. */
  sources(): readonly DescribedSource[];
  /** A new bundle serves from the next windows and rows on. */
  use(bundle: LoadedBundle): void;
  /** Silent points, ended rows, due states. */
  readonly ticked: TickedParts;
}

/** How long a broker may take to hear that the gateway stops. */
const lastWordsMs = 500;

/**
 * Joins them; `closers` let what is open come to its end, and write everything down.
 * @throws AuroraError CONFIG_INVALID when a `scadaBundle` cannot watch what is mapped.
 */
export function composePoints(surroundings: PointsSurroundings, closers: Closers): GatewayPoints {
  const { config, kept, record, models, quality, mqtt, topics, clock, logger } = surroundings;
  const { outbox, state, telemetry } = record;
  const manifestOf = (name: string) => models.current(name).manifest;
  checkScadaConfig(config, manifestOf);
  const journal = openAlertJournal({
    state,
    sinks: [
      createMqttAlertSink(mqtt, topics, {
        ...surroundings,
        site: config.gateway.site,
        onRefused: ({ topic, reason }) => telemetry.event("alert-refused", topic, reason),
      }),
    ],
    append: (event) => telemetry.alert(event),
    onGivenUp: (sink, count) =>
      telemetry.event(
        "alerts-given-up",
        sink,
        `${count === 1 ? "1 alert that waited to be published was" : `${count} alerts that waited to be published were`} given up, as there was no room; the record has them all`,
      ),
    isCommitted: () => outbox.counts().pendingRecords === 0,
    logger,
  });
  const register = createAlarmRegister(
    defaultAlertPolicy,
    forgetUnwatched(kept.alarms, { config, manifestOf }),
    clock.nowMs,
  );
  const serving = createKeptServing({
    ...surroundings,
    state,
    register,
    deciderOf: (name) => pipeline.snapshot(name),
  });
  const drift = composeDrift(surroundings);
  const baselines = composeBaselines(surroundings, {
    endAlarms: (order) => onAlerts(register.retire(order)),
    onRenewed: ({ turbine, component }, detail) => {
      // A machine that was changed is not what its days before were like.
      drift.renew({ turbine, component }, detail);
      pipeline.renew({ turbine, component });
      // What had gathered against it must not come back with a restart.
      serving.keep({ turbine, component });
    },
  });
  const sources = composeSources(surroundings, closers);
  const unwatched = createUnwatchedAlarms({
    ...surroundings,
    manifestOf,
    register,
    keep: serving.keep,
    onAlerts: (events) => onAlerts(events),
  });
  closers.add("unwatched", unwatched.close);
  let diagnosed: (turbine: string) => readonly DiagnosedDevice[] = () => [];
  const states = createStatePublisher({
    site: config.gateway.site,
    gateway: config.gateway.id,
    turbines: config.turbines,
    register,
    dataQualityOf: quality.ofTurbine,
    conditions: () => baselines.conditions,
    drift: () => drift.standings.map(({ point, ...standing }) => ({ ...point, ...standing })),
    componentsOf: (turbine) => listScadaComponents(config, manifestOf, turbine),
    devices: (turbine) => diagnosed(turbine),
    sources: sources.diagnosed,
    mqtt,
    topics,
    clock,
  });
  const figures = createServingFigures(clock);
  const alerts = createListeners<[AlertEvent]>();
  const decisions = createListeners<[Decision, ScoredWindow | null]>();
  const setAside = createListeners<[Quarantine]>();

  const onAlerts = (events: readonly AlertEvent[]): void => {
    // Kept before anybody hears of them, the log's readers too.
    journal.take(events, serving.describe);
    for (const event of events) {
      const { turbine, component, failureMode, probability } = event.data;
      logger.warn("alert", { type: event.type, turbine, component, failureMode, probability });
      states.publishTurbine(turbine);
      alerts.tell(event);
    }
  };
  const onQuarantine = (quarantine: Quarantine): void => {
    logger.debug("set aside", { ...quarantine });
    states.noteSetAside(quarantine);
    setAside.tell(quarantine);
  };
  const pipeline = createPipeline({
    ...surroundings,
    bundleOf: models.current,
    formerOf: models.former,
    register,
    snapshots: kept.deciders,
    baselines,
    losses: telemetry,
    doubtOf: (turbine, deviceId) => findSharedId(diagnosed(turbine), deviceId),
    sink: {
      onDecision: (decision, scored) => {
        serving.note(decision.point);
        if (scored !== null) figures.record(decision, scored);
        telemetry.decision(decision, scored);
        states.update(decision);
        decisions.tell(decision, scored);
      },
      onAlerts,
      onQuarantine,
      onReadingRefused: sources.refuse,
      onSilence: states.noteSilence,
      onWorkerEnded: (worker, lostSamples) =>
        telemetry.event("worker-ended", `worker ${worker}`, `${lostSamples} samples on their way are lost`),
      onScoreMismatch: (deviceId, detail) => {
        logger.error("a device computes other integers than this gateway", { device: deviceId, detail });
        telemetry.event("score-mismatch", deviceId, detail);
      },
      onSchemaDrift: (drift) => {
        // Of channels that are called otherwise the device's own diagnosis tells, with what to do.
        const isRenamed = drift.change === "new-channel" || drift.change === "missing-channel";
        logger[isRenamed ? "debug" : "warn"]("a device's schema changed", { ...drift });
        telemetry.schemaDrift(drift);
      },
    },
  });
  const scada = composeScada(
    { ...surroundings, register, sources },
    {
      onDecision: (decision) => {
        serving.note(decision.point);
        states.update(decision);
      },
      onAlert: (event) => onAlerts([event]),
      onQuarantine: (quarantine, rowMs) => {
        logger.debug("set aside", { ...quarantine });
        if (rowMs !== null) states.noteRowSetAside(quarantine, rowMs);
        setAside.tell(quarantine);
      },
      onReading: pipeline.acceptReading,
    },
  );
  const alarms = createAlarmDesk({
    ...surroundings,
    register,
    onAlerts,
    onSilentStep: serving.keepSteps,
    isWritten: () => state.isWritten,
    onEvent: (name, subject, detail) => {
      logger.info(name, { alarm: subject, detail });
      telemetry.event(name, subject, detail);
    },
  });
  closers.add("points", async () => {
    await Promise.all([pipeline.close(), scada.close()]);
    drift.close(telemetry.flush);
    outbox.flush();
    await serving.close();
    journal.close();
    surroundings.uplink.hurry();
    await waitAtMost(states.sayGoodbye(), lastWordsMs);
  });
  return {
    pipeline,
    register,
    alarms,
    figures,
    journal,
    baselines,
    drift,
    conditions: () => baselines.conditions,
    states,
    onAlert: alerts.add,
    onDecision: decisions.add,
    onSetAside: setAside.add,
    showDevices: (source) => {
      diagnosed = source;
    },
    sources: sources.conditions,
    startSources: scada.start,
    use: (bundle) => {
      pipeline.use(bundle);
      scada.use(bundle);
    },
    ticked: [unwatched, pipeline, baselines, serving, scada, drift, alarms, states],
  };
}

/** Whoever wants to hear of something from now on, in the order in which they asked. */
function createListeners<Heard extends readonly unknown[]>(): {
  add(listener: (...heard: Heard) => void): void;
  tell(...heard: Heard): void;
} {
  const listeners: ((...heard: Heard) => void)[] = [];
  return {
    add: (listener) => void listeners.push(listener),
    tell: (...heard) => {
      for (const listener of listeners) listener(...heard);
    },
  };
}
