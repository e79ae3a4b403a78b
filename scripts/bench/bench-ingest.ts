/**
 * Envelopes stored a second, from a gateway's connection to the acknowledgement that comes after the commit: by one process
 * on SQLite and by workers on PostgreSQL, both through mosquitto, all on this machine. Says what each part cost.
 */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { findFreePort } from "../../test/support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../test/support/mosquitto.ts";
import {
  hasPostgres,
  hasTimescale,
  type ScratchPostgres,
  startScratchPostgres,
  startScratchTimescale,
} from "../../test/support/scratch-postgres.ts";
import { until } from "../../test/support/until.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { measureOutbox, type OutboxFigures } from "./bench-outbox.ts";
import { predictionRows } from "./bench-predictions.ts";
import { encodeIngestLoad, type IngestLoad, type SendingTerms, sendIngestLoad } from "./ingest-sender.ts";
import { childNamed, cpuOf } from "./process-cpu.ts";

/** `timescale`: PostgreSQL with predictions in a hypertable, where the extension is installed. */
type ServerEngine = "postgres" | "timescale";

/** One way to store. */
export interface IngestFigures {
  readonly engine: "sqlite" | ServerEngine;
  readonly workers: number;
  readonly envelopesPerSecond: number;
  /** CPU seconds a second of each part, and envelopes a second for a core of all of them but the sender. */
  readonly cores: {
    readonly collector: number;
    readonly database: number;
    readonly broker: number;
    readonly sender: number;
  };
  readonly envelopesPerCoreSecond: number;
  readonly sentAgain: number;
  readonly diskBytesPerStoredByte: number;
}

/** All figures, or why there are none. */
export interface IngestReport {
  readonly skipped: string | null;
  readonly loadAverageBefore: number;
  readonly cores: number;
  /** Each with one envelope under way. */
  readonly gateways: number;
  readonly envelopes: number;
  readonly bytesPerEnvelope: number;
  readonly outbox: OutboxFigures;
  readonly runs: readonly IngestFigures[];
  /** 36 hours of rows of a minute, four points a gateway. */
  readonly backlog: {
    readonly gateways: number;
    readonly rows: number;
    readonly seconds: number;
    readonly rowsPerSecond: number;
    readonly diskBytesPerRow: number;
  } | null;
}

const live: SendingTerms = { windowEnvelopes: 1, warmShare: 0.3 };
const catchUp: SendingTerms = { windowEnvelopes: 4, warmShare: 0 };
const backlogMinutes = 36 * 60;
const points = ["generator-bearing", "gearbox", "main-bearing", "pitch"];

/** As a gateway keeps them at its defaults: records of five rows of a minute, a hundred records an envelope. */
function backlogOf(turbine: string): readonly (readonly PredictionBatch[])[] {
  const records = Array.from({ length: backlogMinutes / 5 }, (_, at) => {
    const toMs = Date.now() - backlogMinutes * 60_000 + (at + 1) * 300_000;
    return points.map((point) => predictionRows(turbine, point, { rows: 5, endMs: toMs }));
  }).flat();
  const envelopes = Math.ceil(records.length / 100);
  return Array.from({ length: envelopes }, (_, at) => records.slice(at * 100, at * 100 + 100));
}

/** Measures; `quick` takes less than twenty seconds. */
export async function measureIngest(quick: boolean, say: (text: string) => void): Promise<IngestReport> {
  const gateways = quick ? 2_000 : 4_000;
  // So many that what is measured lasts: processes that have just begun compile their code while they work.
  const each = quick ? 5 : 60;
  const small = encodeIngestLoad(gateways, (index) =>
    Array.from({ length: each }, (_, at) => {
      const row = predictionRows(`wt-${index}`, "generator-bearing", { rows: 1, endMs: Date.now() });
      return [{ ...row, timesMs: [row.timesMs[0]! + at * 1_000] }];
    }),
  );
  const report = {
    loadAverageBefore: loadavg()[0]!,
    cores: cpus().length,
    outbox: measureOutbox(quick ? 20_000 : 200_000),
    gateways,
    envelopes: small.envelopes,
    bytesPerEnvelope: Math.round(small.bytes / small.envelopes),
  };
  if (!hasMosquitto || !hasPostgres) {
    return { ...report, skipped: "mosquitto or PostgreSQL is not installed", runs: [], backlog: null };
  }
  const runs: IngestFigures[] = [];
  say("envelopes stored by one process on SQLite ...");
  runs.push(await runOnce(small, null, { ...live, workers: 1 }));
  const settings = ["max_wal_size=4GB", "shared_buffers=256MB"];
  if (hasTimescale) {
    say("envelopes stored on TimescaleDB, workers: 2 ...");
    const server = await startScratchTimescale(settings);
    const how = { ...live, workers: 2 };
    runs.push(await runOnce(small, { engine: "timescale", server }, how).finally(() => server.close()));
  }
  const postgres = { engine: "postgres", server: await startScratchPostgres(settings) } as const;
  try {
    for (const workers of quick ? [2] : [1, 2, 4]) {
      say(`envelopes stored on PostgreSQL, workers: ${workers} ...`);
      runs.push(await runOnce(small, postgres, { ...live, workers }));
    }
    say("36 hours of backlog ...");
    const backlogGateways = quick ? 15 : 150;
    const old = encodeIngestLoad(backlogGateways, (index) => backlogOf(`wt-${index}`));
    const recovery = await runOnce(old, postgres, { ...catchUp, workers: 2 });
    const rows = backlogGateways * points.length * backlogMinutes;
    const seconds = old.envelopes / recovery.envelopesPerSecond;
    const backlog = {
      gateways: backlogGateways,
      rows,
      seconds,
      rowsPerSecond: Math.round(rows / seconds),
      diskBytesPerRow: Math.round((recovery.diskBytesPerStoredByte * old.bytes) / rows),
    };
    return { ...report, skipped: null, runs, backlog };
  } finally {
    await postgres.server.close();
  }
}

async function runOnce(
  load: IngestLoad,
  storage: { readonly engine: ServerEngine; readonly server: ScratchPostgres } | null,
  how: SendingTerms & { readonly workers: number },
): Promise<IngestFigures> {
  const { workers } = how;
  const scratch = createScratchFolder("bench-ingest");
  const port = await findFreePort();
  const broker = await startMosquitto(port, ["max_inflight_messages 0", "max_queued_messages 0"]);
  const url = (await storage?.server.createDatabase()) ?? null;
  const collector = await startCollectorProcess(scratch.path, { port, url, workers });
  try {
    const diskBefore = await databaseBytes(url, scratch.path);
    const roots = {
      collector: collector.pid,
      broker: childNamed("mosquitto"),
      database: childNamed("postgres"),
    };
    let before = cpuOf(roots);
    const onWarm = (): void => {
      before = cpuOf(roots);
    };
    const run = await sendIngestLoad(port, load, { ...how, onWarm });
    const after = cpuOf(roots);
    const share = (part: keyof typeof before): number => round((after[part] - before[part]) / run.seconds);
    const cores = {
      collector: share("collector"),
      database: url === null ? 0 : share("database"),
      broker: share("broker"),
      sender: share("sender"),
    };
    const perSecond = run.envelopes / run.seconds;
    const used = cores.collector + cores.database + cores.broker;
    await collector.stop();
    return {
      engine: storage?.engine ?? "sqlite",
      workers,
      envelopesPerSecond: Math.round(perSecond),
      cores,
      envelopesPerCoreSecond: Math.round(perSecond / used),
      sentAgain: run.sentAgain,
      diskBytesPerStoredByte: round(((await databaseBytes(url, scratch.path)) - diskBefore) / load.bytes),
    };
  } finally {
    await collector.stop();
    await broker.close();
    scratch.remove();
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function startCollectorProcess(
  folder: string,
  how: { readonly port: number; readonly url: string | null; readonly workers: number },
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const httpPort = await findFreePort();
  const config = {
    collector: { stateDir: folder, httpPort },
    mqtt: { url: `mqtt://127.0.0.1:${how.port}` },
    ...(how.url === null ? {} : { record: { kind: "postgres", url: how.url } }),
    ingest: { workers: how.workers },
    log: { level: "error" },
  };
  const path = join(folder, "collector.yaml");
  await writeFile(path, JSON.stringify(config));
  const role = how.url === null ? "all" : "ingest";
  const args = [join(packageRoot(), "dist/src/cli/main.js"), "collector", "--config", path, "--role", role];
  const child = endWithProcess(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }));
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}`);
    return fetch(`http://127.0.0.1:${httpPort}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  await until(isReady, "the collector is ready", 60_000);
  return {
    pid: child.pid!,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** Bytes of the record on the disk, without PostgreSQL's log. */
async function databaseBytes(url: string | null, folder: string): Promise<number> {
  if (url === null) {
    return ["", "-wal"].reduce(
      (sum, end) =>
        sum + (statSync(join(folder, `collector.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query("CHECKPOINT");
    const { rows } = await client.query("SELECT pg_database_size(current_database()) AS bytes");
    return Number(rows[0].bytes);
  } finally {
    await client.end();
  }
}
