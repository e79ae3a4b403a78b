import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import { createFilterBound } from "../../../../src/core/platform/mqtt/broker-bounds.ts";
import {
  createEmbeddedBroker,
  type EmbeddedBroker,
} from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { until } from "../../../support/until.ts";

const retainedCount = 75;

/** A broker with retained messages, and the streams of them that have begun and not ended. */
async function startBroker(): Promise<{
  readonly broker: EmbeddedBroker;
  readonly live: ReadonlySet<Readable>;
  /** How many ended before all of them were sent. */
  cutShort(): number;
  client(login?: string): MqttClient;
}> {
  const live = new Set<Readable>();
  const from = Readable.from;
  let cutShort = 0;
  const spy = vi.spyOn(Readable, "from").mockImplementation((...given) => {
    const stream = from(...given);
    live.add(stream);
    return stream.once("close", () => {
      live.delete(stream);
      if (!stream.readableEnded) cutShort += 1;
    });
  });
  onTestFinished(() => spy.mockRestore());
  const broker = await createEmbeddedBroker({
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => true,
  });
  onTestFinished(() => broker.close());
  let names = 0;
  const client = (login?: string): MqttClient => {
    names += 1;
    const made = createMqttClient({
      url: `mqtt://127.0.0.1:${broker.port}`,
      clientId: `client-${names}`,
      ...(login === undefined ? {} : { username: login, password: "x" }),
    });
    onTestFinished(() => made.close());
    return made;
  };
  const gateway = client("gw-1");
  await until(() => gateway.connected, "gateway connected");
  const payload = new Uint8Array(100_000);
  for (let index = 0; index < retainedCount; index++) {
    await gateway.publish(`t/${index}`, payload, { qos: 1, retain: true });
  }
  return { broker, live, client, cutShort: () => cutShort };
}

/** A guest that never reads, after its CONNACK. */
async function connectGuest(broker: EmbeddedBroker): Promise<Socket> {
  const guest = connect(broker.port, "127.0.0.1");
  guest.on("error", () => {});
  onTestFinished(() => void guest.destroy());
  // CONNECT of MQTT 3.1.1 with a clean session and the client id "g", section 3.1.
  guest.write(Uint8Array.of(0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 1, 103));
  await new Promise((resolve) => guest.once("data", resolve));
  guest.pause();
  return guest;
}

/** SUBSCRIBE to `t/+` with QoS 0, section 3.8. */
const subscribePacket = Uint8Array.of(0x82, 8, 0, 1, 0, 3, 116, 47, 43, 0);

test("a guest that subscribes again and again and does not read is cut, and others are served", async () => {
  const { broker, client } = await startBroker();
  const guest = await connectGuest(broker);
  const connections = broker.counts().connections;
  for (let count = 0; count < 2_000; count++) guest.write(subscribePacket);
  await until(() => broker.counts().connections < connections, "cut", 2_000);
  expect(broker.counts().refusedSubscriptions).toBeGreaterThan(0);
  const reader = client();
  const heard = new Set<string>();
  await reader.subscribe("t/+", 0, (topic) => heard.add(topic));
  await until(() => heard.size === retainedCount, "another guest is served", 10_000);
});

test("what a guest is still to be sent ends with its connection", async () => {
  const { broker, live, cutShort } = await startBroker();
  const guest = await connectGuest(broker);
  for (let count = 0; count < 10; count++) guest.write(subscribePacket);
  await until(() => live.size >= 10, "streams have begun");
  guest.destroy();
  await until(() => cutShort() >= 10, "they have ended", 5_000);
});

test("a filter counts each time it is taken, until some time has passed; a login may have them all at once", () => {
  let nowMs = 0;
  const bound = createFilterBound(2_000, 50, { monotonicMs: () => nowMs });
  const open = (): Socket => connect({ port: 1, host: "127.0.0.1" }).on("error", () => {});
  const [guest, gateway] = [open(), open()];
  const takes = (socket: Socket, login: string | null, count: number): (string | null)[] =>
    Array.from({ length: count }, () => bound.take(socket, login, "a"));
  for (let index = 0; index < 2_000; index++) expect(bound.take(gateway, "gw-1", `${index}`)).toBeNull();
  expect(new Set(takes(guest, null, 100))).toEqual(new Set([null]));
  nowMs = 6_000;
  expect(new Set(takes(guest, null, 10))).toEqual(new Set([null]));
  bound.release(guest, ["a"]);
  expect(guest.destroyed).toBe(false);
  expect(takes(guest, null, 2)).toEqual([expect.stringContaining("cut"), "its connection is closed"]);
  expect([guest.destroyed, gateway.destroyed]).toEqual([true, false]);
  gateway.destroy();
});
