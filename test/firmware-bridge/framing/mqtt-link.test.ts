import { afterEach, expect, test } from "vitest";
import { createMqttLink } from "../../../firmware-bridge/framing/mqtt-link.ts";
import { maxMqttBytes } from "../../../firmware-bridge/protocol.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";
import { createDevice, listen, sendRaw } from "../conversation.ts";
import { createMemoryBroker } from "../memory-broker.ts";

const topics = createTopics("aurora/v1");
const tx = topics.deviceTx("gateway-1", "device-1");
const rx = topics.deviceRx("gateway-1", "device-1");
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function begin() {
  const broker = createMemoryBroker();
  const heard = listen(createMqttLink({ mqtt: broker.connect(), listenTopic: tx, sendTopic: rx }));
  const device = createDevice(createMqttLink({ mqtt: broker.connect(), listenTopic: rx, sendTopic: tx }));
  closers.push(() => heard.session.close(), device.close);
  await heard.session.open();
  await device.open();
  await device.ready();
  return { broker, heard, device };
}

test("the same messages go over MQTT, with windows larger than a frame", async () => {
  const { broker, heard, device } = await begin();
  const counts = Int16Array.from({ length: 90_000 }, (_, index) => (index * 31) % 65_536);
  await sendRaw(device, counts, { size: 30_000 });
  await device.drained();
  const received = heard.samples.get(0)!;
  expect(received.size).toBe(counts.length);
  for (const [index, value] of received) if (counts[index] !== value) expect.fail(`sample ${index}`);
  expect(heard.session.statistics).toMatchObject({ lostFrames: 0, duplicates: 0, malformedMessages: 0 });
  for (const { topic, qos, retain, payload } of broker.published) {
    expect([tx, rx]).toContain(topic);
    expect({ qos, retain }).toEqual({ qos: 1, retain: false });
    expect(payload.length).toBeLessThanOrEqual(maxMqttBytes);
  }
});

test("what comes between a subscription and its acknowledgement begins no conversation", async () => {
  const broker = createMemoryBroker();
  const device = createDevice(createMqttLink({ mqtt: broker.connect(), listenTopic: rx, sendTopic: tx }));
  await device.open();
  const port = broker.connect();
  let acknowledge = (): void => {};
  const heard = listen(
    createMqttLink({
      listenTopic: tx,
      sendTopic: rx,
      mqtt: Object.assign(Object.create(port), {
        subscribe: async (...subscription: Parameters<typeof port.subscribe>) => {
          await port.subscribe(...subscription);
          await new Promise<void>((resolve) => {
            acknowledge = resolve;
          });
        },
      }),
    }),
  );
  closers.push(() => heard.session.close(), device.close);
  const opened = heard.session.open();
  const hellos = (): number => broker.published.filter(({ topic }) => topic === tx).length;
  const before = hellos();
  await until(() => hellos() > before + 1, "hellos of the device");
  expect(heard.session.state).toBe("connecting");
  acknowledge();
  await opened;
  await device.ready();
  for (let value = 0; value < 7; value++) device.send({ type: "reading", channel: 0, timestampUs: 0, value });
  await heard.until(() => heard.values.length === 7);
  expect(heard.session.statistics).toMatchObject({ lostFrames: 0, refusedFrames: 0, unsentPackets: 0 });
});

test("a message that came twice is delivered once", async () => {
  const { broker, heard, device } = await begin();
  device.send({ type: "reading", channel: 0, timestampUs: 0, value: 7 });
  await heard.until(() => heard.values.length === 1);
  broker.inject(tx, broker.published.findLast(({ payload }) => (payload[0]! & 31) === 3)!.payload);
  expect(heard.values).toEqual([7]);
  expect(heard.session.statistics.duplicates).toBe(1);
});

test.each([
  ["larger than 64 KiB", new Uint8Array(maxMqttBytes + 1).fill(0x22), false],
  ["of 100 MB", new Uint8Array(100_000_000), false],
  ["without a whole header", Uint8Array.of(0x22, 0, 1), false],
  ["retained", Uint8Array.of(0x23, 0, 1, 0), true],
])("a message %s is refused and counted", async (_what, payload, retain) => {
  const { broker, heard, device } = await begin();
  broker.inject(tx, payload, retain);
  expect(heard.session.statistics).toMatchObject({ badFrames: 1, discardedBytes: payload.length });
  device.send({ type: "reading", channel: 0, timestampUs: 0, value: 1 });
  await heard.until(() => heard.values.length === 1);
});

test("rubbish on the topic is counted and nothing is delivered", async () => {
  const { broker, heard } = await begin();
  broker.inject(tx, new TextEncoder().encode('{"rpm": 1500}'));
  broker.inject(tx, Uint8Array.of(0x22, 0, 5, 0, 0xff));
  const { refusedFrames, malformedMessages } = heard.session.statistics;
  expect(refusedFrames + malformedMessages).toBe(2);
  expect(heard.values).toEqual([]);
  expect(heard.samples.size).toBe(0);
});

test("when the broker comes back the conversation goes on, and what was not sent is counted", async () => {
  const { broker, heard, device } = await begin();
  broker.stop();
  expect(heard.session.state).toBe("connecting");
  expect(device.isReady).toBe(false);
  expect(device.send({ type: "reading", channel: 0, timestampUs: 0, value: 1 })).toBe(false);
  broker.restart();
  await device.ready();
  expect(device.send({ type: "reading", channel: 0, timestampUs: 0, value: 2 })).toBe(true);
  await heard.until(() => heard.values.includes(2));
  expect(heard.session.statistics.reconnects).toBe(1);
  expect(heard.hellos).toHaveLength(1);
});

test("over a real broker that starts late, a device is heard, and heard again after the broker was away", async () => {
  const authenticate = (): boolean => true;
  const allow = { authenticate, authorisePublish: authenticate, authoriseSubscribe: authenticate };
  const port = await findFreePort();
  const connect = (clientId: string): MqttClient => {
    const client = createMqttClient({
      url: `mqtt://127.0.0.1:${port}`,
      clientId,
      backoff: { firstMs: 20, maxMs: 100 },
    });
    closers.push(client.close);
    return client;
  };
  const heard = listen(createMqttLink({ mqtt: connect("gateway-1"), listenTopic: tx, sendTopic: rx }));
  const device = createDevice(createMqttLink({ mqtt: connect("device-1"), listenTopic: rx, sendTopic: tx }));
  closers.unshift(() => heard.session.close(), device.close);
  await heard.session.open();
  await device.open();
  expect(heard.session.state).toBe("connecting");

  const counts = Int16Array.from({ length: 5_000 }, (_, index) => (index * 31) % 65_536);
  const sendAll = (start: number): Promise<void> => sendRaw(device, counts, { size: 500, at: start });
  let broker = await createEmbeddedBroker({ ...allow, port });
  closers.push(() => broker.close());
  await sendAll(0);
  await heard.until(() => heard.samples.get(0)?.size === 5_000);
  await broker.close();
  await heard.reaches("connecting");
  // What a device sends before it notices the loss is lost.
  await until(() => device.state !== "streaming", "the device notices");
  broker = await createEmbeddedBroker({ ...allow, port });
  await device.ready();
  await sendAll(5_000);
  await heard.until(() => heard.samples.get(0)?.has(9_999) === true);
  for (const [index, value] of heard.samples.get(0)!)
    if (counts[index % 5_000] !== value) expect.fail(`sample ${index}`);
  expect(heard.session.statistics.reconnects).toBe(1);
});
