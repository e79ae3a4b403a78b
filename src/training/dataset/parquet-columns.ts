/**
 * Streams one numeric column of a Parquet file, row group by row group: what is held is one column of one row group,
 * never the table. Refuses columns of anything but plain numbers, and row groups that would not fit.
 */
import type { FileHandle } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadata,
  parquetScan,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { openDataFile, readWhole } from "./read-data-file.ts";

const op = "read parquet";

/** Largest footer that is read. */
const maxFooterBytes = 16 * 1024 * 1024;
const pieceNumbers = 8192;
const numericTypes: ReadonlySet<string> = new Set(["INT32", "INT64", "FLOAT", "DOUBLE", "FLOAT16"]);
/** What a number may be meant as without ceasing to be one. */
const numericMeanings: ReadonlySet<string> = new Set([
  "INT_8",
  "INT_16",
  "INT_32",
  "INT_64",
  "UINT_8",
  "UINT_16",
  "UINT_32",
  "UINT_64",
  "DECIMAL",
  "INTEGER",
  "FLOAT16",
]);

/** Largest column of a row group, packed and unpacked: at most about three of these are held at a time. */
const maxChunkBytes = 256 * 1024 * 1024;

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

/** A column of plain numbers. */
interface ParquetColumn {
  readonly name: string;
  /** Whole numbers of 16 bits. */
  readonly isInt16: boolean;
  /** Whole numbers of any length. */
  readonly isWhole: boolean;
}

/** What a file's footer says. */
interface ParquetTable {
  readonly path: string;
  /** Columns that can be read, in the file's sequence. */
  readonly columns: readonly ParquetColumn[];
  readonly metadata: FileMetaData;
}

/** Reads the footer. Fails with DATA_MISSING, DATA_FORMAT. */
export async function openParquetTable(path: string): Promise<ParquetTable> {
  const file = await openDataFile(path, op);
  try {
    const { size } = await file.stat();
    const tail = await readAt({ file, path }, Math.max(0, size - 8), Math.min(8, size));
    if (tail.length < 8 || tail.toString("latin1", 4) !== "PAR1")
      throw refuse(path, "is no complete Parquet file");
    const footerBytes = tail.readUInt32LE(0) + 8;
    if (footerBytes > Math.min(maxFooterBytes, size)) {
      throw refuse(path, `states a footer of ${footerBytes} bytes in a file of ${size}`);
    }
    const footer = await readAt({ file, path }, size - footerBytes, footerBytes);
    return await guard(path, async () => {
      const metadata = parquetMetadata(new Uint8Array(footer).buffer);
      const schema = parquetSchema(metadata);
      const leaves = listLeaves(schema);
      for (const group of metadata.row_groups) checkRowGroup(path, group, leaves);
      const columns = schema.children.flatMap(({ element, children }) => {
        const meaning = element.logical_type?.type ?? element.converted_type ?? element.type ?? "";
        const isNumber =
          children.length === 0 &&
          element.repetition_type !== "REPEATED" &&
          numericTypes.has(element.type ?? element.logical_type?.type ?? "") &&
          (numericMeanings.has(meaning) || numericTypes.has(meaning));
        const { logical_type: logical } = element;
        const isInt16 =
          element.converted_type === "INT_16" ||
          (logical?.type === "INTEGER" && logical.bitWidth === 16 && logical.isSigned);
        const isWhole = meaning !== "DECIMAL" && element.type?.startsWith("INT") === true;
        return isNumber ? [{ name: element.name, isInt16, isWhole }] : [];
      });
      return { path, columns, metadata };
    });
  } finally {
    await file.close();
  }
}

/** Paths of the columns that hold values. */
function listLeaves({ path, children }: SchemaTree): string[] {
  return children.length === 0 ? [path.join(".")] : children.flatMap(listLeaves);
}

/**
 * Each column as often as the table has it, and none too large. The library begins all its reads before it looks at one: what is
 * wrong here would end them while nobody waits for them.
 */
function checkRowGroup(path: string, { columns }: RowGroup, leaves: readonly string[]): void {
  const left = [...leaves];
  for (const { meta_data: chunk } of columns) {
    const name = chunk?.path_in_schema.join(".") ?? "";
    const place = left.indexOf(name);
    if (place < 0) throw refuse(path, `has a row group with a wrong column ${name}`);
    left.splice(place, 1);
    const largest = Math.max(Number(chunk?.total_compressed_size), Number(chunk?.total_uncompressed_size));
    if (!(largest <= maxChunkBytes)) {
      throw refuse(
        path,
        `has a row group whose column ${name} takes ${largest} bytes`,
        `write it in row groups of at most ${maxChunkBytes / 2 ** 20} MiB a column, for example of a million rows`,
      );
    }
  }
}

/** The numbers of a column in pieces that are valid until the next is asked for; null is NaN. Fails with DATA_FORMAT. */
export async function* readParquetColumn(table: ParquetTable, column: string): AsyncGenerator<Float64Array> {
  const { path, metadata } = table;
  expectOne(table, column);
  const handle = await openDataFile(path, op);
  try {
    const file = asyncBuffer(handle, path, (await handle.stat()).size);
    const piece = new Float64Array(pieceNumbers);
    const scan = await guard(path, () =>
      parquetScan({
        file,
        metadata,
        columns: [column],
        compressors: boundedCompressors,
        useOffsetIndex: false,
      }),
    );
    for (const range of scan.ranges) {
      const values = await guard(path, () => scan.readColumn({ column, ...range }));
      if (values.length !== range.rowEnd - range.rowStart) {
        throw refuse(
          path,
          `has ${values.length} values in a row group of ${range.rowEnd - range.rowStart} rows`,
        );
      }
      for (let from = 0; from < values.length; from += pieceNumbers) {
        const count = Math.min(pieceNumbers, values.length - from);
        for (let index = 0; index < count; index++) {
          const value: unknown = values[from + index];
          piece[index] = typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
        }
        yield piece.subarray(0, count);
      }
    }
  } finally {
    await handle.close();
  }
}

/** Two columns may have one name: which of them is meant nobody can say. Fails with DATA_FORMAT. */
export function expectOne({ path, metadata }: Pick<ParquetTable, "path" | "metadata">, column: string): void {
  const { length } = parquetSchema(metadata).children.filter(({ element }) => element.name === column);
  if (length > 1) throw refuse(path, `has ${length} columns ${column}`, "give each column a name of its own");
}

/** Opens the file's bytes for the library for as long as `use` runs: parts are read when they are asked for. Fails with DATA_MISSING. */
export async function withParquetBytes<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const handle = await openDataFile(path, op);
  try {
    return await use(asyncBuffer(handle, path, (await handle.stat()).size));
  } finally {
    await handle.close();
  }
}

function asyncBuffer(handle: FileHandle, path: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: (from, to = byteLength) => {
      const read = readRange({ file: handle, path }, from, Math.min(to, byteLength) - from);
      // The library begins reads before it wants them: one that fails after another has ended all would be nobody's.
      read.catch(() => {});
      return read;
    },
  };
}

async function readRange(
  file: { readonly file: FileHandle; readonly path: string },
  from: number,
  bytes: number,
): Promise<ArrayBuffer> {
  if (!(from >= 0 && bytes >= 0 && bytes <= maxChunkBytes)) {
    throw new RangeError(`${bytes} bytes from ${from} on are asked for`);
  }
  return new Uint8Array(await readAt(file, from, bytes)).buffer;
}

async function readAt(
  { file, path }: { readonly file: FileHandle; readonly path: string },
  from: number,
  bytes: number,
): Promise<Buffer> {
  const out = Buffer.alloc(bytes);
  await readWhole({ file, path, op }, out, from);
  return out;
}

/** The library throws errors of its own on damaged bytes: they are the file's fault. */
async function guard<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw refuse(
      path,
      `cannot be read as Parquet: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function refuse(path: string, what: string, hint?: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${what}`, {
    op,
    subject: path,
    hint: hint ?? "the file may be cut off or damaged: copy or write it again",
  });
}
