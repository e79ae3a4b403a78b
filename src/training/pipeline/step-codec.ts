/**
 * What a training step hands on, as bytes and back, exactly: plain objects, lists, text, numbers (also NaN, −0 and the
 * infinities) and typed arrays. The same value gives the same bytes. Refuses maps, classes and functions.
 *
 * Layout: `AURSTEP1` | header length, 4 bytes little-endian | header, JSON | the arrays' bytes, each at a multiple of 8.
 */
import { endianness } from "node:os";

const magic = "AURSTEP1";
const alignment = 8;

const arrayTypes = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type ArrayType = keyof typeof arrayTypes;
type AnyArray = InstanceType<(typeof arrayTypes)[ArrayType]>;

/** Numbers that JSON cannot say. */
const oddNumbers: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** Encodes `value`. Throws TypeError for what has no form here; members that are undefined are left out. */
export function encodeStepValue(value: unknown): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const place = (array: AnyArray): number => {
    const at = length;
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    chunks.push(bytes, new Uint8Array(paddingAfter(bytes.length)));
    length += bytes.length + paddingAfter(bytes.length);
    return at;
  };
  const header = Buffer.from(JSON.stringify(flatten(value, place)), "utf8");
  const head = Buffer.alloc(magic.length + 4);
  head.write(magic, "latin1");
  head.writeUInt32LE(header.length, magic.length);
  const start = head.length + header.length;
  return Buffer.concat([head, header, new Uint8Array(paddingAfter(start)), ...chunks]);
}

/** Decodes what {@link encodeStepValue} wrote; arrays are copies. Throws when the bytes are anything else. */
export function decodeStepValue(bytes: Uint8Array): unknown {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = magic.length + 4;
  if (view.length < head || view.toString("latin1", 0, magic.length) !== magic) {
    throw new TypeError("not the output of a training step");
  }
  const end = head + view.readUInt32LE(magic.length);
  const body = end + paddingAfter(end);
  return restore(JSON.parse(view.toString("utf8", head, end)), (type, at, count) => {
    const from = body + at;
    const size = count * arrayTypes[type].BYTES_PER_ELEMENT;
    if (from + size > view.length) throw new TypeError("the output of a training step is cut off");
    return new arrayTypes[type](Uint8Array.from(view.subarray(from, from + size)).buffer);
  });
}

function flatten(value: unknown, place: (array: AnyArray) => number): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    const odd = Object.entries(oddNumbers).find(([, number]) => Object.is(number, value));
    return odd === undefined ? value : { $number: odd[0] };
  }
  if (typeof value !== "object") throw new TypeError(`a step cannot hand on a ${typeof value}`);
  if (ArrayBuffer.isView(value)) {
    // A Buffer is a Uint8Array of another class: it comes back as the plain one.
    const type = (Object.keys(arrayTypes) as ArrayType[]).find((name) => value instanceof arrayTypes[name]);
    if (type === undefined || endianness() !== "LE")
      throw new TypeError("a step cannot hand on such an array");
    const array = value as AnyArray;
    return { $array: type, at: place(array), length: array.length };
  }
  if (Array.isArray(value)) return value.map((entry) => flatten(entry, place));
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError(`a step cannot hand on a ${value.constructor.name}`);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => {
        if (key.startsWith("$")) throw new TypeError(`a step cannot hand on a member "${key}"`);
        return [key, flatten(entry, place)];
      }),
  );
}

function restore(value: unknown, read: (type: ArrayType, at: number, length: number) => AnyArray): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => restore(entry, read));
  const record = value as Readonly<Record<string, unknown>>;
  if (typeof record.$number === "string") return oddNumbers[record.$number];
  if (typeof record.$array === "string") {
    return read(record.$array as ArrayType, record.at as number, record.length as number);
  }
  return Object.fromEntries(Object.entries(record).map(([key, entry]) => [key, restore(entry, read)]));
}

function paddingAfter(length: number): number {
  return (alignment - (length % alignment)) % alignment;
}
