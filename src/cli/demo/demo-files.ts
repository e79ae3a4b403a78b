/** Writes what an installation would have: credentials, keys and the two configuration files of a demonstration. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { DemoTurbine } from "./demo-plan.ts";

/** Names that the demonstration uses. */
const demoNames = { gateway: "gw-demo", site: "demo" } as const;

/** Writes the gateway's password (mode 0600) and returns its path. */
export async function writePassword(dir: string): Promise<string> {
  const path = join(dir, "gateway.password");
  await writeFile(path, randomBytes(24).toString("base64url"), { mode: 0o600 });
  return path;
}

export interface DemoCollectorOptions {
  readonly dir: string;
  readonly passwordFile: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly keysDir: string;
  readonly bundles: readonly string[];
  readonly trustedKey: string;
}

/** Writes `collector.yaml` and returns its path. */
export async function writeCollectorConfig(options: DemoCollectorOptions): Promise<string> {
  const config = {
    collector: { stateDir: join(options.dir, "collector"), httpPort: options.httpPort },
    mqtt: {
      embedded: {
        port: options.mqttPort,
        anonymousRead: true,
        gateways: [{ id: demoNames.gateway, site: demoNames.site, passwordFile: options.passwordFile }],
      },
    },
    registry: { keysDir: options.keysDir, publish: options.bundles, trustedKeys: [options.trustedKey] },
  };
  return write(join(options.dir, "collector.yaml"), config);
}

export interface DemoGatewayOptions {
  readonly dir: string;
  readonly passwordFile: string;
  readonly mqttUrl: string;
  readonly collectorUrl: string;
  readonly rootFile: string;
  readonly modelsDir: string;
  readonly trustedKey: string;
  readonly bundleName: string;
  readonly turbines: readonly DemoTurbine[];
  /** Address of each turbine's device, in the same order. */
  readonly addresses: readonly string[];
}

/** Writes `gateway.yaml` and returns its path. */
export async function writeGatewayConfig(options: DemoGatewayOptions): Promise<string> {
  const config = {
    gateway: {
      id: demoNames.gateway,
      site: demoNames.site,
      stateDir: join(options.dir, "gateway"),
      httpPort: 0,
    },
    mqtt: { url: options.mqttUrl, username: demoNames.gateway, passwordFile: options.passwordFile },
    devices: options.turbines.map((turbine, index) => ({
      id: deviceId(turbine),
      connect: options.addresses[index],
    })),
    turbines: options.turbines.map((turbine) => ({
      id: turbine.id,
      points: [
        {
          component: "generator-bearing",
          bundle: options.bundleName,
          device: deviceId(turbine),
          channel: turbine.source.channels[0]?.name,
          bearing: turbine.bearing,
        },
      ],
    })),
    bundles: { dir: options.modelsDir, trustedKeys: [options.trustedKey] },
    updates: {
      enabled: true,
      url: `${options.collectorUrl}/tuf`,
      rootFile: options.rootFile,
      pollSeconds: 10,
    },
    drift: { intervalSeconds: 10 },
    uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
  };
  return write(join(options.dir, "gateway.yaml"), config);
}

export function deviceId(turbine: DemoTurbine): string {
  return `mcu-${turbine.id.toLowerCase()}`;
}

async function write(path: string, config: unknown): Promise<string> {
  await writeFile(path, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
  return path;
}
