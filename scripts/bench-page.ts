/**
 * What a large fleet's page costs: fills a record, starts a collector on it in a process of its own, lets gateways send and
 * viewers look, and prints how long each waited. `npx tsx scripts/bench-page.ts [--turbines 1000] [--viewers 50] [--rate 2000]
 * [--seconds 30] [--json]`
 *
 * A viewer asks for the fleet's page every three seconds as a browser does, and for its twelve charts. `--rate` is in messages
 * a second: envelopes of one row of predictions each, over 50 connections. Drift: 14 days of verdicts of three points a
 * turbine, all stable.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchReport, type BenchStart, serveBench } from "./bench/page-collector.ts";
import { sendAtRate } from "./bench/page-gateways.ts";
import { watchPages } from "./bench/page-viewers.ts";
import { createScratchFolder } from "./scratch-folder.ts";

const { values } = parseArgs({
  options: {
    turbines: { type: "string", default: "1000" },
    viewers: { type: "string", default: "50" },
    rate: { type: "string", default: "2000" },
    seconds: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
    serve: { type: "string" },
  },
});

if (values.serve === undefined) await measure();
else await serveBench(values.serve, Number(values.turbines));

async function measure(): Promise<void> {
  const scratch = createScratchFolder("bench-page");
  const [turbines, viewers, rate, seconds] = [
    values.turbines,
    values.viewers,
    values.rate,
    values.seconds,
  ].map(Number);
  const child = fork(fileURLToPath(import.meta.url), [
    "--serve",
    scratch.path,
    "--turbines",
    values.turbines,
  ]);
  try {
    const [start] = (await once(child, "message")) as [BenchStart];
    const sending = sendAtRate({ url: start.mqttUrl, rate: rate!, seconds: seconds!, turbines: turbines! });
    const looking = watchPages({ url: start.url, viewers: viewers!, seconds: seconds!, turbines: turbines! });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    // The first seconds warm up.
    child.send("restart");
    const [sent, waited] = await Promise.all([sending, looking]);
    const { longestBlockMs, cpuSeconds, rssMb } = await askReport(child);
    const figures = {
      turbines,
      viewers,
      cores: cpus().length,
      loadAverage: Math.round(loadavg()[0]! * 10) / 10,
      storedPerSecond: Math.round(sent.acknowledged / sent.seconds),
      sentPerSecond: Math.round(sent.sent / sent.seconds),
      overviewMs: describeTimes(waited.overview),
      chartMs: describeTimes(waited.charts),
      failedRequests: waited.failed,
      overviewKilobytes: Math.round(waited.overviewBytes / 1_000),
      longestBlockMs: Math.round(longestBlockMs),
      collectorCores: Math.round((cpuSeconds / sent.seconds) * 100) / 100,
      collectorMegabytes: Math.round(rssMb),
    };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(figures)}\n`
        : `${Object.entries(figures)
            .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
            .join("\n")}\n`,
    );
  } finally {
    child.send("stop");
    await once(child, "exit");
    scratch.remove();
  }
}

async function askReport(child: ChildProcess): Promise<BenchReport> {
  const answer = once(child, "message");
  child.send("report");
  return ((await answer) as [BenchReport])[0];
}

function describeTimes(times: readonly number[]): object {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
