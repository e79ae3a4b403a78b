/** What one enrolled but hostile gateway, or somebody with a socket, may do to the collector and to its neighbours. */

import { writeFileSync } from "node:fs";
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
import { createScratchFolder } from "../scratch-folder.ts";
import { auditSender } from "./audit-sender.ts";
import { patienceMs } from "./daemon-process.ts";
import type { FaultLedger } from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { floodWith, listFloods, publish, watchTaken } from "./floods.ts";
import { type EnrolmentKey, forgeAck } from "./record-defects.ts";
import { planSender, startSender } from "./sender-process.ts";
import { numberedAlert, numberedBatch, numberedEvent } from "./sender-records.ts";

const topics = createTopics("aurora/v1");

/** Runs the cases one after the other; gives what was measured. */
export async function attackCollector(
  site: FaultSite,
  ledger: FaultLedger,
  { engine, enrolment }: { readonly engine: FaultEngine; readonly enrolment: EnrolmentKey },
): Promise<Record<string, unknown>> {
  const client = createMqttClient({ url: site.brokerUrl, clientId: "hostile", maxInFlight: 20_000 });
  await until(() => client.connected, "the hostile gateway is connected");
  const figures: Record<string, unknown> = {};
  try {
    for (const flood of listFloods())
      await ledger.run(`5 on ${engine}: ${flood.name}`, async () => {
        const { wrongs, ...measured } = await floodWith(site, client, flood);
        figures[flood.name] = measured;
        return wrongs;
      });
    await ledger.run(`6 on ${engine}: an event under a neighbour's id`, () => takeId(engine));
    await ledger.run(`7 on ${engine}: acknowledgements of 1,000 gateways`, () =>
      acknowledgeAll(site, client, 1_000),
    );
    await ledger.run(`10 on ${engine}: 200 half-open connections to the collector`, () =>
      holdOpen(site.collector.url),
    );
    await ledger.run(`11 on ${engine}: a forged acknowledgement`, () => forgeAck(site, enrolment));
    await ledger.run(`12 on ${engine}: a Host header that is not the collector's`, () =>
      foreignHost(site.collector.url),
    );
    ledger.note(`all of it on ${engine}: nothing ends by itself`, site.listCrashes());
  } finally {
    await client.close();
  }
  return figures;
}

/** A gateway says what its neighbour will say, of the neighbour's turbine and under the same id. */
async function takeId(engine: FaultEngine): Promise<readonly string[]> {
  const scratch = createScratchFolder(`faults-enrolled-${engine}`);
  const enrolledFile = join(scratch.path, "enrolled.json");
  const gateways = ["hostile", "victim"].map((name) => ({ id: name, site: name }));
  writeFileSync(enrolledFile, JSON.stringify({ version: 1, gateways }));
  const site = await startFaultSite({ name: `take-id-${engine}`, engine, mqtt: { enrolledFile } });
  const client = createMqttClient({ url: site.brokerUrl, clientId: "hostile" });
  try {
    await until(() => client.connected, "the hostile gateway is connected", patienceMs);
    return await takeIdAt(site, client);
  } finally {
    await client.close();
    await site.close();
    scratch.remove();
  }
}

async function takeIdAt(site: FaultSite, client: MqttClient): Promise<readonly string[]> {
  const victim = planSender(site, "victim");
  const event = numberedAlert(victim, 0);
  const forged = { ...event, subject: "main-bearing", data: { ...event.data, component: "main-bearing" } };
  const taken = watchTaken(site);
  await publish(client, [{ kind: "alert", id: event.id, json: JSON.stringify(forged) }]);
  await until(() => taken.upTo("alert") > 0, "the forged event is answered for", patienceMs);
  taken.stop();
  const sender = await startSender(victim);
  try {
    await sender.append("alerts", 0, 1);
    await sender.untilEmpty(patienceMs);
  } finally {
    await sender.kill();
  }
  await site.stop();
  return await site.withRecord(async (record) => {
    const wrongs = await auditSender(record, victim, { alerts: 1, batches: 0 });
    const { items } = await record.alarms({ site: victim.name, limit: 10, offset: 0 });
    const isOwn = items.every(({ event: stored }) => stored.subject === event.subject);
    return isOwn ? wrongs : [...wrongs, "what the hostile gateway said of the victim's turbine is stored"];
  });
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
  const publishing: Promise<unknown>[] = [];
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
      const bytes = encodeUplinkEnvelope(envelope);
      // A connection that is lost takes some with it: whoever sends does so again.
      const isSent = (): Promise<boolean> =>
        client.publish(topics.up(gateway, lane), bytes, { qos: 1, retain: false }).then(
          () => true,
          () => false,
        );
      publishing.push(until(isSent, `${gateway}'s ${lane} is taken by the broker`, patienceMs));
    }
  }
  await Promise.all(publishing);
  const endMs = performance.now() + patienceMs;
  while (waiting.size > 0 && performance.now() < endMs) await delay(50);
  stop();
  const some = [...waiting].slice(0, 3).join(", ");
  return waiting.size === 0
    ? []
    : [`${waiting.size} of ${gateways * 3} acknowledgements never come: ${some}`];
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
    const answer = await fetch(`${url}/-/healthy`, { signal: AbortSignal.timeout(20_000) }).catch(() => null);
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
