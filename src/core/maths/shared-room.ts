/**
 * Small arrays of numbers, cut from blocks of memory that they share: one with a buffer of its own takes some 550 bytes beside its
 * numbers, one that is cut takes 100. For what lives long and is of one size. A block is let go when none of its arrays is left.
 * Never gives memory back by itself, and never to be posted to another thread: that would copy the whole block.
 */

/** Below glibc's bound for blocks that are mapped one by one. */
const blockBytes = 32_768;
/** What is longer than this has a buffer of its own: the rest of a block that it does not fit into is lost. */
const maxSharedBytes = blockBytes / 8;
/** Whatever is cut begins at a whole double. */
const doubleBytes = 8;

let block = new ArrayBuffer(0);
let used = 0;

/** Makes room for so many numbers, all 0. */
export function makeDoubles(length: number): Float64Array {
  return cut(Float64Array, length);
}

/** The same in single precision. */
export function makeSingles(length: number): Float32Array {
  return cut(Float32Array, length);
}

/** Whole numbers of 16 bits. */
export function makeCounts(length: number): Int16Array {
  return cut(Int16Array, length);
}

/** Whole numbers from 0 to 65,535. */
export function makeShorts(length: number): Uint16Array {
  return cut(Uint16Array, length);
}

/** Whole numbers of 32 bits. */
export function makeLongs(length: number): Int32Array {
  return cut(Int32Array, length);
}

/** A kind of array, as its constructor. */
interface Kind<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

function cut<A>(kind: Kind<A>, length: number): A {
  const bytes = Math.ceil((length * kind.BYTES_PER_ELEMENT) / doubleBytes) * doubleBytes;
  if (bytes > maxSharedBytes) return new kind(new ArrayBuffer(bytes), 0, length);
  if (used + bytes > block.byteLength) {
    block = new ArrayBuffer(blockBytes);
    used = 0;
  }
  used += bytes;
  return new kind(block, used - bytes, length);
}
