import fc from "fast-check";
import { expect, it } from "vitest";
import {
  createPacketReader,
  encodePacket,
  type MqttPacket,
} from "../../../../src/core/platform/mqtt/mqtt5-packets.ts";

it("reads messages however their bytes are cut", () => {
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
        const sent = messages.map(({ topic, payload, qos, retain, expiry }, index): MqttPacket => {
          return {
            cmd: "publish",
            dup: false,
            topic,
            payload: Buffer.from(payload),
            qos,
            retain,
            ...(qos === 1 ? { messageId: index + 1 } : {}),
            ...(expiry === null ? {} : { properties: { messageExpiryInterval: expiry } }),
          };
        });
        const bytes = Buffer.concat(sent.map(encodePacket));
        const packets: MqttPacket[] = [];
        const reader = createPacketReader(1_000);
        for (let at = 0; at < bytes.length; at += step) {
          packets.push(...reader.read(bytes.subarray(at, at + step)));
        }
        expect(packets).toMatchObject(sent);
        expect(packets).toHaveLength(sent.length);
      },
    ),
  );
});

it("takes as long for a packet of many fields in many pieces as for the same in one", () => {
  const userProperties = { name: Array.from({ length: 100_000 }, () => "") };
  const fields = { topic: "t", payload: Buffer.of(1), qos: 0, retain: false, dup: false } as const;
  const bytes = Buffer.from(encodePacket({ cmd: "publish", ...fields, properties: { userProperties } }));
  const reader = createPacketReader(1_048_576);
  const packets: MqttPacket[] = [];
  // Would take minutes if each field were looked for in all pieces.
  for (let at = 0; at < bytes.length; at += 100) packets.push(...reader.read(bytes.subarray(at, at + 100)));
  expect(packets).toMatchObject([{ topic: "t" }]);
});

it.each([
  ["a packet beyond its size", [0x30, 0xff, 0x7f], "at most 1000"],
  ["a length without end", [0x30, 0x80, 0x80, 0x80, 0x80], "length is malformed"],
  ["a topic beyond its packet", [0x32, 4, 0, 9, 1, 1], "damaged packet"],
  ["an unknown property", [0x20, 5, 0, 0, 2, 99, 1], "damaged packet"],
])("refuses %s", (_, bytes, words) => {
  expect(() => createPacketReader(1_000).read(Buffer.from(bytes))).toThrow(words);
});

it("never throws anything but its own error, whatever the bytes", () => {
  const kinds = fc.constantFrom(0x20, 0x30, 0x32, 0x40, 0x62, 0x90, 0xb0, 0xe0, 0xf0);
  const body = fc.uint8Array({ maxLength: 40 });
  const packet = fc.tuple(kinds, body).map(([kind, bytes]) => [kind, bytes.length, ...bytes]);
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(packet)), (bytes) => {
      try {
        createPacketReader(150).read(Buffer.from([...bytes].flat()));
      } catch (error) {
        expect((error as Error).constructor.name).toBe("PacketError");
      }
    }),
  );
});
