/** Numbers and sends messages on a link; the same for both sides. */
import type { DeviceMessage } from "../../src/core/contract/device/device-message.ts";
import type { PacketLink } from "../framing/packet-link.ts";
import { encodeMessage, packetTypeOf } from "../messages/message-codec.ts";
import { packetFlags } from "../protocol.ts";

export interface PacketSender {
  /** Whether packets other than a hello are bound to the session. */
  isBound: boolean;
  /** Sends a message, returns its sequence number. Ack and Nack are not numbered (0). */
  send(message: DeviceMessage, flags?: number): number;
  /** Sends a message again under the number that it had. */
  repeat(message: DeviceMessage, sequence: number): void;
}

/** Creates a sender whose first number is 0. */
export function createPacketSender(link: PacketLink): PacketSender {
  let next = 0;

  function take(): number {
    const sequence = next;
    next = (next + 1) & 0xffff;
    return sequence;
  }

  /** A hello belongs to no session yet. */
  function bind(type: DeviceMessage["type"], flags: number): number {
    return packets.isBound && type !== "hello" ? flags | packetFlags.session : flags;
  }

  const packets: PacketSender = {
    isBound: false,
    send: (message, flags = 0) => {
      const bytes = encodeMessage(message, link.payload);
      const sequence = message.type === "ack" || message.type === "nack" ? 0 : take();
      link.send(packetTypeOf(message.type), bind(message.type, flags), sequence, bytes);
      return sequence;
    },
    repeat: (message, sequence) => {
      const bytes = encodeMessage(message, link.payload);
      const flags = packetFlags.acknowledge | packetFlags.repeated;
      link.send(packetTypeOf(message.type), bind(message.type, flags), sequence, bytes);
    },
  };
  return packets;
}
