import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { deriveAckKey, isSealedAck, sealAck } from "../../../src/core/platform/seal-orders.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink, type UplinkOptions } from "../../../src/gateway/record/uplink.ts";
import { findFreePort } from "../../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const topics = createTopics("aurora/v1");
const installationKey = new Uint8Array(32).fill(3);
const key = deriveAckKey(installationKey, "gw");

/** A gateway with five alerts in its outbox, and somebody else, on a broker without an access list. */
async function begin(isAuthentic?: UplinkOptions["isAuthentic"]) {
  const broker = await startMosquitto(await findFreePort());
  onTestFinished(() => broker.close());
  const connect = (clientId: string) => {
    const client = createMqttClient({ url: `mqtt://127.0.0.1:${broker.port}`, clientId });
    onTestFinished(() => client.close());
    return client;
  };
  const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db") });
  onTestFinished(() => file.close());
  const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
  onTestFinished(() => outbox.close());
  const transport = connect("gateway");
  const uplink = createUplink({
    gateway: "gw",
    outbox,
    transport,
    topics,
    clock: systemClock,
    timers: systemTimers,
    isAuthentic,
  });
  onTestFinished(() => uplink.close());
  for (let index = 1; index <= 5; index++) outbox.append({ kind: "alert", id: `${index}`, json: "{}" });
  const other = connect("somebody-else");
  await until(
    () => transport.connected && other.connected && uplink.counts().recordsSent >= 5,
    "all are sent",
  );
  const say = (sequence: number, sealed: boolean): Promise<void> => {
    const ack = { bootId: outbox.bootId!, lane: "alert", sequence } as const;
    const payload = encodeUplinkAck(sealed ? sealAck(key, "gw", ack) : ack);
    return other.publish(topics.ack("gw"), payload, { qos: 1, retain: false });
  };
  return { outbox, uplink, say };
}

describe.skipIf(!hasMosquitto)(`on mosquitto${hasMosquitto ? "" : " (not installed)"}`, () => {
  test("a forged acknowledgement empties no outbox of an enrolled gateway, and the collector's does", async () => {
    const { outbox, uplink, say } = await begin((ack) => isSealedAck(key, "gw", ack));
    const { bootId } = outbox;
    await say(5, false);
    await say(4_000_000, false);
    await until(() => uplink.counts().acksRefused === 2, "both are refused");
    outbox.flush();
    expect(outbox.counts().records).toBe(5);
    expect(outbox.bootId).toBe(bootId);
    await say(5, true);
    await until(() => outbox.counts().records === 0, "all are stored");
  });

  test("whoever may write to the topic makes a gateway without a key send everything again once, not for ever", async () => {
    const { outbox, uplink, say } = await begin();
    const lives = new Set([outbox.bootId]);
    for (let round = 0; round < 20; round++) {
      await say(4_000_000, false);
      await until(() => uplink.counts().acksReceived + uplink.counts().acksIgnored > round, "it was heard");
      lives.add(outbox.bootId);
    }
    expect(lives.size).toBe(2);
    expect(uplink.counts().acksIgnored).toBe(19);
  });
});
