/**
 * The bytes of a MAT-file of level 5: its header, the tags of its elements, and its number types. Format: The
 * MathWorks, "MAT-File Format" (version 5, chapter 1). Knows nothing of files: see `mat5.ts`.
 */

/** Data types of elements, by number. */
export const matTypes = {
  int8: 1,
  uint8: 2,
  uint16: 4,
  int32: 5,
  uint32: 6,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
} as const;

/** Bytes of a number and how it is read; by data type. 64-bit whole numbers lose what a double cannot hold. */
export const matNumbers: ReadonlyMap<
  number,
  { readonly bytes: number; readonly get: (view: DataView, at: number, little: boolean) => number }
> = new Map([
  [1, { bytes: 1, get: (view, at) => view.getInt8(at) }],
  [2, { bytes: 1, get: (view, at) => view.getUint8(at) }],
  [3, { bytes: 2, get: (view, at, little) => view.getInt16(at, little) }],
  [4, { bytes: 2, get: (view, at, little) => view.getUint16(at, little) }],
  [5, { bytes: 4, get: (view, at, little) => view.getInt32(at, little) }],
  [6, { bytes: 4, get: (view, at, little) => view.getUint32(at, little) }],
  [7, { bytes: 4, get: (view, at, little) => view.getFloat32(at, little) }],
  [9, { bytes: 8, get: (view, at, little) => view.getFloat64(at, little) }],
  [12, { bytes: 8, get: (view, at, little) => Number(view.getBigInt64(at, little)) }],
  [13, { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) }],
]);

/** Array classes, by number. */
export const matClasses = {
  cell: 1,
  struct: 2,
  object: 3,
  char: 4,
  sparse: 5,
  firstNumeric: 6,
  lastNumeric: 15,
} as const;
/** Class of int16 arrays: counts of a converter. */
export const matInt16Class = 10;
/** Class of int8 arrays, the first of those of whole numbers: all above are as well. */
export const matFirstWholeClass = 8;

/** Length of the header. */
export const matHeaderBytes = 128;

/** What the first 128 bytes say: the byte order, or what the file is instead. */
type MatHeader =
  | { readonly kind: "level 5"; readonly little: boolean }
  | { readonly kind: "level 7.3" | "not a MAT-file" };

/** Judges the beginning of a file (at least 128 bytes, or all of it). */
export function parseMatHeader(bytes: Uint8Array): MatHeader {
  const text = String.fromCharCode(...bytes.subarray(0, 19));
  if (text.startsWith("\x89HDF") || text.startsWith("MATLAB 7.3")) return { kind: "level 7.3" };
  if (bytes.length < matHeaderBytes) return { kind: "not a MAT-file" };
  const [version, first, second] = [bytes.subarray(124, 126), bytes[126], bytes[127]];
  // "MI", written as a 16-bit number of the writer's byte order.
  const little = first === 0x49 && second === 0x4d;
  const big = first === 0x4d && second === 0x49;
  if (!little && !big) return { kind: "not a MAT-file" };
  const major = little ? version[1] : version[0];
  if (major === 2) return { kind: "level 7.3" };
  return major === 1 ? { kind: "level 5", little } : { kind: "not a MAT-file" };
}

export interface MatTag {
  readonly type: number;
  /** Bytes of data, without padding. */
  readonly bytes: number;
  /** The data stands in the tag itself (at most 4 bytes). */
  readonly small: boolean;
}

/** Parses the 8 bytes of a tag. */
export function parseMatTag(tag: Uint8Array, little: boolean): MatTag {
  const view = new DataView(tag.buffer, tag.byteOffset, 8);
  const first = view.getUint32(0, little);
  const smallBytes = first >>> 16;
  if (smallBytes !== 0) return { type: first & 0xffff, bytes: smallBytes, small: true };
  return { type: first, bytes: view.getUint32(4, little), small: false };
}

/** Bytes up to the next multiple of eight. */
export function matPadding(bytes: number): number {
  return (8 - (bytes % 8)) % 8;
}
