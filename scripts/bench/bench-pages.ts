/**
 * What a large fleet's page costs while its gateways send: a collector on a filled record, gateways and viewers, each in a
 * process of its own. A message is an envelope of one row of predictions, over 50 connections; beside them gateways look for
 * updates.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { extname, join } from "node:path";
import { createScratchFolder } from "../scratch-folder.ts";
import { checkIn } from "./page-check-ins.ts";
import type { BenchReport, BenchStart } from "./page-collector.ts";
import type { SentFigures } from "./page-gateways.ts";
import { askedFor, watchPages } from "./page-viewers.ts";

export interface PagesOptions {
  readonly turbines: number;
  readonly viewers: number;
  /** Messages a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Gateways that look for updates, each every five minutes. */
  readonly checkIns: number;
}

/** The figures, as they are printed; times in ms. */
export type PagesFigures = Readonly<Record<string, unknown>>;

const warmUpSeconds = 2;

/** Starts all, looks for so many seconds, stops all. */
export async function measurePages(options: PagesOptions): Promise<PagesFigures> {
  const { turbines, viewers, rate, seconds, checkIns } = options;
  const scratch = createScratchFolder("bench-pages");
  const collector = start("collector", scratch.path, [turbines]);
  const ended = once(collector, "exit");
  try {
    const { url, mqttUrl } = await answerOf<BenchStart>(collector);
    const gateways = start("gateways", mqttUrl, [turbines, rate, seconds + warmUpSeconds]);
    const sending = answerOf<SentFigures>(gateways);
    setTimeout(() => collector.send("restart"), warmUpSeconds * 1_000);
    const [{ times, ...waited }, looks] = await Promise.all([
      watchPages({ url, viewers, warmUpSeconds, seconds, turbines }),
      checkIn({ url, gateways: checkIns, warmUpSeconds, seconds }),
    ]);
    collector.send("report");
    const { cpuSeconds, rssMb, longestBlockMs, ...report } = await answerOf<BenchReport>(collector);
    const sent = await sending;
    return {
      turbines,
      viewers,
      storedPerSecond: Math.round(sent.acknowledged / sent.seconds),
      sentPerSecond: Math.round(sent.sent / sent.seconds),
      ...Object.fromEntries(askedFor.map((name) => [`${name}Ms`, describeTimes(times[name])])),
      gatewaysCheckingIn: checkIns,
      checkInMs: describeTimes(looks.times),
      lateRounds: waited.late,
      failedRequests: waited.failed + looks.failed,
      overviewKilobytes: Math.round(waited.overviewBytes / 1_000),
      longestBlockMs: Math.round(longestBlockMs),
      collectorCores: Math.round((cpuSeconds / report.seconds) * 100) / 100,
      collectorMegabytes: Math.round(rssMb),
      // Of all that runs here: above the cores it is others that are waited for.
      loadAverage: Math.round(loadavg()[0]! * 10) / 10,
    };
  } finally {
    if (collector.connected) collector.send("stop");
    await ended;
    scratch.remove();
  }
}

function start(role: "collector" | "gateways", place: string, numbers: readonly number[]): ChildProcess {
  // As this file runs: compiled, or from source.
  const program = join(import.meta.dirname, `page-process${extname(import.meta.filename)}`);
  return fork(program, [role, place, ...numbers.map(String)]);
}

/** What a process says next. @throws Error when it ends instead */
function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null): void => reject(new Error(`a process of the bench ended: ${code}`));
    child.once("exit", fail);
    child.once("message", (message) => {
      child.off("exit", fail);
      resolve(message as T);
    });
  });
}

function describeTimes(times: readonly number[]): object {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return { requests: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
