/**
 * Reads the header of NumPy's `.npy` files (format 1.0 to 3.0). Which elements and orders are read, who asks says.
 *
 *   magic "\x93NUMPY" | major u8 | minor u8 | header length u16 (1.0) or u32 | header (a Python dict) | data
 *
 * Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const maxHeaderBytes = 4096;

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
