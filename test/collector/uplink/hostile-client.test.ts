/** What one client of the embedded broker can do to the others, each against a real broker with a collector's rules. */
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { createBrokerAccess } from "../../../src/collector/uplink/broker-access.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { until } from "../../support/until.ts";

const base = "aurora/v1";

async function start() {
  const lines: { readonly message: string; readonly reason?: unknown; readonly topic?: unknown }[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => void lines.push({ message, ...fields }),
  };
  const access = createBrokerAccess({
    base,
    passwords: new Map(["gw-1", "gw-2"].map((id) => [id, id])),
    sites: new Map([["gw-1", "north"]]),
    anonymousRead: true,
  });
  const broker = await createEmbeddedBroker({ ...access, logger });
  onTestFinished(() => broker.close());
  const connect = (options: IClientOptions = {}): Promise<MqttClient> =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...options,
    });
  const connectAs = async (id: string | null): Promise<MqttClient> => {
    const client = await connect(id === null ? {} : { username: id, password: id });
    client.on("error", () => {});
    onTestFinished(() => void client.end(true));
    return client;
  };
  return { broker, connect, connectAs, lines };
}

test.each(["\u0000", "\u0007", "\u202e", " ", "", "x".repeat(64)])(
  "what is no id (%j) in a topic reaches no reader, and ends its sender's connection alone",
  async (text) => {
    const { connectAs } = await start();
    const reader = await connectAs(null);
    const heard: string[] = [];
    reader.on("message", (topic) => heard.push(topic));
    await reader.subscribeAsync(`${base}/turbine/+/+/alert`);
    const gateway = await connectAs("gw-1");
    gateway.publish(`${base}/turbine/north/T${text}/alert`.replace("T/", "/"), "{}");
    await until(() => !gateway.connected, "it is cut");
    await (await connectAs("gw-1")).publishAsync(`${base}/turbine/north/WT.1_a-b/alert`, "{}", { qos: 1 });
    await until(() => heard.length > 0, "the next is heard");
    expect(heard).toEqual([`${base}/turbine/north/WT.1_a-b/alert`]);
    expect(reader.connected).toBe(true);
  },
);

test("a login that fills its room for retained messages cuts nobody, and leaves room to others", async () => {
  const { connectAs, lines } = await start();
  const retain = { qos: 1, retain: true } as const;
  const greedy = await connectAs("gw-1");
  const topicOf = (index: number): string => `${base}/turbine/north/WT${index}/state`;
  for (let index = 0; index < 1_300; index++) greedy.publish(topicOf(index), "{}", retain);
  await greedy.publishAsync(topicOf(1_300), "{}", retain);
  await greedy.publishAsync(topicOf(0), "large", retain);
  const other = await connectAs("gw-2");
  await other.publishAsync(`${base}/turbine/south/WT0/state`, "{}", retain);
  expect([greedy.connected, other.connected]).toEqual([true, true]);
  const told = new Map<string, string>();
  const reader = await connectAs(null);
  reader.on("message", (topic, payload) => told.set(topic, String(payload)));
  await reader.subscribeAsync(`${base}/turbine/+/+/state`);
  await until(() => told.size >= 1_251, "what is retained is told");
  expect([told.size, told.get(topicOf(0))]).toEqual([1_251, "large"]);
  expect(lines).toMatchObject([
    {
      message: "a message was not retained",
      reason: "more than its share of retained messages",
      topic: topicOf(1_250),
    },
  ]);
  // Who listens hears what is not retained.
  greedy.publish(topicOf(1_300), "later", retain);
  await until(() => told.get(topicOf(1_300)) === "later", "it is passed on");
});

test("of a topic whose newest message has no room nothing is retained, in whatever order its client sends", async () => {
  const { connectAs } = await start();
  const topicOf = (index: number): string => `${base}/turbine/north/WT${index}/state`;
  const gateway = await connectAs("gw-1");
  const part = "x".repeat(16_000);
  const retain = { qos: 1, retain: true } as const;
  await Promise.all(Array.from({ length: 500 }, (_, at) => gateway.publishAsync(topicOf(at), part, retain)));
  const alarm = "x".repeat(800_000);
  await gateway.publishAsync(topicOf(0), alarm, retain);
  // Both in one write: the broker stores the first, which has room, later than it takes the second.
  gateway.stream.cork();
  gateway.publish(topicOf(1), "old", retain);
  const sent = gateway.publishAsync(topicOf(1), alarm, retain);
  gateway.stream.uncork();
  await sent;
  const reader = await connectAs(null);
  const heard = new Map<string, number>();
  reader.on("message", (topic, payload) => heard.set(topic, payload.length));
  await reader.subscribeAsync(`${base}/turbine/+/+/state`);
  await until(() => heard.size >= 498, "what is retained is told");
  await gateway.publishAsync(topicOf(0), "now", retain);
  await until(() => heard.has(topicOf(0)), "the next is heard");
  expect([heard.get(topicOf(0)), heard.get(topicOf(1)), heard.size]).toEqual([3, undefined, 499]);
});

test("filters are bounded, for a guest by connection and for a login over all of its, and refusals fill no log", async () => {
  const { connectAs, lines } = await start();
  /** How many of the filters are granted. */
  const ask = async (client: MqttClient, filters: readonly string[]): Promise<number> => {
    const answered = new Promise<number>((resolve) => {
      client.on("packetreceive", (packet) => {
        if (packet.cmd !== "suback") return;
        resolve((packet.granted as readonly number[]).filter((qos) => qos < 128).length);
      });
    });
    client.subscribe([...filters], () => {});
    return answered;
  };
  const filtersOf = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${base}/turbine/${name}/${index}/state`);
  const guest = await connectAs(null);
  const refused = { message: "a subscription was refused", user: null };
  const topic = `${base}/turbine/a/50/state`;
  expect(await ask(guest, filtersOf("a", 2_500))).toBe(50);
  await guest.unsubscribeAsync(filtersOf("a", 10));
  expect(await ask(guest, filtersOf("b", 10))).toBe(10);
  expect(await ask(guest, [`${base}/turbine/${"x".repeat(600)}/+/state`])).toBe(0);
  expect(await ask(await connectAs(null), filtersOf("a", 50))).toBe(50);
  expect(lines).toMatchObject([
    { ...refused, reason: "more than 50 filters", topic },
    { ...refused, reason: "no right to it", topic: expect.stringMatching(/^.{128}$/) },
  ]);

  const first = await connectAs("gw-2");
  expect(await ask(first, filtersOf("c", 2_000))).toBe(2_000);
  expect(await ask(await connectAs("gw-2"), filtersOf("d", 1))).toBe(0);
  expect(await ask(await connectAs("gw-1"), [`${base}/turbine/north/+/state`])).toBe(1);
  await first.endAsync();
  expect(await ask(await connectAs("gw-2"), filtersOf("d", 1))).toBe(1);
});

test("a login has sixteen connections: a further one is refused, counted and told of, and neither others nor its own gateway are kept out", async () => {
  const { broker, connect, connectAs, lines } = await start();
  const login = { username: "gw-1", password: "gw-1" };
  const gateway = await connect({ ...login, clientId: "gateway" });
  onTestFinished(() => void gateway.end(true));
  const tools: MqttClient[] = [];
  for (let index = 0; index < 15; index++) tools.push(await connectAs("gw-1"));
  for (let index = 0; index < 30; index++) await expect(connect(login)).rejects.toMatchObject({ code: 3 });
  await until(() => broker.counts().connections === 16, "those that were refused are gone");
  expect(broker.counts()).toMatchObject({ refusedConnections: 30 });
  expect(lines).toMatchObject([
    { message: "a login was refused", user: "gw-1", reason: "more than 16 connections" },
  ]);
  expect((await connectAs("gw-2")).connected && (await connectAs(null)).connected).toBe(true);
  const again = await connect({ ...login, clientId: "gateway" });
  onTestFinished(() => void again.end(true));
  await until(() => !gateway.connected, "it was taken over");
  await expect(connect(login)).rejects.toMatchObject({ code: 3 });
  await tools[0]!.endAsync();
  await until(() => broker.counts().connections === 17, "its place and that of the refused one are free");
  expect((await connectAs("gw-1")).connected).toBe(true);
  expect(tools.slice(1).every((tool) => tool.connected) && again.connected).toBe(true);
});
