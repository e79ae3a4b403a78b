/**
 * Reads data files: whole ones with a bound on their size, unpacking gzip by name, and parts of those that may be larger than
 * memory. Refuses to read more than it was told to.
 */
import { type FileHandle, open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { decodeText } from "./read-text.ts";

/**
 * The bytes of `path`; a name that ends in `.gz` is unpacked. `maxBytes` bounds the file and what it unpacks to.
 * Fails with DATA_MISSING when it is not there or cannot be read, with DATA_FORMAT when it is too large or not gzip.
 */
export async function readDataFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await readFileBounded(path, maxBytes, {
    op: "read data file",
    hint: "pass the data folder with --data DIR or AURORA_DATA",
  });
  if (!path.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new AuroraError("DATA_FORMAT", `${path} is larger than ${maxBytes} bytes when unpacked`, {
        op: "unpack data file",
        subject: path,
        hint: "check that this is the file you meant",
      });
    }
    throw new AuroraError("DATA_FORMAT", `${path} is not a complete gzip file`, {
      op: "unpack data file",
      subject: path,
      hint: "fetch the file again",
      cause,
    });
  }
}

/** The text of a file in UTF-8, or in UTF-16 with its byte order mark, without the mark; each line ends with LF, or with CR and LF. Fails as {@link readDataFile}, and on other bytes. */
export async function readDataText(path: string, maxBytes: number): Promise<string> {
  const bytes = await readDataFile(path, maxBytes);
  try {
    return decodeText(bytes, { fatal: true });
  } catch (cause) {
    throw new AuroraError("DATA_FORMAT", `${path} is no text in UTF-8, nor in UTF-16 with its mark`, {
      op: "read data file",
      subject: path,
      hint: "convert the file to UTF-8",
      cause,
    });
  }
}

/** Opens `path` to read in parts; `op` says what for. Fails with DATA_MISSING. */
export async function openDataFile(path: string, op: string): Promise<FileHandle> {
  return open(path, "r").catch((cause: unknown) => {
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op, subject: path, cause });
  });
}

/** The first bytes of `path`: `most`, or all there are; `op` says what for. Fails with DATA_MISSING. */
export async function readFirstBytes(path: string, most: number, op: string): Promise<Buffer> {
  const file = await openDataFile(path, op);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Fills `into` with the bytes from `position` on. Fails with DATA_FORMAT where the file ends before. */
export async function readWhole(
  { file, path, op }: { readonly file: FileHandle; readonly path: string; readonly op: string },
  into: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new AuroraError("DATA_FORMAT", `${path} became shorter while it was read`, {
        op,
        subject: path,
        hint: "the file may be cut off or damaged: copy or write it again",
      });
    }
    done += bytesRead;
  }
}
