/**
 * What one enrolled but hostile gateway sends until a collector without bounds stands still; and how long others wait
 * meanwhile, beside how long an idle process of this machine that flushes its file lets one wait.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { recordBounds } from "../../src/collector/record/record-bounds.ts";
import { createTopics, type Lane } from "../../src/core/contract/topics.ts";
import { laneOfKind, type UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { hourMs } from "../../src/core/maths/durations.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { until } from "../../test/support/until.ts";
import { hostShare, startBystander, watchAnswers } from "./bystander.ts";
import { patienceMs } from "./daemon-process.ts";
import type { FaultSite } from "./fault-site.ts";
import { planSender, startSender } from "./sender-process.ts";
import { numberedBatch } from "./sender-records.ts";

const topics = createTopics("aurora/v1");
const gateway = "hostile";
/** Longest that anybody may be kept waiting by somebody who is hostile, ms; beside {@link hostShare}. */
const maxWaitMs = 2_500;
/** What nothing was answered for so long is over. */
const stalledMs = 10_000;

/** What a flood did. */
export interface FloodFigures {
  /** Slowest answer of the collector, and of an idle process that was asked at the same times. */
  readonly slowestMs: number;
  readonly hostMs: number;
  readonly alertMs: number;
  /** Share of its records that was answered for, stored or refused; and after how long. */
  readonly answeredShare: number;
  readonly takenSeconds: number;
  /** Most memory that a process of the collector ever had. */
  readonly memoryMb: number;
}

export interface Flood {
  readonly name: string;
  readonly records: readonly UplinkRecord[];
  readonly perEnvelope: number;
  /** Are its envelopes too large to be read at all? Then they are set aside, and nobody answers for them. */
  readonly isUnreadable: boolean;
}

export function listFloods(): readonly Flood[] {
  const modes = { records: manyModes(), perEnvelope: 100, isUnreadable: false };
  const large = { records: largeBatches(7_500), perEnvelope: 1, isUnreadable: false };
  const tooLarge = { records: largeBatches(9_000), perEnvelope: 1, isUnreadable: true };
  const turbines = { records: manyTurbines(100_000), perEnvelope: 100, isUnreadable: false };
  return [
    { name: "64,000 failure modes for a point", ...modes },
    { name: "8 envelopes of 7,500 rows and 32 modes", ...large },
    { name: "8 envelopes of 9,000 rows, too large to be read", ...tooLarge },
    { name: "100,000 turbines", ...turbines },
  ];
}

function manyModes(): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - hourMs };
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

function largeBatches(rows: number): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - hourMs };
  const cells = Array.from({ length: rows * 32 }, () => 0.5);
  return Array.from({ length: 8 }, (_, number) => ({
    ...numberedBatch(identity, number),
    timesMs: Array.from({ length: rows }, (_, row) => identity.startMs + number * rows + row),
    windows: Array.from({ length: rows }, () => 1),
    shaftRpm: Array.from({ length: rows }, () => 1_500),
    failureModes: Array.from({ length: 32 }, (_, mode) => `m${mode}`),
    meanProbability: cells,
    maxProbability: cells,
  }));
}

function manyTurbines(count: number): UplinkRecord[] {
  const identity = { name: gateway, startMs: Date.now() - hourMs };
  return Array.from({ length: count }, (_, turbine) => numberedBatch(identity, 0, { turbine }));
}
let sequence = 0;

/** What was published: bytes of all envelopes, and how many of them were refused on their way. */
interface Published {
  readonly bytes: number;
  readonly refused: number;
}

/** Publishes records as envelopes of the hostile gateway. */
export async function publish(
  client: MqttClient,
  records: readonly UplinkRecord[],
  perEnvelope = 100,
): Promise<Published> {
  let bytes = 0;
  let refused = 0;
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
    const payload = encodeUplinkEnvelope(envelope);
    bytes += payload.length;
    await client.publish(topics.up(gateway, lane), payload, { qos: 1, retain: false }).catch(() => {
      refused += 1;
    });
  }
  return { bytes, refused };
}

function writeShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Sends a flood; meanwhile the collector must answer, and a neighbour's alerts must be stored. */
export async function floodWith(
  site: FaultSite,
  client: MqttClient,
  { records, perEnvelope, isUnreadable }: Flood,
): Promise<FloodFigures & { readonly wrongs: readonly string[] }> {
  const name = `neighbour-${records.length}`;
  const neighbour = await startSender(planSender(site, name));
  // What a neighbour sends is stored, and waits for the disk.
  const bystander = await startBystander(join(site.folder, "bystander"));
  const taken = watchTaken(site);
  const watch = watchAnswers([site.collector.url, bystander.url]);
  try {
    let answeredShare = 0;
    const startedMs = performance.now();
    const overloadBefore = await countOverload(site);
    const { bytes, refused } = await publish(client, records, perEnvelope);
    for (let alert = 0; alert < 5; alert++) await neighbour.append("alerts", alert, 1);
    const { alertDelaysMs } = await neighbour.untilEmpty(patienceMs);
    await watch.ask(["/", "/metrics", `/turbines/${gateway}/${gateway}-t0`]);
    const wrongs: string[] = refused > 0 ? [`${refused} of its envelopes were refused on their way`] : [];
    if (isUnreadable) {
      await until(() => isSetAside(site), "the flood is set aside", patienceMs);
    } else {
      const lane = laneOfKind[records[0]!.kind];
      await until(() => taken.upTo(lane) >= sequence || taken.quietMs > stalledMs, "it is over", patienceMs);
      const unanswered = Math.max(0, sequence - taken.upTo(lane));
      answeredShare = 1 - unanswered / records.length;
      // What is not answered for was too much at once, and is counted as that: its gateway would send it again.
      const overload = (await countOverload(site)) - overloadBefore;
      if (unanswered > overload * perEnvelope)
        wrongs.push(
          `${unanswered} of its records are not answered for, with ${overload} envelopes of overload`,
        );
      // As much as may wait of a gateway is taken, however much comes after it.
      const leastShare = Math.min(1, recordBounds.waitingBytesPerGateway / bytes);
      if (!(answeredShare >= leastShare))
        wrongs.push(
          `${writeShare(answeredShare)} of its records are answered for, while ${writeShare(leastShare)} of them may wait`,
        );
    }
    const takenSeconds = Number(((performance.now() - startedMs) / 1000).toFixed(1));
    const [slowestMs = 0, hostMs = 0] = await watch.stop();
    const alertMs = Math.round(Math.max(...alertDelaysMs));
    const allowedMs = maxWaitMs + hostShare * hostMs;
    if (slowestMs > allowedMs)
      wrongs.push(`an answer took ${slowestMs} ms, beside ${hostMs} of an idle process`);
    if (alertMs > 2 * allowedMs) wrongs.push(`a neighbour's alert took ${alertMs} ms`);
    const memoryMb = largestMb(site);
    return { wrongs, slowestMs, hostMs, alertMs, answeredShare, takenSeconds, memoryMb };
  } finally {
    taken.stop();
    bystander.end();
    // Also when nobody answers any more: what is left running would hold up the end of the whole run.
    await neighbour.kill();
    await watch.stop();
  }
}

/** Up to which sequence the collector has answered for what the hostile gateway sent. */
export function watchTaken(site: FaultSite): {
  upTo(lane: Lane): number;
  /** Since the last answer, ms. */
  readonly quietMs: number;
  stop(): void;
} {
  let heardMs = performance.now();
  const upTo = new Map<Lane, number>();
  const stop = site.listen((topic, payload) => {
    if (topic !== topics.ack(gateway)) return;
    const ack = decodeUplinkAck(payload);
    if (!ack.ok) return;
    const { lane, sequence: heard } = ack.value;
    heardMs = performance.now();
    upTo.set(lane, Math.max(heard, upTo.get(lane) ?? 0));
  });
  return {
    upTo: (lane) => upTo.get(lane) ?? 0,
    get quietMs() {
      return performance.now() - heardMs;
    },
    stop,
  };
}

/** Does the collector tell of messages of the hostile gateway that it could not read? */
async function isSetAside({ collector }: FaultSite): Promise<boolean> {
  const answer = await fetch(`${collector.url}/api/v1/quarantine`);
  const { items } = (await answer.json()) as { readonly items: readonly { readonly topic: string }[] };
  return items.some(({ topic }) => topic === topics.up(gateway, "prediction"));
}

/** Messages that were too much at once, of all workers of the collector. */
async function countOverload({ collector }: FaultSite): Promise<number> {
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  const counts = [...text.matchAll(/^aurora_uplink_messages_total\{outcome="overload"[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
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
