/**
 * The rows of a CSV or Parquet table, of the columns that are asked for only, in the table's own order. Holds a piece of text
 * or a row group at a time, never the table: a CSV may be of gigabytes. Says nothing of what the cells mean.
 */
import { extname } from "node:path";
import { type FileMetaData, parquetRead } from "hyparquet";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { parseCsv } from "./csv.ts";
import { boundedCompressors, expectOne, openParquetTable, withParquetBytes } from "./parquet-columns.ts";
import { openDataFile } from "./read-data-file.ts";
import { readText, type TextEncoding } from "./read-text.ts";

/** How a text file is laid out, where it does not show. Of Parquet nothing of it is asked. */
export interface TableLayout {
  /** Found in the line of names when absent. */
  readonly separator?: CsvSeparator | undefined;
  /** What parts a number's fraction; when absent a comma where semicolons part the fields. */
  readonly decimal?: "." | "," | undefined;
  /** When absent the one that a byte order mark says, else UTF-8. */
  readonly encoding?: TextEncoding | undefined;
  /** Line of the columns' names, from 1; what stands above is left out. 1 when absent. */
  readonly headerLine?: number | undefined;
}

type CsvSeparator = "," | ";" | "\t";

export interface TableRows {
  readonly columns: readonly string[];
  /** What parts a number's fraction. */
  readonly decimal: "." | ",";
  /** What a row's place is called: a text has lines, a Parquet file rows. */
  readonly placeWord: "line" | "row";
  /**
   * Gives every row's cells of the columns at `wanted` (-1: none), in that order; they are valid until the next row. Fails with
   * DATA_FORMAT, also on more than `maxRows` rows.
   */
  read(wanted: readonly number[], take: TakeRow): Promise<void>;
}

/** `place`: the row's line in the file, or its row, from 1. */
type TakeRow = (cells: readonly unknown[], place: number) => void;

/** Most rows of a file unless the caller says otherwise: 38 years of ten minutes. */
const maxTableRows = 2_000_000;
const textKinds: ReadonlySet<string> = new Set([".csv", ".txt", ".tsv"]);
/** A single row longer than this is none. */
const maxRowLength = 16 * 1024 * 1024;

/** Reads the names of the columns. Fails with DATA_MISSING, DATA_FORMAT. */
export async function openTableRows(
  path: string,
  { maxRows = maxTableRows, ...layout }: TableLayout & { readonly maxRows?: number } = {},
): Promise<TableRows> {
  const kind = extname(path).toLowerCase();
  if (kind === ".parquet") return await openParquet(path, maxRows);
  if (!textKinds.has(kind)) throw refuseTable(path, "is no table: neither .csv nor .parquet");
  return await openCsv(path, layout, maxRows);
}

async function openCsv(path: string, layout: TableLayout, maxRows: number): Promise<TableRows> {
  const { encoding, headerLine = 1 } = layout;
  // Whether it is there at all is said before anything else.
  await (await openDataFile(path, "read rows")).close();
  const head = await readHead(path, { encoding, headerLine });
  const separator = layout.separator ?? findSeparator(head);
  const names = parseCsv(head, path, separator).columns.map((name) => name.trim());
  const decimal = layout.decimal ?? (separator === ";" ? "," : ".");
  return {
    columns: names,
    decimal,
    placeWord: "line",
    read: async (wanted, take) => {
      const cells: unknown[] = new Array(wanted.length);
      let rows = 0;
      for await (const { text, line } of readPieces(path, { encoding, headerLine })) {
        const table = parsePiece({ path, head, separator }, text, line);
        for (const [index, fields] of table.rows.entries()) {
          if (rows++ === maxRows) throw refuseTable(path, `has more than ${maxRows} rows`);
          for (const [at, column] of wanted.entries()) cells[at] = fields[column];
          // Behind the line of names the piece begins with the second.
          take(cells, table.lines[index]! - 2 + line);
        }
      }
    },
  };
}

interface TextShape {
  readonly encoding: TextEncoding | undefined;
  readonly headerLine: number;
}

/** The line of names, without its end. */
async function readHead(path: string, { encoding, headerLine }: TextShape): Promise<string> {
  let text = "";
  for await (const piece of readText(path, encoding)) {
    text += piece;
    if (text.split("\n", headerLine + 1).length > headerLine || text.length > maxRowLength) break;
  }
  const head = text.split("\n", headerLine)[headerLine - 1];
  if (head === undefined) throw refuseTable(path, `has no line ${headerLine}, where the names should stand`);
  if (head.length > maxRowLength)
    throw refuseTable(path, `has no line of names in its first ${text.length} characters`);
  return head;
}

function findSeparator(head: string): CsvSeparator {
  const count = (separator: string): number => head.split(separator).length;
  return ([",", ";", "\t"] as const).reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** Pieces of text below the line of names, each of whole rows, with the line that it begins at. */
async function* readPieces(
  path: string,
  { encoding, headerLine }: TextShape,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let rest = "";
  let above = headerLine;
  let line = headerLine + 1;
  for await (const piece of readText(path, encoding)) {
    rest += piece;
    for (; above > 0; above--) {
      const end = rest.indexOf("\n");
      if (end < 0) break;
      rest = rest.slice(end + 1);
    }
    if (above > 0) {
      if (rest.length > maxRowLength) break;
      continue;
    }
    const end = findRowsEnd(rest);
    if (end === 0 && rest.length <= maxRowLength) continue;
    const text = end === 0 ? rest : rest.slice(0, end);
    yield { text, line };
    line += countLines(text);
    rest = rest.slice(text.length);
  }
  if (above === 0 && rest !== "") yield { text: rest, line };
}

/** Place behind the last line end that leaves no quote open; 0 where there is none. */
function findRowsEnd(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf("\n") + 1;
  let end = 0;
  let isQuoted = false;
  for (let at = 0; ; ) {
    const next = text.indexOf("\n", at) + 1;
    if (next === 0) return end;
    for (let quote = text.indexOf('"', at); quote >= 0 && quote < next; quote = text.indexOf('"', quote + 1))
      isQuoted = !isQuoted;
    if (!isQuoted) end = next;
    at = next;
  }
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

interface CsvText {
  readonly path: string;
  readonly head: string;
  readonly separator: CsvSeparator;
}

function parsePiece(
  { path, head, separator }: CsvText,
  text: string,
  line: number,
): ReturnType<typeof parseCsv> {
  try {
    return parseCsv(`${head}\n${text}`, path, separator);
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    // Once more behind as many blank lines as stand before the piece: the complaint then names the file's own line.
    return parseCsv(`${head}\n${"\n".repeat(line - 2)}${text}`, path, separator);
  }
}

async function openParquet(path: string, maxRows: number): Promise<TableRows> {
  const { metadata } = await openParquetTable(path);
  if (!(Number(metadata.num_rows) <= maxRows)) throw refuseTable(path, `has more than ${maxRows} rows`);
  const columns = metadata.schema.slice(1).flatMap(({ name, num_children }) => (num_children ? [] : [name]));
  return {
    columns,
    decimal: ".",
    placeWord: "row",
    read: (wanted, take) =>
      readRowGroups(
        { path, metadata },
        wanted.map((column) => columns[column]),
        take,
      ),
  };
}

async function readRowGroups(
  { path, metadata }: { readonly path: string; readonly metadata: FileMetaData },
  names: readonly (string | undefined)[],
  take: TakeRow,
): Promise<void> {
  for (const name of names) if (name !== undefined) expectOne({ path, metadata }, name);
  await withParquetBytes(path, async (file) => {
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const read = names.map((): unknown[] => new Array(rows));
      try {
        await parquetRead({
          file,
          compressors: boundedCompressors,
          metadata,
          columns: [...new Set(names.filter((name) => name !== undefined))],
          rowStart,
          rowEnd: rowStart + rows,
          onChunk: ({ columnName, columnData, rowStart: from }) => {
            for (const [at, name] of names.entries()) {
              if (name !== columnName) continue;
              for (let index = 0; index < columnData.length; index++) {
                const row = from + index - rowStart;
                // A damaged file may say any row.
                if (row >= 0 && row < rows) read[at]![row] = columnData[index];
              }
            }
          },
        });
      } catch (cause) {
        throw refuseTable(path, "is no Parquet table that can be read", cause);
      }
      const cells: unknown[] = new Array(names.length);
      for (let row = 0; row < rows; row++) {
        for (let at = 0; at < names.length; at++) cells[at] = read[at]![row];
        take(cells, rowStart + row + 1);
      }
      rowStart += rows;
    }
  });
}

/** What is wrong with a table, as an error. */
export function refuseTable(path: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${message}`, {
    op: "read rows",
    subject: path,
    hint: "expected a table with a column of times and a column for each channel, such as time,power,wind-speed",
    cause,
  });
}
