/**
 * Reads NumPy's `.npy` files (format 1.0 to 3.0, little-endian, C order). Refuses pickled objects, Fortran order,
 * big-endian numbers and any file whose length is not exactly what its header says.
 *
 *   magic "\x93NUMPY" | major u8 | minor u8 | header length u16 (1.0) or u32 | header (a Python dict) | data
 *
 * Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** Element types that are read. */
type NpyData = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An array in C order. */
interface NpyArray {
  /** Zero to four dimensions. */
  readonly shape: readonly number[];
  readonly data: NpyData;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const maxHeaderBytes = 4096;
const maxDimensions = 4;

const elementTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => NpyData>> = {
  "|i1": Int8Array,
  "|u1": Uint8Array,
  "<i2": Int16Array,
  "<i4": Int32Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};

/** Parses the bytes of a file; `subject` names it in errors. The result is a copy. Fails with DATA_FORMAT. */
export function parseNpy(bytes: Uint8Array, subject: string): NpyArray {
  const refuse = (expected: string, actual: string): never => {
    throw new AuroraError("DATA_FORMAT", `${subject}: expected ${expected}, got ${actual}`, {
      op: "parse npy",
      subject,
      hint: "copy the file again if it is cut off; else write it with numpy.save(name, array) from a plain numeric array",
    });
  };
  const { descr, isFortran, shape, dataAt } = parseNpyHeader(bytes, refuse);
  if (isFortran) refuse("C order", "Fortran order");
  const ElementArray = elementTypes[descr] ?? refuse(Object.keys(elementTypes).join(", "), descr);
  if (shape.length > maxDimensions) refuse(`at most ${maxDimensions} dimensions`, `${shape.length}`);
  const count = shape.reduce((product, size) => product * size, 1);
  const dataBytes = count * Number(descr.slice(2));
  if (!Number.isSafeInteger(dataBytes) || bytes.length - dataAt !== dataBytes) {
    refuse(`${dataBytes} bytes of data for the shape (${shape.join(", ")})`, `${bytes.length - dataAt}`);
  }
  // A copy: the data of a file of format 1 need not be aligned in a larger buffer.
  const buffer = new ArrayBuffer(dataBytes);
  new Uint8Array(buffer).set(bytes.subarray(dataAt));
  return { shape, data: new ElementArray(buffer) };
}

/** What a file's header says. */
interface NpyHeader {
  /** Byte order, kind and bytes of an element, such as `<i2`. */
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the data begin. */
  readonly dataAt: number;
}

/** So many first bytes of a file hold any header that is read. */
export const npyHeadBytes: number = maxHeaderBytes + 12;

/** Parses the first bytes of a file; `refuse` is told what was expected and what came. */
export function parseNpyHeader(
  head: Uint8Array,
  refuse: (expected: string, actual: string) => never,
): NpyHeader {
  if (head.length < 12 || magic.some((byte, index) => head[index] !== byte)) {
    refuse("a .npy file", "other bytes");
  }
  const major = head[6]!;
  if (major < 1 || major > 3) refuse("format version 1 to 3", `${major}`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const headerAt = major === 1 ? 10 : 12;
  if (headerBytes > maxHeaderBytes) refuse(`a header of at most ${maxHeaderBytes} bytes`, `${headerBytes}`);
  const dataAt = headerAt + headerBytes;
  if (head.length < dataAt) refuse(`a header of ${headerBytes} bytes`, `${head.length - headerAt}`);
  const header = new TextDecoder("latin1").decode(head.subarray(headerAt, dataAt));
  const descr = /'descr':\s*'([^']{1,8})'/.exec(header)?.[1] ?? refuse("an element type", header.trim());
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1] ?? refuse("an order", header.trim());
  const dimensions = /'shape':\s*\(([0-9, ]*)\)/.exec(header)?.[1] ?? refuse("a shape", header.trim());
  const shape = dimensions
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  return { descr, isFortran: order === "True", shape, dataAt };
}
