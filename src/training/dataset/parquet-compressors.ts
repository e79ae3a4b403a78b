/** Unpacks the pages of Parquet files in bounded memory. */
import { gunzipSync } from "node:zlib";
import { compressors } from "hyparquet-compressors";

/** Largest column of a row group, packed and unpacked: at most about three of these are held at a time. */
export const maxChunkBytes: number = 256 * 1024 * 1024;

/**
 * The library's decompressors, asked for no more than a column may hold; gzip by Node, which checks the sum at its end: a
 * damaged page may state runs of any length, and the library would believe it.
 */
export const boundedCompressors: typeof compressors = Object.fromEntries(
  Object.entries({ ...compressors, GZIP: unzip }).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, bytes: number) => {
      if (!(bytes <= maxChunkBytes)) throw new RangeError(`a page of ${bytes} bytes`);
      return unpack!(input, bytes);
    },
  ]),
);

function unzip(input: Uint8Array, bytes: number): Uint8Array {
  return gunzipSync(input, { maxOutputLength: Math.max(1, bytes) });
}
