/** What the demonstration of a microcontroller is installed on: keys and bundles in one folder, a collector, a gateway with one device. */
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { createKeyPair, type PrivateKey, parsePrivateKey, writeKeyPair } from "../../src/core/bundle/keys.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { Daemon } from "../../src/core/platform/daemon/run-daemon.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { startGateway } from "../../src/gateway/compose.ts";
import { type RunningCollector, startCollector } from "../../test/support/whole-collector.ts";
import { type BundleSource, openNewestBundle } from "./demo-bundles.ts";

/** Files that collector and gateway start from, all below one folder. */
export interface DemoInstallation {
  readonly folder: string;
  /** Writes the bundle that is shown, and the next version of it. */
  readonly bundles: BundleSource;
  readonly signer: PrivateKey;
  /** Folder of the bundles that are there from the start. */
  readonly models: string;
  /** Folder that the collector looks into for new bundles. */
  readonly offers: string;
  readonly trustedKeys: readonly string[];
  readonly rootFile: string;
  readonly passwordFile: string;
}

/** What the gateway stands between. */
export interface DemoGatewayOptions {
  readonly collector: RunningCollector;
  readonly deviceId: string;
  readonly deviceAddress: string;
  readonly deviceKeyFile: string;
  readonly turbine: string;
  readonly bearing: BearingOrders;
}

const gatewayId = "gw-demo";
const site = "demo";

/** Writes keys, password and the newest shipped bundle into `folder`. */
export async function prepareInstallation(folder: string): Promise<DemoInstallation> {
  const bundles = await openNewestBundle(join(packageRoot(), "models", "bearing-vibration"));
  const pair = createKeyPair();
  const signer = parsePrivateKey(pair.privateKeyPem);
  await writeKeyPair(join(folder, "release"), "release", pair);
  const models = join(folder, "models");
  const offers = join(folder, "offers");
  await mkdir(offers);
  await bundles.write(join(models, bundles.name), bundles.version, signer);
  const { rootFile } = await createInstallationKeys(join(folder, "keys"), Date.now());
  const passwordFile = join(folder, "gateway.password");
  await writeFile(passwordFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  const trustedKeys = [join(folder, "release", "release.pub")];
  return { folder, bundles, signer, models, offers, trustedKeys, rootFile, passwordFile };
}

/** Starts the collector with its broker; whoever asks may read. */
export async function startDemoCollector(installation: DemoInstallation): Promise<RunningCollector> {
  const { folder, bundles, models, offers, trustedKeys, passwordFile } = installation;
  const gateways = [{ id: gatewayId, site, passwordFile }];
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(folder, "collector"), httpPort: 0 },
    mqtt: { embedded: { port: 0, anonymousRead: true, gateways } },
    registry: { keysDir: join(folder, "keys"), publish: [join(models, bundles.name), offers], trustedKeys },
  });
  return await startCollector(config, { logger: silentLogger, bundleScanMs: 500 });
}

/** Starts the gateway of a device that infers itself and records to its alerts. */
export async function startDemoGateway(
  { folder, bundles, models, trustedKeys, rootFile, passwordFile }: DemoInstallation,
  { collector, deviceId, deviceAddress, deviceKeyFile, turbine, bearing }: DemoGatewayOptions,
): Promise<Daemon> {
  const device = {
    id: deviceId,
    connect: deviceAddress,
    baud: 115_200,
    mode: "edge",
    alarmRawSamples: 12_000,
    keyFile: deviceKeyFile,
  };
  const point = {
    component: "generator-bearing",
    bundle: bundles.name,
    device: deviceId,
    channel: "vibration",
    bearing,
  };
  return await startGateway({
    config: gatewayConfigSchema().parse({
      gateway: { id: gatewayId, site, stateDir: join(folder, "gateway"), httpPort: 0 },
      mqtt: { url: collector.mqttUrl, username: gatewayId, passwordFile },
      devices: [device],
      turbines: [{ id: turbine, points: [point] }],
      bundles: { dir: models, trustedKeys },
      updates: { enabled: true, url: `${collector.url}/tuf`, rootFile, pollSeconds: 1 },
      uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
    }),
    logger: silentLogger,
    environment: {},
    runtimeVersion: "0.1.0",
  });
}
