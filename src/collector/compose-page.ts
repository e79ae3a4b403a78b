/**
 * Joins the half of a collector that shows: page, API, probes, registry, and orders to gateways. Takes nothing of gateways,
 * and only reads the record, but for an event of what it finds damaged. What is opened here is closed here.
 */
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { createTopics } from "../core/contract/topics.ts";
import { hourMs } from "../core/maths/durations.ts";
import { systemClock } from "../core/platform/clock.ts";
import { type ClosedPart, type Closers, openWhole } from "../core/platform/daemon/closing.ts";
import { every } from "../core/platform/daemon/every.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { apiHttpRoutes } from "./api/api-routes.ts";
import { evidenceRequestRoute } from "./api/evidence-request-route.ts";
import { evidenceFileRoute } from "./api/evidence-routes.ts";
import { keepFresh } from "./api/fresh-routes.ts";
import type { HttpRoute } from "./api/http-route.ts";
import { inTurns } from "./api/in-turns.ts";
import { pageRoutes } from "./api/page-routes.ts";
import { serveRoutes } from "./api/serve-routes.ts";
import { serviceRoutes } from "./api/service-routes.ts";
import { type CollectorEvidence, openCollectorEvidence } from "./compose-evidence.ts";
import { bundleScanMs, nudgeGateways, openPublications, openShelf } from "./compose-registry.ts";
import type { FleetSource } from "./fleet/fleet-source.ts";
import { freshForMs } from "./fleet/fresh-cache.ts";
import { createFreshRecord } from "./fleet/fresh-record.ts";
import { loadGateways } from "./fleet/load-turbines.ts";
import { createLeasedWork } from "./leased-work.ts";
import { openRecord } from "./open-record.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { publicationRoutes } from "./registry/publication-routes.ts";
import { registryRoutes } from "./registry/registry-routes.ts";
import { type EmbeddedAddress, openWebClient } from "./uplink/mqtt-side.ts";
import type { WorkersView } from "./worker-report.ts";

/** What may be given instead of the default. */
export interface PageWiring {
  /** Version of the runtime, for the API's document. */
  readonly version?: string;
  /** Routes beside the collector's own. */
  readonly routes?: readonly HttpRoute[];
  /** How old a page or an answer of the API may be, ms; default 2,000. 0: each is made anew. */
  readonly freshMs?: number;
  /** How often the folders of bundles are looked at; default 30 s. */
  readonly bundleScanMs?: number;
}

interface PageOptions extends PageWiring {
  readonly config: CollectorConfig;
  readonly logger: Logger;
  /** What is shown under `/metrics`. */
  readonly metrics: Metrics;
  /** The way into the broker where it is ours; null: the configuration says it. */
  readonly embedded: EmbeddedAddress | null;
  /** What stores, and how it is. */
  readonly workers: Pick<WorkersView, "notReady" | "impairment" | "brokerLostMs">;
  /** `write`: for more than the page. Default `read`. */
  readonly access?: "read" | "write";
  /** Takes the events of this half where its own record may not be written; left out: its record does. */
  readonly storeOwnEvent?: FleetRecord["storeOwnEvent"];
}

/** A half that runs. */
interface RunningPage extends ClosedPart {
  /** Base address of the page and the API. */
  readonly url: string;
  /** Address of the broker that it uses, without credentials. */
  readonly mqttUrl: string;
  readonly record: FleetRecord;
  readonly models: FleetSource["models"];
  readonly evidence: CollectorEvidence;
  /** Its own connection, for orders to gateways. */
  readonly client: Pick<MqttClient, "connected">;
  /** Looks at the folders of bundles now; resolves with how many were new. */
  scanBundles(): Promise<number>;
}

/**
 * Resolves when the page is served. On SQLite the half that writes is there before.
 * @throws AuroraError STORE, MQTT, KEY or CONFIG_INVALID for what cannot be mended by waiting
 */
export async function openPage(options: PageOptions): Promise<RunningPage> {
  return openWhole(options.logger, (closers) => assemble(options, closers));
}

async function assemble(options: PageOptions, closers: Closers): Promise<RunningPage> {
  const { config, logger, version = "0.0.0", access = "read" } = options;
  const record = await openRecord(config, logger, access);
  closers.add("record", () => record.close());
  const alone = createLeasedWork(record, logger);
  closers.add("leases", () => alone.close());
  const { registry, shelf } = await openShelf(config, logger, alone);
  closers.add("registry", () => registry?.close());
  closers.add("bundles", () => shelf.close());
  await shelf.scan();
  const topics = createTopics(config.mqtt.base);
  const mqtt = await openWebClient(config, options.embedded, logger);
  closers.add("broker", () => mqtt.close());
  const { client } = mqtt;
  const evidence = await openCollectorEvidence({
    config,
    record: { ...record, storeOwnEvent: options.storeOwnEvent ?? record.storeOwnEvent },
    topics,
    client,
    sites: null,
    metrics: null,
    logger,
  });
  closers.add("evidence", () => evidence.close());
  const fleet = readFleet(options, record, shelf.models);
  measureFleet(options.metrics, fleet);
  /** Nobody's end waits for a broker's answers. */
  const tellGateways = (): void => {
    nudgeGateways({ client, topics, logger }, record).catch((error: unknown) =>
      logger.warn("gateways were not told of a bundle", { error }),
    );
  };
  const scanBundles = async (): Promise<number> => {
    const taken = await shelf.scan();
    if (taken > 0 && registry !== null) tellGateways();
    return taken;
  };
  const publications = await openPublications({
    ...options,
    registry,
    known: shelf.models,
    runtimeVersion: version,
    onPublished: () => void shelf.scan().then(tellGateways),
  });
  closers.add("publications", () => publications.close());
  const url = await serveRoutes(options, closers, [
    ...answerInTurns(fleet, options.freshMs),
    ...serviceRoutes({
      metrics: options.metrics,
      version,
      notReady: async () => {
        const wrong = await record.check().then(
          () => null,
          (error: Error) => `the record cannot be asked: ${error.message}`,
        );
        if (wrong !== null) return wrong;
        return client.connected ? options.workers.notReady() : "not connected to the broker";
      },
      impairment: () =>
        options.workers.impairment() ??
        (evidence.fault === null ? null : `raw evidence cannot be read: ${evidence.fault}`),
    }),
    ...(registry === null ? [] : registryRoutes(registry)),
    ...publicationRoutes(publications),
    evidenceFileRoute(evidence),
    evidenceRequestRoute({ isAllowed: config.evidence.requests, fleet, send: evidence.ask }),
    ...(options.routes ?? []),
  ]);
  closers.add("bundle scan", every(options.bundleScanMs ?? bundleScanMs, logger, scanBundles));
  if (registry !== null)
    closers.add(
      "registry refresh",
      every(hourMs, logger, () => registry.refresh()),
    );
  const { closeAll: close, unclosed } = closers;
  const { models } = shelf;
  return { url, mqttUrl: mqtt.url, record, models, evidence, client, scanBundles, close, unclosed };
}

/** A turbine or gateway that was not heard of for this long is "information unavailable": twice as long as one that is well is silent by default. */
const silentMs = 120_000;

function readFleet(
  { config, workers, freshMs = freshForMs }: PageOptions,
  record: FleetRecord,
  models: FleetSource["models"],
): FleetSource {
  const driftPeriodMs = config.drift.periodSeconds * 1_000;
  return {
    record: createFreshRecord(record, systemClock, { freshMs, driftPeriodMs }),
    models,
    clock: systemClock,
    silentAfterMs: silentMs,
    warningShare: config.drift.warningsPerPointDay,
    brokerLostMs: workers.brokerLostMs,
  };
}

function answerInTurns(fleet: FleetSource, freshMs: number = freshForMs): readonly HttpRoute[] {
  const routes = [...apiHttpRoutes(fleet), ...pageRoutes(fleet)];
  return inTurns(keepFresh(routes, { clock: systemClock, freshMs }), systemClock);
}

function measureFleet(metrics: Metrics, fleet: FleetSource): void {
  const { record } = fleet;
  metrics.gauge({ name: "turbines", help: "Turbines known" }, () => record.countTurbines());
  metrics.gauge(
    { name: "alarms_active", help: "Alarms that stand, withheld ones included" },
    async () => (await record.alarms({ active: true, limit: 1, offset: 0 })).total,
  );
  metrics.gauge(
    { name: "gateways_reachable", help: "Gateways heard of lately" },
    async () => (await loadGateways(fleet)).filter((gateway) => gateway.reachable).length,
  );
  metrics.gauge(
    { name: "quarantined_messages", help: "Messages set aside since the database was made" },
    async () => (await record.quarantine(0)).messages,
  );
}
