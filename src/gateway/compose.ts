/** Puts a gateway together by hand and starts it. The order matters: what others need comes first. */

import { join } from "node:path";
import { createAlarmRegister } from "../alert/alarm-register.ts";
import { defaultAlertPolicy } from "../alert/alert-policy.ts";
import type { AlertEvent } from "../contract/alert.ts";
import type { GatewayConfig } from "../contract/gateway-config.ts";
import type { Reading } from "../contract/stream.ts";
import { createTopics } from "../contract/topics.ts";
import { systemClock, systemTimers } from "../platform/clock.ts";
import { type Closers, createClosers } from "../platform/closers.ts";
import type { Logger } from "../platform/logger.ts";
import type { Daemon } from "../platform/run-daemon.ts";
import { waitAtMost } from "../platform/wait-at-most.ts";
import { createOutbox } from "../store/outbox.ts";
import { createStateStore } from "../store/state-store.ts";
import { openStoreFile } from "../store/store-file.ts";
import { createUplink } from "../uplink/uplink.ts";
import { createGatewayWord, publishAccess } from "./access-file.ts";
import { openAlertJournal } from "./alert-journal.ts";
import { createAlertPublisher } from "./alert-publisher.ts";
import { composePipeline } from "./compose-pipeline.ts";
import { connectDevices } from "./connect-devices.ts";
import { createDataQuality } from "./data-quality.ts";
import { describeGateway } from "./describe-gateway.ts";
import { createDeviceRoutes } from "./device-routes.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import { connectGatewayMqtt } from "./gateway-mqtt.ts";
import { startHealthServer } from "./health-server.ts";
import { isOperatingChannel } from "./operating-readings.ts";
import { composeScada, listBundles, listScadaComponents } from "./scada/compose-scada.ts";
import { subscribeScada } from "./scada-topics.ts";
import { openServedModels } from "./served-models.ts";
import { createServingFigures } from "./serving-figures.ts";
import { createSnapshots } from "./snapshots.ts";
import { createStatePublisher } from "./state-publisher.ts";
import { createTelemetry } from "./telemetry.ts";
import { startUpdates } from "./updates.ts";
import { createWorkGauge } from "./work-gauge.ts";

/** What a gateway is started with. */
export interface StartGatewayOptions {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtimeVersion: string;
}

/** How long a broker may take to hear that the gateway stops. */
const lastWordsMs = 500;
/** Once a second: silent points, due states, gathered records. */
const tickMs = 1000;
/** Without a whole tick for this long the process no longer does its work, though it may still answer. */
const stuckMs = 15 * tickMs;

/**
 * Starts a gateway.
 * @throws AuroraError CONFIG_INVALID, BUNDLE_*, DATA_MISSING, INFERENCE or STORE when it cannot start.
 */
export async function startGateway(options: StartGatewayOptions): Promise<Daemon> {
  const closers = createClosers(options.logger);
  try {
    return await assemble(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function assemble(options: StartGatewayOptions, closers: Closers): Promise<Daemon> {
  const { config, logger, environment, runtimeVersion } = options;
  const clock = systemClock;
  const topics = createTopics(config.mqtt.base);

  const file = openStoreFile({ path: join(config.gateway.stateDir, "gateway.db"), logger });
  closers.add(() => file.close());
  const outbox = createOutbox({ file, clock, timers: systemTimers, logger });
  closers.add(() => outbox.close());
  const state = createStateStore(file, logger);
  const snapshots = createSnapshots(state, logger);
  const quality = createDataQuality();
  const telemetry = createTelemetry({
    append: (record) => outbox.append(record),
    outboxRecords: () => outbox.counts().records,
    quality,
    clock,
    driftIntervalMs: config.drift.intervalSeconds * 1000,
    predictionIntervalMs: config.uplink.predictionIntervalSeconds * 1000,
    healthIntervalMs: config.uplink.healthIntervalSeconds * 1000,
  });

  const models = await openServedModels({
    names: listBundles(config),
    bundlesDir: config.bundles.dir,
    trustedKeyPaths: config.bundles.trustedKeys,
    stateDir: config.gateway.stateDir,
    engine: config.bundles.engine,
    runtimeVersion,
    logger,
    onRefused: (dir, error) => {
      logger.error("a bundle was refused", { dir, error });
      telemetry.event("bundle-refused", dir, error.message);
    },
  });

  closers.add(() => models.close());
  const { client: mqtt, close: closeMqtt } = connectGatewayMqtt({
    config,
    topics,
    environment,
    runtimeVersion,
    clock,
    logger,
  });
  closers.add(closeMqtt);
  const uplink = createUplink({
    gateway: config.gateway.id,
    outbox,
    transport: mqtt,
    topics,
    clock,
    timers: systemTimers,
    logger,
  });
  closers.add(() => uplink.close());
  const alerts = createAlertPublisher(mqtt, topics, state, logger);
  const journal = openAlertJournal({
    state,
    publisher: alerts,
    append: (event) => telemetry.alert(event),
    isCommitted: () => outbox.counts().pendingRecords === 0,
    logger,
  });
  const register = createAlarmRegister(defaultAlertPolicy, snapshots.alarms);
  const states = createStatePublisher({
    site: config.gateway.site,
    turbines: config.turbines,
    register,
    quality,
    conditions: () => pipeline.conditions,
    componentsOf: (turbine) => listScadaComponents(config, models, turbine),
    mqtt,
    topics,
    clock,
  });
  const figures = createServingFigures(clock);

  let recordAlert = (_event: AlertEvent): void => {};
  const takeAlert = (event: AlertEvent): void => {
    const { turbine, component, failureMode, probability } = event.data;
    logger.warn("alert", { type: event.type, turbine, component, failureMode, probability });
    journal.take(event, snapshots.describe(register, pipeline));
    states.tick();
    recordAlert(event);
  };
  const load = createWorkGauge();
  const pipeline = composePipeline({
    ...{ config, models, register, quality, snapshots, state, telemetry, states, figures, clock, logger },
    ...{ load, takeAlert },
  });
  const scada = composeScada({
    ...{ config, models, register, quality, state, telemetry, states, logger, takeAlert },
  });
  closers.add(async () => {
    await Promise.all([pipeline.close(), scada.close()]);
    telemetry.flush();
    outbox.flush();
    journal.close(snapshots.describe(register, pipeline));
    uplink.hurry();
    await waitAtMost(states.sayGoodbye(), lastWordsMs);
  });

  let renewDevices = (_name: string): void => {};
  const updaters =
    config.updates.enabled && config.updates.url !== null && config.updates.rootFile !== null
      ? await startUpdates({
          url: config.updates.url,
          rootFile: config.updates.rootFile,
          pollMs: config.updates.pollSeconds * 1000,
          models,
          engine: config.bundles.engine,
          runtimeVersion,
          clock,
          timers: systemTimers,
          random: Math.random,
          logger,
          onServe: (bundle) => {
            pipeline.use(bundle);
            renewDevices(bundle.ref.name);
            scada.use(bundle);
          },
          onStep: (record) => outbox.append(record),
        })
      : [];
  closers.add(async () => {
    await Promise.all(updaters.map((updater) => updater.close()));
  });
  await mqtt.subscribe(topics.desired(config.gateway.id), 1, () => {
    for (const updater of updaters) updater.nudge();
  });
  const takeReading = (reading: Reading): void => {
    const isJudged = scada.accept(reading, clock.nowMs());
    if (!isJudged || isOperatingChannel(reading.channel)) pipeline.acceptReading(reading);
  };
  await subscribeScada(config.scada, mqtt, clock, takeReading, quality, logger);

  const devices = await connectDevices({
    ...{ config, runtimeVersion, models, pipeline, load, telemetry, topics, mqtt, clock, logger },
  });
  renewDevices = devices.renew;
  recordAlert = devices.noteAlert;

  closers.add(() => devices.close());
  let tickedMs = clock.monotonicMs();
  const ticker = setInterval(() => {
    pipeline.tick();
    scada.tick(clock.nowMs());
    states.tick();
    telemetry.tick();
    devices.tick();
    tickedMs = clock.monotonicMs();
  }, tickMs);
  closers.add(() => clearInterval(ticker));

  const metrics = createGatewayMetrics({
    ...{ quality, figures, outbox, uplink, mqtt, devices, register, config, pipeline },
    conditions: () => pipeline.conditions,
  });
  const word = createGatewayWord();
  const server = await startHealthServer(config.gateway.httpHost, config.gateway.httpPort, {
    healthy: () => clock.monotonicMs() - tickedMs < stuckMs,
    ready: () => models.names.length > 0,
    metrics: () => metrics.render(),
    status: () =>
      describeGateway({
        ...{ config, runtimeVersion, models, quality, pipeline, figures, mqtt, outbox, uplink, alerts },
        devices,
      }),
    devices: createDeviceRoutes({ word, capture: devices.capture, placeOf: devices.placeOf }),
  });
  closers.add(() => server.close());
  closers.add(await publishAccess(config.gateway.stateDir, server.url, word.token));

  return { httpUrl: server.url, mqttUrl: config.mqtt.url, close: () => closers.closeAll() };
}
