/** Writes what an installation would have: credentials, keys and the two configuration files of a demonstration. */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { DemoTurbine } from "./demo-turbine.ts";

/** Names that the demonstration uses. */
const demoNames = { gateway: "gw-demo", site: "demo" } as const;

/** Writes the gateway's password (mode 0600) and returns its path. */
export async function writePassword(dir: string): Promise<string> {
  const path = join(dir, "gateway.password");
  await writeFile(path, randomBytes(24).toString("base64url"), { mode: 0o600 });
  return path;
}

/** How drift is assessed; both daemons are told the same. */
export interface DemoDriftConfig {
  readonly periodSeconds: number;
  readonly learnDays: number;
  readonly falsePerPointDay: number;
  readonly warningsPerPointDay: number;
  /** Of a summary. */
  readonly intervalSeconds: number;
}

interface DemoCollectorOptions {
  readonly dir: string;
  readonly passwordFile: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly keysDir: string;
  readonly bundles: readonly string[];
  readonly trustedKey: string;
  readonly drift: DemoDriftConfig | null;
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
    ...(options.drift === null ? {} : { drift: collectorDrift(options.drift) }),
  };
  return write(join(options.dir, "collector.yaml"), config);
}

interface DemoGatewayOptions {
  readonly dir: string;
  readonly passwordFile: string;
  readonly mqttUrl: string;
  readonly collectorUrl: string;
  readonly rootFile: string;
  readonly modelsDir: string;
  readonly trustedKey: string;
  readonly bundleName: string;
  readonly drift: DemoDriftConfig | null;
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
      points: turbine.points.map(({ component, channel }) => ({
        component,
        bundle: options.bundleName,
        device: deviceId(turbine),
        channel: turbine.source.channels[channel]?.name,
        bearing: turbine.bearing,
      })),
    })),
    bundles: { dir: options.modelsDir, trustedKeys: [options.trustedKey] },
    updates: {
      enabled: true,
      url: `${options.collectorUrl}/tuf`,
      rootFile: options.rootFile,
      pollSeconds: 10,
    },
    drift: options.drift === null ? { intervalSeconds: 10 } : gatewayDrift(options.drift),
    uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
    // What is played belongs to nobody: the samples around its alarms may be sent.
    evidence: { allow: ["alarm"], secondsBefore: 10, secondsAfter: 5 },
  };
  return write(join(options.dir, "gateway.yaml"), config);
}

export function deviceId(turbine: DemoTurbine): string {
  return `mcu-${turbine.id.toLowerCase()}`;
}

function collectorDrift({ intervalSeconds: _ofGateways, ...drift }: DemoDriftConfig): object {
  return drift;
}

/** The gateway's own watch says no warnings. */
function gatewayDrift({ warningsPerPointDay: _ofCollectors, ...drift }: DemoDriftConfig): object {
  return drift;
}

async function write(path: string, config: unknown): Promise<string> {
  await writeFile(path, stringify(config, { lineWidth: 0 }), { mode: 0o600 });
  return path;
}
