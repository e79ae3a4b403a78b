/** Packets as MQTT messages, and messages with their length as the firmware's line has them (mcu/message.c). */
import { createMqttLink, type MqttPort } from "../../firmware-bridge/framing/mqtt-link.ts";

/** The topics of a device. */
export const deviceTopics = { tx: "aurora/v1/device/gw/mcu/tx", rx: "aurora/v1/device/gw/mcu/rx" } as const;

/** What a link publishes for a packet. */
export function publishedBy(sessionId: number, flags: number, sequence: number, payload: Uint8Array): Buffer {
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
  const link = createMqttLink({ mqtt, listenTopic: deviceTopics.tx, sendTopic: deviceTopics.rx });
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

/** A message as the firmware takes it, in hex. */
export function withLength(message: Uint8Array): string {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(message.length);
  return Buffer.concat([length, message]).toString("hex");
}
