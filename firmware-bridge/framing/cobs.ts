/**
 * Consistent Overhead Byte Stuffing (Cheshire & Baker, IEEE/ACM Transactions on Networking 7(2), 1999): rewrites
 * bytes so that none is zero, at a cost of one byte per 254. Does not add delimiters.
 */

/** Data bytes of a block that is not followed by a zero. */
const fullBlock = 254;
/** Below this a loop beats the call of copyWithin. */
const shortRun = 48;

/**
 * Encodes `bytes[start, end)` into `out` from `at`, returns the position after the last byte written. Needs
 * `length + 1 + floor(length / 254)` bytes of room; the two must not overlap. Never writes a zero.
 */
// biome-ignore lint/complexity/useMaxParams: once a packet, and nothing may allocate there
export function encodeCobs(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let codeAt = at;
  let write = at + 1;
  let code = 1;
  for (let read = start; read < end; read++) {
    const value = bytes[read]!;
    if (value !== 0) {
      out[write++] = value;
      code++;
      if (code <= fullBlock || read === end - 1) continue;
    }
    out[codeAt] = code;
    codeAt = write++;
    code = 1;
  }
  out[codeAt] = code;
  return write;
}

/**
 * Decodes `bytes[start, end)`, which must hold no zero, in place: the result begins at `start + 1`. Returns its
 * length, or -1 if a block points past the end. Only code bytes are touched until a full block (254 bytes without
 * a zero) makes what follows move down by one, so most of a frame is never copied.
 */
export function decodeCobsInPlace(bytes: Uint8Array, start: number, end: number): number {
  let codeAt = start;
  let write = start + 1;
  let code = start < end ? bytes[start]! : 0;
  while (codeAt < end) {
    const from = codeAt + 1;
    const next = codeAt + code;
    // A code of zero cannot come from a delimited stretch; checked so that no input can hold us up.
    if (code === 0 || next > end) return -1;
    const run = code - 1;
    if (write !== from) {
      if (run < shortRun)
        for (let index = 0; index < run; index++) bytes[write + index] = bytes[from + index]!;
      else bytes.copyWithin(write, from, next);
    }
    write += run;
    codeAt = next;
    if (next === end) break;
    const isFull = code > fullBlock;
    // Read before the zero is written, which may be in its place.
    code = bytes[next]!;
    if (!isFull) bytes[write++] = 0;
  }
  return write - start - 1;
}
