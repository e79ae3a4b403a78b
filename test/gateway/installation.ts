/** A whole installation in one process and one temporary folder: bundles, keys, collector, gateways. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type DeviceSimulator, startDeviceSimulator } from "../../src/cli/device/device-simulator.ts";
import type { EdgeDeviceOptions } from "../../src/cli/device/edge-device.ts";
import type { SampleSource } from "../../src/cli/device/sample-source.ts";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { createKeyPair, type PrivateKey, parsePrivateKey, writeKeyPair } from "../../src/core/bundle/keys.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { type Clock, systemClock, systemTimers, type Timers } from "../../src/core/platform/clock.ts";
import type { Daemon } from "../../src/core/platform/daemon/run-daemon.ts";
import { createLogger, type Logger } from "../../src/core/platform/logger.ts";
import { createMqttClient, type MqttClientOptions } from "../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { startGateway } from "../../src/gateway/compose.ts";
import { findFreePort } from "../support/free-port.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { createTestBundle, type TestBundleOptions, testBundleName } from "../support/test-bundle.ts";
import { type RunningCollector, startCollector } from "../support/whole-collector.ts";

/** Names that all tests use. */
export const names = { gateway: "gw-1", site: "north", component: "generator-bearing" } as const;
/** The runtime that test bundles are made for. */
export const runtimeVersion = "0.1.0";
export const topics = createTopics("aurora/v1");
const usualLogger: Logger = createLogger({ level: process.env.AURORA_TEST_LOG === "1" ? "debug" : "silent" });

/** A turbine of the configuration. */
export interface PlannedTurbine {
  readonly id: string;
  readonly connect: string;
  readonly bearing: BearingOrders;
  readonly channel?: string;
  /** Who infers; default the gateway. */
  readonly mode?: "raw" | "edge" | "both";
  readonly keyFile?: string;
}

/** What a gateway of the test says of itself. */
export interface StatusPage {
  readonly models: {
    version: string;
    digest: string;
    engine: string;
    ungated?: true;
    refused?: { dir: string; reason: string }[];
  }[];
  readonly windows: {
    processed: number;
    quarantined: number;
    dropped: number;
    byReason: Record<string, number>;
  };
  readonly mqtt: { connected: boolean };
  readonly components: readonly { component: string; health: string; reason: string | null }[];
  readonly sources: readonly {
    name: string;
    faults: string[];
    diagnoses: { code: string; text: string }[];
  }[];
  readonly outbox: { records: number };
  readonly uplink: { acksReceived: number };
  readonly evidence: Record<string, unknown>;
  readonly unpublishedAlerts: number;
  readonly refusedAlerts: readonly { readonly topic: string; readonly reason: string }[];
  readonly devices: {
    id: string;
    state: string;
    model: string | null;
    windows: number;
    diagnoses: { code: string; text: string }[];
    health: Record<string, number> | null;
    link: Record<string, number>;
  }[];
  readonly edgeScores: { received: number; agreed: number; mismatched: number; unknownModel: number };
  readonly devicePushes: Record<string, number>;
}

/** A gateway that a test has started. */
export interface TestGateway extends Daemon {
  status(): Promise<StatusPage>;
}

/** Everything that a test needs. */
export interface Installation {
  readonly folder: string;
  readonly mqttUrl: string;
  readonly release: PrivateKey;
  /** A key that the collector trusts and no gateway does. */
  readonly foreign: PrivateKey;
  /** Writes a bundle into the gateway's `models` (default) or any folder; resolves with its folder. */
  putBundle(options?: TestBundleOptions, parent?: string, signer?: PrivateKey): Promise<string>;
  /** Starts the collector on the installation's broker port. */
  startCollector(changes?: {
    readonly scanMs?: number;
    readonly evidence?: object;
  }): Promise<RunningCollector>;
  /** Starts a gateway of these turbines; `changes` overwrite parts of its configuration. A clock with timers turns those of field buses too. */
  startGateway(
    turbines: readonly PlannedTurbine[],
    changes?: Readonly<Record<string, unknown>>,
    clock?: Clock & Partial<Timers>,
  ): Promise<TestGateway>;
  /** Writes what `startCollector` would be started with, for a process of its own; gives the file's path. */
  writeCollectorConfig(): string;
  /** Writes what `startGateway` would be started with, for a process of its own; gives the file's path. */
  writeGatewayConfig(
    turbines: readonly PlannedTurbine[],
    changes?: Readonly<Record<string, unknown>>,
  ): string;
  /** Connects as the gateway's user. */
  connect(clientId: string, changes?: Partial<MqttClientOptions>): MqttClient;
  readonly password: string;
}

/** Prepares an installation with one bundle; everything is closed and removed when the test has finished. */
export async function createInstallation(logger: Logger = usualLogger): Promise<Installation> {
  const folder = createTemporaryFolder();
  const brokerPort = await findFreePort();
  const mqttUrl = `mqtt://127.0.0.1:${brokerPort}`;
  const password = "a test's secret";
  const passwordFile = join(folder, "gateway.password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const pair = createKeyPair();
  const release = parsePrivateKey(pair.privateKeyPem);
  await writeKeyPair(join(folder, "release"), "release", pair);
  const trustedKeys = [join(folder, "release", "release.pub")];
  const foreignPair = createKeyPair();
  const foreign = parsePrivateKey(foreignPair.privateKeyPem);
  await writeKeyPair(join(folder, "foreign"), "foreign", foreignPair);
  const keysDir = join(folder, "keys");
  const offers = join(folder, "offers");
  mkdirSync(offers);
  await createInstallationKeys(keysDir, Date.now());
  let gateways = 0;

  const putBundle = async (
    options: TestBundleOptions = {},
    parent = join(folder, "models", testBundleName),
    signer = release,
  ): Promise<string> => {
    const dir = join(parent, options.version ?? "1.0.0");
    await writeBundle(dir, createTestBundle(options), signer);
    return dir;
  };
  const planGateway = (
    turbines: readonly PlannedTurbine[],
    changes: Readonly<Record<string, unknown>>,
  ): object => ({
    gateway: {
      id: names.gateway,
      site: names.site,
      stateDir: join(folder, "gateway"),
      httpPort: 0,
    },
    mqtt: { url: mqttUrl, username: names.gateway, passwordFile },
    devices: turbines.map(({ id, connect, mode, keyFile }) => ({
      id: deviceOf(id),
      connect,
      ...(mode === undefined ? {} : { mode }),
      ...(keyFile === undefined ? {} : { keyFile }),
    })),
    turbines: turbines.map(({ id, bearing, channel }) => ({
      id,
      points: [
        {
          component: names.component,
          bundle: testBundleName,
          device: deviceOf(id),
          channel: channel ?? "accel-de",
          bearing,
        },
      ],
    })),
    bundles: { dir: join(folder, "models"), trustedKeys },
    drift: { intervalSeconds: 10 },
    uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 1 },
    ...changes,
  });

  const planCollector = (): object => ({
    collector: { stateDir: join(folder, "collector"), httpPort: 0 },
    mqtt: {
      embedded: {
        port: brokerPort,
        anonymousRead: true,
        gateways: [{ id: names.gateway, site: names.site, passwordFile }],
        devices: ["WT01", "WT02"].map((turbine) => ({
          gateway: names.gateway,
          id: deviceOf(turbine),
          passwordFile,
        })),
      },
    },
    registry: {
      keysDir,
      publish: [join(folder, "models", testBundleName), offers],
      trustedKeys: [...trustedKeys, join(folder, "foreign", "foreign.pub")],
    },
  });

  await putBundle();

  return {
    folder,
    mqttUrl,
    release,
    foreign,
    password,
    putBundle,
    startCollector: async ({ scanMs = 200, evidence = {} } = {}) => {
      const config = collectorConfigSchema().parse({ ...planCollector(), evidence });
      const collector = await startCollector(config, { logger, bundleScanMs: scanMs });
      onTestFinished(() => collector.close());
      return collector;
    },
    startGateway: async (turbines, changes = {}, clock: Clock & Partial<Timers> = systemClock) => {
      const config = gatewayConfigSchema().parse(planGateway(turbines, changes));
      const gateway = await startGateway({
        config,
        logger: logger.child({ gateway: ++gateways }),
        environment: {},
        runtimeVersion,
        clock,
        timers: { after: clock.after ?? systemTimers.after },
      });
      let closing: Promise<void> | null = null;
      const close = (): Promise<void> => {
        closing ??= gateway.close();
        return closing;
      };
      onTestFinished(close);
      return {
        ...gateway,
        close,
        status: async () => {
          const page: StatusPage = JSON.parse(await (await fetch(`${gateway.httpUrl}/status`)).text());
          return page;
        },
      };
    },
    writeCollectorConfig: () => {
      const path = join(folder, "collector.yaml");
      writeFileSync(path, JSON.stringify(planCollector()));
      return path;
    },
    writeGatewayConfig: (turbines, changes = {}) => {
      const path = join(folder, "gateway.yaml");
      writeFileSync(path, JSON.stringify(planGateway(turbines, changes)));
      return path;
    },
    connect: (clientId, changes = {}) => {
      const client = createMqttClient({
        url: mqttUrl,
        clientId,
        username: names.gateway,
        password,
        backoff: { firstMs: 20, maxMs: 100 },
        ...changes,
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** Folder whose bundles the collector serves beside the installation's own. */
export function offersOf(installation: Installation): string {
  return join(installation.folder, "offers");
}

/** Configuration of updates from this collector. */
export function updatesFrom(installation: Installation, collector: RunningCollector): object {
  return {
    enabled: true,
    url: `${collector.url}/tuf`,
    rootFile: join(installation.folder, "keys", "root.json"),
    pollSeconds: 1,
  };
}

/** Id of a turbine's device. */
export function deviceOf(turbine: string): string {
  return `mcu-${turbine}`;
}

/** Starts a device of `turbine` on a free tcp port. */
export async function startDevice(
  turbine: string,
  source: SampleSource,
  speed = Number.POSITIVE_INFINITY,
  edge?: EdgeDeviceOptions,
): Promise<DeviceSimulator> {
  const device = await startDeviceSimulator({
    deviceId: deviceOf(turbine),
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
    source,
    speed,
    ...(edge === undefined ? {} : { edge }),
  });
  onTestFinished(() => device.close());
  return device;
}

/** The gateway's status page as soon as it says so. */
export async function statusWhen(
  gateway: TestGateway,
  condition: (status: StatusPage) => boolean,
): Promise<StatusPage> {
  const end = performance.now() + 20_000;
  for (;;) {
    const status = await gateway.status();
    if (condition(status)) return status;
    if (performance.now() > end) throw new Error(`not in time: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
