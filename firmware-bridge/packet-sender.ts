/** Numbers and sends messages on a link; the same for both sides. */
import type { DeviceMessage } from "../src/contract/device-message.ts";
import { encodeMessage, packetTypeOf } from "./message-codec.ts";
import type { PacketLink } from "./packet-link.ts";
import { packetFlags, packetTypes } from "./protocol.ts";
import { encodeRawWindow } from "./raw-window-codec.ts";

/** Sends numbered packets. */
export interface PacketSender {
  /** Whether packets other than a hello are bound to the session. */
  isBound: boolean;
  /** Sends a message, returns its sequence number. Ack and Nack are not numbered (0). */
  send(message: DeviceMessage, flags?: number): number;
  /** Sends a message again under the number that it had. */
  repeat(message: DeviceMessage, sequence: number): void;
  /** Sends the raw window of `counts[from, to)` without making an object. */
  sendRawWindow(
    channel: number,
    firstSample: number,
    timestampUs: number,
    shaftRpm: number,
    counts: Int16Array,
    from: number,
    to: number,
  ): number;
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
    sendRawWindow: (channel, firstSample, timestampUs, shaftRpm, counts, from, to) => {
      const bytes = encodeRawWindow(
        link.payload,
        channel,
        firstSample,
        timestampUs,
        shaftRpm,
        counts,
        from,
        to,
      );
      const sequence = take();
      link.send(packetTypes.rawWindow, bind("raw-window", 0), sequence, bytes);
      return sequence;
    },
  };
  return packets;
}
