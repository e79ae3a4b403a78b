import fc from "fast-check";
import { generate, parser } from "mqtt-packet";
import { expect, it } from "vitest";
import {
  createPacketReader,
  encodeConnect,
  encodePuback,
  encodePublish,
  encodeSubscribe,
  type IntakePacket,
} from "../../../../src/core/platform/mqtt/mqtt5-packets.ts";

/** What another implementation of MQTT 5 reads. */
function readElsewhere(bytes: Uint8Array): unknown {
  const reader = parser({ protocolVersion: 5 });
  const packets: unknown[] = [];
  reader.on("packet", (packet) => packets.push(packet));
  reader.parse(Buffer.from(bytes));
  expect(packets).toHaveLength(1);
  return packets[0];
}

it("writes packets that another implementation reads as they are meant", () => {
  const fields = { clientId: "aurora-ingest-1", username: "u", password: "pä", keepaliveSeconds: 20 };
  const session = { sessionExpirySeconds: 86_400, receiveMaximum: 4_000, maxPacketBytes: 1_048_576 };
  expect(readElsewhere(encodeConnect({ ...fields, ...session }))).toMatchObject({
    clientId: "aurora-ingest-1",
    clean: false,
    keepalive: 20,
    username: "u",
    password: Buffer.from("pä"),
    properties: { sessionExpiryInterval: 86_400, receiveMaximum: 4_000, maximumPacketSize: 1_048_576 },
  });
  expect(readElsewhere(encodeSubscribe(7, "$share/aurora/a/+", 1))).toMatchObject({
    messageId: 7,
    subscriptions: [{ topic: "$share/aurora/a/+", qos: 1 }],
  });
  expect(readElsewhere(encodePuback(513))).toMatchObject({ cmd: "puback", messageId: 513 });
  const payload = new Uint8Array(70_000).fill(5);
  const read = readElsewhere(encodePublish(9, { topic: "t", payload, retain: false }));
  expect(read).toMatchObject({
    cmd: "publish",
    messageId: 9,
    qos: 1,
    topic: "t",
    payload: Buffer.from(payload),
  });
});

it("reads messages of another implementation, however their bytes are cut", () => {
  const message = fc.record({
    topic: fc.stringMatching(/^[a-z/]{1,40}$/),
    payload: fc.uint8Array({ maxLength: 300 }),
    qos: fc.constantFrom(0 as const, 1 as const),
    retain: fc.boolean(),
    expiry: fc.option(fc.integer({ min: 1, max: 1_000 })),
  });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (messages, step) => {
        const bytes = Buffer.concat(
          messages.map(({ topic, payload, qos, retain, expiry }, index) =>
            generate(
              {
                cmd: "publish",
                dup: false,
                topic,
                payload: Buffer.from(payload),
                qos,
                retain,
                ...(qos === 1 ? { messageId: index + 1 } : {}),
                ...(expiry === null ? {} : { properties: { messageExpiryInterval: expiry } }),
              },
              { protocolVersion: 5 },
            ),
          ),
        );
        const packets: IntakePacket[] = [];
        const reader = createPacketReader(1_000);
        for (let at = 0; at < bytes.length; at += step) {
          reader.read(bytes.subarray(at, at + step), (packet) => packets.push(packet));
        }
        expect(packets).toEqual(
          messages.map(({ topic, payload, qos, retain }, index) => {
            return { kind: "publish", topic, id: qos === 1 ? index + 1 : 0, retain, payload };
          }),
        );
      },
    ),
  );
});

it("reads how much the broker takes, among other properties", () => {
  const properties = {
    userProperties: { a: "b", c: "d" },
    assignedClientIdentifier: "x",
    receiveMaximum: 20,
  };
  const bytes = generate(
    { cmd: "connack", reasonCode: 0, sessionPresent: true, properties },
    { protocolVersion: 5 },
  );
  const packets: IntakePacket[] = [];
  createPacketReader(1_000).read(bytes, (packet) => packets.push(packet));
  expect(packets).toEqual([{ kind: "connack", reason: 0, receiveMaximum: 20 }]);
});

it.each([
  ["a packet beyond its size", Uint8Array.of(0x30, 0xff, 0x7f), "at most 1000"],
  ["a length without end", Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80), "malformed"],
  ["a topic beyond its packet", Uint8Array.of(0x32, 4, 0, 9, 1, 1), "malformed"],
  ["an acknowledgement without an id", Uint8Array.of(0x40, 1, 0), "shorter"],
])("refuses %s", (_, bytes, words) => {
  expect(() => createPacketReader(1_000).read(bytes, () => {})).toThrow(words);
});

it("never throws anything but its own error, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        createPacketReader(150).read(bytes, () => {});
      } catch (error) {
        expect((error as Error).constructor.name).toBe("PacketError");
      }
    }),
  );
});
