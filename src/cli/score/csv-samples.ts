/**
 * Streams one column of numbers from text that may be larger than memory. Commas, semicolons (then a comma may be the
 * decimal point), tabs or blanks separate; a first line that is not all numbers names the columns. Refuses ragged rows
 * and text among the numbers; an empty field, or a blank line among the rows, is a missing value.
 */
import { createReadStream } from "node:fs";
import { AuroraError } from "../../contract/aurora-error.ts";
import { chooseChannel } from "./choose-channel.ts";
import type { SampleFile } from "./samples.ts";

const maxLineLength = 64 * 1024;
const pieceSamples = 8192;

/** How a line's fields are parted. */
type Separator = "," | ";" | "\t" | " ";

/** Where the samples stand. */
interface Column {
  readonly index: number;
  readonly columns: number;
  readonly hasHeader: boolean;
  readonly separator: Separator;
}

/** Reads the first line. Fails with DATA_FORMAT, or USAGE without a needed channel. */
export async function openCsvSamples(path: string, channel: string | null): Promise<SampleFile> {
  const lines: string[] = [];
  for await (const { text } of readLines(path)) {
    if (text.trim() !== "") lines.push(text);
    if (lines.length === 2) break;
  }
  const [first, second] = lines;
  if (first === undefined) throw refuse(path, 1, "the table is empty");
  const column = chooseColumn(path, first, second ?? first, channel);
  return { path, isCounts: false, pieces: () => readColumn(path, column) };
}

function chooseColumn(path: string, line: string, next: string, channel: string | null): Column {
  const separator = ([";", "\t", ","] as const).find((each) => line.includes(each)) ?? " ";
  // A name of several words above a single column.
  const isOneName = separator === " " && !/\s/.test(next.trim());
  const fields = isOneName ? [line.trim()] : splitLine(line, separator);
  const hasHeader = fields.some((field) => Number.isNaN(toNumber(field, separator)) && !isMissing(field));
  const names = hasHeader ? fields : fields.map((_, index) => `${index}`);
  return { index: chooseChannel(path, names, channel), columns: fields.length, hasHeader, separator };
}

async function* readColumn(path: string, column: Column): AsyncGenerator<Float64Array> {
  const piece = new Float64Array(pieceSamples);
  let filled = 0;
  /** Blank lines since the last row: missing samples, unless the file ends with them. */
  let blank = 0;
  let isBeforeData = true;
  let isHeader = column.hasHeader;
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === "") {
      if (!isBeforeData) blank++;
      continue;
    }
    if (isHeader) {
      isHeader = false;
      continue;
    }
    isBeforeData = false;
    const value = parseField(path, number, text, column);
    for (; blank >= 0; blank--) {
      piece[filled++] = blank > 0 ? Number.NaN : value;
      if (filled < pieceSamples) continue;
      yield piece;
      filled = 0;
    }
    blank = 0;
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

function parseField(path: string, line: number, text: string, column: Column): number {
  const { index, columns, separator } = column;
  // Most files have one column, and most lines are numbers: no need to look for fields.
  const fields = columns === 1 && separator === " " ? [text.trim()] : splitLine(text, separator);
  if (fields.length !== columns) throw refuse(path, line, `${fields.length} fields, expected ${columns}`);
  const field = fields[index]!;
  if (isMissing(field)) return Number.NaN;
  const value = toNumber(field, separator);
  if (Number.isNaN(value)) throw refuse(path, line, `"${field.slice(0, 40)}" is not a number`);
  return value;
}

/** Lines, numbered from 1. */
async function* readLines(path: string): AsyncGenerator<{ text: string; number: number }> {
  let rest = "";
  let number = 0;
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 64 * 1024 });
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${String(chunk)}`.split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        number++;
        const text = number === 1 ? line.replace(/^\ufeff/, "") : line;
        yield { text, number };
      }
      if (rest.length > maxLineLength)
        throw refuse(path, number + 1, `a line of more than ${maxLineLength} characters`);
    }
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op: "read csv", subject: path, cause });
  } finally {
    stream.destroy();
  }
  const text = number === 0 ? rest.replace(/^\ufeff/, "") : rest;
  if (text.trim() !== "") yield { text, number: number + 1 };
}

function splitLine(line: string, separator: Separator): string[] {
  const parts = separator === " " ? line.trim().split(/ +/) : line.split(separator);
  return parts.map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

function toNumber(field: string, separator: Separator): number {
  return Number(separator === ";" ? field.replace(",", ".") : field);
}

function isMissing(field: string): boolean {
  return field === "" || /^nan$/i.test(field);
}

function refuse(path: string, line: number, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path}, line ${line}: ${message}`, {
    op: "read csv",
    subject: path,
    hint: "expected numbers parted by commas, semicolons, tabs or blanks, the same number in every line, after at most one line of names",
  });
}
