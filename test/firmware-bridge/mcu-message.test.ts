import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createMcuImage } from "../../firmware-bridge/mcu-image.ts";
import { createMqttLink, type MqttPort } from "../../firmware-bridge/mqtt-link.ts";
import { packetFlags } from "../../firmware-bridge/protocol.ts";
import { startVirtualBoard } from "../../scripts/mcu/virtual-board.ts";
import { createRandom } from "../../src/maths/random.ts";
import { createEmbeddedBroker } from "../../src/platform/embedded-broker.ts";
import { silentLogger } from "../../src/platform/logger.ts";
import { createMqttClient } from "../../src/platform/mqtt-client.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { listen } from "./conversation.ts";
import { createMcuWorkshop, hasCompiler } from "./mcu-host.ts";

const topics = { tx: "aurora/v1/device/gw/mcu/tx", rx: "aurora/v1/device/gw/mcu/rx" };

/** What a link publishes for a packet. */
function publishedBy(sessionId: number, flags: number, sequence: number, payload: Uint8Array): Buffer {
  let published = Buffer.alloc(0);
  const mqtt: MqttPort = {
    publish: async (_topic, bytes) => {
      published = Buffer.from(bytes);
    },
    subscribe: async () => {},
    connected: true,
    onConnect: () => () => {},
    onDisconnect: () => () => {},
  };
  const link = createMqttLink({ mqtt, listenTopic: topics.tx, sendTopic: topics.rx });
  void link.open({
    onOpen: () => {},
    onPacket: () => {},
    onBatchEnd: () => {},
    onWritable: () => {},
    onClose: () => {},
  });
  link.bind(sessionId);
  link.payload.set(payload);
  link.send(6, flags, sequence, payload.length);
  return published;
}

function withLength(message: Uint8Array): string {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(message.length);
  return Buffer.concat([length, message]).toString("hex");
}

describe.skipIf(!hasCompiler)("the firmware's packets without frames, for MQTT (need a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test("are the gateway's MQTT messages, byte by byte, and none of another session is taken", () => {
    const session = 0xc0ff_ee01;
    const lines = [`session ${Buffer.from([1, 0xee, 0xff, 0xc0]).toString("hex")}`];
    const expected = [`${session}`];
    let bad = 0;
    let discarded = 0;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 246 }),
        fc.constantFrom(0, packetFlags.acknowledge, packetFlags.session, packetFlags.session + 1),
        fc.integer({ min: 0, max: 0xffff }),
        fc.nat(),
        (payload, flags, sequence, other) => {
          const message = publishedBy(session, flags, sequence, payload);
          const isBound = (flags & packetFlags.session) !== 0;
          const packet = message.subarray(0, message.length - (isBound ? 4 : 0)).toString("hex");
          lines.push(`packet ${packet}`, `wire ${withLength(message)}`);
          expected.push(withLength(message), `${packet} ${bad} ${discarded}`);
          const strange = isBound
            ? publishedBy((session ^ (1 + (other % 0xffff))) >>> 0, flags, sequence, payload)
            : message.subarray(0, other % 4);
          bad++;
          discarded += strange.length;
          lines.push(`wire ${withLength(strange)}`);
          expected.push(`${bad} ${discarded}`);
        },
      ),
      { numRuns: 500, seed: 3 },
    );
    // Longer than there is memory for: thrown away, and the next one is taken.
    const long = new Uint8Array(60_000).fill(0x26);
    lines.push(`wire ${withLength(long)}`, `wire ${withLength(Uint8Array.of(0x26, 0, 1, 0))}`);
    expected.push(`${bad + 1} ${discarded + 60_000}`, `26000100 ${bad + 1} ${discarded + 60_000}`);
    const run = spawnSync(workshop.build("message-tool"), {
      input: `${lines.join("\n")}\n`,
      encoding: "utf8",
    });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout.split("\n").slice(0, -1)).toEqual(expected);
  });

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
      ...{ kind: "host", program: workshop.build("firmware-mqtt"), imagePath, line: "tcp" },
      folder: workshop.folder,
    });
    onTestFinished(() => board.stop());

    // The device's Wi-Fi module: publishes what the firmware gives it, and hands it what comes.
    const wifi = createClient("wifi");
    const line = connect(Number(board.address.split(":").at(-1)), "127.0.0.1");
    onTestFinished(() => void line.destroy());
    await once(line, "connect");
    await wifi.subscribe(topics.rx, 1, (_topic, message) => {
      line.write(Buffer.from(withLength(message), "hex"));
    });
    let rest = Buffer.alloc(0);
    line.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16LE()) {
        const end = 2 + rest.readUInt16LE();
        // Until it is connected, what is sent is lost.
        wifi.publish(topics.tx, rest.subarray(2, end), { qos: 1, retain: false }).catch(() => {});
        rest = rest.subarray(end);
      }
    });

    const heard = listen(
      createMqttLink({ mqtt: createClient("gateway"), listenTopic: topics.tx, sendTopic: topics.rx }),
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
