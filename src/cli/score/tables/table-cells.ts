/**
 * The cells of a CSV or Parquet table, of the columns that are asked for only: of a CSV a piece of text is parsed at a
 * time, of a Parquet file no other column is decoded. Says nothing of what the cells mean.
 */
import { extname } from "node:path";
import { parquetMetadata, parquetRead } from "hyparquet";
import { AuroraError, hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { parseCsv } from "../../../training/dataset/csv.ts";
import { boundedCompressors } from "../../../training/dataset/parquet-columns.ts";

export interface TableCells {
  readonly columns: readonly string[];
  /** What parts a number's fraction. */
  readonly decimal: "." | ",";
  /**
   * Gives every cell of the columns at `wanted`: `take(at, row, value)` with the place in `wanted`, rows from 0 and of each
   * column in order. Fails with DATA_FORMAT.
   */
  read(wanted: readonly number[], take: TakeCell): Promise<void>;
}

export type TakeCell = (at: number, row: number, value: unknown) => void;

/** Most bytes of a file. */
const maxTableBytes = 256 * 1024 * 1024;
/** Most rows of a file: 38 years of ten minutes. */
export const maxTableRows = 2_000_000;
const textKinds: ReadonlySet<string> = new Set([".csv", ".txt"]);
/** Characters of a CSV that are parsed at once. */
const pieceLength = 1024 * 1024;

/** Reads the file and the names of its columns. Fails with DATA_MISSING, DATA_FORMAT. */
export async function openTableCells(path: string): Promise<TableCells> {
  const kind = extname(path).toLowerCase();
  const isParquet = kind === ".parquet";
  if (!isParquet && !textKinds.has(kind)) throw refuseTable(path, "is no table: neither .csv nor .parquet");
  const bytes = await readFileBounded(path, maxTableBytes, { op: "read rows" });
  return isParquet ? openParquet(bytes, path) : openCsv(new TextDecoder().decode(bytes), path);
}

function openCsv(text: string, path: string): TableCells {
  const headEnd = text.indexOf("\n") < 0 ? text.length : text.indexOf("\n");
  const head = text.slice(0, headEnd);
  const separator = head.split(";").length > head.split(",").length ? ";" : ",";
  return {
    columns: parseCsv(head, path, separator).columns.map((name) => name.trim()),
    decimal: separator === ";" ? "," : ".",
    read: async (wanted, take) => {
      let row = 0;
      for (const [from, end] of listPieces(text, headEnd + 1)) {
        for (const fields of parsePiece({ path, text, headEnd, separator }, from, end)) {
          if (row === maxTableRows) throw refuseTable(path, `has more than ${maxTableRows} rows`);
          for (const [at, column] of wanted.entries()) take(at, row, fields[column]);
          row++;
        }
      }
    },
  };
}

/** Begin and end of pieces of text from `from` on; each ends behind a line that leaves no quote open, or with the text. */
function* listPieces(text: string, from: number): Generator<readonly [number, number]> {
  const findQuote = (at: number): number => {
    const found = text.indexOf('"', at);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  };
  let begin = from;
  let isQuoted = false;
  let quote = findQuote(from);
  for (let at = from; at < text.length; ) {
    at = text.indexOf("\n", at) + 1 || text.length;
    for (; quote < at; quote = findQuote(quote + 1)) isQuoted = !isQuoted;
    if (at < text.length && (isQuoted || at - begin < pieceLength)) continue;
    yield [begin, at];
    begin = at;
  }
}

interface CsvText {
  readonly path: string;
  readonly text: string;
  /** Length of the line of names. */
  readonly headEnd: number;
  readonly separator: "," | ";";
}

function parsePiece(
  { path, text, headEnd, separator }: CsvText,
  from: number,
  end: number,
): readonly (readonly string[])[] {
  const head = text.slice(0, headEnd + 1);
  try {
    return parseCsv(head + text.slice(from, end), path, separator).rows;
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    // Once more behind as many blank lines as stand before the piece: the complaint then names the file's own line.
    const before = "\n".repeat(text.slice(headEnd + 1, from).split("\n").length - 1);
    return parseCsv(head + before + text.slice(from, end), path, separator).rows;
  }
}

function openParquet(bytes: Uint8Array, path: string): TableCells {
  const file = new Uint8Array(bytes).buffer;
  const attempt = <T>(use: () => T): T => {
    try {
      return use();
    } catch (cause) {
      throw refuseTable(path, "is no Parquet table that can be read", cause);
    }
  };
  const metadata = attempt(() => parquetMetadata(file));
  if (!(Number(metadata.num_rows) <= maxTableRows)) {
    throw refuseTable(path, `has more than ${maxTableRows} rows`);
  }
  const columns = metadata.schema.slice(1).flatMap(({ name, num_children }) => (num_children ? [] : [name]));
  return {
    columns,
    decimal: ".",
    read: async (wanted, take) => {
      const names = wanted.map((column) => columns[column]!);
      try {
        await parquetRead({
          file,
          compressors: boundedCompressors,
          metadata,
          columns: names,
          onChunk: ({ columnName, columnData, rowStart }) => {
            const at = names.indexOf(columnName);
            for (let index = 0; index < columnData.length; index++)
              take(at, rowStart + index, columnData[index]);
          },
        });
      } catch (cause) {
        throw refuseTable(path, "is no Parquet table that can be read", cause);
      }
    },
  };
}

/** What is wrong with a table, as an error. */
export function refuseTable(path: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${message}`, {
    op: "read rows",
    subject: path,
    hint: "expected a table with a column of times and a column for each channel, such as time,power,wind-speed",
    ...(cause === undefined ? {} : { cause }),
  });
}
