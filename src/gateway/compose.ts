/** Puts a gateway together by hand and starts it. The order matters: what others need comes first. */
import { availableParallelism } from "node:os";
import { listGatewayFiles } from "../core/contract/config/configured-files.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { createTopics } from "../core/contract/topics.ts";
import { readNudge } from "../core/contract/update-nudge.ts";
import { type Clock, systemClock, systemTimers, type Timers } from "../core/platform/clock.ts";
import { type Closers, openWhole, waitAtMost } from "../core/platform/daemon/closing.ts";
import { hourly } from "../core/platform/daemon/every.ts";
import type { Daemon } from "../core/platform/daemon/run-daemon.ts";
import { prepareStateFolder } from "../core/platform/daemon/state-folder.ts";
import { createFilesWatch } from "../core/platform/daemon/watch-files.ts";
import { nodeFileSystem } from "../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../core/platform/files/parse-json.ts";
import { readHexKey } from "../core/platform/files/read-hex-key.ts";
import type { Logger } from "../core/platform/logger.ts";
import { isSealedAck } from "../core/platform/seal-orders.ts";
import { createFitCheck, createRateWatch, digestFitted } from "../core/serving/find-misfit.ts";
import { clearRawLane, composeEvidence } from "./compose-evidence.ts";
import { composePoints } from "./compose-points.ts";
import { connectDevices } from "./devices/connect-devices.ts";
import { connectGatewayMqtt } from "./gateway-mqtt.ts";
import { openGatewayRecord } from "./gateway-record.ts";
import { checkInstalled, openModels } from "./open-models.ts";
import type { PipelineOptions } from "./points/pipeline.ts";
import { createAlarmRecall } from "./points/recall-alarms.ts";
import { countWorkers } from "./points/share-devices.ts";
import { createWorkGauge } from "./points/work-gauge.ts";
import { createDataQuality } from "./record/data-quality.ts";
import { createUplink } from "./record/uplink.ts";
import { createAlarmRoutes } from "./status/alarm-routes.ts";
import { createBaselineRoutes } from "./status/baseline-routes.ts";
import { createStatusRoutes, describeGateway, type GatewayParts } from "./status/describe-gateway.ts";
import { createDeviceRoute } from "./status/device-routes.ts";
import { startGatewayHttp } from "./status/gateway-http.ts";
import { createGatewayMetrics } from "./status/gateway-metrics.ts";
import { tellSettings } from "./tell-start.ts";
import { startTicker } from "./ticker.ts";
import { createSlotProof } from "./updates/slot-proof.ts";
import { startUpdates } from "./updates/updates.ts";
import { watchUnread } from "./watch-unread.ts";

/** What a gateway is started with. */
interface StartGatewayOptions {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtimeVersion: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** When servers of a field bus are asked, and when another start is looked at. Default: the system's. */
  readonly timers?: Timers;
  /** What would keep another start from the configuration as it is by then. Default: nothing. */
  readonly findConfigFault?: () => Promise<string | null>;
  /** For tests that end a worker. */
  readonly beginWorker?: PipelineOptions["beginWorker"];
}

/** Longest wait for workers to begin. */
const workersBeginMs = 10_000;
/** Longest wait for the last samples to be decided on. */
const lastDecisionsMs = 2_000;
/** Without a whole tick for this long the process no longer does its work, though it may still answer. */
const stuckMs = 15_000;

/**
 * Starts a gateway.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, DATA_MISSING, INFERENCE or STORE when it cannot start.
 */
export async function startGateway(options: StartGatewayOptions): Promise<Daemon> {
  return openWhole(options.logger, (closers) => assemble(options, closers));
}

async function assemble(options: StartGatewayOptions, closers: Closers): Promise<Daemon> {
  const { config, logger, environment, runtimeVersion, clock = systemClock, timers = systemTimers } = options;
  const topics = createTopics(config.mqtt.base);
  await prepareStateFolder(config.gateway.stateDir, { nowMs: clock.nowMs(), logger });
  const quality = createDataQuality();
  const load = createWorkGauge();
  const record = openGatewayRecord({ config, quality, load, clock, logger }, closers);
  const { outbox, telemetry } = record;
  const { engine } = config.bundles;
  const slotProof = createSlotProof({
    runtimeVersion,
    engine,
    files: nodeFileSystem,
    logger,
    onUnproved: (dir, error) => {
      logger.error("a bundle is used that could not be proved at this start", { dir, error });
      telemetry.event("bundle-unproved", dir, `${error.message}; it is used all the same`);
    },
  });
  const models = await openModels({ config, runtimeVersion, slotProof, record, logger });
  closers.add("models", () => models.close());
  await checkInstalled(config, models);
  tellSettings(config, { record, logger });
  const broker = await connectGatewayMqtt({
    config,
    topics,
    environment,
    runtimeVersion,
    clock,
    timers: systemTimers,
    logger,
    onEvent: telemetry.event,
  });
  closers.add("broker", broker.close);
  const mqtt = broker.client;
  clearRawLane(outbox);
  const { ackKeyFile } = config.uplink;
  const ackKey = ackKeyFile === null ? null : await readHexKey(ackKeyFile);
  const uplink = createUplink({
    gateway: config.gateway.id,
    isAuthentic: ackKey === null ? undefined : (ack) => isSealedAck(ackKey, config.gateway.id, ack),
    outbox,
    unwritten: outbox.unwritten,
    backlogBytesPerSecond: config.uplink.backlogKibibytesPerSecond * 1024,
    onCollectorTime: record.clockWatch.note,
    transport: mqtt,
    topics,
    clock,
    timers: systemTimers,
    logger,
  });
  closers.add("uplink", () => uplink.close());

  const recall = createAlarmRecall({
    config,
    state: record.state,
    mqtt,
    topics,
    clock,
    timers: systemTimers,
    logger,
    onEvent: telemetry.event,
  });
  closers.add("alarm recall", () => recall.close());
  const kept = await recall.look();
  const points = composePoints(
    {
      config,
      kept,
      record,
      models,
      quality,
      load,
      workers: countWorkers(config, availableParallelism()),
      beginWorker: options.beginWorker,
      mqtt,
      topics,
      uplink,
      clock,
      timers,
      logger,
    },
    closers,
  );
  const { pipeline, register } = points;
  recall.watch(register);
  const evidence = await composeEvidence(
    {
      config,
      ackKey,
      record,
      uplink,
      register,
      mqtt,
      topics,
      modelOf: (name) => models.current(name).ref,
      clock,
      logger,
    },
    closers,
  );
  // What is not decided yet may raise an alarm, whose samples are kept with the others.
  closers.add("last windows", () => waitAtMost(pipeline.idle(), lastDecisionsMs));
  await points.startSources();
  // Workers that are still beginning would hold their devices: a stream's first seconds say how its clock runs.
  await waitAtMost(pipeline.idle(), workersBeginMs);
  const devices = await connectDevices({
    config,
    runtimeVersion,
    models,
    pipeline: {
      ...pipeline,
      accept: (block) => {
        evidence.accept(block);
        pipeline.accept(block);
      },
    },
    onAlertRecording: evidence.alertRecording,
    load,
    telemetry,
    topics,
    mqtt,
    clock,
    logger,
  });
  closers.add("devices", () => devices.close());
  pipeline.watchPressure({ onHigh: devices.hold, onLow: devices.letGo });
  evidence.connect(devices.captures);
  points.onAlert((event) => devices.alertCaptures.note(event));
  points.onAlert(evidence.alert);
  points.onDecision(evidence.decision);
  points.onDecision(devices.noteDecision);
  points.onSetAside(devices.noteSetAside);
  points.showDevices(devices.diagnosed);

  const updaters = await startUpdates({
    settings: config.updates,
    models,
    engine,
    runtimeVersion,
    slotProof,
    configDigest: digestFitted(config),
    findMisfit: createFitCheck(config),
    rates: createRateWatch(config, devices.channelsOf),
    onServe: (bundle) => {
      points.use(bundle);
      devices.pushes.renew(bundle.ref.name);
    },
    common: {
      files: nodeFileSystem,
      clock,
      timers: systemTimers,
      random: Math.random,
      logger,
      onStep: (step) => outbox.append(step),
      onEvent: telemetry.event,
    },
  });
  closers.add("updates", async () => {
    await Promise.all(updaters.map((updater) => updater.close()));
  });
  await mqtt.subscribe(topics.desired(config.gateway.id), 1, (_, payload) => {
    const { spreadMs } = readNudge(parseJsonBytes(payload));
    for (const updater of updaters) updater.nudge(spreadMs);
  });

  const ticker = startTicker([...points.ticked, broker, telemetry, devices, evidence], {
    clock,
    logger,
  });
  closers.add("ticker", ticker.stop);
  const files = createFilesWatch(listGatewayFiles(config), {
    clock,
    logger,
    tell: (name, subject, detail) => {
      telemetry.event(name, subject, detail);
      record.state.set(`${name}/${subject}`, String(clock.nowMs()));
    },
    findToldMs: (name, subject) => Number(record.state.get(`${name}/${subject}`)) || null,
  });
  closers.add("files watch", hourly(logger, files.look));
  const parts: GatewayParts = {
    ...points,
    components: points.states.describeComponents,
    config,
    runtimeVersion,
    models,
    quality,
    mqtt,
    isCloned: broker.isCloned,
    outbox,
    uplink,
    devices,
    evidence: evidence.describe,
    unfitFiles: () => files.unfit,
  };
  const metrics = createGatewayMetrics(parts, logger);
  const server = await startGatewayHttp({
    host: config.gateway.httpHost,
    names: config.gateway.httpNames,
    port: config.gateway.httpPort,
    stateDir: config.gateway.stateDir,
    clock,
    logger,
    routes: [
      ...createStatusRoutes({
        healthy: () => ticker.sinceMs() < stuckMs,
        ready: () => models.names.length > 0,
        metrics: () => metrics.render(),
        status: () => describeGateway(parts),
      }),
      createDeviceRoute(devices),
      ...createAlarmRoutes(points.alarms),
      ...createBaselineRoutes({ baselines: points.baselines, clock }),
    ],
    onOrdered: outbox.flush,
  });
  closers.add("http", () => server.close());
  const nextWork = async (): Promise<void> => {
    await ticker.next();
    await load.moved();
  };
  const isPublished = (): boolean => points.journal.undelivered === 0 && points.states.arePublished();
  const outdated = watchUnread({ ...options, ...record, isPublished }, closers);
  const { closeAll: close, unclosed } = closers;
  return { httpUrl: server.url, mqttUrl: config.mqtt.url, nextWork, outdated, close, unclosed };
}
