import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemClock, systemTimers } from "../../../src/core/platform/clock.ts";
import {
  createEmbeddedBroker,
  type EmbeddedBroker,
} from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createUplink } from "../../../src/gateway/record/uplink.ts";
import { type CollectorModel, createCollectorModel } from "../../support/collector-model.ts";
import { compiledProgram } from "../../support/compiled.ts";
import { findFreePort } from "../../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../../support/mosquitto.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const topics = createTopics("aurora/v1");
const backoff = { firstMs: 20, maxMs: 100 };

/** A broker that can be killed and started again on its port. */
interface Broker {
  readonly port: number;
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

async function startEmbedded(): Promise<Broker> {
  const port = await findFreePort();
  let broker: EmbeddedBroker | null = null;
  const self: Broker = {
    port,
    async kill() {
      await broker?.close();
      broker = null;
    },
    async start() {
      broker = await createEmbeddedBroker({
        port,
        authenticate: () => true,
        authorisePublish: () => true,
        authoriseSubscribe: () => true,
      });
    },
    close: () => self.kill(),
  };
  await self.start();
  return self;
}

const brokers = [
  { name: "the embedded broker", available: true, startBroker: startEmbedded },
  {
    name: hasMosquitto ? "mosquitto" : "mosquitto (not installed)",
    available: hasMosquitto,
    startBroker: async (): Promise<Broker> => startMosquitto(await findFreePort()),
  },
];

/** A collector on the broker; `loseAcks` is the share of acknowledgements that it forgets to send. */
function startCollector(port: number, loseAcks: number): CollectorModel {
  const collector = createCollectorModel();
  const random = createRandom(7);
  const client = createMqttClient({ url: `mqtt://127.0.0.1:${port}`, clientId: "collector", backoff });
  onTestFinished(() => client.close());
  void client.subscribe(topics.allUplinks, 1, (_topic, payload) => {
    const ack = collector.take(payload);
    if (ack === null || random.uniform() < loseAcks) return;
    client.publish(topics.ack("gw"), encodeUplinkAck(ack), { qos: 1, retain: false }).catch(() => {});
  });
  return collector;
}

const idsOf = (collector: CollectorModel): string[] =>
  collector.stored.flatMap(({ record }) => (record.kind === "alert" ? [record.id] : []));

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);

for (const { name, available, startBroker } of brokers) {
  describe.skipIf(!available)(`the uplink over ${name}`, () => {
    async function start(): Promise<Broker> {
      const broker = await startBroker();
      onTestFinished(() => broker.close());
      return broker;
    }

    test("loses and doubles nothing while the broker is killed again and again and acknowledgements are lost", async () => {
      const broker = await start();
      const collector = startCollector(broker.port, 0.3);
      const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
      onTestFinished(() => file.close());
      const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
      onTestFinished(() => outbox.close());
      const url = `mqtt://127.0.0.1:${broker.port}`;
      const transport = createMqttClient({ url, clientId: "gateway", backoff });
      onTestFinished(() => transport.close());
      const uplink = createUplink({
        gateway: "gw",
        outbox,
        transport,
        topics,
        clock: systemClock,
        timers: systemTimers,
        ackTimeoutMs: 200,
        resend: { firstMs: 20, maxMs: 100 },
      });
      onTestFinished(() => uplink.close());
      let appended = 0;
      const total = 300;
      for (let round = 0; round < 5; round++) {
        for (let index = 0; index < total / 5; index++) {
          appended += 1;
          outbox.append({ kind: "alert", id: `${appended}`, json: "{}" });
          if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => collector.stored.length > round * 50, "some arrive");
        await broker.kill();
        await broker.start();
      }
      await until(() => outbox.counts().records === 0, "everything is acknowledged", 30_000);
      expect(idsOf(collector)).toEqual(numbers(total));
    });

    test("loses and doubles nothing that was durable while the gateway is killed again and again", async () => {
      const broker = await start();
      const collector = startCollector(broker.port, 0.2);
      const path = join(createTemporaryFolder(), "store.db");
      let durable = 0;
      let child: ChildProcess | null = null;
      onTestFinished(() => void child?.kill("SIGKILL"));
      const run = (count: number): ChildProcess => {
        const script = compiledProgram("test/support/uplink-gateway.ts");
        const started = spawn(
          process.execPath,
          [script, path, `mqtt://127.0.0.1:${broker.port}`, `${durable + 1}`, `${count}`],
          { stdio: ["ignore", "pipe", "inherit"] },
        );
        started.stdout?.on("data", (chunk: Buffer) => {
          const last = chunk.toString().trim().split("\n").at(-1);
          durable = Math.max(durable, Number(last));
        });
        child = started;
        return started;
      };
      for (let round = 1; round <= 3; round++) {
        const before = durable;
        const gateway = run(100_000);
        await until(() => durable >= before + 40, "some are durable");
        const closed = once(gateway, "close");
        gateway.kill("SIGKILL");
        await closed;
      }
      const gateway = run(10);
      const [code] = await once(gateway, "close");
      expect(code).toBe(0);
      const ids = idsOf(collector).map(Number);
      // An alert may have become durable just before the kill without having been said.
      const sayings = new Map<number, number>();
      for (const id of ids) sayings.set(id, (sayings.get(id) ?? 0) + 1);
      for (let id = 1; id <= durable; id++) expect(sayings.get(id), `alert ${id}`).toBeGreaterThanOrEqual(1);
      const sequences = collector.stored.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      expect(ids.length - sayings.size).toBeLessThanOrEqual(3);
    });
  });
}

test.skipIf(!hasMosquitto)(
  "alerts arrive through a broker that takes what is large and gives it to nobody (skipped without mosquitto)",
  async () => {
    const broker = await startMosquitto(await findFreePort(), ["message_size_limit 20000"]);
    onTestFinished(() => broker.close());
    const collector = startCollector(broker.port, 0);
    const file = openStoreFile({ path: join(createTemporaryFolder(), "store.db"), survives: "crash" });
    onTestFinished(() => file.close());
    const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
    onTestFinished(() => outbox.close());
    for (let id = 1; id <= 60; id++) {
      outbox.append({ kind: "alert", id: `${id}`, json: JSON.stringify("y".repeat(2_000)) });
    }
    await until(() => outbox.counts().records === 60, "the alerts wait");
    const url = `mqtt://127.0.0.1:${broker.port}`;
    // In MQTT 3.1.1 the broker cannot say that it has dropped a message.
    const transport = createMqttClient({ url, clientId: "gateway", backoff, version: 4 });
    onTestFinished(() => transport.close());
    const times = { ackTimeoutMs: 200, resend: { firstMs: 20, maxMs: 100 } };
    const timing = { clock: systemClock, timers: systemTimers, ...times };
    const uplink = createUplink({ gateway: "gw", outbox, transport, topics, ...timing });
    onTestFinished(() => uplink.close());
    await until(() => outbox.counts().records === 0, "everything is acknowledged", 20_000);
    expect(idsOf(collector)).toEqual(numbers(60));
  },
);
