/** Joins what publishes bundles: keys, the signed registry and the shelf of bundles that are known here. */
import { join } from "node:path";
import { loadTrustedKeys } from "../core/bundle/keys.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import type { Topics } from "../core/contract/topics.ts";
import { systemClock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { type BundleShelf, createBundleShelf } from "./fleet/bundle-shelf.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { loadRegistryKeys } from "./registry/installation-keys.ts";
import { createRegistry, type Registry } from "./registry/registry.ts";

/** How often the folders of bundles are looked at. */
export const bundleScanMs = 30_000;

/** The models of bundles that are known here, for what stores: it publishes none. @throws AuroraError KEY */
export async function openModels(config: CollectorConfig, logger: Logger): Promise<BundleShelf> {
  const { shelf } = await openShelf({ ...config, registry: { ...config.registry, keysDir: null } }, logger);
  await shelf.scan();
  return shelf;
}

/** Opens what publishes bundles. @throws AuroraError KEY or STORE */
export async function openShelf(
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

/** Tells every gateway to look for signed metadata now; what is in it, decides. One that is offline polls anyway. */
export async function nudgeGateways(
  client: Pick<MqttClient, "publish">,
  topics: Topics,
  record: FleetRecord,
): Promise<void> {
  const online = (await record.gateways()).filter((gateway) => gateway.online !== false);
  await Promise.allSettled(
    online.map(({ gateway }) => client.publish(topics.desired(gateway), "{}", { qos: 1, retain: false })),
  );
}
