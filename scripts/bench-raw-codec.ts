/**
 * How small raw samples become without loss: Node's own compressors on the counts as they are, on their differences
 * and on differences split into bytes, over whole recordings cut into pieces of ten seconds. Prints a table; writes nothing.
 *
 *   npx tsx scripts/bench-raw-codec.ts [folder of the data sets]
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, deflateSync, inflateSync } from "node:zlib";
import { readFileBounded } from "../src/core/platform/files/bounded-read.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import { parseNpy } from "./parse-npy.ts";
import { readOptions } from "./suite-options.ts";

interface Filter {
  readonly name: string;
  readonly apply: (counts: Int16Array) => Uint8Array;
}

interface Compressor {
  readonly name: string;
  readonly pack: (bytes: Uint8Array) => Uint8Array;
  readonly unpack: (bytes: Uint8Array) => Uint8Array;
}

const filters: readonly Filter[] = [
  { name: "counts", apply: toBytes },
  { name: "differences", apply: (counts) => toBytes(difference(counts)) },
  { name: "counts, split", apply: split },
  { name: "differences, split", apply: (counts) => split(difference(counts)) },
];

const brotli = (quality: number): Compressor => ({
  name: `brotli ${quality}`,
  pack: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 22 },
    }),
  unpack: brotliDecompressSync,
});

const compressors: readonly Compressor[] = [
  { name: "deflate 6", pack: (bytes) => deflateSync(bytes, { level: 6 }), unpack: inflateSync },
  brotli(5),
  brotli(11),
];

/** Little-endian, as a device sends them. */
function toBytes(counts: Int16Array): Uint8Array {
  return new Uint8Array(counts.buffer, counts.byteOffset, counts.byteLength);
}

function difference(counts: Int16Array): Int16Array {
  const result = new Int16Array(counts.length);
  let last = 0;
  for (const [index, count] of counts.entries()) {
    result[index] = count - last;
    last = count;
  }
  return result;
}

/** All low bytes, then all high ones. */
function split(counts: Int16Array): Uint8Array {
  const bytes = new Uint8Array(2 * counts.length);
  for (const [index, count] of counts.entries()) {
    bytes[index] = count & 0xff;
    bytes[counts.length + index] = count >> 8;
  }
  return bytes;
}

/** Pieces of at most `samples`, of every `stride`-th recording. */
async function readPieces(folder: string, samples: number, stride: number): Promise<Int16Array[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".npy")).sort();
  const pieces: Int16Array[] = [];
  for (const name of names.filter((_, index) => index % stride === 0)) {
    const { data } = parseNpy(await readFileBounded(join(folder, name), 64 * 1024 * 1024), name);
    if (!(data instanceof Int16Array)) continue;
    for (let from = 0; from + samples <= data.length; from += samples)
      pieces.push(data.slice(from, from + samples));
  }
  return pieces;
}

const { positionals } = readOptions({
  command: "npx tsx scripts/bench-raw-codec.ts",
  does: "How small raw samples become without loss.",
  words: { FOLDER: "of the data sets (AURORA_DATA, else shared/data beside the repository)" },
  options: {},
});
const root = positionals[0] ?? dataFolder;
/** Set, samples of a piece, and how many files and pieces to pass over between two. */
const sets = [
  { set: "cwru", samples: 120_000, fileStride: 16, pieceStride: 1 },
  { set: "ims", samples: 20_480, fileStride: 1, pieceStride: 10 },
  { set: "pronostia", samples: 2_560, fileStride: 1, pieceStride: 50 },
] as const;

for (const { set, samples, fileStride, pieceStride } of sets) {
  const all = await readPieces(join(root, set), samples, fileStride);
  const pieces = all.filter((_, index) => index % pieceStride === 0);
  const total = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  process.stdout.write(
    `${set}: ${pieces.length} pieces of ${samples} samples, ${(total / 1e6).toFixed(1)} MB\n`,
  );
  for (const filter of filters) {
    const cells = compressors.map((compressor) => measure(pieces, filter, compressor));
    process.stdout.write(`  ${filter.name.padEnd(20)} ${cells.join("  ")}\n`);
  }
}

function measure(pieces: readonly Int16Array[], filter: Filter, { name, pack, unpack }: Compressor): string {
  const began = performance.now();
  let packed = 0;
  let total = 0;
  for (const piece of pieces) {
    const plain = filter.apply(piece);
    const bytes = pack(plain);
    total += plain.length;
    packed += bytes.length;
    if (Buffer.compare(unpack(bytes), plain) !== 0) throw new Error(`${name} is not lossless`);
  }
  const seconds = (performance.now() - began) / 1000;
  return `${name}: ${(packed / total).toFixed(3)}, ${(total / 1e6 / seconds).toFixed(1)} MB/s`;
}
