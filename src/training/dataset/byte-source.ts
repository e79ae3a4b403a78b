/** Bytes of a part of a file, one after the other, plain or unpacked (zlib). Holds one piece of them, never the file. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createInflate } from "node:zlib";
import { AuroraError } from "../../core/contract/aurora-error.ts";

const pieceBytes = 64 * 1024;

/** A forward reader. Every call fails with DATA_FORMAT where the bytes end early or do not unpack. */
export interface ByteSource {
  /** Bytes that were read or skipped so far. */
  readonly position: number;
  /** The next `count` bytes (at most 64 KiB), as a copy. */
  read(count: number): Promise<Uint8Array>;
  skip(count: number): Promise<void>;
  /** Lets go of the file. */
  close(): void;
}

/** The bytes [from, to) of a file; `packed`: they are a zlib stream, whose content is read. */
interface BytePart {
  readonly from: number;
  readonly to: number;
  readonly packed: boolean;
}

/** Opens a part of `path`. */
export function openByteSource(path: string, { from, to, packed }: BytePart): ByteSource {
  const raw = createReadStream(path, { start: from, end: Math.max(from, to - 1), highWaterMark: pieceBytes });
  let failure: unknown = null;
  let stream: Readable = raw;
  if (packed) {
    const inflate = createInflate({ chunkSize: pieceBytes });
    raw.on("error", (error) => inflate.destroy(error));
    stream = raw.pipe(inflate);
  }
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;

  const more = async (): Promise<void> => {
    try {
      const next = from >= to ? { done: true as const, value: undefined } : await chunks.next();
      if (next.done !== true) {
        chunk = next.value;
        return;
      }
    } catch (cause) {
      failure = cause;
    }
    throw new AuroraError(
      "DATA_FORMAT",
      failure === null
        ? `${path} ends too early: a part that begins at byte ${from} holds only ${position} bytes`
        : `${path}: the part at byte ${from} does not unpack: ${failure instanceof Error ? failure.message : String(failure)}`,
      {
        op: "read bytes",
        subject: path,
        hint: "the file may be cut off: copy or save it again",
        cause: failure,
      },
    );
  };
  /** The next bytes, at least 1 and at most `most`. */
  const readSome = async (most: number): Promise<Uint8Array> => {
    while (chunk.length === 0) await more();
    const part = chunk.subarray(0, most);
    chunk = chunk.subarray(part.length);
    position += part.length;
    return part;
  };
  return {
    get position(): number {
      return position;
    },
    read: async (count) => {
      if (count > pieceBytes) throw new RangeError(`${count} bytes at once`);
      const out = new Uint8Array(count);
      for (let done = 0; done < count; ) {
        const part = await readSome(count - done);
        out.set(part, done);
        done += part.length;
      }
      return out;
    },
    skip: async (count) => {
      for (let done = 0; done < count; ) done += (await readSome(count - done)).length;
    },
    close: () => {
      raw.destroy();
      stream.destroy();
    },
  };
}
