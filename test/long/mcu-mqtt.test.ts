import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createMqttLink } from "../../firmware-bridge/framing/mqtt-link.ts";
import { createMcuImage } from "../../scripts/mcu/mcu-image.ts";
import { startVirtualBoard } from "../../scripts/mcu/virtual-board.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { listen } from "../firmware-bridge/conversation.ts";
import { createMcuWorkshop, hasCompiler } from "../firmware-bridge/mcu-host.ts";
import { deviceTopics, withLength } from "../firmware-bridge/mqtt-message.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";

describe.skipIf(!hasCompiler)("the firmware's packets over MQTT (need a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test.each([
    ["the embedded broker", false],
    [`mosquitto${hasMosquitto ? "" : " (skipped: not installed)"}`, true],
  ])("bring its samples to a gateway through %s, in order and unchanged", async (_name, wantsMosquitto) => {
    if (wantsMosquitto && !hasMosquitto) return;
    const port = wantsMosquitto ? await findFreePort() : 0;
    const broker = wantsMosquitto
      ? await startMosquitto(port)
      : await createEmbeddedBroker({
          host: "127.0.0.1",
          port,
          maxPacketBytes: 65_536,
          authenticate: () => true,
          authorisePublish: () => true,
          authoriseSubscribe: () => true,
        });
    onTestFinished(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const createClient = (clientId: string) => {
      const client = createMqttClient({ url, clientId, logger: silentLogger });
      onTestFinished(() => client.close());
      return client;
    };
    const random = createRandom(3);
    const counts = Int16Array.from({ length: 12_000 }, () => random.uniform() * 65_536 - 32_768);
    const imagePath = join(workshop.folder, `image-${broker.port}`);
    writeFileSync(
      imagePath,
      createMcuImage({ deviceId: "mcu", sampleRateHz: 4_000, scale: 1, shaftRpm: 1797, counts }),
    );
    const board = await startVirtualBoard({
      kind: "host",
      program: workshop.build("firmware-mqtt"),
      imagePath,
      line: "tcp",
      folder: workshop.folder,
    });
    onTestFinished(() => board.stop());

    // The device's Wi-Fi module: publishes what the firmware gives it, and hands it what comes.
    const wifi = createClient("wifi");
    const line = connect(Number(board.address.split(":").at(-1)), "127.0.0.1");
    onTestFinished(() => void line.destroy());
    await once(line, "connect");
    await wifi.subscribe(deviceTopics.rx, 1, (_topic, message) => {
      line.write(Buffer.from(withLength(message), "hex"));
    });
    let rest = Buffer.alloc(0);
    line.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16LE()) {
        const end = 2 + rest.readUInt16LE();
        // Until it is connected, what is sent is lost.
        wifi.publish(deviceTopics.tx, rest.subarray(2, end), { qos: 1, retain: false }).catch(() => {});
        rest = rest.subarray(end);
      }
    });

    const heard = listen(
      createMqttLink({
        mqtt: createClient("gateway"),
        listenTopic: deviceTopics.tx,
        sendTopic: deviceTopics.rx,
      }),
    );
    onTestFinished(() => heard.session.close());
    await heard.session.open();
    await heard.until(() => (heard.samples.get(0)?.size ?? 0) >= 2_000);
    for (const [index, count] of heard.samples.get(0)!) expect(count).toBe(counts[index % counts.length]);
    expect(heard.hellos[0]).toMatchObject({ deviceId: "mcu", protocolMinor: 1 });
    expect(heard.session.statistics).toMatchObject({ badFrames: 0, refusedFrames: 0, malformedMessages: 0 });
    expect(heard.problems).toEqual([]);
  });
});
