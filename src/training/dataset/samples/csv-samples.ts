/**
 * Streams one column of numbers from text that may be larger than memory. Commas, semicolons or tabs (then a comma may be
 * the decimal point) or blanks separate; what stands above the numbers names the columns. Refuses ragged rows, text
 * among the numbers, and what is no text in UTF-8 or marked as UTF-16; an empty field, or a blank line among the rows, is a missing value.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { readText } from "../read-text.ts";
import {
  type CsvLayout,
  type CsvLine,
  type CsvSeparator,
  findCsvLayout,
  isMissingField,
  parseCsvNumber,
  splitFields,
} from "./csv-layout.ts";
import type { SampleFile } from "./samples.ts";

const maxLineLength = 64 * 1024;
const pieceSamples = 8192;

/** Lines that are looked at to understand a file. */
const headLines = 200;

/** The number that a field stands for; NaN where it stands for none. */
type ParseField = (field: string, separator: CsvSeparator) => number;

/** Reads the first lines. Fails with DATA_FORMAT, or USAGE without a needed channel. */
export async function openCsvSamples(
  path: string,
  channel: string | null,
  parse: ParseField = parseCsvNumber,
): Promise<SampleFile> {
  const head: CsvLine[] = [];
  for await (const { lines, first } of readLines(path)) {
    for (const [index, text] of lines.entries()) {
      if (text.trim() !== "" && head.length < headLines) head.push({ text, number: first + index });
    }
    if (head.length === headLines) break;
  }
  if (head.length === 0) throw refuse(path, 1, "the table is empty");
  const layout = findCsvLayout(path, head, channel);
  if (layout.firstLine === Number.POSITIVE_INFINITY)
    throw refuse(path, head.at(-1)!.number, "no number follows");
  const { name, unit } = layout;
  return { path, name, isCounts: false, unit, pieces: () => readColumn(path, layout, parse) };
}

async function* readColumn(path: string, layout: CsvLayout, parse: ParseField): AsyncGenerator<Float64Array> {
  const piece = new Float64Array(pieceSamples);
  let filled = 0;
  /** Blank lines since the last row: missing samples, unless the file ends with them. */
  let blank = 0;
  let isBeforeData = true;
  for await (const { lines, first } of readLines(path)) {
    for (const [index, text] of lines.entries()) {
      if (text.trim() === "") {
        if (!isBeforeData) blank++;
        continue;
      }
      if (first + index < layout.firstLine) continue;
      isBeforeData = false;
      const value = parseField(text, layout, parse);
      if (typeof value === "string") throw refuse(path, first + index, value);
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

/** The sample in a line, or what is wrong with it. */
function parseField(text: string, layout: CsvLayout, parse: ParseField): number | string {
  const { columns, separator } = layout;
  const field = findField(text, layout);
  if (field === null) return `${splitFields(text, separator).length} fields, expected ${columns}`;
  if (field === "") return Number.NaN;
  const value = parse(field, separator);
  return Number.isNaN(value) && !isMissingField(field) ? `"${field.slice(0, 40)}" is not a number` : value;
}

/** The text of the channel's field; null where the line has more fields than others, or fewer. */
function findField(text: string, { index, columns, separator }: CsvLayout): string | null {
  if (separator === " " || text.includes('"')) {
    // Most files of blanks have one column: no need to look for fields.
    if (columns === 1 && separator === " ") return text.trim();
    const fields = splitFields(text, separator);
    return fields.length === columns ? fields[index]! : null;
  }
  let field = "";
  let from = 0;
  for (let at = 0; at < columns; at++) {
    const end = text.indexOf(separator, from);
    if (end < 0 !== (at === columns - 1)) return null;
    if (at === index) field = text.slice(from, end < 0 ? text.length : end).trim();
    from = end + 1;
  }
  return field;
}

/** Some lines at a time; the first of them is number `first`, from 1. */
async function* readLines(path: string): AsyncGenerator<{ lines: readonly string[]; first: number }> {
  let rest = "";
  let first = 1;
  try {
    for await (const text of readText(path)) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop()!;
      if (rest.length > maxLineLength) {
        const number = first + lines.length;
        throw refuse(path, number, `a line of more than ${maxLineLength} characters`);
      }
      if (first === 1 && text.includes("\0")) throw refuseBinary(path);
      if (lines.length === 0) continue;
      yield { lines, first };
      first += lines.length;
    }
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op: "read csv", subject: path, cause });
  }
  if (rest.trim() !== "") yield { lines: [rest], first };
}

function refuse(path: string, line: number, message: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path}, line ${line}: ${message}`, {
    op: "read csv",
    subject: path,
    hint: "expected numbers parted by commas, semicolons, tabs or blanks, the same number in every line, below a line of names or none",
  });
}

function refuseBinary(path: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} is no text in UTF-8 or marked as UTF-16`, {
    op: "read csv",
    subject: path,
    hint: "save it as UTF-8 (Windows programs may write UTF-16 without its mark), or give a binary file the ending of its format: .npy, .mat, .parquet",
  });
}
