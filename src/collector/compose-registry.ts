/** Joins what publishes bundles: keys, the signed registry and the shelf of bundles that are known here. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { loadPublicKey, loadTrustedKeys } from "../core/bundle/keys.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { collectorState } from "../core/contract/config/state-names.ts";
import type { Topics } from "../core/contract/topics.ts";
import { encodeNudge } from "../core/contract/update-nudge.ts";
import { systemClock } from "../core/platform/clock.ts";
import { nodeFileSystem } from "../core/platform/files/file-system.ts";
import { installedPath } from "../core/platform/files/installed-path.ts";
import { packageRoot } from "../core/platform/files/package-root.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { believedFile, isClockBehind } from "./clock-trust.ts";
import { type BundleShelf, createBundleShelf } from "./fleet/bundle-shelf.ts";
import { loadShippedModels } from "./fleet/shipped-models.ts";
import type { LeasedWork } from "./leased-work.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { createIncomingBundles } from "./registry/incoming-bundles.ts";
import { loadRegistryKeys } from "./registry/installation-keys.ts";
import { createPublications, type Publications } from "./registry/publications.ts";
import { createRegistry, type Registry } from "./registry/registry.ts";

/** How often the folders of bundles are looked at. */
export const bundleScanMs = 30_000;

/** The models of bundles that are known here, for what stores: it publishes none. @throws AuroraError KEY */
export async function openBundleShelf(config: CollectorConfig, logger: Logger): Promise<BundleShelf> {
  const shelf = await createShelf(config, { registry: null, logger });
  await shelf.scan();
  return shelf;
}

/** What publishes bundles. */
interface OpenRegistry {
  /** Null: no updates are served here. */
  readonly registry: Registry | null;
  readonly shelf: BundleShelf;
}

/**
 * Opens what publishes bundles. `alone`: of all processes that share the record, and then the folder, one changes it at a time.
 * @throws AuroraError KEY or STORE
 */
export async function openShelf(
  config: CollectorConfig,
  logger: Logger,
  alone: Pick<LeasedWork, "inTurn">,
): Promise<OpenRegistry> {
  const { keysDir } = config.registry;
  const registry =
    keysDir === null
      ? null
      : await createRegistry({
          dir: registryFolder(config),
          keys: await loadRegistryKeys(keysDir),
          trustedKeys: await loadTrustedKeys(config.registry.trustedKeys),
          clock: systemClock,
          isBehind: () =>
            isClockBehind({ path: believedFile(config), files: nodeFileSystem, clock: systemClock, logger }),
          lock: (change) => alone.inTurn("registry", change),
        });
  // What a kill left open is brought in line here, or with the next publication.
  await registry
    ?.settle()
    .catch((error: unknown) => logger.warn("the journal of publications waits", { error }));
  return { registry, shelf: await createShelf(config, { registry, logger }) };
}

async function createShelf(
  config: CollectorConfig,
  { registry, logger }: { readonly registry: Registry | null; readonly logger: Logger },
): Promise<BundleShelf> {
  const { keysDir, publish: dirs } = config.registry;
  const needsKeys = keysDir !== null || dirs.length > 0;
  const trustedKeys = needsKeys ? await loadTrustedKeys(config.registry.trustedKeys) : [];
  const registryDir = keysDir === null ? null : registryFolder(config);
  const known = await loadShippedModels(installedPath("models", packageRoot()), logger);
  return createBundleShelf({ dirs, registryDir, trustedKeys, registry, known, logger });
}

/** Joins what takes bundles from publishers. `onPublished` is called when a bundle is served that was not before. */
export async function openPublications(around: {
  readonly config: CollectorConfig;
  readonly registry: Registry | null;
  /** What is known here, by digest. */
  readonly known: BundleShelf["models"];
  readonly runtimeVersion: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly onPublished: () => void;
}): Promise<Publications> {
  const { config, registry, metrics } = around;
  const refused = metrics.counter({
    name: "publications_refused_total",
    help: "Bundles that publishers were refused, by reason",
    labels: ["reason"],
  });
  const { trustedKeys, publishers } = config.registry;
  return createPublications({
    ...around,
    publishers: await Promise.all(
      publishers.map(async ({ name, keyFile, models }) => ({
        name,
        key: await loadPublicKey(keyFile),
        models,
      })),
    ),
    trustedKeys: registry === null ? [] : await loadTrustedKeys(trustedKeys),
    incoming: createIncomingBundles({
      dir: join(registryFolder(config), "incoming"),
      clock: systemClock,
      files: nodeFileSystem,
      newUpload: () => randomBytes(16).toString("hex"),
    }),
    clock: systemClock,
    onRefused: (reason) => refused.add(1, { reason }),
  });
}

/** Where the update repository is. */
export function registryFolder({ collector }: CollectorConfig): string {
  return join(collector.stateDir, collectorState.registry);
}

/** Told at once: below what a connection takes (`maxInFlight` of the client, 1,000), which has other orders as well. */
const toldAtOnce = 200;

/** Tells every gateway to look for signed metadata; what is in it, decides. One that is offline or cannot be told polls anyway. */
export async function nudgeGateways(
  around: { readonly client: Pick<MqttClient, "publish">; readonly topics: Topics; readonly logger: Logger },
  record: Pick<FleetRecord, "gateways">,
): Promise<void> {
  const { client, topics, logger } = around;
  const online = (await record.gateways()).filter((gateway) => gateway.online !== false);
  const nudge = encodeNudge(online.length);
  let untold = 0;
  for (let from = 0; from < online.length; from += toldAtOnce) {
    const answers = await Promise.allSettled(
      online
        .slice(from, from + toldAtOnce)
        .map(({ gateway }) => client.publish(topics.desired(gateway), nudge, { qos: 1, retain: false })),
    );
    untold += answers.filter(({ status }) => status === "rejected").length;
  }
  if (untold > 0)
    logger.warn("gateways were not told of a bundle, and find it at their own time", {
      untold,
      of: online.length,
    });
}
