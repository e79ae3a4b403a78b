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
import { packagedCommand } from "../packaged-command.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { createDaemonProcess, type DaemonProcess, patienceMs } from "./daemon-process.ts";

/** What the collector keeps its record in. */
export type FaultEngine = "sqlite" | "postgres";

/** What an ear at the broker hears. */
export type HeardMessage = (topic: string, payload: Uint8Array) => void;

export interface FaultSite {
  readonly folder: string;
  readonly broker: Mosquitto;
  readonly brokerUrl: string;
  /** What shows the record; it stores as well unless there are {@link ingests}. */
  readonly collector: DaemonProcess;
  /** Processes of their own that store (`--role ingest`). */
  readonly ingests: readonly DaemonProcess[];
  /** Where the record is in PostgreSQL: its server. */
  readonly postgres: ScratchPostgres | null;
  /** Of the record in it; null where it is a file. */
  readonly recordUrl: string | null;
  /** Calls back with every message at the broker from now on. Returns the way out. */
  listen(callback: HeardMessage): () => void;
  /** Looks into the record, while the collector does not run. */
  withRecord<T>(look: (record: FleetRecord) => Promise<T>): Promise<T>;
  /** Starts what of the collector does not run; resolves when it takes what gateways send. */
  start(): Promise<void>;
  /** Stops all of the collector. */
  stop(): Promise<void>;
  /** Ends of the collector that nobody asked for. */
  listCrashes(): readonly string[];
  /** Waits until the collector takes what gateways send. */
  untilReady(): Promise<void>;
  close(): Promise<void>;
}

export interface FaultSiteOptions {
  readonly name: string;
  /** Default `sqlite`. */
  readonly engine?: FaultEngine;
  /** So many processes only store and one only shows, as on several machines; needs `postgres`. Default 0: one does both. */
  readonly ingests?: number;
  /** Further lines of the broker's configuration. */
  readonly brokerLines?: readonly string[];
  /** Parts of the collector's configuration that are otherwise than usual. */
  readonly collector?: Readonly<Record<string, unknown>>;
  /** The same of its `mqtt`. */
  readonly mqtt?: Readonly<Record<string, unknown>>;
  /** Folder of the collector's record; default one of its own. */
  readonly stateDir?: string;
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
  const postgres = options.engine === "postgres" ? await startScratchPostgres() : null;
  const recordUrl = (await postgres?.createDatabase()) ?? null;
  const config = {
    collector: { stateDir, httpPort: 0 },
    mqtt: { url: brokerUrl, ...options.mqtt },
    ...(recordUrl === null ? {} : { record: { kind: "postgres", url: recordUrl } }),
    ...options.collector,
  };
  const plan = (role: string, name: string, changes: object): DaemonProcess => {
    const configPath = join(folder, `${name}.yaml`);
    writeFileSync(configPath, JSON.stringify({ ...config, ...changes }));
    const args = ["collector", "--role", role, "--config", configPath];
    return createDaemonProcess({ command: packagedCommand("faults"), args });
  };
  const ingests = Array.from({ length: options.ingests ?? 0 }, (_, index) => {
    const name = `ingest-${index + 1}`;
    // As on machines of their own that keep evidence together.
    const own = { collector: { stateDir: join(folder, name), httpPort: 0 } };
    const evidence = { dir: join(stateDir, "evidence") };
    return plan("ingest", name, { ...own, evidence, ingest: { name, workers: 2, sessionExpirySeconds: 60 } });
  });
  const collector = plan(ingests.length > 0 ? "web" : "all", "collector", {});
  const daemons = [...ingests, collector];
  const callbacks = new Set<HeardMessage>();
  const ear = createMqttClient({
    url: brokerUrl,
    clientId: "ear",
    // What is said while its connection is lost is not said again.
    sessionExpirySeconds: 600,
    backoff: { firstMs: 20, maxMs: 100 },
    maxPacketBytes: 16_777_216,
  });
  await ear.subscribe("aurora/v1/#", 1, (topic, payload) => {
    for (const callback of [...callbacks]) callback(topic, payload);
  });
  const isReady = async ({ url }: DaemonProcess): Promise<boolean> => {
    try {
      return (await fetch(`${url}/-/ready`)).ok;
    } catch {
      return false;
    }
  };
  const untilReady = async (): Promise<void> => {
    for (const daemon of daemons) await until(() => isReady(daemon), "the collector is ready", patienceMs);
  };
  const start = async (): Promise<void> => {
    for (const daemon of daemons) if (!daemon.isRunning) await daemon.start();
    await untilReady();
  };
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  };
  await start();
  return {
    folder,
    broker,
    brokerUrl,
    collector,
    ingests,
    postgres,
    recordUrl,
    listen: (callback) => {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    withRecord: async (look) => {
      const record = await openRecord(collectorConfigSchema().parse(config), silentLogger);
      return await look(record).finally(() => record.close());
    },
    start,
    stop,
    listCrashes: () => daemons.flatMap(({ crashes }) => crashes),
    untilReady,
    close: async () => {
      await stop();
      await ear.close();
      await broker.close();
      await postgres?.close();
      scratch.remove();
    },
  };
}
