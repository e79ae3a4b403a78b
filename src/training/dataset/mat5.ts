/**
 * Reads MAT-files of level 5 (MATLAB up to 7.2, SciPy's `savemat`): lists the numeric arrays, also those in structs
 * and cells, and streams one of them. Packed elements are unpacked as they are read; neither file nor array is ever
 * held. Refuses level 7.3 (HDF5), level 4, sparse and complex arrays, and lengths that cannot be.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type ByteSource, openByteSource } from "./byte-source.ts";
import {
  type MatTag,
  matClasses,
  matHeaderBytes,
  matNumbers,
  matPadding,
  matTypes,
  parseMatHeader,
  parseMatTag,
} from "./mat5-format.ts";
import { openDataFile } from "./read-data-file.ts";

/** A numeric array of a file, and where its numbers lie. */
export interface MatArray {
  /** Its variable's name; in a struct or cell with the way to it: `bearing.gs`, `runs{2}`, `s(3).x` (from 1, as MATLAB counts). */
  readonly name: string;
  /** What a text `Name` beside it in its struct calls it, as data loggers write it; absent: nothing does. */
  readonly label?: string | undefined;
  /** Number of its class as in `mat5-format.ts`. */
  readonly classNumber: number;
  /** Two or more; the first varies fastest. */
  readonly dimensions: readonly number[];
  readonly complex: boolean;
  /** Where the element that holds it stands in the file, and whether it is packed. */
  readonly element: { readonly from: number; readonly to: number; readonly packed: boolean };
  /** Where its numbers begin in the (unpacked) element, and their type. */
  readonly dataAt: number;
  readonly dataType: number;
  readonly little: boolean;
}

const maxArrays = 10_000;
const maxDepth = 8;
const maxNameBytes = 1024;
/** Letters of a text that names an array. */
const maxLabel = 128;
/** Bytes that are unpacked and passed over to list a file's arrays: a packed file may claim any size. */
const maxListedBytes = 2 ** 31;
const pieceNumbers = 8192;

interface Listing {
  readonly path: string;
  readonly little: boolean;
  readonly arrays: MatArray[];
  /** Texts in fields `Name`, by the struct that they stand in. */
  readonly labels: Map<string, string>;
  passedBytes: number;
}

/** One element of the listed file, while it is read. */
interface Walk {
  readonly listing: Listing;
  readonly source: ByteSource;
  readonly element: MatArray["element"];
}

/** Lists the numeric arrays of `path`, in the file's sequence. Fails with DATA_MISSING, DATA_FORMAT. */
export async function listMatArrays(path: string): Promise<MatArray[]> {
  const file = await openDataFile(path, "read mat");
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(size, matHeaderBytes));
    await file.read(head, 0, head.length, 0);
    const header = parseMatHeader(head);
    if (header.kind !== "level 5") {
      const what = header.kind === "level 7.3" ? "is of level 7.3 (HDF5)" : "does not begin like a MAT-file";
      throw refuse(path, `${what}; level 5 is read`, "save it with save(name, …, '-v7') in MATLAB");
    }
    const { little } = header;
    const listing: Listing = { path, little, arrays: [], labels: new Map(), passedBytes: 0 };
    const bytes = Buffer.alloc(8);
    for (let at = matHeaderBytes; at < size; ) {
      const { bytesRead } = await file.read(bytes, 0, 8, at);
      if (bytesRead < 8) throw refuse(path, `ends within a tag at byte ${at}`);
      const tag = parseMatTag(bytes, little);
      const from = at + 8;
      const to = from + tag.bytes;
      if (tag.small || to > size) {
        throw refuse(path, `has an element of ${tag.bytes} bytes at byte ${at}, but ${size - from} are left`);
      }
      const packed = tag.type === matTypes.compressed;
      if (packed || tag.type === matTypes.matrix) await listElement(listing, { from, to, packed });
      // Packed elements are not padded.
      at = packed ? to : to + matPadding(tag.bytes);
    }
    return listing.arrays.map((array) => labelArray(array, listing.labels));
  } finally {
    await file.close();
  }
}

/** A text of one row that is short enough to name something. */
function isLine([rows, letters = 0, ...more]: readonly number[]): boolean {
  return rows === 1 && letters > 0 && letters <= maxLabel && more.length === 0;
}

const lastField = /\.[^.]*$/;
const labelField = /\.Name$/;

function labelArray(array: MatArray, labels: ReadonlyMap<string, string>): MatArray {
  const label = lastField.test(array.name) ? labels.get(array.name.replace(lastField, "")) : undefined;
  return label === undefined ? array : { ...array, label };
}

async function listElement(listing: Listing, element: MatArray["element"]): Promise<void> {
  const source = openByteSource(listing.path, element);
  try {
    let bytes = element.to - element.from;
    if (element.packed) {
      const tag = parseMatTag(await source.read(8), listing.little);
      if (tag.type !== matTypes.matrix) return;
      bytes = tag.bytes;
    }
    await listMatrix({ listing, source, element }, bytes, { way: "", depth: 0 });
  } finally {
    listing.passedBytes += source.position;
    source.close();
  }
}

/** Reads one matrix element of `bytes` after its tag; `way` names what it stands in; leaves what it need not read. */
async function listMatrix(
  walk: Walk,
  bytes: number,
  { way, depth }: { readonly way: string; readonly depth: number },
): Promise<void> {
  const { listing, source, element } = walk;
  const { path, little } = listing;
  const end = source.position + bytes;
  if (bytes === 0) return;
  if (depth > maxDepth) throw refuse(path, `nests structs deeper than ${maxDepth}`);
  const flags = await readPart(walk, end, 8);
  if (flags.length < 8) throw refuse(path, "has an array without flags");
  const flagBits = view(flags).getUint32(0, little);
  const classNumber = flagBits & 0xff;
  const sizes = await readPart(walk, end, 32 * 4);
  const dimensions = Array.from({ length: Math.floor(sizes.length / 4) }, (_, index) =>
    view(sizes).getInt32(4 * index, little),
  );
  const count = dimensions.reduce((product, size) => product * size, 1);
  if (dimensions.length < 2 || dimensions.some((size) => size < 0) || !Number.isSafeInteger(count)) {
    throw refuse(path, `has an array of the size ${dimensions.join("×")}`);
  }
  const own = new TextDecoder().decode(await readPart(walk, end, maxNameBytes));
  const name = way === "" ? own : way;

  if (classNumber >= matClasses.firstNumeric && classNumber <= matClasses.lastNumeric) {
    if (count > 0) {
      const tag = await readTag(walk, end);
      const expected = count * (matNumbers.get(tag.type)?.bytes ?? Number.NaN);
      if (tag.bytes !== expected) {
        throw refuse(
          path,
          `holds ${tag.bytes} bytes of type ${tag.type} for ${name} of ${dimensions.join("×")}`,
        );
      }
      if (listing.arrays.length === maxArrays) throw refuse(path, `holds more than ${maxArrays} arrays`);
      const dataAt = source.position - (tag.small ? 4 : 0);
      const complex = (flagBits & 0x800) !== 0;
      listing.arrays.push({
        name,
        classNumber,
        dimensions,
        complex,
        element,
        dataAt,
        dataType: tag.type,
        little,
      });
    }
  } else if (classNumber === matClasses.struct || classNumber === matClasses.object) {
    if (classNumber === matClasses.object) await readPart(walk, end, maxNameBytes);
    const lengthBytes = await readPart(walk, end, 4);
    const nameLength = lengthBytes.length === 4 ? view(lengthBytes).getInt32(0, little) : 0;
    const names = await readPart(walk, end, 64 * 1024);
    if (!(nameLength > 0) || names.length % nameLength !== 0)
      throw refuse(path, `has broken names in ${name}`);
    const fields = Array.from({ length: names.length / nameLength }, (_, index) => {
      const field = names.subarray(index * nameLength, (index + 1) * nameLength);
      const zero = field.indexOf(0);
      return new TextDecoder().decode(zero < 0 ? field : field.subarray(0, zero));
    });
    await listChildren(walk, { end, depth, count: count * fields.length }, (index) => {
      const item = count === 1 ? "" : `(${Math.floor(index / fields.length) + 1})`;
      return `${name}${item}.${fields[index % fields.length]!}`;
    });
  } else if (classNumber === matClasses.char && labelField.test(name) && isLine(dimensions)) {
    const { type, bytes: text } = await readTyped(walk, end, 4 * maxLabel);
    const label = decodeText(type, text, little).trim();
    if (label !== "") listing.labels.set(name.replace(lastField, ""), label);
  } else if (classNumber === matClasses.cell) {
    await listChildren(walk, { end, depth, count }, (index) => `${name}{${index + 1}}`);
  }
  // At the top nothing follows in this element: no need to unpack the rest.
  if (depth > 0) await pass(walk, end - source.position);
}

async function listChildren(
  walk: Walk,
  { end, depth, count }: { readonly end: number; readonly depth: number; readonly count: number },
  nameOf: (index: number) => string,
): Promise<void> {
  const { listing, source } = walk;
  for (let index = 0; index < count && source.position < end; index++) {
    const tag = await readTag(walk, end);
    if (tag.type !== matTypes.matrix) throw refuse(listing.path, `has a broken element in ${nameOf(index)}`);
    await listMatrix(walk, tag.bytes, { way: nameOf(index), depth: depth + 1 });
  }
}

async function readTag({ listing, source }: Walk, end: number): Promise<MatTag> {
  if (source.position + 8 > end) throw refuse(listing.path, "has an array that ends within a tag");
  const bytes = await source.read(8);
  const tag = parseMatTag(bytes, listing.little);
  const left = tag.small ? 4 : end - source.position;
  if (tag.bytes > left) throw refuse(listing.path, `has a part of ${tag.bytes} bytes where ${left} are left`);
  return tag;
}

/** Of a char array: MATLAB writes two bytes a letter, others write UTF-8. */
function decodeText(type: number, bytes: Uint8Array, little: boolean): string {
  const isWide = type === matTypes.uint16 || type === matTypes.utf16;
  return new TextDecoder(isWide ? (little ? "utf-16le" : "utf-16be") : "utf-8").decode(bytes);
}

/** The data of the next part, which may hold `most` bytes. */
async function readPart(walk: Walk, end: number, most: number): Promise<Uint8Array> {
  return (await readTyped(walk, end, most)).bytes;
}

async function readTyped(
  { listing, source }: Walk,
  end: number,
  most: number,
): Promise<{ readonly type: number; readonly bytes: Uint8Array }> {
  if (source.position + 8 > end) throw refuse(listing.path, "has an array that ends within a tag");
  const bytes = await source.read(8);
  const tag = parseMatTag(bytes, listing.little);
  if (tag.small) {
    if (tag.bytes > 4) throw refuse(listing.path, `has a small part of ${tag.bytes} bytes`);
    return { type: tag.type, bytes: bytes.subarray(4, 4 + tag.bytes) };
  }
  const padded = tag.bytes + matPadding(tag.bytes);
  if (tag.bytes > most || source.position + padded > end) {
    throw refuse(listing.path, `has a part of ${tag.bytes} bytes where at most ${most} are expected`);
  }
  return { type: tag.type, bytes: (await source.read(padded)).subarray(0, tag.bytes) };
}

async function pass({ listing, source }: Walk, bytes: number): Promise<void> {
  if (listing.passedBytes + source.position + bytes > maxListedBytes) {
    throw refuse(listing.path, `holds more than ${maxListedBytes} bytes beside its arrays' beginnings`);
  }
  if (bytes > 0) await source.skip(bytes);
}

/** All numbers of an array in the file's sequence, in pieces that are valid until the next is asked for. Fails with DATA_FORMAT. */
export async function* readMatNumbers(path: string, array: MatArray): AsyncGenerator<Float64Array> {
  const number = matNumbers.get(array.dataType)!;
  const { from, to, packed } = array.element;
  const source = openByteSource(path, { from: packed ? from : from + array.dataAt, to, packed });
  const piece = new Float64Array(pieceNumbers);
  try {
    if (packed) await source.skip(array.dataAt);
    let left = array.dimensions.reduce((product, size) => product * size, 1);
    while (left > 0) {
      const count = Math.min(left, pieceNumbers);
      const bytes = view(await source.read(count * number.bytes));
      for (let index = 0; index < count; index++) {
        piece[index] = number.get(bytes, index * number.bytes, array.little);
      }
      left -= count;
      yield piece.subarray(0, count);
    }
  } finally {
    source.close();
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function refuse(path: string, what: string, hint?: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${what}`, {
    op: "read mat",
    subject: path,
    hint: hint ?? "the file may be cut off or damaged: copy or save it again",
  });
}
