/** The numbers of PROTOCOL.md, in one place. A test compares them with the document. */

/** The protocol that this code speaks. The major version is also in the first byte of every packet. */
export const protocolVersion: { readonly major: number; readonly minor: number } = { major: 1, minor: 1 };

/** Packet types (5 bits). 0 and 31 are never used. */
export const packetTypes = {
  hello: 1,
  rawWindow: 2,
  reading: 3,
  score: 4,
  health: 5,
  config: 6,
  ack: 7,
  nack: 8,
  modelBegin: 9,
  modelChunk: 10,
  modelCommit: 11,
  modelConfirm: 12,
  modelProbe: 13,
  modelStatus: 14,
} as const;

/** Bits of the flags byte. Other bits are sent as 0 and ignored when received. */
export const packetFlags = {
  /** The receiver answers at once with Ack or Nack; the sender repeats the packet until then. */
  acknowledge: 1,
  /** The same packet, with the same sequence number, was sent before. */
  repeated: 2,
  /** The packet is bound to the session: by its check on a byte stream, by four more bytes over MQTT. */
  session: 4,
} as const;

/** Version and type, flags, sequence (2). */
export const headerBytes = 4;
/** CRC-32, on byte streams only. */
export const crcBytes = 4;
/** Largest protobuf payload of a frame on a byte stream. */
export const maxFramePayloadBytes = 1024;
/** Largest frame before COBS: 1,032 bytes. */
export const maxFrameBytes: number = headerBytes + maxFramePayloadBytes + crcBytes;
/** COBS adds one byte, and one more for every full 254 bytes: 1,037 bytes between two delimiters. */
export const maxEncodedBytes: number = maxFrameBytes + 1 + Math.floor(maxFrameBytes / 254);
/** The session id behind a packet over MQTT. */
export const sessionTrailerBytes = 4;
/** Bytes of an image in a ModelChunk, but for the last. */
export const modelChunkBytes = 192;
/** Chunks that may be under way beyond what the device has confirmed. */
export const modelWindowChunks = 2;
/** Before a device's Hello, and to any device, this much payload may be sent. A full ModelChunk fits. */
export const minPayloadBytes = 256;
/** Largest MQTT message, header included. */
export const maxMqttBytes = 65_536;
/** A raw window of this many samples fits into a frame whatever its other fields are. */
export const maxSamplesPerFrame = 496;

/** First byte of a packet. */
export function versionAndType(major: number, type: number): number {
  return ((major & 7) << 5) | (type & 31);
}
