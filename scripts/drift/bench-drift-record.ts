/**
 * What drift costs the collector, on one core: `npx tsx scripts/drift/bench-drift-record.ts [--points=1000] [--moved] [--json]`.
 * Merging summaries alone; storing them, from bytes of an envelope to the acknowledged row on a disk; and a day's job. Counts
 * CPU time of this process, not the wall's, so that it says the same on a machine that does other things, too. With --moved every
 * point moves on the last day.
 */
import { join } from "node:path";
import { createDriftJob } from "../../src/collector/fleet/drift-job.ts";
import { openSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { createUplinkIngest } from "../../src/collector/uplink/uplink-ingest.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { addToDay, mergeDays } from "../../src/core/drift/merge-day.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { createDayReports, createFleetReference } from "./fleet-reports.ts";

const firstMs = Date.UTC(2026, 0, 1);
const points = Number(/--points=(\d+)/.exec(process.argv.join(" "))?.[1] ?? 1_000);
/** As the bearing bundle has them: 47 features, 5 scores and 12 levels. */
const reference = createFleetReference({ features: 47, levels: 12 });
const columns = reference.features.length;
const pointOf = (index: number) => ({
  site: `site-${Math.floor(index / 50)}`,
  turbine: `wt-${index}`,
  component: "generator-bearing",
});
const days = 7;
const moving = { shift: { columns: Array.from({ length: 20 }, (_, column) => column), by: 3 } };
const dayOf = (index: number, day: number): DriftReport[] =>
  createDayReports(reference, {
    point: pointOf(index),
    fromMs: firstMs + day * dayMs,
    ...(process.argv.includes("--moved") && day === days - 1 ? moving : {}),
  });

const cpuMs = (): number => 1_000 * ownCpuSeconds();

/** Summaries a second that are merged into a period of their own, in memory. */
function measureMerge(): number {
  const reports = dayOf(0, 0);
  const summaries = reports.map((report) => addToDay(null, report, dayMs));
  const rounds = 100;
  const merge = (): void => {
    // What came of the day so far is as large as at its end.
    let day = summaries.reduce(mergeDays);
    for (let round = 0; round < rounds; round++) {
      for (const summary of summaries) day = mergeDays(day, summary);
    }
  };
  merge();
  const startMs = cpuMs();
  merge();
  return ((rounds + 1) * summaries.length * 1_000) / (cpuMs() - startMs);
}

async function measureRecord(dir: string) {
  const config = collectorConfigSchema().parse({ drift: { learnDays: 5 } }).drift;
  const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
  let nowMs = firstMs;
  const record = await openSqliteRecord({ path: join(dir, "collector.sqlite"), clock, logger: silentLogger });
  const metrics = createMetrics();
  let stored = 0;
  const ingest = createUplinkIngest({
    record,
    clock,
    timers: systemTimers,
    logger: silentLogger,
    metrics,
    maxPendingBytes: 1e9,
    acknowledge: async () => {
      stored++;
    },
  });
  const model = { digest: "d", manifest: { name: "bearing-vibration" } as never, reference };
  const job = createDriftJob({
    record,
    models: new Map([["d", model]]),
    config,
    clock,
    timers: systemTimers,
    metrics,
    logger: silentLogger,
  });
  const sequences = new Map<number, number>();
  const figures = { storeMs: 0, reports: 0, jobMs: 0, longestMs: 0, verdicts: 0, periodMs: [] as number[] };
  for (let day = 0; day < days; day++) {
    for (let from = 0; from < points; from += 50) {
      const envelopes: [string, Uint8Array][] = [];
      for (let index = from; index < Math.min(points, from + 50); index++) {
        for (const report of dayOf(index, day)) {
          const gateway = `gw-${index}`;
          const sequence = (sequences.get(index) ?? 0) + 1;
          sequences.set(index, sequence);
          envelopes.push([
            `aurora/v1/gateway/${gateway}/up/drift`,
            encodeUplinkEnvelope({
              gateway,
              bootId: "b",
              lane: "drift",
              firstSequence: sequence,
              oldestSequence: 1,
              records: [report],
            }),
          ]);
        }
      }
      nowMs = firstMs + (day + 1) * dayMs;
      const startMs = cpuMs();
      for (const [topic, bytes] of envelopes) ingest.accept(topic, bytes);
      await ingest.flush();
      figures.storeMs += cpuMs() - startMs;
      figures.reports += envelopes.length;
    }
    nowMs = firstMs + (day + 1) * dayMs + 3 * hourMs;
    const watch = watchBlocks();
    const startMs = cpuMs();
    const { verdicts } = await job.run();
    figures.jobMs = cpuMs() - startMs;
    figures.longestMs = Math.max(watch.stop(), 0);
    figures.verdicts = verdicts;
    figures.periodMs.push(Math.round(figures.jobMs));
  }
  if (stored === 0 || figures.verdicts !== points)
    throw new Error(`${figures.verdicts} verdicts of ${points}`);
  await ingest.close();
  await record.close();
  return figures;
}

/** The longest time that the thread worked and gave nobody else a turn. */
function watchBlocks(): { stop(): number } {
  let [last, longest] = [cpuMs(), 0];
  let running = true;
  const turn = (): void => {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      running = false;
      return longest;
    },
  };
}

const scratch = createScratchFolder("bench-drift-record");
try {
  const mergesPerSecond = Math.round(measureMerge());
  const { storeMs, reports, jobMs, longestMs, periodMs } = await measureRecord(scratch.path);
  const figures = {
    columns,
    points,
    mergesPerSecond,
    reportsStoredPerSecond: Math.round((reports * 1_000) / storeMs),
    jobCpuSeconds: Number((jobMs / 1_000).toFixed(2)),
    jobCpuMsPerPoint: Number((jobMs / points).toFixed(2)),
    longestBlockCpuMs: Number(longestMs.toFixed(1)),
    jobCpuMsByDay: periodMs,
  };
  if (process.argv.includes("--json")) console.log(JSON.stringify(figures));
  else
    for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)} ${String(value)}`);
} finally {
  scratch.remove();
}
