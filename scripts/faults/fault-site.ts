/** A fleet's far end for the fault run: a broker and a collector as processes, and an ear at the broker. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRecord } from "../../src/collector/open-record.ts";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { findFreePort } from "../../test/support/free-port.ts";
import { type Mosquitto, startMosquitto } from "../../test/support/mosquitto.ts";
import { type ScratchPostgres, startScratchPostgres } from "../../test/support/scratch-postgres.ts";
import { until } from "../../test/support/until.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { createDaemonProcess, type DaemonProcess } from "./daemon-process.ts";

/** What the collector keeps its record in. */
export type FaultEngine = "sqlite" | "postgres";

/** What an ear at the broker hears. */
export type HeardMessage = (topic: string, payload: Uint8Array) => void;

export interface FaultSite {
  readonly command: string;
  readonly folder: string;
  readonly broker: Mosquitto;
  readonly brokerUrl: string;
  readonly collector: DaemonProcess;
  /** Where the record is in PostgreSQL: its server. */
  readonly postgres: ScratchPostgres | null;
  /** Calls back with every message at the broker from now on. Returns the way out. */
  listen(callback: HeardMessage): () => void;
  /** The record, while the collector does not run; whoever opens it closes it. */
  openRecord(): Promise<FleetRecord>;
  /** Waits until the collector takes what gateways send. */
  untilReady(): Promise<void>;
  close(): Promise<void>;
}

export interface FaultSiteOptions {
  readonly command: string;
  readonly name: string;
  /** Default `sqlite`. */
  readonly engine?: FaultEngine;
  /** Further lines of the broker's configuration. */
  readonly brokerLines?: readonly string[];
  /** Parts of the collector's configuration that are otherwise than usual. */
  readonly collector?: Readonly<Record<string, unknown>>;
  /** Folder of the collector's record; default one of its own. */
  readonly stateDir?: string;
  /** Where the collector finds the broker; default without a detour. */
  readonly collectorBrokerUrl?: (brokerPort: number) => Promise<string>;
}

/** Starts broker and collector. */
export async function startFaultSite(options: FaultSiteOptions): Promise<FaultSite> {
  const scratch = createScratchFolder(`faults-${options.name}`);
  const folder = scratch.path;
  const port = await findFreePort();
  const broker = await startMosquitto(port, options.brokerLines ?? []);
  const brokerUrl = `mqtt://127.0.0.1:${port}`;
  const stateDir = options.stateDir ?? join(folder, "collector");
  mkdirSync(stateDir, { recursive: true });
  const configPath = join(folder, "collector.yaml");
  const mqttUrl = (await options.collectorBrokerUrl?.(port)) ?? brokerUrl;
  const postgres = options.engine === "postgres" ? await startScratchPostgres() : null;
  const config = {
    collector: { stateDir, httpPort: 0 },
    mqtt: { url: mqttUrl },
    ...(postgres === null ? {} : { record: { kind: "postgres", url: await postgres.createDatabase() } }),
    ...options.collector,
  };
  writeFileSync(configPath, JSON.stringify(config));
  const collector = createDaemonProcess({
    command: options.command,
    args: ["collector", "--config", configPath],
  });
  const callbacks = new Set<HeardMessage>();
  const ear = createMqttClient({
    url: brokerUrl,
    clientId: "ear",
    backoff: { firstMs: 20, maxMs: 100 },
    maxPacketBytes: 16_777_216,
  });
  await ear.subscribe("aurora/v1/#", 1, (topic, payload) => {
    for (const callback of [...callbacks]) callback(topic, payload);
  });
  const untilReady = (): Promise<void> =>
    until(
      async () => {
        try {
          return (await fetch(`${collector.url}/-/ready`)).ok;
        } catch {
          return false;
        }
      },
      "the collector is ready",
      60_000,
    );
  await collector.start();
  await untilReady();
  return {
    command: options.command,
    folder,
    broker,
    brokerUrl,
    collector,
    postgres,
    listen: (callback) => {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    openRecord: () => openRecord(collectorConfigSchema.parse(config), silentLogger),
    untilReady,
    close: async () => {
      await collector.stop();
      await ear.close();
      await broker.close();
      await postgres?.close();
      scratch.remove();
    },
  };
}
