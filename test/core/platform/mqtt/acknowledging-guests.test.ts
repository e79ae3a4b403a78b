import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import { encodePacket } from "../../../../src/core/platform/mqtt/mqtt5-packets.ts";
import { collectGarbage } from "../../../support/collect-garbage.ts";

const idLength = 12_000;
/** PUBACK of packet 1 and PINGREQ, sections 3.4 and 3.12. */
const acknowledging = Uint8Array.of(0x40, 2, 0, 1, 0xc0, 0);

async function heapBytes(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
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
  const before = await heapBytes();
  const guests = 500;
  for (let index = 0; index < guests; index++) await acknowledge(`guest-${index}`);
  expect((await heapBytes()) - before).toBeLessThan((guests * idLength) / 2);
});
