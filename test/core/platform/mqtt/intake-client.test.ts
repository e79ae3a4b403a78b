import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { createIntakeClient } from "../../../../src/core/platform/mqtt/intake-client.ts";
import {
  createPacketReader,
  encodePacket,
  type MqttPacket,
} from "../../../../src/core/platform/mqtt/mqtt5-packets.ts";
import { until } from "../../../support/until.ts";

type Settle = () => void;

/** A client, and a broker that answers a packet as `answer` says. */
async function connect(answer: (packet: MqttPacket, socket: Socket) => Uint8Array | undefined) {
  const heard: MqttPacket[] = [];
  const server = createServer((socket) => {
    const reader = createPacketReader(1_000_000);
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (const packet of reader.read(chunk)) {
        heard.push(packet);
        const bytes = answer(packet, socket);
        if (bytes !== undefined) socket.write(bytes);
      }
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const taken: { topic: string; payload: Uint8Array; retain: boolean; settle: Settle }[] = [];
  const losses: string[] = [];
  const takenAtLoss: number[] = [];
  const client = createIntakeClient({
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: "aurora-ingest-1",
    password: "pä",
    maxPacketBytes: 1_000,
    sessionExpirySeconds: 300,
    receiveMaximum: 40,
    backoff: { firstMs: 10, maxMs: 20 },
    onMessage: (message) => void taken.push(message),
    onLoss: () => void takenAtLoss.push(taken.length),
    logger: silentLogger,
  });
  onTestFinished(() => client.close());
  client.onDisconnect(({ reason }) => void losses.push(reason));
  return {
    client,
    heard,
    taken,
    losses,
    takenAtLoss,
    countOf: (cmd: string) => heard.filter((p) => p.cmd === cmd).length,
  };
}

const welcome = (receiveMaximum = 100): Uint8Array =>
  encodePacket({
    cmd: "connack",
    sessionPresent: true,
    reasonCode: 0,
    properties: { userProperties: { a: "b" }, assignedClientIdentifier: "x", receiveMaximum },
  });
const message = (messageId: number): MqttPacket => {
  const payload = Buffer.from(`message ${messageId}`);
  return { cmd: "publish", topic: "a/b", messageId, payload, qos: 1, retain: false, dup: false };
};

test("it begins the session that was kept, and acknowledges what is settled, in whatever order", async () => {
  const messages = Buffer.concat([welcome(), ...[1, 2, 3].map((id) => encodePacket(message(id)))]);
  const { heard, taken } = await connect(({ cmd }) => (cmd === "connect" ? messages : undefined));
  await until(() => taken.length === 3, "the messages");
  expect(heard[0]).toMatchObject({
    cmd: "connect",
    clientId: "aurora-ingest-1",
    clean: false,
    keepalive: 20,
    username: "",
    password: Buffer.from("pä"),
    properties: { sessionExpiryInterval: 300, receiveMaximum: 40, maximumPacketSize: 1_000 },
  });
  expect(taken[1]).toMatchObject({ topic: "a/b", retain: false });
  // Not a Buffer, whose slices share their bytes.
  expect(taken[1]!.payload).toStrictEqual(new Uint8Array(Buffer.from("message 2")));
  for (const index of [2, 0]) taken[index]!.settle();
  await until(() => heard.length === 3, "two acknowledgements");
  expect(heard.slice(1)).toMatchObject([
    { cmd: "puback", messageId: 3, reasonCode: 0 },
    { cmd: "puback", messageId: 1, reasonCode: 0 },
  ]);
});

test("it sends no more than the broker takes, and tells what that refuses", async () => {
  const waiting: number[] = [];
  let socket: Socket | undefined;
  const { client, heard, countOf, losses } = await connect((packet, from) => {
    socket = from;
    if (packet.cmd === "connect") return welcome(2);
    const messageId = packet.messageId ?? 0;
    if (packet.cmd === "publish" && packet.qos === 1) waiting.push(messageId);
    // Not authorized; no subscription existed.
    if (packet.cmd === "subscribe") return encodePacket({ cmd: "suback", messageId, granted: [0x87] });
    if (packet.cmd === "unsubscribe") return encodePacket({ cmd: "unsuback", messageId, granted: [0x11] });
    return undefined;
  });
  await until(() => client.connected, "a connection");
  const publish = (value: number, qos: 0 | 1) =>
    client.publish("t", Uint8Array.of(value), { qos, retain: qos === 1 }).catch((error: Error) => error);
  const answers = [publish(1, 1), publish(2, 1), publish(3, 1)];
  await publish(4, 0);
  await until(() => countOf("publish") === 3, "two messages, and one that needs no answer");
  expect(heard.slice(1)).toMatchObject([
    { topic: "t", qos: 1, retain: true, payload: Buffer.of(1) },
    { topic: "t", qos: 1, retain: true, payload: Buffer.of(2) },
    { topic: "t", qos: 0, retain: false, payload: Buffer.of(4) },
  ]);
  // As mosquitto answers what is beyond its `message_size_limit`.
  socket?.write(Uint8Array.of(0x40, 3, 0, waiting[1]!, 0x95));
  expect(await answers[1]).toMatchObject({ message: "the broker refused it (reason 149)" });
  await until(() => waiting.length === 3, "the third message");
  for (const index of [2, 0]) {
    socket?.write(encodePacket({ cmd: "puback", messageId: waiting[index]!, reasonCode: 0 }));
    expect(await answers[index]).toBeUndefined();
  }
  await client.subscribe("a/+", 1, () => {});
  expect([...client.refusedFilters]).toEqual(["a/+"]);
  await client.unsubscribe("a/+");
  expect(heard.slice(-2)).toMatchObject([
    { cmd: "subscribe", subscriptions: [{ topic: "a/+", qos: 1 }] },
    { cmd: "unsubscribe", unsubscriptions: ["a/+"] },
  ]);
  expect(losses).toEqual([]);
  await client.close();
  await until(() => countOf("disconnect") === 1, "a goodbye");
});

test.each([
  ["a packet beyond what was agreed", [0x30, 0xe8, 0x07], "packet-too-large"],
  ["a length without end", [0x30, 0x80, 0x80, 0x80, 0x80, 1], "closed"],
  ["a topic beyond its packet", [0x32, 4, 0, 9, 1, 1], "closed"],
  ["properties beyond their packet", [0x30, 8, 0, 1, 97, 0xff, 0xff, 0xff, 0x7f, 0], "closed"],
  ["a reason that there is not", [0x40, 3, 0, 1, 0xff], "closed"],
  ["a type that there is not", [0, 0], "closed"],
])("%s ends the connection, and another follows", async (_, bytes, reason) => {
  const sent = Buffer.concat([welcome(), encodePacket(message(1))]);
  let first: Socket | undefined;
  const { client, taken, losses, takenAtLoss, countOf } = await connect(({ cmd }, socket) => {
    first ??= socket;
    return cmd === "connect" ? sent : undefined;
  });
  await until(() => client.connected && taken.length === 1, "a connection");
  first?.write(Uint8Array.from(bytes));
  await until(() => losses.length === 1 && client.connected, "another connection");
  expect(losses).toEqual([reason]);
  await until(() => taken.length === 2, "the message again");
  // Before anything comes again.
  expect(takenAtLoss).toEqual([1]);
  expect(countOf("connect")).toBe(2);
  // Of a connection that is gone nothing is acknowledged.
  for (const { settle } of taken) settle();
  await until(() => countOf("puback") === 1, "its acknowledgement");
});

test("a connection over which nothing comes is given up although it still sends pings", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  let answersPings = true;
  const { client, losses, countOf } = await connect(({ cmd }) => {
    if (cmd === "connect") return welcome();
    return cmd === "pingreq" && answersPings ? encodePacket({ cmd: "pingresp" }) : undefined;
  });
  await until(() => client.connected, "a connection");
  const ping = async (): Promise<void> => {
    const before = countOf("pingreq");
    vi.advanceTimersByTime(10_000);
    await until(() => countOf("pingreq") > before || losses.length > 0, "a ping");
    // Its answer is read.
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  for (let turn = 0; turn < 6; turn++) await ping();
  expect(losses).toEqual([]);
  answersPings = false;
  for (let turn = 0; turn < 6; turn++) await ping();
  expect(losses).toEqual(["silent"]);
});

test("a connection on which messages stream in is not cut because one answer takes longer", async () => {
  let socket: Socket | undefined;
  const { client, taken, losses } = await connect(({ cmd }, from) => {
    socket = from;
    return cmd === "connect" ? welcome() : undefined;
  });
  await until(() => client.connected, "a connection");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  // Timers stand still.
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const answer = client.publish("t", Uint8Array.of(1), { qos: 1, retain: false }).catch(() => "lost");
  for (let id = 1; id <= 3; id++) {
    socket?.write(encodePacket(message(id)));
    while (taken.length < id) await turn();
    vi.advanceTimersByTime(10_000);
    await turn();
  }
  for (let turns = 0; turns < 100; turns++) await turn();
  expect([taken.length, losses]).toEqual([3, []]);
  vi.advanceTimersByTime(10_000);
  expect(await answer).toBe("lost");
  expect(losses).toEqual(["silent"]);
});
