/**
 * The few packets of MQTT 5 that a receiver of many messages needs, to bytes and from bytes. Opens nothing; a packet that is
 * too large or malformed ends the reading.
 *
 * ```
 * byte 0        packet type (4 bits), flags
 * byte 1 … 4    remaining length, 7 bits a byte, little end first (section 1.5.5)
 * ```
 */

/** What is read. Section 3.3 to 3.14; properties are passed over, but for the reason of a refusal. */
export type IntakePacket =
  | { readonly kind: "connack"; readonly reason: number; readonly receiveMaximum: number }
  | {
      readonly kind: "publish";
      readonly topic: string;
      /** 0 at QoS 0. */
      readonly id: number;
      readonly retain: boolean;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "answer"; readonly id: number; readonly reason: number }
  | { readonly kind: "disconnect"; readonly reason: number }
  | { readonly kind: "other" };

/** Begins a session. */
interface ConnectFields {
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly keepaliveSeconds: number;
  readonly sessionExpirySeconds: number;
  /** Messages that the broker may send before they are acknowledged. */
  readonly receiveMaximum: number;
  readonly maxPacketBytes: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** CONNECT (3.1) without Clean Start: what was kept of the session comes again. */
export function encodeConnect(fields: ConnectFields): Uint8Array {
  const { username, password } = fields;
  const flags = (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  const properties = [
    0x11,
    ...u32(fields.sessionExpirySeconds),
    0x21,
    ...u16(fields.receiveMaximum),
    0x27,
    ...u32(fields.maxPacketBytes),
  ];
  return packet(0x10, [
    Uint8Array.of(0, 4, 0x4d, 0x51, 0x54, 0x54, 5, flags, ...u16(fields.keepaliveSeconds)),
    Uint8Array.of(properties.length, ...properties),
    text(fields.clientId),
    ...(username === undefined ? [] : [text(username)]),
    ...(password === undefined ? [] : [text(password)]),
  ]);
}

/** SUBSCRIBE (3.8) to one filter. */
export function encodeSubscribe(id: number, filter: string, qos: 0 | 1): Uint8Array {
  return packet(0x82, [Uint8Array.of(...u16(id), 0), text(filter), Uint8Array.of(qos)]);
}

/** UNSUBSCRIBE (3.10) of one filter. */
export function encodeUnsubscribe(id: number, filter: string): Uint8Array {
  return packet(0xa2, [Uint8Array.of(...u16(id), 0), text(filter)]);
}

/** PUBLISH (3.3); `id` null: at QoS 0. */
export function encodePublish(
  id: number | null,
  message: { readonly topic: string; readonly payload: Uint8Array; readonly retain: boolean },
): Uint8Array {
  const header = id === null ? [] : u16(id);
  const flags = (id === null ? 0 : 2) | (message.retain ? 1 : 0);
  return packet(0x30 | flags, [text(message.topic), Uint8Array.of(...header, 0), message.payload]);
}

/** PUBACK (3.4) without a reason: success. */
export function encodePuback(id: number): Uint8Array {
  return Uint8Array.of(0x40, 2, id >> 8, id & 0xff);
}

export const pingRequest: Uint8Array = Uint8Array.of(0xc0, 0);
/** Keeps the session at the broker. */
export const disconnectRequest: Uint8Array = Uint8Array.of(0xe0, 0);

function packet(first: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(5 + length);
  bytes[0] = first;
  let at = 1;
  for (let rest = length; ; ) {
    const more = rest > 127;
    bytes[at++] = (rest & 0x7f) | (more ? 0x80 : 0);
    rest >>>= 7;
    if (!more) break;
  }
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.subarray(0, at);
}

function text(value: string): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length > 0xffff) throw new RangeError(`a text of ${bytes.length} bytes, at most 65535 fit`);
  const out = new Uint8Array(2 + bytes.length);
  out.set(u16(bytes.length));
  out.set(bytes, 2);
  return out;
}

function u16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** Bytes that are no packet, or one beyond the size that was agreed. */
export class PacketError extends Error {
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}

/** Cuts a stream into packets; payloads are views on what was read, which they keep alive. */
interface PacketReader {
  /** @throws PacketError for what is not a packet, or too large */
  read(chunk: Uint8Array, take: (packet: IntakePacket) => void): void;
}

export function createPacketReader(maxPacketBytes: number): PacketReader {
  let rest: Uint8Array = new Uint8Array();
  return {
    read(chunk, take) {
      // Of a Buffer, slices would be views.
      let bytes: Uint8Array = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      if (rest.length > 0) {
        bytes = new Uint8Array(rest.length + chunk.length);
        bytes.set(rest);
        bytes.set(chunk, rest.length);
      }
      let at = 0;
      for (;;) {
        const header = readHeader(bytes, at);
        if (header === null) break;
        const size = header.start - at + header.length;
        if (size > maxPacketBytes) {
          throw new PacketError(
            `the broker sent a packet of ${size} bytes, at most ${maxPacketBytes} are taken`,
            true,
          );
        }
        const end = header.start + header.length;
        if (end > bytes.length) break;
        take(parsePacket(bytes[at]!, bytes.subarray(header.start, end)));
        at = end;
      }
      rest = bytes.slice(at);
    },
  };
}

/** Where the body begins and how long it is; null: not all of the header is here. */
function readHeader(
  bytes: Uint8Array,
  at: number,
): { readonly start: number; readonly length: number } | null {
  let length = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[at + 1 + index];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 128 ** index;
    if ((byte & 0x80) === 0) return { start: at + 2 + index, length };
  }
  throw new PacketError("a packet's length is malformed");
}

function parsePacket(first: number, body: Uint8Array): IntakePacket {
  switch (first >> 4) {
    case 2:
      return { kind: "connack", reason: at(body, 1), receiveMaximum: readReceiveMaximum(body.subarray(2)) };
    case 3:
      return parsePublish(first, body);
    case 4:
      return { kind: "answer", id: word(body, 0), reason: body[2] ?? 0 };
    // SUBACK and UNSUBACK: of the one filter that was asked for.
    case 9:
    case 11:
      return { kind: "answer", id: word(body, 0), reason: at(body, body.length - 1) };
    case 14:
      return { kind: "disconnect", reason: body[0] ?? 0 };
    default:
      return { kind: "other" };
  }
}

function parsePublish(first: number, body: Uint8Array): IntakePacket {
  const topicEnd = 2 + word(body, 0);
  const qos = (first >> 1) & 3;
  if (qos === 3 || topicEnd > body.length) throw new PacketError("a message is malformed");
  const id = qos === 0 ? 0 : word(body, topicEnd);
  const properties = readVariable(body, topicEnd + (qos === 0 ? 0 : 2));
  return {
    kind: "publish",
    topic: decoder.decode(body.subarray(2, topicEnd)),
    id,
    retain: (first & 1) !== 0,
    payload: body.subarray(properties.end + properties.value),
  };
}

/** Of the properties of a CONNACK (3.2.2.3): Receive Maximum, 65,535 where it is not told. */
function readReceiveMaximum(bytes: Uint8Array): number {
  const widths: Readonly<Record<number, number>> = {
    17: 4,
    33: 2,
    36: 1,
    37: 1,
    39: 4,
    34: 2,
    40: 1,
    41: 1,
    42: 1,
    19: 2,
  };
  for (let index = readVariable(bytes, 0).end; index < bytes.length; ) {
    const name = at(bytes, index);
    if (name === 0x21) return word(bytes, index + 1);
    const width = widths[name];
    // A text, or a pair of them (User Property).
    index += 1 + (width ?? 2 + word(bytes, index + 1));
    if (name === 0x26) index += 2 + word(bytes, index);
  }
  return 65_535;
}

function readVariable(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = at(bytes, from + index);
    value += (byte & 0x7f) * 128 ** index;
    if ((byte & 0x80) === 0) return { value, end: from + index + 1 };
  }
  throw new PacketError("a length within a packet is malformed");
}

function word(bytes: Uint8Array, index: number): number {
  return at(bytes, index) * 256 + at(bytes, index + 1);
}

function at(bytes: Uint8Array, index: number): number {
  const byte = bytes[index];
  if (byte === undefined) throw new PacketError("a packet is shorter than it must be");
  return byte;
}
