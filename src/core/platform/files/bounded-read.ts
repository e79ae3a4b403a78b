/** Reads a whole file, but never more than the caller can bear: a file grown past its bound is an error, not an allocation. */
import { AuroraError, type ErrorCode } from "../../contract/aurora-error.ts";
import { openRegularFile } from "./regular-file.ts";

interface BoundedReadOptions {
  /** Code when the file is too large; default `DATA_FORMAT`. */
  readonly tooLarge?: ErrorCode;
  /** Code when the file is not there or cannot be read; default `DATA_MISSING`. */
  readonly missing?: ErrorCode;
  /** What is being done, for the error; default `read file`. */
  readonly op?: string;
  readonly hint?: string;
  /** Instead of `hint` where the file is too large. */
  readonly largeHint?: string;
}

/**
 * The bytes of the file at `path`, of which there may be `maxBytes` at most. The size is never believed, only the
 * bytes that come (a file of /proc states 0). Fails on what is no regular file: a pipe, a device.
 */
export async function readFileBounded(
  path: string,
  maxBytes: number,
  options: BoundedReadOptions = {},
): Promise<Uint8Array> {
  const op = options.op ?? "read file";
  const describe = (hint = options.hint) => ({ op, subject: path, ...(hint === undefined ? {} : { hint }) });
  try {
    const file = await openRegularFile(path);
    try {
      const stated = (await file.stat()).size;
      let bytes = new Uint8Array(Math.min(stated, maxBytes) + 1);
      let length = 0;
      while (length <= maxBytes) {
        if (length === bytes.length) {
          const larger = new Uint8Array(Math.min(Math.max(bytes.length * 2, 65_536), maxBytes + 1));
          larger.set(bytes);
          bytes = larger;
        }
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
        if (bytesRead === 0) return bytes.slice(0, length);
        length += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AuroraError(options.missing ?? "DATA_MISSING", `cannot ${op} ${path}: ${reason}`, {
      ...describe(),
      cause,
    });
  }
  throw new AuroraError(
    options.tooLarge ?? "DATA_FORMAT",
    `${path} is larger than ${maxBytes} bytes`,
    describe(options.largeHint),
  );
}
