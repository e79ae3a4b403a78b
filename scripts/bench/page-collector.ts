/** A collector over a filled record, arranged as the daemon is, in a process that is asked by messages what it costs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { startAlone } from "../../src/collector/start-alone.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { benchBundle, benchGateways, benchKeys, fillRecord } from "./page-record.ts";
import { ownCpuSeconds } from "./process-cpu.ts";

/** What the process says when the page is served. */
export interface BenchStart {
  readonly url: string;
  readonly mqttUrl: string;
}

/** What it says when it is asked, of the time since `restart`. */
export interface BenchReport {
  /** Longest time for which the thread that stores did nothing else, its wait for a core included. */
  readonly longestBlockMs: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly rssMb: number;
}

/** Of all gateways; they are on this machine alone. */
export const benchPassword = "bench";

/** Fills a record in a folder, and serves it until it is told to stop. */
export async function serveBench(dir: string, turbines: number): Promise<void> {
  const stateDir = join(dir, "state");
  await mkdir(stateDir, { recursive: true });
  await fillRecord(openSqlite(join(stateDir, "collector.sqlite"), { synchronous: "normal" }), turbines);
  const passwordFile = join(dir, "password");
  await writeFile(passwordFile, benchPassword, { mode: 0o600 });
  const gateways = Array.from({ length: benchGateways }, (_, index) => ({ id: `gw-${index}`, passwordFile }));
  const keysDir = join(dir, "keys");
  await createInstallationKeys(keysDir, Date.now());
  const config = collectorConfigSchema().parse({
    collector: { stateDir, httpPort: 0 },
    mqtt: { embedded: { port: 0, gateways } },
    registry: { keysDir, publish: [benchBundle], trustedKeys: [benchKeys] },
    log: { level: "error" },
  });
  const collector = await startAlone({ config, version: "bench", logger: silentLogger });
  const { httpUrl: url, mqttUrl } = collector;
  process.send?.({ url, mqttUrl } satisfies BenchStart);
  answerMessages(() => collector.close());
}

function answerMessages(close: () => Promise<void>): void {
  const tickMs = 5;
  let lastMs = performance.now();
  let sinceMs = lastMs;
  let longestMs = 0;
  let cpuBefore = ownCpuSeconds();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - tickMs);
    lastMs = nowMs;
  }, tickMs);
  process.on("message", (message) => {
    if (message === "restart") {
      longestMs = 0;
      sinceMs = performance.now();
      cpuBefore = ownCpuSeconds();
    } else if (message === "report") {
      process.send?.({
        longestBlockMs: longestMs,
        cpuSeconds: ownCpuSeconds() - cpuBefore,
        seconds: (performance.now() - sinceMs) / 1_000,
        rssMb: process.memoryUsage.rss() / 1e6,
      } satisfies BenchReport);
    } else if (message === "stop") {
      clearInterval(timer);
      void close().then(() => process.disconnect());
    }
  });
}
