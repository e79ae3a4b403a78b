import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import { encodePacket } from "../../../../src/core/platform/mqtt/mqtt5-packets.ts";
import { collectGarbage } from "../../../support/collect-garbage.ts";
import { until } from "../../../support/until.ts";

const idLength = 12_000;
/** PUBACK of packet 1 and PINGREQ, sections 3.4 and 3.12. */
const acknowledging = Uint8Array.of(0x40, 2, 0, 1, 0xc0, 0);

async function measureMemory(): Promise<NodeJS.MemoryUsage> {
  await collectGarbage();
  return process.memoryUsage();
}

test("nothing stays of guests that acknowledge and go, whatever they called themselves", async () => {
  const broker = await createEmbeddedBroker({ authenticate: () => true });
  onTestFinished(() => broker.close());
  const acknowledge = async (name: string): Promise<void> => {
    const guest = connect(broker.port, "127.0.0.1");
    guest.on("error", () => {});
    const clientId = name.padEnd(idLength, "-");
    guest.write(encodePacket({ cmd: "connect", clientId, clean: true, protocolVersion: 4, keepalive: 60 }));
    await once(guest, "data");
    guest.write(acknowledging);
    await once(guest, "data");
    await once(guest.destroy(), "close");
  };
  await acknowledge("first");
  const before = await measureMemory();
  const guests = 500;
  for (let index = 0; index < guests; index++) await acknowledge(`guest-${index}`);
  const { heapUsed } = await measureMemory();
  expect(heapUsed - before.heapUsed).toBeLessThan((guests * idLength) / 2);
});

test("a retained message keeps nothing of what came with it", async () => {
  const broker = await createEmbeddedBroker({ authenticate: () => true, authorisePublish: () => true });
  onTestFinished(() => broker.close());
  const client = createMqttClient({ url: `mqtt://127.0.0.1:${broker.port}`, clientId: "gw-1", version: 4 });
  onTestFinished(() => client.close());
  await until(() => client.connected, "connected");
  const before = await measureMemory();
  const topics = 200;
  const passing = new Uint8Array(30_000);
  for (let index = 0; index < topics; index++) {
    const passed = client.publish("t/passing", passing, { qos: 0, retain: false });
    await client.publish(`t/${index}`, "x", { qos: 1, retain: true });
    await passed;
  }
  // What nothing holds is let go of beside the thread, a moment later.
  await until(
    async () => {
      const { arrayBuffers } = await measureMemory();
      return arrayBuffers - before.arrayBuffers < (topics * passing.length) / 2;
    },
    "what came with them is let go of",
    10_000,
  );
});
