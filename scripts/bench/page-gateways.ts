/** Gateways that send small envelopes at a steady rate, and count what is acknowledged as stored. */
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { decodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { benchPassword } from "./page-collector.ts";
import { benchComponents, benchGateways, createRows } from "./page-record.ts";

/** What was sent, and what of it is acknowledged as stored. */
export interface SentFigures {
  readonly sent: number;
  readonly acknowledged: number;
  readonly seconds: number;
}

const tickMs = 20;
const topics = createTopics("aurora/v1");

interface Sender {
  readonly id: string;
  readonly client: MqttClient;
  next: number;
  acknowledged: number;
}

/** Sends for so many seconds; resolves when no acknowledgement comes any more. */
export async function sendAtRate(options: {
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  readonly turbines: number;
}): Promise<SentFigures> {
  const { url, rate, seconds, turbines } = options;
  const senders = await Promise.all(
    Array.from({ length: benchGateways }, (_, index) => connect(url, `gw-${index}`)),
  );
  const beginMs = performance.now();
  let sent = 0;
  for (let turn = 0; performance.now() - beginMs < seconds * 1_000; ) {
    const behind = Math.floor(((performance.now() - beginMs) / 1_000) * rate) - sent;
    // Whoever was held up does not send all at once what is due.
    const due = sent + Math.min(behind, Math.ceil((rate * 5 * tickMs) / 1_000));
    for (; sent < due; sent++, turn++) sendOne(senders[turn % benchGateways]!, turn, turbines);
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
  const took = (performance.now() - beginMs) / 1_000;
  const count = (): number => senders.reduce((sum, sender) => sum + sender.acknowledged, 0);
  // What is stored within the time counts; what is late does not.
  const acknowledged = count();
  await Promise.all(senders.map(({ client }) => client.close()));
  return { sent, acknowledged, seconds: took };
}

async function connect(url: string, id: string): Promise<Sender> {
  const client = createMqttClient({
    url,
    clientId: `bench-${id}`,
    username: id,
    password: benchPassword,
    logger: silentLogger,
  });
  const sender: Sender = { id, client, next: 1, acknowledged: 0 };
  await client.subscribe(topics.ack(id), 1, (_, payload) => {
    const ack = decodeUplinkAck(payload);
    if (ack.ok) sender.acknowledged = Math.max(sender.acknowledged, ack.value.sequence);
  });
  await new Promise<void>((resolve) => void client.onConnect(resolve));
  return sender;
}

function sendOne(sender: Sender, turn: number, turbines: number): void {
  const { id, client } = sender;
  const own = Math.floor(turn / benchGateways);
  const turbine = (Number(id.slice(3)) + benchGateways * own) % turbines;
  const component = benchComponents[Math.floor(own / turbines) % benchComponents.length]!;
  const rows = createRows({ turbine: `wt-${turbine}`, component, endMs: Date.now(), rows: 1, stepMs: 1 });
  const firstSequence = sender.next++;
  const envelope = encodeUplinkEnvelope({
    gateway: id,
    bootId: "bench",
    lane: "prediction",
    firstSequence,
    // Nothing is sent again: what a full connection turned away is not waited for.
    oldestSequence: firstSequence,
    records: [rows],
  });
  client.publish(topics.up(id, "prediction"), envelope, { qos: 1, retain: false }).catch(() => {});
}
