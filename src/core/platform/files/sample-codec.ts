/**
 * Raw counts without loss in fewer bytes: all low bytes, then all high ones, through brotli. A waveform's high bytes
 * repeat themselves and its low ones do not; differences say no more (`scripts/bench-raw-codec.ts`).
 */
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, constants } from "node:zlib";
import { AuroraError } from "../../contract/aurora-error.ts";

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** Higher ones take seconds for a few per cent. */
const quality = 5;

/** Packs the counts of all parts, one after the other. */
export function packSamples(parts: readonly Int16Array[]): Promise<Buffer> {
  const samples = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(2 * samples);
  let at = 0;
  for (const part of parts) {
    for (const count of part) {
      bytes[at] = count & 0xff;
      bytes[samples + at] = count >> 8;
      at++;
    }
  }
  return compress(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

/** The counts again. Makes no more of `packed` than `samples` take; fails with DATA_FORMAT where it holds more or fewer. */
export async function unpackSamples(packed: Uint8Array, samples: number): Promise<Int16Array> {
  const refuse = (detail: string, cause?: unknown): AuroraError =>
    new AuroraError("DATA_FORMAT", `packed samples: ${detail}`, { op: "unpack samples", cause });
  const bytes = await decompress(packed, { maxOutputLength: 2 * samples }).catch((cause: unknown) => {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (bytes.length !== 2 * samples) throw refuse(`${bytes.length} bytes, expected ${2 * samples}`);
  const counts = new Int16Array(samples);
  for (let index = 0; index < samples; index++)
    counts[index] = bytes[index]! | (bytes[samples + index]! << 8);
  return counts;
}
