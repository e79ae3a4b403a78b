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
export type NpyData = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An array in C order. */
export interface NpyArray {
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
      hint: "write the file with numpy.save(name, array) from a plain numeric array",
    });
  };
  if (bytes.length < 10) refuse("at least 10 bytes", `${bytes.length}`);
  if (magic.some((byte, index) => bytes[index] !== byte)) refuse("the magic bytes of .npy", "other bytes");
  const major = bytes[6]!;
  if (major < 1 || major > 3) refuse("format version 1 to 3", `${major}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (major > 1 && bytes.length < 12) refuse("at least 12 bytes", `${bytes.length}`);
  const headerBytes = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const headerAt = major === 1 ? 10 : 12;
  if (headerBytes > maxHeaderBytes) refuse(`a header of at most ${maxHeaderBytes} bytes`, `${headerBytes}`);
  const dataAt = headerAt + headerBytes;
  if (bytes.length < dataAt) refuse(`a header of ${headerBytes} bytes`, `${bytes.length - headerAt}`);
  const header = new TextDecoder("latin1").decode(bytes.subarray(headerAt, dataAt));

  const descr = /'descr':\s*'([^']{1,8})'/.exec(header)?.[1] ?? refuse("an element type", header.trim());
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1] ?? refuse("an order", header.trim());
  const dimensions = /'shape':\s*\(([0-9, ]*)\)/.exec(header)?.[1] ?? refuse("a shape", header.trim());
  if (order === "True") refuse("C order", "Fortran order");
  const ElementArray = elementTypes[descr] ?? refuse(Object.keys(elementTypes).join(", "), descr);
  const shape = dimensions
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
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
