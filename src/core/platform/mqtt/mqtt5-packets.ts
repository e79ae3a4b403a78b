/**
 * The only door to `mqtt-packet`, the codec of MQTT's packets, which the `mqtt` package uses as well: sets it up for both,
 * and puts a bound before its reading. Opens nothing; a packet that is too large or malformed ends the reading.
 */
import mqttPacket, { type Packet } from "mqtt-packet";
import packetConstants from "mqtt-packet/constants.js";
import { createMqttPacketGuard } from "./mqtt-packet-guard.ts";

/** A packet of MQTT 5. */
export type MqttPacket = Packet;

// Before it writes its first packet the codec makes a buffer for every number of two bytes, 65,536 of them: 8 MB for as
// long as the process runs. What a few packets a second need is made when they are written.
mqttPacket.writeToStream.cacheNumbers = false;
/** A reason of PUBACK. */
export const packetTooLarge = 0x95;
// mosquitto answers a message above its `message_size_limit` with "packet too large", which section 3.4.2.1 does not know:
// the codec would take that for damage, and each such message would end the connection.
packetConstants.MQTT5_PUBACK_PUBREC_CODES[packetTooLarge] = "Packet too large";

const version5 = { protocolVersion: 5 };

/** @throws Error for what does not fit a packet */
export function encodePacket(packet: MqttPacket): Uint8Array {
  return mqttPacket.generate(packet, version5);
}

/** Bytes that are no packet, or one beyond the size that was agreed. */
export class PacketError extends Error {
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}

/** Cuts a stream into packets; payloads may be views on what was read, which they keep alive. */
interface PacketReader {
  /**
   * The packets that end in this chunk. Fields that a packet is too short for are missing, -1, or of the packet after it.
   * @throws PacketError for what is not a packet, or too large; nothing can be read after that
   */
  read(chunk: Buffer): readonly MqttPacket[];
}

const mostPieces = 256;

/** Creates a reader of what a broker sends. */
export function createPacketReader(maxPacketBytes: number): PacketReader {
  const guard = createMqttPacketGuard(maxPacketBytes);
  const parser = mqttPacket.parser(version5);
  let packets: MqttPacket[] = [];
  parser.on("packet", (packet) => packets.push(packet));
  // Of a packet that is not whole. The codec looks through all pieces for each field: many fields in many pieces would keep
  // it for seconds.
  let pieces: Buffer[] = [];
  return {
    read(chunk) {
      const violation = guard.inspect(chunk);
      if (violation?.reason === "malformed-length") throw new PacketError("a packet's length is malformed");
      if (violation !== null) {
        throw new PacketError(
          `the broker sent a packet of ${violation.packetBytes} bytes, at most ${maxPacketBytes} are taken`,
          true,
        );
      }
      const wholeBytes = chunk.length - guard.tailBytes;
      packets = [];
      if (wholeBytes === 0) {
        // Each takes memory of its own.
        if (pieces.length >= mostPieces) pieces = [Buffer.concat(pieces)];
        pieces.push(chunk);
        return packets;
      }
      const whole = chunk.subarray(0, wholeBytes);
      try {
        parser.parse(pieces.length === 0 ? whole : Buffer.concat([...pieces, whole]));
      } catch (error) {
        // What the codec emits as an error, to which nobody listens, and what it throws where a packet is too short.
        throw new PacketError(`the broker sent a damaged packet (${(error as Error).message})`);
      }
      pieces = guard.tailBytes === 0 ? [] : [chunk.subarray(wholeBytes)];
      return packets;
    },
  };
}
