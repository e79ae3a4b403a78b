/** One gateway with turbines that break one after the other, as processes and devices; and everything that it said. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alertEventSchema } from "../../src/core/contract/alert.ts";
import { createTopics, type Lane } from "../../src/core/contract/topics.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { until } from "../../test/support/until.ts";
import { ownConnection } from "../own-connection.ts";
import { packagedCommand } from "../packaged-command.ts";
import { createDaemonProcess, type DaemonProcess, patienceMs } from "./daemon-process.ts";
import { openFaultSignal } from "./fault-signal.ts";
import type { FaultSite } from "./fault-site.ts";
import { type PacedDevice, startPacedDevice } from "./paced-device.ts";

/** A transition of an alarm as the gateway's log has it. */
export interface LoggedAlert {
  readonly type: string;
  readonly turbine: string;
  readonly failureMode: string;
}

export interface WatchedPark {
  /** Name of the gateway and of its site. */
  readonly name: string;
  readonly gateway: DaemonProcess;
  readonly turbines: readonly string[];
  /** Of each turbine. */
  readonly devices: readonly PacedDevice[];
  /** Ids of the alert events that came by at the broker. */
  readonly heard: ReadonlySet<string>;
  readonly logged: readonly LoggedAlert[];
  /** Calls back with every line that the gateway logs. Returns the way out. */
  onLine(callback: (line: string) => void): () => void;
  /** `/status`. */
  status(): Promise<ParkStatus>;
  /** Ends the signals, lets the gateway bring everything away, and stops it. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** What of `/status` is read. */
export interface ParkStatus {
  readonly windows: { readonly processed: number };
  readonly outbox: {
    readonly records: number;
    readonly pendingRecords: number;
    readonly lanes: Readonly<Record<Lane, { readonly records: number }>>;
  };
  readonly uplink: { readonly acksRefused: number };
  readonly unpublishedAlerts: number;
  readonly evidence: { readonly waiting: number };
}

export interface WatchedParkOptions {
  readonly name: string;
  readonly turbines: number;
  readonly seed: number;
  /** Simulated seconds until the first breaks, and between one and the next. */
  readonly firstOnsetS: number;
  readonly onsetStepS: number;
  readonly stateDir?: string;
  /** Threads that windows are cut in beside the gateway's own; default 0. */
  readonly workers?: number;
  /** Parts of the gateway's configuration that are otherwise than usual. */
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly brokerUrl?: string;
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Simulated seconds a second; Infinity: as fast as the gateway takes it. */
  readonly speed: number;
  /** Clock of the devices at the start; default so long ago that they reach the present after `catchUpS` seconds. */
  readonly startMs?: number;
}

/** Devices begin so long ago that their accelerated time stays in the past for this many real seconds. */
const catchUpS = 1_200;
/** More than a gateway takes of a device. */
const greatestSpeed = 5_000;

/** Of data a row of predictions. */
export const rowSeconds = 1;

/** Prepares a park at a site and starts its devices; the gateway is not started yet. */
export async function openWatchedPark(site: FaultSite, options: WatchedParkOptions): Promise<WatchedPark> {
  const { name, speed } = options;
  const turbines = Array.from({ length: options.turbines }, (_, index) => `${name}-${index + 1}`);
  const startMs = options.startMs ?? Date.now() - (Math.min(speed, greatestSpeed) - 1) * catchUpS * 1000;
  const signals = turbines.map((_, index) =>
    openFaultSignal(options.seed + index, options.firstOnsetS + index * options.onsetStepS),
  );
  const devices: PacedDevice[] = [];
  for (const [index, turbine] of turbines.entries())
    devices.push(
      await startPacedDevice({
        id: `mcu-${turbine}`,
        signal: signals[index]!,
        speed,
        startMs,
        findRun: () => (gateway.isRunning ? gateway.runs : null),
      }),
    );
  const folder = join(site.folder, name);
  mkdirSync(folder, { recursive: true });
  const configPath = join(folder, "gateway.yaml");
  const root = packageRoot();
  const config = {
    gateway: {
      id: name,
      site: name,
      stateDir: options.stateDir ?? join(folder, "state"),
      httpPort: 0,
      workers: options.workers ?? 0,
    },
    mqtt: { url: options.brokerUrl ?? site.brokerUrl },
    devices: turbines.map((turbine, index) => ({ id: `mcu-${turbine}`, connect: devices[index]!.address })),
    turbines: turbines.map((id, index) => ({
      id,
      points: [
        {
          component: "generator-bearing",
          device: `mcu-${id}`,
          channel: "accel-de",
          bearing: signals[index]!.bearing,
        },
      ],
    })),
    bundles: { dir: join(root, "models"), trustedKeys: [join(root, "models", "release.pub")] },
    drift: { intervalSeconds: 10 },
    uplink: { predictionIntervalSeconds: rowSeconds, healthIntervalSeconds: 3600 },
    ...options.changes,
  };
  writeFileSync(configPath, JSON.stringify(config));

  const logged: LoggedAlert[] = [];
  const listeners = new Set<(line: string) => void>();
  const gateway = createDaemonProcess({
    command: packagedCommand("faults"),
    args: ["gateway", "--config", configPath],
    nodeOptions: options.nodeOptions ?? [],
    environment: options.environment ?? {},
    onLine: (line) => {
      const alert = readLoggedAlert(line);
      if (alert !== null) logged.push(alert);
      for (const listener of [...listeners]) listener(line);
    },
  });
  const heard = new Set<string>();
  const topics = createTopics("aurora/v1");
  const ours = new Set(turbines.map((turbine) => topics.alert(name, turbine)));
  const stopListening = site.listen((topic, payload) => {
    if (!ours.has(topic)) return;
    heard.add(alertEventSchema().parse(JSON.parse(Buffer.from(payload).toString("utf8"))).id);
  });
  const status = async (): Promise<ParkStatus> =>
    (await (await fetch(`${gateway.url}/status`, ownConnection)).json()) as ParkStatus;
  return {
    name,
    gateway,
    turbines,
    devices,
    heard,
    logged,
    onLine: (callback) => {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    status,
    finish: async () => {
      await Promise.all(devices.map((device) => device.finish()));
      // A stop writes down what is gathered; the next start brings it away.
      await gateway.stop();
      await gateway.start();
      await until(
        async () => {
          const { outbox, unpublishedAlerts, evidence } = await status();
          const waiting = outbox.records + outbox.pendingRecords + unpublishedAlerts + evidence.waiting;
          return waiting === 0;
        },
        `${name} brings everything away`,
        patienceMs,
      );
      await gateway.stop();
    },
    close: async () => {
      stopListening();
      await gateway.kill();
      await Promise.all(devices.map((device) => device.close()));
    },
  };
}

/** As {@link openWatchedPark}, of one turbine that does not break. */
export function openHealthyPark(
  site: FaultSite,
  name: string,
  options: Pick<WatchedParkOptions, "changes" | "stateDir"> = {},
): Promise<WatchedPark> {
  const turbine = { turbines: 1, seed: 2, speed: 4, firstOnsetS: 10_000, onsetStepS: 0 };
  return openWatchedPark(site, { name, ...turbine, ...options });
}

function readLoggedAlert(line: string): LoggedAlert | null {
  if (!line.includes('"message":"alert"')) return null;
  const { type, turbine, failureMode } = JSON.parse(line) as LoggedAlert;
  return { type, turbine, failureMode };
}
