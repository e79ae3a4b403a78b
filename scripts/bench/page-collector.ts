/** A collector over a filled record, in a process that `scripts/bench-page.ts` has started and asks by messages. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCollector } from "../../src/collector/compose.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import type { TurbineState } from "../../src/core/contract/turbine-state.ts";
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import type { SqliteDatabase } from "../../src/core/platform/sqlite/sqlite-database.ts";

/** What the process says when the page is served. */
export interface BenchStart {
  readonly url: string;
  readonly mqttUrl: string;
}

/** What it says when it is asked, of the time since `restart`. */
export interface BenchReport {
  readonly longestBlockMs: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** Of all gateways; they are on this machine alone. */
export const benchPassword = "bench";
export const benchGateways = 50;
export const benchSite = "bench";
export const benchModes: readonly string[] = ["ball", "inner-race", "outer-race"];
export const benchComponents: readonly string[] = ["gearbox", "generator", "main-bearing"];

/** Fills a record in a folder, and serves it until it is told to stop. */
export async function serveBench(dir: string, turbines: number): Promise<void> {
  const stateDir = join(dir, "state");
  await mkdir(stateDir, { recursive: true });
  const database = openSqlite(join(stateDir, "collector.sqlite"), { synchronous: "normal" });
  await fillRecord(database, turbines);
  const passwordFile = join(dir, "password");
  await writeFile(passwordFile, benchPassword, { mode: 0o600 });
  const gateways = Array.from({ length: benchGateways }, (_, index) => ({ id: `gw-${index}`, passwordFile }));
  const config = collectorConfigSchema.parse({
    collector: { stateDir, httpPort: 0 },
    mqtt: { embedded: { port: 0, gateways } },
  });
  const collector = await startCollector(config, { logger: silentLogger });
  const { url, mqttUrl } = collector;
  process.send?.({ url, mqttUrl } satisfies BenchStart);
  answerMessages(() => collector.close());
}

function answerMessages(close: () => Promise<void>): void {
  let lastMs = performance.now();
  let longestMs = 0;
  let usage = process.cpuUsage();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    // Beyond the interval itself.
    longestMs = Math.max(longestMs, nowMs - lastMs - 5);
    lastMs = nowMs;
  }, 5);
  process.on("message", (message) => {
    if (message === "restart") {
      longestMs = 0;
      usage = process.cpuUsage();
    } else if (message === "report") {
      const { user, system } = process.cpuUsage(usage);
      const rssMb = process.memoryUsage.rss() / 1e6;
      process.send?.({
        longestBlockMs: longestMs,
        cpuSeconds: (user + system) / 1e6,
        rssMb,
      } satisfies BenchReport);
    } else if (message === "stop") {
      clearInterval(timer);
      void close().then(() => process.disconnect());
    }
  });
}

async function fillRecord(database: SqliteDatabase, turbines: number): Promise<void> {
  const record = createSqliteRecord(database);
  const nowMs = Date.now();
  for (let index = 0; index < turbines; index++) {
    const turbine = `wt-${index}`;
    const records = benchComponents.map((component) => ({
      ok: true as const,
      value: createRows({ turbine, component, endMs: nowMs, rows: 12, stepMs: 300_000 }),
    }));
    const header = { gateway: `gw-${index % benchGateways}`, bootId: "fill", lane: "prediction" } as const;
    const firstSequence = Math.floor(index / benchGateways) * records.length + 1;
    const envelope = {
      ...header,
      firstSequence,
      oldestSequence: 1,
      topic: "fill",
      payload: new Uint8Array(),
      records,
    };
    await record.storeEnvelopes({ nowMs, envelopes: [envelope], setAside: [] });
  }
  const states = Array.from({ length: turbines }, (_, index) => ({
    state: createState(`wt-${index}`, nowMs),
    seenMs: nowMs + 3_600_000,
  }));
  await record.storeStates({ nowMs, turbines: states, gateways: [], setAside: [] });
  fillVerdicts(database, nowMs);
  await record.close();
}

/** Rows of predictions of one point. */
export function createRows(of: {
  readonly turbine: string;
  readonly component: string;
  readonly endMs: number;
  readonly rows: number;
  readonly stepMs: number;
}): PredictionBatch {
  const { turbine, component, endMs, rows, stepMs } = of;
  const cells = new Array<number>(rows * benchModes.length).fill(0.04);
  return {
    kind: "prediction-batch",
    site: benchSite,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    failureModes: benchModes,
    timesMs: Array.from({ length: rows }, (_, row) => endMs - (rows - 1 - row) * stepMs),
    windows: new Array<number>(rows).fill(60),
    meanProbability: cells,
    maxProbability: cells,
    meanRisk: cells,
    maxRisk: cells,
    shaftRpm: new Array<number>(rows).fill(1_500),
  };
}

function createState(turbine: string, nowMs: number): TurbineState {
  const time = new Date(nowMs).toISOString();
  return {
    site: benchSite,
    turbine,
    time,
    operatingState: "full-performance",
    health: "ok",
    components: benchComponents.map((component) => ({
      component,
      health: "good",
      reason: null,
      sinceMs: null,
    })),
    alarms: [],
    lastScores: benchComponents.flatMap((component) =>
      benchModes.map((failureMode) => ({ component, failureMode, probability: 0.04, risk: 0.001, time })),
    ),
    model: { name: "bearing-vibration", version: "1.0.0", digest: "0".repeat(64) },
    baselines: benchComponents.map((component) => ({
      component,
      state: "ready",
      version: 1,
      windows: 600,
      suspicions: [],
      severityDb: 0.3,
    })),
    dataQuality: { windowsProcessed: 86_400, windowsQuarantined: 3, quarantinedByReason: { gap: 3 } },
  };
}

/** 14 days of every point, as the assessment would have left them: nothing moved. */
function fillVerdicts(database: SqliteDatabase, nowMs: number): void {
  const insert = database.prepare(
    `INSERT INTO drift_verdict (point, model_digest, from_ms, to_ms, level, json)
     SELECT id, ?, ?, ?, 'stable', '{}' FROM point`,
  );
  const today = Math.floor(nowMs / dayMs) * dayMs;
  database.transaction(() => {
    for (let day = 1; day <= 14; day++) {
      insert.run("0".repeat(64), today - day * dayMs, today - (day - 1) * dayMs);
    }
  });
}
