/** What one enrolled but hostile gateway, or somebody with a socket, may do to the collector and to its neighbours. */

import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createTopics } from "../../src/core/contract/topics.ts";
import { laneOfKind, type UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { until } from "../../test/support/until.ts";
import { auditSender } from "./audit-sender.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import type { FaultEngine, FaultSite } from "./fault-site.ts";
import { startSender } from "./sender-process.ts";
import { numberedAlert, numberedBatch, numberedEvent, type SenderIdentity } from "./sender-records.ts";

const topics = createTopics("aurora/v1");
/** Longest that anybody may be kept waiting while somebody else is hostile. */
const maxWaitMs = 2_500;

/** Runs the cases one after the other; gives what was measured. */
export async function attackCollector(
  site: FaultSite,
  ledger: FaultLedger,
  engine: FaultEngine,
): Promise<Record<string, unknown>> {
  const client = createMqttClient({ url: site.brokerUrl, clientId: "hostile", maxInFlight: 20_000 });
  await until(() => client.connected, "the hostile gateway is connected");
  const figures: Record<string, unknown> = {};
  try {
    const floods = [
      { name: "64,000 failure modes for a point", records: manyModes() },
      { name: "8 envelopes of 9,000 rows and 32 modes", records: largeBatches() },
      { name: "100,000 turbines", records: manyTurbines(100_000) },
    ];
    for (const { name, records } of floods)
      await ledger.run(`5 on ${engine}: ${name}`, async () => {
        const { wrongs, slowestMs } = await flood(site, client, records);
        figures[name] = { slowestMs };
        return wrongs;
      });
    await ledger.run(`6 on ${engine}: an event under a neighbour's id`, () => takeId(site, client));
    await ledger.run(`7 on ${engine}: acknowledgements of 1,000 gateways`, () =>
      acknowledgeAll(site, client, 1_000),
    );
    await ledger.run(`10 on ${engine}: 200 half-open connections to the collector`, () =>
      holdOpen(site.collector.url),
    );
    await ledger.run(`12 on ${engine}: a Host header that is not the collector's`, () =>
      foreignHost(site.collector.url),
    );
  } finally {
    await client.close();
  }
  return figures;
}

function manyModes(): UplinkRecord[] {
  const identity = { name: "hostile", startMs: Date.now() - 3_600_000 };
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
  const identity = { name: "hostile", startMs: Date.now() - 3_600_000 };
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
  const identity = { name: "hostile", startMs: Date.now() - 3_600_000 };
  return Array.from({ length: count }, (_, turbine) => numberedBatch(identity, 0, { turbine }));
}

let sequence = 0;

/** Publishes records as envelopes of one gateway. */
async function publish(
  client: MqttClient,
  records: readonly UplinkRecord[],
  perEnvelope = 100,
): Promise<void> {
  for (let at = 0; at < records.length; at += perEnvelope) {
    const part = records.slice(at, at + perEnvelope);
    const lane = laneOfKind[part[0]!.kind];
    const envelope = {
      gateway: "hostile",
      bootId: "hostile-boot",
      lane,
      firstSequence: sequence + 1,
      oldestSequence: sequence + 1,
      records: part,
    };
    sequence += part.length;
    await client
      .publish(topics.up("hostile", lane), encodeUplinkEnvelope(envelope), { qos: 1, retain: false })
      .catch(() => {});
  }
}

/** Sends a flood; meanwhile the collector must answer, and a neighbour's alerts must be stored. */
async function flood(
  site: FaultSite,
  client: MqttClient,
  records: readonly UplinkRecord[],
): Promise<{ readonly wrongs: readonly string[]; readonly slowestMs: number }> {
  const name = `neighbour-${records.length}`;
  const neighbour = await startSender(site.command, {
    name,
    startMs: Date.now() - 3_600_000,
    path: join(site.folder, name, "gateway.db"),
    url: site.brokerUrl,
  });
  let slowestMs = 0;
  let isOver = false;
  const ask = async (path: string): Promise<void> => {
    const startedMs = performance.now();
    await (await fetch(`${site.collector.url}${path}`)).text();
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  };
  const watch = (async () => {
    while (!isOver) {
      await ask("/-/healthy");
      await delay(50);
    }
  })();
  try {
    await publish(client, records, records.length < 10 ? 1 : 100);
    for (let alert = 0; alert < 5; alert++) await neighbour.append("alerts", alert, 1);
    const { alertDelaysMs } = await neighbour.untilEmpty(60_000);
    for (const path of ["/", "/metrics", "/turbines/hostile/hostile-t0"]) await ask(path);
    isOver = true;
    await watch;
    const wrongs: string[] = [];
    if (slowestMs > maxWaitMs) wrongs.push(`an answer took ${Math.round(slowestMs)} ms`);
    const slowestAlertMs = Math.max(...alertDelaysMs);
    if (slowestAlertMs > 4 * maxWaitMs)
      wrongs.push(`a neighbour's alert took ${Math.round(slowestAlertMs)} ms`);
    return { wrongs, slowestMs: Math.round(slowestMs) };
  } finally {
    isOver = true;
    await watch.catch(() => {});
    await neighbour.kill();
  }
}

/** A gateway says what its neighbour will say, under the same id. */
async function takeId(site: FaultSite, client: MqttClient): Promise<readonly string[]> {
  const victim: SenderIdentity = { name: "victim", startMs: Date.now() - 3_600_000 };
  const event = numberedAlert(victim, 0);
  const forged = {
    ...event,
    source: "/hostile/hostile-t0",
    data: { ...event.data, site: "hostile", turbine: "hostile-t0" },
  };
  await publish(client, [{ kind: "alert", id: event.id, json: JSON.stringify(forged) }]);
  await delay(1_000);
  const sender = await startSender(site.command, {
    ...victim,
    path: join(site.folder, "victim", "gateway.db"),
    url: site.brokerUrl,
  });
  try {
    await sender.append("alerts", 0, 1);
    await sender.untilEmpty(30_000);
  } finally {
    await sender.kill();
  }
  await site.collector.stop();
  const record = await site.openRecord();
  try {
    return await auditSender(record, victim, { alerts: 1, batches: 0 });
  } finally {
    await record.close();
    await site.collector.start();
    await site.untilReady();
  }
}

/** Everybody who sends hears that it is stored, at once and not when it asks again. */
async function acknowledgeAll(
  site: FaultSite,
  client: MqttClient,
  gateways: number,
): Promise<readonly string[]> {
  const waiting = new Set<string>();
  const stop = site.listen((topic, payload) => {
    if (!topic.endsWith("/ack")) return;
    const ack = decodeUplinkAck(payload);
    if (ack.ok) waiting.delete(`${topic.split("/").at(-2)} ${ack.value.lane}`);
  });
  const publishing: Promise<void>[] = [];
  for (let number = 0; number < gateways; number++) {
    const gateway = `crowd-${number}`;
    const identity = { name: gateway, startMs: Date.now() - 60_000 };
    const event = numberedAlert(identity, 0);
    const records: readonly UplinkRecord[] = [
      { kind: "alert", id: event.id, json: JSON.stringify(event) },
      numberedEvent(identity, 0),
      numberedBatch(identity, 0),
    ];
    for (const record of records) {
      const lane = laneOfKind[record.kind];
      waiting.add(`${gateway} ${lane}`);
      const envelope = { gateway, bootId: "b", lane, firstSequence: 1, oldestSequence: 1, records: [record] };
      publishing.push(
        client.publish(topics.up(gateway, lane), encodeUplinkEnvelope(envelope), { qos: 1, retain: false }),
      );
    }
  }
  await Promise.allSettled(publishing);
  const endMs = performance.now() + 30_000;
  while (waiting.size > 0 && performance.now() < endMs) await delay(50);
  stop();
  return waiting.size === 0 ? [] : [`${waiting.size} of ${gateways * 3} acknowledgements never come`];
}

/** Connections that begin a request and never end it do not shut others out. */
export async function holdOpen(url: string): Promise<readonly string[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  try {
    for (let index = 0; index < 200; index++) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {}).resume();
      sockets.push(socket);
      await new Promise<void>((resolve) => {
        socket.once("connect", () => socket.write("GET / HT", () => resolve()));
        socket.once("close", () => resolve());
      });
    }
    const answer = await fetch(`${url}/-/healthy`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    return answer?.ok === true ? [] : ["/-/healthy does not answer"];
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A page that another site made the browser ask for is not given. */
export function foreignHost(url: string): Promise<readonly string[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { host: `127.0.0.1:${port}@evil.example` };
    request({ hostname, port, path: "/", headers }, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      resolve(statusCode >= 400 && statusCode < 500 ? [] : [`it is answered with ${statusCode}`]);
    })
      .on("error", reject)
      .end();
  });
}
