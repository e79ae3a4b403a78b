/**
 * Streams one column of numbers from comma-separated text that may be larger than memory. A first line that is not
 * all numbers names the columns. Refuses ragged rows and text among the numbers; an empty field, or a blank line among
 * the rows, is a missing value.
 */
import { createReadStream } from "node:fs";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { SampleFile } from "./samples.ts";

const maxLineLength = 64 * 1024;
const pieceSamples = 8192;

/** Where the samples stand. */
interface Column {
  readonly index: number;
  readonly columns: number;
  readonly hasHeader: boolean;
}

/** Reads the first line. Fails with DATA_FORMAT, or USAGE without a needed channel. */
export async function openCsvSamples(path: string, channel: string | null): Promise<SampleFile> {
  let column: Column | null = null;
  for await (const { text } of readLines(path)) {
    if (text.trim() === "") continue;
    column = chooseColumn(path, text, channel);
    break;
  }
  if (column === null) throw refuse(path, 1, "the table is empty");
  const chosen = column;
  return { path, isCounts: false, pieces: () => readColumn(path, chosen) };
}

function chooseColumn(path: string, line: string, channel: string | null): Column {
  const fields = splitLine(line);
  const columns = fields.length;
  const hasHeader = fields.some((field) => Number.isNaN(Number(field)) && !isMissing(field));
  const named = hasHeader && channel !== null ? fields.indexOf(channel) : -1;
  if (named >= 0) return { index: named, columns, hasHeader };
  if (channel === null && columns === 1) return { index: 0, columns, hasHeader };
  if (channel !== null && /^\d+$/.test(channel) && Number(channel) < columns) {
    return { index: Number(channel), columns, hasHeader };
  }
  const said = channel === null ? "no --channel says which" : `there is no column "${channel}"`;
  const names = hasHeader ? ` or one of ${fields.slice(0, 20).join(", ")}` : "";
  throw new AuroraError("USAGE", `${path} has ${columns} columns and ${said}`, {
    op: "choose channel",
    subject: path,
    hint: `give --channel with an index from 0 to ${columns - 1}${names}`,
  });
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

function parseField(path: string, line: number, text: string, { index, columns }: Column): number {
  const fields = splitLine(text);
  if (fields.length !== columns) throw refuse(path, line, `${fields.length} fields, expected ${columns}`);
  const field = fields[index]!;
  if (isMissing(field)) return Number.NaN;
  const value = Number(field);
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

function splitLine(line: string): string[] {
  return line.split(",").map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
}

function isMissing(field: string): boolean {
  return field === "" || /^nan$/i.test(field);
}

function refuse(path: string, line: number, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path}, line ${line}: ${message}`, {
    op: "read csv",
    subject: path,
    hint: "expected comma-separated numbers, the same number in every line, after at most one line of names",
  });
}
