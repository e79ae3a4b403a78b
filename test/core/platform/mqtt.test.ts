import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import {
  createEmbeddedBroker,
  type EmbeddedBroker,
  type EmbeddedBrokerOptions,
} from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient, type MqttClientOptions } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../support/free-port.ts";
import { until } from "../../support/until.ts";
import { waitsForNobody } from "../../support/waits-for-nobody.ts";

const allowAll = { authenticate: () => true, authorisePublish: () => true, authoriseSubscribe: () => true };

async function startBroker(options: EmbeddedBrokerOptions = allowAll): Promise<EmbeddedBroker> {
  const broker = await createEmbeddedBroker(options);
  onTestFinished(() => broker.close());
  return broker;
}

let names = 0;
function startClient(port: number, options: Partial<MqttClientOptions> = {}): MqttClient {
  names += 1;
  const client = createMqttClient({
    url: `mqtt://127.0.0.1:${port}`,
    clientId: `test-${names}`,
    backoff: { firstMs: 20, maxMs: 100 },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** CONNECT of MQTT 3.1.1 with a clean session, section 3.1. */
function connectPacket(clientId: string): Uint8Array {
  const name = new TextEncoder().encode(clientId);
  return Uint8Array.of(0x10, 12 + name.length, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, name.length, ...name);
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", () => resolve());
    socket.once("close", () => resolve());
  });
}

describe("client and embedded broker", () => {
  test("whoever subscribes while a connection is made hears what comes", async () => {
    const broker = await startBroker();
    const client = startClient(broker.port, { version: 4 });
    const heard = new Set<string>();
    const topics: string[] = [];
    while (!client.connected) {
      const topic = `late/${topics.length}`;
      topics.push(topic);
      await client.subscribe(topic, 1, () => heard.add(topic));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const topic of topics) await client.publish(topic, "x", { qos: 1, retain: false });
    await until(() => heard.size === topics.length, "every subscription holds");
  });

  test("a client falls back from MQTT 5 to 3.1.1 and messages arrive", async () => {
    const broker = await startBroker();
    const client = startClient(broker.port);
    const received: string[] = [];
    await client.subscribe("a/+/c", 1, (topic, payload) => {
      received.push(`${topic} ${new TextDecoder().decode(payload)}`);
    });
    await until(() => client.connected, "connected");
    expect(client.version).toBe(4);
    expect(broker.counts().mqtt5Refusals).toBe(1);
    await client.publish("a/b/c", "hello", { qos: 1, retain: false });
    await until(() => received.length === 1, "message");
    expect(received).toEqual(["a/b/c hello"]);
  });

  test("nobody ends another user's connection by taking its client id, and one's own still does", async () => {
    const users: (string | null)[] = [];
    const broker = await startBroker({
      ...allowAll,
      authenticate: ({ clientId, username }) => {
        if (clientId === "same") users.push(username);
        return true;
      },
    });
    const owner = startClient(broker.port, { clientId: "same", username: "gw-1", password: "x" });
    let losses = 0;
    owner.onDisconnect(() => {
      losses += 1;
    });
    await until(() => owner.connected, "owner connected");
    const received: string[] = [];
    await owner.subscribe("x", 1, (topic) => received.push(topic));
    for (const changes of [{}, { username: "gw-2", password: "x" }]) {
      const other = startClient(broker.port, { clientId: "same", ...changes });
      await until(() => other.connected, "other connected");
      await other.publish("x", "hello", { qos: 1, retain: false });
    }
    await until(() => received.length === 2, "the owner still hears");
    expect(losses).toBe(0);
    expect(users).toEqual(expect.arrayContaining(["gw-1", "gw-2", null]));
    const again = startClient(broker.port, { clientId: "same", username: "gw-1", password: "x" });
    await until(() => losses > 0 && again.version !== null, "the same user's newer connection counts");
    await again.close();
  });

  test("neither silent connections nor guests keep a gateway out", async () => {
    const broker = await startBroker({ ...allowAll, maxConnections: 8 });
    const guests = Array.from({ length: 6 }, () => startClient(broker.port));
    await until(() => guests.filter((guest) => guest.connected).length === 4, "half of the places");
    const silent = Array.from({ length: 20 }, () => connect(broker.port, "127.0.0.1"));
    onTestFinished(() => {
      for (const socket of silent) socket.destroy();
    });
    const gateway = startClient(broker.port, { username: "gw-1", password: "x" });
    await until(() => gateway.connected, "gateway connected");
    await gateway.publish("x", "hello", { qos: 1, retain: false });
    expect(broker.counts().connections).toBeLessThanOrEqual(8);
    expect(guests.filter((guest) => guest.connected)).toHaveLength(4);
  });

  test("everything is denied when nothing is allowed", async () => {
    const broker = await startBroker({});
    const client = startClient(broker.port);
    await until(() => broker.counts().refusedConnections > 0, "refusal");
    expect(client.connected).toBe(false);
    await expect(client.publish("a", "b", { qos: 1, retain: false })).rejects.toSatisfy((error) =>
      hasErrorCode(error, "MQTT"),
    );
  });

  test("a client keeps trying while the broker is absent, and renews its subscriptions when it comes", async () => {
    const port = await findFreePort();
    const client = startClient(port);
    const received: string[] = [];
    await client.subscribe("x", 1, (topic) => received.push(topic));
    let connects = 0;
    client.onConnect(() => {
      connects += 1;
    });
    for (let round = 1; round <= 3; round++) {
      const broker = await createEmbeddedBroker({ ...allowAll, port });
      await until(() => connects === round, `connection ${round}`);
      await client.publish("x", "1", { qos: 1, retain: false });
      await until(() => received.length === round, `message ${round}`);
      await broker.close();
      await until(() => !client.connected, "loss seen");
    }
  });

  test("who has not logged in is cut off at a CONNECT beyond 16 KiB, and a larger publish is taken", async () => {
    const broker = await startBroker(allowAll);
    const stranger = connect(broker.port, "127.0.0.1");
    stranger.on("error", () => {});
    // CONNECT with a remaining length of 16,384 bytes.
    stranger.write(Uint8Array.of(0x10, 0x80, 0x80, 0x01));
    await new Promise((resolve) => stranger.once("close", resolve));
    expect(broker.counts().oversizedPackets).toBe(1);
    const client = startClient(broker.port);
    const received: number[] = [];
    await client.subscribe("t", 1, (_, payload) => received.push(payload.length));
    await until(() => client.connected, "client");
    await client.publish("t", new Uint8Array(500_000), { qos: 1, retain: false });
    await until(() => received.length === 1, "the publish");
    expect(received).toEqual([500_000]);
  });

  test("a 100 MB publish is cut off at its header, counted, and hurts nobody else", async () => {
    const broker = await startBroker({ ...allowAll, maxPacketBytes: 64 * 1024 });
    const bystander = startClient(broker.port);
    const received: string[] = [];
    await bystander.subscribe("t", 1, (topic) => received.push(topic));
    await until(() => bystander.connected, "bystander");
    const attacker = connect(broker.port, "127.0.0.1");
    attacker.on("error", () => {});
    onTestFinished(() => void attacker.destroy());
    attacker.write(connectPacket("attacker"));
    await new Promise((resolve) => attacker.once("data", resolve));
    // PUBLISH with a remaining length of 104,857,600 bytes, then as many bytes as the broker lets through.
    attacker.write(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x32));
    const chunk = new Uint8Array(65_536);
    let sentBytes = 0;
    while (!attacker.destroyed && sentBytes < 100 * 1024 * 1024) {
      sentBytes += chunk.length;
      if (!attacker.write(chunk)) await drainedOrClosed(attacker);
    }
    expect(sentBytes).toBeLessThan(16 * 1024 * 1024);
    expect(broker.counts().oversizedPackets).toBe(1);
    await bystander.publish("t", "still here", { qos: 1, retain: false });
    await until(() => received.length === 1, "message");
  });

  test("a client cuts off a packet that is too large for it", async () => {
    const broker = await startBroker();
    const small = startClient(broker.port, { maxPacketBytes: 1000 });
    let losses = 0;
    small.onDisconnect((loss) => {
      if (loss.reason === "packet-too-large") losses += 1;
    });
    await small.subscribe("t", 0, () => {});
    await until(() => small.connected, "connected");
    const sender = startClient(broker.port);
    await until(() => sender.connected, "connected");
    await sender.publish("t", new Uint8Array(2000), { qos: 1, retain: false });
    await until(() => losses === 1, "loss");
  });

  test("shared subscriptions are refused because they would never deliver", async () => {
    const broker = await startBroker();
    const client = startClient(broker.port);
    await until(() => client.connected, "connected");
    await client.subscribe("$share/g/a", 1, () => {});
    expect([...client.refusedFilters]).toEqual(["$share/g/a"]);
    expect(broker.counts().refusedSubscriptions).toBe(1);
  });

  test("a publish that is not allowed ends the connection and is counted", async () => {
    const broker = await startBroker({
      ...allowAll,
      authorisePublish: (client, topic) => topic === `only/${client.username}`,
    });
    const client = startClient(broker.port, { username: "ann", password: "x" });
    await until(() => client.connected, "connected");
    await client.publish("only/ann", "1", { qos: 1, retain: false });
    await expect(client.publish("only/bob", "1", { qos: 1, retain: false })).rejects.toThrow(/lost/);
    expect(broker.counts().refusedPublishes).toBe(1);
  });

  test("what has no room to be retained is passed on, and its sender named", async () => {
    const unretained: (string | null)[] = [];
    const broker = await startBroker({ ...allowAll, onUnretained: (user) => void unretained.push(user) });
    const heard = new Set<string>();
    const live = startClient(broker.port);
    await live.subscribe("t/+", 0, (topic) => void heard.add(topic));
    const ann = startClient(broker.port, { username: "ann", password: "x" });
    await until(() => live.connected && ann.connected, "connected");
    // An eighth of all topics is a login's.
    const room = 1_250;
    for (let from = 0; from < room + 2; from += 313)
      await Promise.all(
        Array.from({ length: Math.min(313, room + 2 - from) }, (_, index) =>
          ann.publish(`t/${from + index}`, "1", { qos: 1, retain: true }),
        ),
      );
    await until(() => heard.size === room + 2, "all are passed on");
    expect(unretained).toEqual(["ann", "ann"]);
  });

  test("the last will is published when a client is lost, and not when it says goodbye", async () => {
    const broker = await startBroker();
    const watcher = startClient(broker.port);
    const states: string[] = [];
    await watcher.subscribe("w/+", 1, (topic) => states.push(topic));
    await until(() => watcher.connected, "connected");
    const will = (topic: string): Partial<MqttClientOptions> => ({
      will: { topic, payload: "gone", qos: 1, retain: false },
    });
    const polite = startClient(broker.port, will("w/polite"));
    const rude = startClient(broker.port, { ...will("w/rude"), clientId: "rude" });
    await until(() => polite.connected && rude.connected, "connected");
    await polite.close();
    // A second connection of the same name makes the broker cut the first.
    const usurper = connect(broker.port, "127.0.0.1");
    onTestFinished(() => void usurper.destroy());
    usurper.write(connectPacket("rude"));
    await until(() => states.includes("w/rude"), "will");
    expect(states).not.toContain("w/polite");
  });

  test("closing either end waits for nobody", async () => {
    const broker = await createEmbeddedBroker(allowAll);
    const clients = Array.from({ length: 5 }, () => startClient(broker.port));
    await until(() => clients.every((client) => client.connected), "connected");
    await waitsForNobody(clients[0]!.close());
    await waitsForNobody(broker.close());
    await waitsForNobody(clients[1]!.close());
  });

  test("a subscriber that does not read is cut off and the others go on", async () => {
    const broker = await startBroker();
    const lazy = connect(broker.port, "127.0.0.1");
    lazy.on("error", () => {});
    onTestFinished(() => void lazy.destroy());
    lazy.write(connectPacket("lazy"));
    await new Promise((resolve) => lazy.once("data", resolve));
    // SUBSCRIBE to "t" with QoS 0, section 3.8; then it never reads again.
    lazy.write(Uint8Array.of(0x82, 6, 0, 1, 0, 1, 116, 0));
    await new Promise((resolve) => lazy.once("data", resolve));
    lazy.pause();
    const sender = startClient(broker.port);
    const reader = startClient(broker.port);
    let received = 0;
    await reader.subscribe("t", 0, () => {
      received += 1;
    });
    await until(() => sender.connected && reader.connected, "connected");
    const chunk = new Uint8Array(500_000);
    for (let index = 0; index < 40; index++) await sender.publish("t", chunk, { qos: 1, retain: false });
    await until(() => received === 40, "the other subscriber has everything", 20_000);
    await until(() => broker.counts().connections === 2, "the lazy one is gone", 20_000);
  });

  test("random bytes on the broker's port end that connection only", async () => {
    const broker = await startBroker();
    const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) & 0xff);
    const socket = connect(broker.port, "127.0.0.1", () => socket.write(noise));
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve));
    const client = startClient(broker.port);
    await until(() => client.connected, "connected");
  });
});
