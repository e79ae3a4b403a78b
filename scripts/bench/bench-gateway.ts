/** A real gateway process for a benchmark, as a package has it, on one core where the machine lets us choose. */
import { spawn, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { daemonNodeOptions, gatewayEnvironment } from "../../src/cli/demo/child-daemon.ts";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { isReadyMessage } from "../../src/core/platform/daemon/run-daemon.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { ownConnection } from "../own-connection.ts";
import { packagedCommand } from "../packaged-command.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { benchChannels } from "./bench-stream.ts";
import {
  type LatencyBuckets,
  type LoopDelay,
  parseLatencyBuckets,
  parseLoopDelay,
} from "./latency-histogram.ts";

/** What a gateway tells of itself. */
export interface GatewayStatus {
  readonly windows: { readonly processed: number; readonly quarantined: number; readonly dropped: number };
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly startToFirstPredictionMs: number | null;
  readonly decisionsDigest: string;
  readonly uplink: { readonly bytesSent: number; readonly bytesByLane: Readonly<Record<string, number>> };
  readonly outbox: { readonly records: number; readonly pendingRecords: number };
}

/** What of its metrics a bench reads. */
export interface GatewayScrape {
  /** From when a window's last byte was read to its decision. */
  readonly latency: LatencyBuckets;
  /** Since the scrape before. */
  readonly loopDelay: LoopDelay;
  /** Alarms that stand. */
  readonly alarms: number;
}

/** A running gateway. */
export interface BenchGateway {
  readonly pid: number;
  /** Is it held to one core? */
  readonly pinned: boolean;
  status(): Promise<GatewayStatus>;
  scrape(): Promise<GatewayScrape>;
  rssMb(): Promise<number>;
  cpuSeconds(): Promise<number>;
  /** Of the main thread alone. */
  mainCpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

/** How to configure it. */
export interface BenchGatewayOptions {
  readonly addresses: readonly string[];
  /** Channels of each device, a turbine each; default 1. */
  readonly channels?: number;
  /** Null: a port where nobody listens; the uplink then waits, as beside a broken link. */
  readonly mqtt: { readonly url: string; readonly username: string; readonly password: string } | null;
  /** Threads beside the main one; default 0. With any, the gateway has all cores. */
  readonly workers?: number;
  /** Default: as configured, which is the standard one. */
  readonly profile?: "standard" | "small";
}

/** The same command on one core, where the machine lets us choose. */
export function pinCommand([program, ...rest]: readonly [string, ...string[]]): {
  readonly command: string;
  readonly args: readonly string[];
  readonly pinned: boolean;
} {
  const pinned = spawnSync("taskset", ["-c", "0", "true"], { stdio: "ignore" }).status === 0;
  return pinned
    ? { command: "taskset", args: ["-c", "0", program, ...rest], pinned }
    : { command: program, args: rest, pinned };
}

/**
 * What a shell may say to Node and a service does not: with authorities of one's own Node reads all others at its start as well, 2 MB
 * and 20 ms of any process.
 */
const neutralEnvironment: Readonly<Record<string, undefined>> = {
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
};

/** Starts the packaged gateway with one turbine a channel. */
export async function startBenchGateway(options: BenchGatewayOptions): Promise<BenchGateway> {
  const { channels = 1, workers = 0 } = options;
  const root = packageRoot();
  const scratch = createScratchFolder("bench");
  const dir = scratch.path;
  const bearing = computeBearingOrders(generatorBearings[0]!);
  const config = {
    gateway: { id: "gw-bench", site: "bench", stateDir: join(dir, "state"), httpPort: 0, workers },
    mqtt: { url: options.mqtt?.url ?? "mqtt://127.0.0.1:9", username: options.mqtt?.username ?? null },
    devices: options.addresses.map((connect, index) => ({ id: `mcu-${index + 1}`, connect })),
    turbines: options.addresses.flatMap((_, index) =>
      benchChannels.slice(0, channels).map((channel, place) => ({
        id: `WT${index * channels + place + 1}`,
        points: [{ component: "generator-bearing", device: `mcu-${index + 1}`, channel, bearing }],
      })),
    ),
    bundles: { dir: join(root, "models"), trustedKeys: [join(root, "models", "release.pub")] },
    log: { level: "error" },
  };
  const path = join(dir, "gateway.yaml");
  // JSON is YAML.
  await writeFile(path, JSON.stringify(config));
  const profile = options.profile === undefined ? [] : ["--profile", options.profile];
  const entry = packagedCommand("bench");
  const program = [...daemonNodeOptions, entry, "gateway", "--config", path, ...profile];
  const { command, args, pinned } =
    workers === 0
      ? pinCommand([process.execPath, ...program])
      : { command: process.execPath, args: program, pinned: false };
  const child = endWithProcess(
    spawn(command, args, {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: {
        ...process.env,
        ...gatewayEnvironment,
        ...neutralEnvironment,
        ...(options.mqtt === null ? {} : { AURORA_MQTT_PASSWORD: options.mqtt.password }),
      },
    }),
  );
  const httpUrl = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    child.on("message", (message) => {
      if (isReadyMessage(message)) resolve(message.httpUrl);
    });
  });
  return {
    pid: child.pid!,
    pinned,
    status: async () => (await (await fetch(`${httpUrl}/status`, ownConnection)).json()) as GatewayStatus,
    scrape: async () => {
      const text = await (await fetch(`${httpUrl}/metrics`, ownConnection)).text();
      const alarms = Number(/^aurora_alarms_active (\d+)$/m.exec(text)?.[1]);
      return { latency: parseLatencyBuckets(text), loopDelay: parseLoopDelay(text), alarms };
    },
    rssMb: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    cpuSeconds: () => readCpuSeconds(`/proc/${child.pid}/stat`),
    mainCpuSeconds: () => readCpuSeconds(`/proc/${child.pid}/task/${child.pid}/stat`),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      scratch.remove();
    },
  };
}

async function readCpuSeconds(path: string): Promise<number> {
  const fields = (await readFile(path, "utf8")).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Failures after which a gateway is not asked again: one that is behind closes what waits too long for an answer. */
const maxStatusFailures = 30;

/** Waits until the gateway's count of windows stands still. @throws when it does not say how it is. */
export async function waitUntilIdle(gateway: BenchGateway): Promise<GatewayStatus> {
  let last: number | null = null;
  let failures = 0;
  for (;;) {
    try {
      const status = await gateway.status();
      if (status.windows.processed === last) return status;
      last = status.windows.processed;
    } catch (error) {
      failures++;
      if (failures > maxStatusFailures) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
