/**
 * Watches the bytes of an MQTT connection and says when a packet announces more than the allowed size, from its fixed
 * header alone: before any of its body is buffered. Parses nothing else.
 *
 *   byte 0        packet type and flags
 *   byte 1 … 4    remaining length, 7 bits a byte, little end first (MQTT 3.1.1 section 2.2.3, MQTT 5 section 1.5.5)
 */

/** Why a connection must be cut. */
interface GuardViolation {
  readonly reason: "too-large" | "malformed-length";
  /** Bytes that the packet announced, header included; 0 when its length is malformed. */
  readonly packetBytes: number;
  /** How many one of its type may have. */
  readonly maxBytes: number;
}

/** One direction of one connection. */
interface MqttPacketGuard {
  /** Takes the next bytes; a violation, once found, is answered for ever. */
  inspect(chunk: Uint8Array): GuardViolation | null;
  /** Bytes at the end of the last chunk that are of a packet which goes on in the next. */
  readonly tailBytes: number;
}

/**
 * Creates a guard for packets of at most `maxPacketBytes`, fixed header included.
 * @param maxBytesByType fewer, of some types of packets (MQTT 3.1.1 section 2.2.1)
 */
export function createMqttPacketGuard(
  maxPacketBytes: number,
  maxBytesByType: Readonly<Record<number, number>> = {},
): MqttPacketGuard {
  let bodyBytesLeft = 0;
  /** Bytes of the fixed header seen so far; 0 between packets. */
  let headerBytes = 0;
  let maxBytes = maxPacketBytes;
  let remainingLength = 0;
  let violation: GuardViolation | null = null;
  let tailBytes = 0;
  return {
    get tailBytes() {
      return tailBytes;
    },
    inspect(chunk) {
      let position = 0;
      let wholeBytes = 0;
      while (violation === null && position < chunk.length) {
        if (bodyBytesLeft > 0) {
          const skipped = Math.min(bodyBytesLeft, chunk.length - position);
          bodyBytesLeft -= skipped;
          position += skipped;
          if (bodyBytesLeft === 0) wholeBytes = position;
          continue;
        }
        const byte = chunk[position]!;
        position += 1;
        headerBytes += 1;
        if (headerBytes === 1) {
          maxBytes = Math.min(maxPacketBytes, maxBytesByType[byte >> 4] ?? maxPacketBytes);
          continue;
        }
        remainingLength += (byte & 0x7f) * 128 ** (headerBytes - 2);
        if ((byte & 0x80) !== 0) {
          if (headerBytes === 5) violation = { reason: "malformed-length", packetBytes: 0, maxBytes };
          continue;
        }
        const packetBytes = headerBytes + remainingLength;
        if (packetBytes > maxBytes) violation = { reason: "too-large", packetBytes, maxBytes };
        bodyBytesLeft = remainingLength;
        headerBytes = 0;
        remainingLength = 0;
        if (bodyBytesLeft === 0) wholeBytes = position;
      }
      tailBytes = chunk.length - wholeBytes;
      return violation;
    },
  };
}
