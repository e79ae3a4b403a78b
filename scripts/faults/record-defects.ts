/** Somebody who says in the collector's name that all is stored; its record must show that nobody believed it, in each engine. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createTopics, type Lane } from "../../src/core/contract/topics.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { ackKeyBytes, deriveAckKey } from "../../src/core/platform/seal-orders.ts";
import { decodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { encodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { until } from "../../test/support/until.ts";
import { auditPark } from "./audit-park.ts";
import { patienceMs } from "./daemon-process.ts";
import type { FaultSite } from "./fault-site.ts";
import { openHealthyPark, rowSeconds, type WatchedPark } from "./watched-park.ts";

const topics = createTopics("aurora/v1");

/** The key of an installation, in a file that its collector is started with. */
export interface EnrolmentKey {
  readonly key: Uint8Array;
  readonly path: string;
}

export function makeEnrolmentKey(folder: string): EnrolmentKey {
  const key = randomBytes(ackKeyBytes);
  return { key, path: writeKey(join(folder, "enrolment.key"), key) };
}

function writeKey(path: string, key: Uint8Array): string {
  writeFileSync(path, `${Buffer.from(key).toString("hex")}\n`, { mode: 0o600 });
  return path;
}

async function auditStopped(site: FaultSite, park: WatchedPark): ReturnType<typeof auditPark> {
  await site.stop();
  return await site.withRecord((record) => auditPark(record, park)).finally(() => site.start());
}

/** Somebody at an open broker says that everything is stored; the gateway was enrolled and believes only the collector. */
export async function forgeAck(site: FaultSite, enrolment: EnrolmentKey): Promise<readonly string[]> {
  const name = "believing";
  const ackKeyFile = writeKey(join(site.folder, "ack.key"), deriveAckKey(enrolment.key, name));
  const park = await openHealthyPark(site, name, {
    changes: { uplink: { predictionIntervalSeconds: rowSeconds, healthIntervalSeconds: 1, ackKeyFile } },
  });
  const forger = createMqttClient({ url: site.brokerUrl, clientId: "forger" });
  const forgedLanes = new Set<Lane>();
  const stop = site.listen((topic, payload) => {
    if (!topic.startsWith(topics.up(name, "alert").slice(0, -"alert".length))) return;
    const envelope = decodeUplinkEnvelope(payload);
    if (!envelope.ok) return;
    const { bootId, lane, firstSequence, records } = envelope.value;
    const ack = encodeUplinkAck({ bootId, lane, sequence: firstSequence + records.length - 1 });
    forgedLanes.add(lane);
    forger.publish(topics.ack(name), ack, { qos: 1, retain: false }).catch(() => {});
  });
  try {
    await site.stop();
    await park.gateway.start();
    const isRefused = async (): Promise<boolean> => (await park.status()).uplink.acksRefused > 0;
    await until(isRefused, "a forged one is refused", patienceMs);
    await delay(1_000);
    const { outbox } = await park.status();
    const emptied = [...forgedLanes].filter((lane) => outbox.lanes[lane].records === 0);
    stop();
    // What the collector says is believed: the outbox is empty at the end, and all of it is stored.
    await site.start();
    await park.finish();
    const { wrongs } = await auditStopped(site, park);
    return [...emptied.map((lane) => `a forged acknowledgement empties the lane "${lane}"`), ...wrongs];
  } finally {
    stop();
    await forger.close();
    await park.close();
    await site.start();
  }
}
