/** Reads a data file with a bound on its size, unpacking gzip by name. Refuses to read more than it was told to. */
import { readFile, stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** Largest file that is read unless the caller says otherwise: 256 MiB. */
export const maxDataFileBytes: number = 256 * 1024 * 1024;

/**
 * The bytes of `path`; a name that ends in `.gz` is unpacked. `maxBytes` bounds the file and what it unpacks to.
 * Fails with DATA_MISSING when there is no such file, with DATA_FORMAT when it is too large or not gzip.
 */
export async function readDataFile(path: string, maxBytes: number = maxDataFileBytes): Promise<Uint8Array> {
  let sizeBytes: number;
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new Error("not a file");
    sizeBytes = info.size;
  } catch (cause) {
    throw new AuroraError("DATA_MISSING", `there is no data file ${path}`, {
      op: "read data file",
      subject: path,
      hint: "pass the data folder with --data DIR or AURORA_DATA",
      cause,
    });
  }
  const tooLarge = (actual: string): AuroraError =>
    new AuroraError("DATA_FORMAT", `${path} holds ${actual}, expected at most ${maxBytes} bytes`, {
      op: "read data file",
      subject: path,
      hint: "check that this is the file you meant",
    });
  if (sizeBytes > maxBytes) throw tooLarge(`${sizeBytes} bytes`);
  const bytes = await readFile(path);
  if (!path.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge("more when unpacked");
    throw new AuroraError("DATA_FORMAT", `${path} is not a complete gzip file`, {
      op: "unpack data file",
      subject: path,
      hint: "fetch the file again",
      cause,
    });
  }
}

/** The text of a file as UTF-8 without byte order mark. Fails as {@link readDataFile}, and on bytes that are not UTF-8. */
export async function readDataText(path: string, maxBytes: number = maxDataFileBytes): Promise<string> {
  const bytes = await readDataFile(path, maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AuroraError("DATA_FORMAT", `${path} is not UTF-8 text`, {
      op: "read data file",
      subject: path,
      hint: "convert the file to UTF-8",
      cause,
    });
  }
}
