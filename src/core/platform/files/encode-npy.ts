/** Writes NumPy's `.npy` files, the form that `npy.ts` reads. */

/** A `.npy` of one dimension of int16, version 1.0: magic, header padded to a multiple of 64, the numbers of all parts. */
export function encodeNpy(parts: readonly Int16Array[]): Uint8Array {
  const samples = parts.reduce((sum, part) => sum + part.length, 0);
  const text = `{'descr': '<i2', 'fortran_order': False, 'shape': (${samples},), }`;
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = Buffer.alloc(headerBytes + 2 * samples);
  bytes.write("\x93NUMPY\x01\x00", 0, "latin1");
  bytes.writeUInt16LE(headerBytes - 10, 8);
  bytes.write(`${text.padEnd(headerBytes - 11)}\n`, 10, "latin1");
  let at = headerBytes;
  for (const part of parts) for (const count of part) at = bytes.writeInt16LE(count, at);
  return bytes;
}
