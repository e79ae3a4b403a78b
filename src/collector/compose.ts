/** Joins the collector: store, broker, ingest, registry, page. Everything that is opened here is closed here. */
import { join } from "node:path";
import { loadTrustedKeys } from "../core/bundle/keys.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createTopics, type Topics } from "../core/contract/topics.ts";
import { hourMs } from "../core/maths/durations.ts";
import { systemClock, systemTimers } from "../core/platform/clock.ts";
import { type Closers, createClosers } from "../core/platform/daemon/closing.ts";
import { createLogger, type Logger } from "../core/platform/logger.ts";
import { createMetrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkAck } from "../core/wire/uplink-ack.ts";
import { createHttpServer, listenHttp, type RouteHook } from "./api/http-server.ts";
import { type BundleShelf, createBundleShelf } from "./fleet/bundle-shelf.ts";
import { createFleetView } from "./fleet/fleet-view.ts";
import { type CollectorStore, openCollectorStore } from "./record/collector-store.ts";
import { loadRegistryKeys } from "./registry/installation-keys.ts";
import { createRegistry, type Registry } from "./registry/registry.ts";
import { mountRegistry } from "./registry/registry-routes.ts";
import { gatewaySites, openMqttSide } from "./uplink/mqtt-side.ts";
import { createStateWatch } from "./uplink/state-watch.ts";
import { createUplinkIngest } from "./uplink/uplink-ingest.ts";

/** What may be given instead of the default. */
export interface CollectorWiring {
  readonly logger?: Logger;
  /** Version of the runtime, for the API's document. */
  readonly version?: string;
  /** Routes of other rooms. */
  readonly routes?: readonly RouteHook[];
  /** A turbine or gateway that was not heard of for this long is "information unavailable"; default 120 s. */
  readonly silentAfterMs?: number;
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
}

/** A running collector. */
export interface RunningCollector {
  /** Base address of the page and the API. */
  readonly url: string;
  /** Address of the broker that it uses (or is), without credentials. */
  readonly mqttUrl: string;
  /** The fleet's record, for whoever runs in the same process. */
  readonly store: CollectorStore;
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
    return await assemble(config, wiring, logger, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function assemble(
  config: CollectorConfig,
  wiring: CollectorWiring,
  logger: Logger,
  closers: Closers,
): Promise<RunningCollector> {
  const clock = systemClock;
  const metrics = createMetrics({ defaults: "process" });
  const topics = createTopics(config.mqtt.base);
  const store = openStore(config, logger);
  closers.add(() => store.close());
  const { registry, shelf } = await openShelf(config, logger);
  await shelf.scan();

  const mqtt = await openMqttSide(config, logger);
  closers.add(() => mqtt.close());
  const ingest = createUplinkIngest({
    store,
    clock,
    logger,
    metrics,
    timers: systemTimers,
    sites: gatewaySites(config.mqtt.embedded.gateways),
    acknowledge: (gateway, ack) =>
      mqtt.client.publish(topics.ack(gateway), encodeUplinkAck(ack), { qos: 1, retain: false }),
  });
  closers.add(() => ingest.close());
  const states = createStateWatch({ store, clock, timers: systemTimers, logger });
  closers.add(() => states.close());
  await subscribe(mqtt.client, topics, { ingest, states });

  const silentAfterMs = wiring.silentAfterMs ?? 120_000;
  const fleet = createFleetView({ store, models: () => shelf.catalogue, clock, silentAfterMs });
  metrics.gauge({ name: "turbines_count", help: "Turbines known" }, () => fleet.turbines().length);
  metrics.gauge(
    { name: "alarms_active_count", help: "Alarms that stand" },
    () => fleet.alarms({ active: true, limit: 1, offset: 0 }).total,
  );
  metrics.gauge(
    { name: "gateways_reachable_count", help: "Gateways heard of lately" },
    () => fleet.gateways().filter((gateway) => gateway.reachable).length,
  );
  metrics.gauge(
    { name: "quarantined_messages_count", help: "Messages set aside since the database was made" },
    () => fleet.quarantine(0).total,
  );
  const { httpHost, httpPort } = config.collector;
  const app = createHttpServer({
    fleet,
    metrics,
    logger,
    host: httpHost,
    version: wiring.version ?? "0.0.0",
    notReady: () => {
      store.check();
      if (ingest.storeFails) return "what gateways send cannot be stored; see the log";
      return mqtt.client.connected ? null : "not connected to the broker";
    },
    routes: [...(registry === null ? [] : [mountRegistry(registry)]), ...(wiring.routes ?? [])],
  });
  closers.add(() => app.close());
  const url = await listenHttp(app, httpHost, httpPort);

  const scanBundles = async (): Promise<number> => {
    const taken = await shelf.scan();
    if (taken > 0 && registry !== null) await nudge(mqtt.client, topics, store);
    return taken;
  };
  closers.add(every(wiring.bundleScanMs ?? 30_000, logger, scanBundles));
  closers.add(
    every(hourMs, logger, async () => {
      store.prune(clock.nowMs(), config.retentionDays);
      await registry?.refresh();
    }),
  );
  logger.info("collector runs", { url, mqttUrl: mqtt.url });
  return { url, mqttUrl: mqtt.url, store, scanBundles, close: () => closers.closeAll() };
}

function openStore(config: CollectorConfig, logger: Logger): CollectorStore {
  const corrupted: { readonly setAside: string; readonly reason: string }[] = [];
  const path = join(config.collector.stateDir, "collector.sqlite");
  const store = openCollectorStore(path, (setAside, reason) => corrupted.push({ setAside, reason }));
  for (const { setAside, reason } of corrupted) {
    logger.error("the database was corrupted: set aside, a new one begun", { setAside, reason });
    const timeMs = systemClock.nowMs();
    const detail = `${reason}; the old file is ${setAside}`;
    store.events.putEvent(
      "(collector)",
      { kind: "event", timeMs, name: "store.corrupted", subject: path, detail },
      timeMs,
    );
  }
  return store;
}

async function openShelf(
  config: CollectorConfig,
  logger: Logger,
): Promise<{ readonly registry: Registry | null; readonly shelf: BundleShelf }> {
  const { keysDir, publish: dirs } = config.registry;
  const needsKeys = keysDir !== null || dirs.length > 0;
  const trustedKeys = needsKeys ? await loadTrustedKeys(config.registry.trustedKeys) : [];
  const registry =
    keysDir === null
      ? null
      : await createRegistry({
          dir: join(config.collector.stateDir, "registry"),
          keys: await loadRegistryKeys(keysDir),
          trustedKeys,
          clock: systemClock,
        });
  return { registry, shelf: createBundleShelf({ dirs, trustedKeys, registry, logger }) };
}

async function subscribe(
  client: MqttClient,
  topics: Topics,
  to: {
    readonly ingest: ReturnType<typeof createUplinkIngest>;
    readonly states: ReturnType<typeof createStateWatch>;
  },
): Promise<void> {
  await client.subscribe(topics.allUplinks, 1, (topic, payload) => to.ingest.accept(topic, payload));
  await client.subscribe(topics.allStates, 1, to.states.acceptState);
  await client.subscribe(topics.allStatuses, 1, to.states.acceptStatus);
}

/** Tells every gateway to look for signed metadata now; what is in it, decides. One that is offline polls anyway. */
async function nudge(client: MqttClient, topics: Topics, store: CollectorStore): Promise<void> {
  const online = store.gateways.list().filter((gateway) => gateway.online !== false);
  await Promise.allSettled(
    online.map(({ gateway }) => client.publish(topics.desired(gateway), "{}", { qos: 1, retain: false })),
  );
}

/** Repeats a task, never two at once; returns the way out. */
function every(periodMs: number, logger: Logger, task: () => Promise<unknown>): () => void {
  let cancel = systemTimers.after(periodMs, run);
  let stopped = false;
  function run(): void {
    task()
      .catch((error: unknown) => logger.error("a periodic task failed", { error }))
      .finally(() => {
        if (!stopped) cancel = systemTimers.after(periodMs, run);
      });
  }
  return () => {
    stopped = true;
    cancel();
  };
}
