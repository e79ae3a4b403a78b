/** Joins the collector: record, broker, ingest, registry, page. Everything that is opened here is closed here. */
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createTopics, type Topics } from "../core/contract/topics.ts";
import { hourMs } from "../core/maths/durations.ts";
import { systemClock, systemTimers } from "../core/platform/clock.ts";
import { type Closers, createClosers } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import { prepareStateFolder } from "../core/platform/daemon/state-folder.ts";
import { createLogger, type Logger } from "../core/platform/logger.ts";
import { createMetrics, type Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { apiHttpRoutes } from "./api/api-routes.ts";
import { evidenceRequestRoute } from "./api/evidence-request-route.ts";
import { evidenceFileRoute } from "./api/evidence-routes.ts";
import { keepFresh } from "./api/fresh-routes.ts";
import type { HttpRoute } from "./api/http-route.ts";
import { createHttpServer, listenHttp } from "./api/http-server.ts";
import { inTurns } from "./api/in-turns.ts";
import { answerNotFound, pageRoutes } from "./api/page-routes.ts";
import { serviceRoutes } from "./api/service-routes.ts";
import { type CollectorEvidence, openCollectorEvidence } from "./compose-evidence.ts";
import { nudgeGateways, openShelf } from "./compose-registry.ts";
import { createDriftJob } from "./fleet/drift-job.ts";
import type { FleetSource } from "./fleet/fleet-source.ts";
import { freshForMs } from "./fleet/fresh-cache.ts";
import { createFreshRecord } from "./fleet/fresh-record.ts";
import { loadGateways } from "./fleet/load-turbines.ts";
import { createLeasedWork } from "./leased-work.ts";
import { openRecord } from "./open-record.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { expiryTimes, retentionPolicy } from "./record/retention-policy.ts";
import { registryRoutes } from "./registry/registry-routes.ts";
import { createGatewayIntake } from "./uplink/gateway-intake.ts";
import { type MqttSide, openMqttSide } from "./uplink/mqtt-side.ts";
import type { UplinkIngest } from "./uplink/uplink-ingest.ts";

/** What may be given instead of the default. */
export interface CollectorWiring {
  readonly logger?: Logger;
  /** Version of the runtime, for the API's document. */
  readonly version?: string;
  /** Routes beside the collector's own. */
  readonly routes?: readonly HttpRoute[];
  /** A turbine or gateway that was not heard of for this long is "information unavailable"; default 120 s. */
  readonly silentAfterMs?: number;
  /** How old a page or an answer of the API may be, ms; default 2,000. 0: each is made anew. */
  readonly freshMs?: number;
  /** `web`: workers elsewhere take what gateways send. Default `all`. */
  readonly role?: "all" | "web";
  /** Where figures are counted. */
  readonly metrics?: Metrics;
  /** What else must be up; words for what is not, or null. */
  readonly notReady?: () => string | null;
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
}

/** A running collector. */
export interface RunningCollector {
  /** Base address of the page and the API. */
  readonly url: string;
  /** Address of the broker that it uses (or is), without credentials. */
  readonly mqttUrl: string;
  /** For whoever runs in the same process. */
  readonly record: FleetRecord;
  /** Looks at the folders of bundles now; resolves with how many were new. */
  scanBundles(): Promise<number>;
  /** Stores what waits and closes everything, within 3 s. */
  close(): Promise<void>;
}

/**
 * Starts a collector; resolves when the page is served. A broker that cannot be reached is tried for ever meanwhile.
 * @throws AuroraError STORE, MQTT, KEY or CONFIG_INVALID for what cannot be mended by waiting
 */
export async function startCollector(
  config: CollectorConfig,
  wiring: CollectorWiring = {},
): Promise<RunningCollector> {
  const logger = wiring.logger ?? createLogger({ name: "collector", level: config.log.level });
  const closers = createClosers(logger);
  try {
    return await assemble({
      config,
      wiring,
      logger,
      closers,
      metrics: wiring.metrics ?? createMetrics({ defaults: "process" }),
    });
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** What all parts of a collector share. */
interface Surroundings {
  readonly config: CollectorConfig;
  readonly wiring: CollectorWiring;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly closers: Closers;
}

async function assemble(around: Surroundings): Promise<RunningCollector> {
  const { config, wiring, logger, closers } = around;
  await prepareStateFolder(config.collector.stateDir, { nowMs: systemClock.nowMs(), logger });
  const record = await openRecord(config, logger);
  closers.add(() => record.close());
  const { registry, shelf } = await openShelf(config, logger);
  await shelf.scan();
  const alone = createLeasedWork(record, logger);
  closers.add(() => alone.close());

  const topics = createTopics(config.mqtt.base);
  const mqtt = await openMqttSide(config, logger, wiring.role);
  closers.add(() => mqtt.close());
  const evidence = await openCollectorEvidence({ config, record, topics, client: mqtt.client, logger });
  // Where others take what gateways send, this process only shows it.
  const ingest =
    wiring.role === "web"
      ? null
      : await listenToGateways(around, { record, mqtt, topics, models: shelf.models, evidence });

  const silentAfterMs = wiring.silentAfterMs ?? 120_000;
  const warningShare = config.drift.warningsPerPointDay;
  const freshMs = wiring.freshMs ?? freshForMs;
  const fleet: FleetSource = {
    record: createFreshRecord(record, systemClock, {
      freshMs,
      driftPeriodMs: config.drift.periodSeconds * 1_000,
    }),
    models: shelf.models,
    clock: systemClock,
    silentAfterMs,
    warningShare,
  };
  const url = await serve(around, fleet, {
    routes: [
      ...(registry === null ? [] : registryRoutes(registry)),
      evidenceFileRoute(evidence.store),
      evidenceRequestRoute({ isAllowed: config.evidence.requests, fleet, send: evidence.ask }),
      ...(wiring.routes ?? []),
    ],
    notReady: async () => {
      await record.check();
      if (ingest?.storeFails === true) return "what gateways send cannot be stored; see the log";
      return mqtt.client.connected ? (wiring.notReady?.() ?? null) : "not connected to the broker";
    },
  });

  const scanBundles = async (): Promise<number> => {
    const taken = await shelf.scan();
    if (taken > 0 && registry !== null) await nudgeGateways(mqtt.client, topics, record);
    return taken;
  };
  closers.add(every(wiring.bundleScanMs ?? 30_000, logger, scanBundles));
  const policy = retentionPolicy(config.retentionDays, config.drift.verdictDays);
  closers.add(
    every(hourMs, logger, async () => {
      await alone.run("prune", async () => {
        await record.prune(expiryTimes(policy, systemClock.nowMs()));
        await evidence.keep();
      });
      if (registry !== null) await alone.run("registry", () => registry.refresh());
    }),
  );
  const drift = createDriftJob({
    record,
    models: shelf.models,
    config: config.drift,
    clock: systemClock,
    timers: systemTimers,
    metrics: around.metrics,
    logger,
  });
  closers.add(every(drift.everyMs, logger, () => alone.run("drift", () => drift.run())));
  closers.add(() => drift.stop());
  logger.info("collector runs", { url, mqttUrl: mqtt.url });
  return { url, mqttUrl: mqtt.url, record, scanBundles, close: () => closers.closeAll() };
}

/** Subscribes to what gateways send; it is stored from now on. */
async function listenToGateways(
  { config, logger, metrics, closers }: Surroundings,
  to: {
    readonly record: FleetRecord;
    readonly mqtt: MqttSide;
    readonly topics: Topics;
    readonly models: FleetSource["models"];
    readonly evidence: CollectorEvidence;
  },
): Promise<UplinkIngest> {
  const { topics } = to;
  const { client } = to.mqtt;
  const publish: MqttClient["publish"] = (topic, payload, how) => client.publish(topic, payload, how);
  const beforeStore = to.evidence.take;
  const { ingest, states } = await createGatewayIntake({
    ...to,
    config,
    logger,
    metrics,
    publish,
    beforeStore,
  });
  closers.add(() => ingest.close());
  closers.add(() => states.close());
  await client.subscribe(topics.allUplinks, 1, (topic, payload) => ingest.accept(topic, payload));
  await client.subscribe(topics.allStates, 1, states.acceptState);
  await client.subscribe(topics.allStatuses, 1, states.acceptStatus);
  return ingest;
}

/** Serves page, API, probes and what else there is; resolves with the address. */
async function serve(
  { config, wiring, logger, metrics, closers }: Surroundings,
  fleet: FleetSource,
  also: { readonly routes: readonly HttpRoute[]; readonly notReady: () => Promise<string | null> },
): Promise<string> {
  measureFleet(metrics, fleet);
  const { httpHost: host, httpPort } = config.collector;
  const app = createHttpServer({
    metrics,
    logger,
    host,
    notFound: answerNotFound,
    routes: [
      ...inTurns(
        keepFresh([...apiHttpRoutes(fleet), ...pageRoutes(fleet)], {
          clock: systemClock,
          freshMs: wiring.freshMs ?? freshForMs,
        }),
        { clock: systemClock },
      ),
      ...serviceRoutes({ metrics, version: wiring.version ?? "0.0.0", notReady: also.notReady }),
      ...also.routes,
    ],
  });
  closers.add(() => app.close());
  return listenHttp(app, host, httpPort);
}

function measureFleet(metrics: Metrics, fleet: FleetSource): void {
  const { record } = fleet;
  metrics.gauge(
    { name: "turbines_count", help: "Turbines known" },
    async () => (await record.turbines()).length,
  );
  metrics.gauge(
    { name: "alarms_active_count", help: "Alarms that stand" },
    async () => (await record.alarms({ active: true, limit: 1, offset: 0 })).total,
  );
  metrics.gauge(
    { name: "gateways_reachable_count", help: "Gateways heard of lately" },
    async () => (await loadGateways(fleet)).filter((gateway) => gateway.reachable).length,
  );
  metrics.gauge(
    { name: "quarantined_messages_count", help: "Messages set aside since the database was made" },
    async () => (await record.quarantine(0)).total,
  );
}
