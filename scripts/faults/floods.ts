/**
 * What one enrolled but hostile gateway sends until a collector without bounds stands still; and how long others wait
 * meanwhile, beside how long an idle process of this machine lets one wait.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createTopics, type Lane } from "../../src/core/contract/topics.ts";
import { laneOfKind, type UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { until } from "../../test/support/until.ts";
import { patienceMs } from "./daemon-process.ts";
import type { FaultSite } from "./fault-site.ts";
import { startSender } from "./sender-process.ts";
import { numberedBatch } from "./sender-records.ts";

const topics = createTopics("aurora/v1");
const gateway = "hostile";
/** Longest that anybody may be kept waiting by somebody who is hostile, ms; and so many times as long as by an idle process. */
const maxWaitMs = 2_500;
const hostShare = 4;

/** What a flood did. */
export interface FloodFigures {
  /** Slowest answer of the collector, and of an idle process that was asked at the same times. */
  readonly slowestMs: number;
  readonly hostMs: number;
  readonly alertMs: number;
  /** Until all of it had been answered for. */
  readonly takenSeconds: number;
  /** Most memory that a process of the collector ever had. */
  readonly memoryMb: number;
}

/** Each a gateway's records, by name. */
export function listFloods(): Readonly<Record<string, readonly UplinkRecord[]>> {
  return {
    "64,000 failure modes for a point": manyModes(),
    "8 envelopes of 9,000 rows and 32 modes": largeBatches(),
    "100,000 turbines": manyTurbines(100_000),
  };
}

function manyModes(): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - 3_600_000 };
  return Array.from({ length: 2_000 }, (_, number) => ({
    ...numberedBatch(identity, number),
    timesMs: [identity.startMs + number],
    windows: [1],
    shaftRpm: [1_500],
    failureModes: Array.from({ length: 32 }, (_, mode) => `mode-${number * 32 + mode}`),
    meanProbability: Array.from({ length: 32 }, () => 0.5),
    maxProbability: Array.from({ length: 32 }, () => 0.5),
  }));
}

function largeBatches(): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - 3_600_000 };
  const cells = Array.from({ length: 9_000 * 32 }, () => 0.5);
  return Array.from({ length: 8 }, (_, number) => ({
    ...numberedBatch(identity, number),
    timesMs: Array.from({ length: 9_000 }, (_, row) => identity.startMs + number * 9_000 + row),
    windows: Array.from({ length: 9_000 }, () => 1),
    shaftRpm: Array.from({ length: 9_000 }, () => 1_500),
    failureModes: Array.from({ length: 32 }, (_, mode) => `m${mode}`),
    meanProbability: cells,
    maxProbability: cells,
  }));
}

function manyTurbines(count: number): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - 3_600_000 };
  return Array.from({ length: count }, (_, turbine) => numberedBatch(identity, 0, { turbine }));
}
let sequence = 0;

/** Publishes records as envelopes of the hostile gateway. */
export async function publish(
  client: MqttClient,
  records: readonly UplinkRecord[],
  perEnvelope = 100,
): Promise<void> {
  for (let at = 0; at < records.length; at += perEnvelope) {
    const part = records.slice(at, at + perEnvelope);
    const lane = laneOfKind[part[0]!.kind];
    const envelope = {
      gateway,
      bootId: "hostile-boot",
      lane,
      firstSequence: sequence + 1,
      oldestSequence: sequence + 1,
      records: part,
    };
    sequence += part.length;
    await client
      .publish(topics.up(gateway, lane), encodeUplinkEnvelope(envelope), { qos: 1, retain: false })
      .catch(() => {});
  }
}

/** Sends a flood; meanwhile the collector must answer, and a neighbour's alerts must be stored. */
export async function floodWith(
  site: FaultSite,
  client: MqttClient,
  records: readonly UplinkRecord[],
): Promise<FloodFigures & { readonly wrongs: readonly string[] }> {
  const name = `neighbour-${records.length}`;
  const neighbour = await startSender(site.command, {
    name,
    startMs: Date.now() - 3_600_000,
    path: join(site.folder, name, "gateway.db"),
    url: site.brokerUrl,
  });
  const bystander = await startBystander();
  const taken = watchTaken(site);
  const watch = watchAnswers([site.collector.url, bystander.url]);
  try {
    const startedMs = performance.now();
    await publish(client, records, records.length < 10 ? 1 : 100);
    for (let alert = 0; alert < 5; alert++) await neighbour.append("alerts", alert, 1);
    const { alertDelaysMs } = await neighbour.untilEmpty(patienceMs);
    await watch.ask(["/", "/metrics", `/turbines/${gateway}/${gateway}-t0`]);
    const wrongs: string[] = [];
    const lane = laneOfKind[records[0]!.kind];
    await until(() => taken.upTo(lane) >= sequence, "the flood is answered for", patienceMs).catch(() => {
      wrongs.push(`the flood is answered for up to ${taken.upTo(lane)} of ${sequence}`);
    });
    const takenSeconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
    const [slowestMs = 0, hostMs = 0] = await watch.stop();
    const alertMs = Math.round(Math.max(...alertDelaysMs));
    const allowedMs = maxWaitMs + hostShare * hostMs;
    if (slowestMs > allowedMs)
      wrongs.push(`an answer took ${slowestMs} ms, beside ${hostMs} of an idle process`);
    if (alertMs > 4 * allowedMs) wrongs.push(`a neighbour's alert took ${alertMs} ms`);
    return { wrongs, slowestMs, hostMs, alertMs, takenSeconds, memoryMb: largestMb(site) };
  } finally {
    taken.stop();
    bystander.end();
    await watch.stop();
    await neighbour.kill();
  }
}

/** Up to which sequence the collector has answered for what the hostile gateway sent. */
export function watchTaken(site: FaultSite): { upTo(lane: Lane): number; stop(): void } {
  const upTo = new Map<Lane, number>();
  const stop = site.listen((topic, payload) => {
    if (topic !== topics.ack(gateway)) return;
    const ack = decodeUplinkAck(payload);
    if (!ack.ok) return;
    const { lane, sequence: heard } = ack.value;
    upTo.set(lane, Math.max(heard, upTo.get(lane) ?? 0));
  });
  return { upTo: (lane) => upTo.get(lane) ?? 0, stop };
}

/** Asks servers the same over and over; gives the slowest answer of each, ms. */
function watchAnswers(urls: readonly string[]): {
  ask(paths: readonly string[]): Promise<void>;
  stop(): Promise<readonly number[]>;
} {
  const slowest = urls.map(() => 0);
  let isOver = false;
  const askOne = async (index: number, path: string): Promise<void> => {
    const startedMs = performance.now();
    await (await fetch(urls[index]! + path)).text();
    slowest[index] = Math.max(slowest[index]!, Math.round(performance.now() - startedMs));
  };
  const askAll = async (paths: readonly string[]): Promise<void> => {
    for (const path of paths) await Promise.all(urls.map((_, index) => askOne(index, path)));
  };
  const watching = (async () => {
    while (!isOver) {
      await askAll(["/-/healthy"]);
      await delay(50);
    }
  })();
  watching.catch(() => {});
  return {
    ask: askAll,
    stop: async () => {
      isOver = true;
      await watching;
      return slowest;
    },
  };
}

/** A server in a process of its own that does nothing but answer. */
async function startBystander(): Promise<{ readonly url: string; end(): void }> {
  const program = `require("node:http").createServer((_, answer) => answer.end("ok"))
    .listen(0, "127.0.0.1", function () { process.stdout.write(String(this.address().port)); })`;
  const child: ChildProcess = endWithProcess(
    spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] }),
  );
  const [port] = (await once(child.stdout!, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${port}`, end: () => void child.kill("SIGKILL") };
}

/** Of the collector's process and those that it has started: the most that one of them ever had, MB. */
function largestMb({ collector }: FaultSite): number {
  const { pid } = collector;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/);
  const peaks = [String(pid), ...children]
    .filter((each) => each !== "")
    .map((each) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${each}/status`, "utf8"))?.[1]));
  return Math.round(Math.max(...peaks) / 1024);
}
