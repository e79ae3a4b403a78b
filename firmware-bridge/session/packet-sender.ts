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
  return new Sender(link);
}

class Sender implements PacketSender {
  readonly #link: PacketLink;
  #next = 0;
  isBound = false;

  constructor(link: PacketLink) {
    this.#link = link;
  }

  send(message: DeviceMessage, flags = 0): number {
    const bytes = encodeMessage(message, this.#link.payload);
    const sequence = message.type === "ack" || message.type === "nack" ? 0 : this.#take();
    this.#link.send(packetTypeOf(message.type), this.#bind(message.type, flags), sequence, bytes);
    return sequence;
  }

  repeat(message: DeviceMessage, sequence: number): void {
    const bytes = encodeMessage(message, this.#link.payload);
    const flags = packetFlags.acknowledge | packetFlags.repeated;
    this.#link.send(packetTypeOf(message.type), this.#bind(message.type, flags), sequence, bytes);
  }

  #take(): number {
    const sequence = this.#next;
    this.#next = (sequence + 1) & 0xffff;
    return sequence;
  }

  /** A hello belongs to no session yet. */
  #bind(type: DeviceMessage["type"], flags: number): number {
    return this.isBound && type !== "hello" ? flags | packetFlags.session : flags;
  }
}
