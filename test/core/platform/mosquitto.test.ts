import { describe, expect, onTestFinished, test } from "vitest";
import { createMqttClient, type MqttClientOptions } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { findFreePort } from "../../support/free-port.ts";
import { hasMosquitto, type Mosquitto, startMosquitto } from "../../support/mosquitto.ts";
import { until } from "../../support/until.ts";

describe.skipIf(!hasMosquitto)(`a client and mosquitto${hasMosquitto ? "" : " (not installed)"}`, () => {
  async function start(extra: readonly string[] = []): Promise<Mosquitto> {
    const broker = await startMosquitto(await findFreePort(), extra);
    onTestFinished(() => broker.close());
    return broker;
  }

  let names = 0;
  function client(port: number, options: Partial<MqttClientOptions> = {}): MqttClient {
    names += 1;
    const created = createMqttClient({
      url: `mqtt://127.0.0.1:${port}`,
      clientId: `m-${names}`,
      backoff: { firstMs: 20, maxMs: 100 },
      ...options,
    });
    onTestFinished(() => created.close());
    return created;
  }

  test("speak MQTT 5, retained messages and shared subscriptions included", async () => {
    const broker = await start();
    const a = client(broker.port);
    const b = client(broker.port);
    const received: string[] = [];
    const take = (topic: string, _payload: Uint8Array, retain: boolean): void => {
      received.push(`${topic}${retain ? " retained" : ""}`);
    };
    await until(() => a.connected && b.connected, "connected");
    expect(a.version).toBe(5);
    await a.publish("state/1", "x", { qos: 1, retain: true });
    await b.subscribe("state/+", 1, take);
    await until(() => received.length === 1, "retained message");
    expect(received).toEqual(["state/1 retained"]);
    await b.subscribe("$share/g/work/#", 1, take);
    await a.publish("work/2", "x", { qos: 1, retain: false });
    await until(() => received.length === 2, "shared message");
  });

  test("a burst beyond the broker's receive maximum arrives whole, without a disconnection", async () => {
    const broker = await start(["max_inflight_messages 5"]);
    const sender = client(broker.port);
    const reader = client(broker.port);
    let received = 0;
    let losses = 0;
    sender.onDisconnect(() => {
      losses += 1;
    });
    await reader.subscribe("burst", 1, () => {
      received += 1;
    });
    await until(() => sender.connected && reader.connected, "connected");
    await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        sender.publish("burst", `${index}`, { qos: 1, retain: false }),
      ),
    );
    await until(() => received === 500, "all messages");
    expect(losses).toBe(0);
  });

  test("publishes under way when the broker is killed are rejected, and the client comes back", async () => {
    const broker = await start();
    const sender = client(broker.port);
    await until(() => sender.connected, "connected");
    const results = Array.from({ length: 200 }, (_, index) =>
      sender.publish("t", `${index}`, { qos: 1, retain: false }).then(
        () => "sent",
        () => "rejected",
      ),
    );
    await broker.kill();
    const settled = await Promise.all(results);
    expect(settled.every((outcome) => outcome === "sent" || outcome === "rejected")).toBe(true);
    await until(() => !sender.connected, "loss seen");
    await expect(sender.publish("t", "x", { qos: 1, retain: false })).rejects.toThrow(/not connected/);
    await broker.start();
    await until(() => sender.connected, "back");
    await sender.publish("t", "x", { qos: 1, retain: false });
  });

  test("a wrong password is tried again with patience and reported as refused", async () => {
    const broker = await start(["allow_anonymous false"]);
    const refused: string[] = [];
    const stranger = client(broker.port, {
      logger: {
        debug: () => {},
        info: () => {},
        error: () => {},
        child: () => expect.fail("no child"),
        warn: (_message, fields) => void refused.push(String(fields?.reason)),
      },
    });
    await until(() => refused.length > 0, "refusal");
    expect(refused[0]).toBe("refused");
    expect(stranger.connected).toBe(false);
  });

  test("more publishes than may be under way are rejected and not queued", async () => {
    const broker = await start();
    const sender = client(broker.port, { maxInFlight: 10 });
    await until(() => sender.connected, "connected");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 15 }, () => sender.publish("t", "x", { qos: 1, retain: false })),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(5);
  });
});
