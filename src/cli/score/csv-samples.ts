/**
 * Streams one column of numbers from text that may be larger than memory. Commas, semicolons (then a comma may be the
 * decimal point), tabs or blanks separate; a first line that is not all numbers names the columns. Refuses ragged rows
 * and text among the numbers; an empty field, or a blank line among the rows, is a missing value.
 */
import { createReadStream } from "node:fs";
import { AuroraError } from "../../contract/aurora-error.ts";
import { chooseChannel, chooseUnnamedChannel } from "./choose-channel.ts";
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
  const head: string[] = [];
  for await (const { lines } of readLines(path)) {
    head.push(...lines.filter((text) => text.trim() !== "").slice(0, 2));
    if (head.length >= 2) break;
  }
  const [first, second] = head;
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
  const index = hasHeader
    ? chooseChannel(path, fields, channel)
    : chooseUnnamedChannel(path, fields.length, channel);
  return { index, columns: fields.length, hasHeader, separator };
}

async function* readColumn(path: string, column: Column): AsyncGenerator<Float64Array> {
  const piece = new Float64Array(pieceSamples);
  let filled = 0;
  /** Blank lines since the last row: missing samples, unless the file ends with them. */
  let blank = 0;
  let isBeforeData = true;
  let isHeader = column.hasHeader;
  for await (const { lines, first } of readLines(path)) {
    for (const [index, text] of lines.entries()) {
      if (text.trim() === "") {
        if (!isBeforeData) blank++;
        continue;
      }
      if (isHeader) {
        isHeader = false;
        continue;
      }
      isBeforeData = false;
      const value = parseField(path, first + index, text, column);
      for (; blank >= 0; blank--) {
        piece[filled++] = blank > 0 ? Number.NaN : value;
        if (filled < pieceSamples) continue;
        yield piece;
        filled = 0;
      }
      blank = 0;
    }
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

/** Some lines at a time; the first of them is number `first`, from 1. */
async function* readLines(path: string): AsyncGenerator<{ lines: readonly string[]; first: number }> {
  let rest = "";
  let first = 1;
  const withoutMark = (text: string): string => (first === 1 ? text.replace(/^\ufeff/, "") : text);
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 64 * 1024 });
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${String(chunk)}`.split("\n");
      rest = lines.pop()!;
      if (rest.length > maxLineLength) {
        const number = first + lines.length;
        throw refuse(path, number, `a line of more than ${maxLineLength} characters`);
      }
      if (lines.length === 0) continue;
      lines[0] = withoutMark(lines[0]!);
      yield { lines, first };
      first += lines.length;
    }
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op: "read csv", subject: path, cause });
  } finally {
    stream.destroy();
  }
  const text = withoutMark(rest);
  if (text.trim() !== "") yield { lines: [text], first };
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
