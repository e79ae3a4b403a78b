/**
 * Where the numbers stand in a text: what parts them, which column, and on which line they begin. Above them may stand what
 * data loggers write: comments (#, %), lines about the rig, a line of names and one of units.
 */
import { readAccelerationUnit } from "../../../core/contract/acceleration-units.ts";
import { chooseChannel, chooseUnnamedChannel, readNamedUnit } from "./choose-channel.ts";

/** How a line's fields are parted. */
export type CsvSeparator = "," | ";" | "\t" | " ";

export interface CsvLayout {
  readonly index: number;
  readonly columns: number;
  /** Number of the first line that may hold data, from 1; infinite where names are all there is. */
  readonly firstLine: number;
  readonly separator: CsvSeparator;
  /** Of the column, where its name or a line of units has one. */
  readonly unit?: string | undefined;
  /** Of the column, where it has one. */
  readonly name?: string | undefined;
}

/** A line that is not blank, and its number, from 1. */
export interface CsvLine {
  readonly text: string;
  readonly number: number;
}

/** So many lines of one kind up to the last that was looked at are data, whatever stands above them. */
const fewestAlike = 4;
const unitName = /^([[(].*[\])]|s|sec|seconds|ms|us|m?g|m?v|m\/s\^?[2²]|mm\/s(\^?[2²])?|hz|rpm|counts|-|)$/i;

interface Line extends CsvLine {
  readonly separator: CsvSeparator;
  readonly fields: readonly string[];
  readonly areNumbers: readonly boolean[];
}

/** Understands the first lines of a file. Fails with USAGE without a needed channel. */
export function findCsvLayout(path: string, head: readonly CsvLine[], channel: string | null): CsvLayout {
  const comments = head.filter(({ text }) => isComment(text));
  const lines = head.filter(({ text }) => !isComment(text)).map(parseLine);
  const at = findFirstData(lines);
  const data = lines[at];
  const above = lines.slice(0, at);
  const like = data ?? above[0];
  if (like === undefined)
    return { index: 0, columns: 1, firstLine: Number.POSITIVE_INFINITY, separator: " " };
  const isWhole =
    data !== undefined && (like.fields.length === 1 || hasDecimalCommas(lines.slice(at), above));
  const separator = isWhole ? " " : like.separator;
  const columns = isWhole ? 1 : like.fields.length;
  const namesIn = (text: string): string[] =>
    isWhole ? [unquote(text.trim())] : splitFields(text, separator);
  const names = chooseNames(
    above.map(({ text }) => namesIn(text)),
    at === 0 ? comments.map(({ text }) => namesIn(text.replace(/^\s*[#%]+/, ""))) : [],
    columns,
  );
  const index =
    names === null
      ? chooseUnnamedChannel(path, columns, channel)
      : chooseChannel(path, names.columns, channel);
  const name = names?.columns[index];
  const unit = name === undefined ? undefined : (names?.units?.[index] ?? readNamedUnit(name));
  return { index, columns, firstLine: data?.number ?? Number.POSITIVE_INFINITY, separator, unit, name };
}

/** A line's fields, without blanks and quotes around them. */
export function splitFields(line: string, separator: CsvSeparator): string[] {
  const parts = separator === " " ? line.trim().split(/ +/) : line.split(separator);
  return parts.map((field) => unquote(field.trim()));
}

/** NaN where it is none; where commas part no fields, one may be the decimal point. */
export function parseCsvNumber(field: string, separator: CsvSeparator): number {
  const value = Number(separator === "," || field.includes(".") ? field : field.replace(",", "."));
  // As Fortran writes powers of ten.
  if (Number.isNaN(value) && /^[+-]?\d*\.\d*d[+-]?\d+$/i.test(field)) return Number(field.replace(/d/i, "e"));
  // As NumPy and pandas write it.
  return Number.isNaN(value) && /^[+-]?inf$/i.test(field) ? Number(field.replace(/inf/i, "Infinity")) : value;
}

/** As NumPy writes it, and as older programs of Windows do, whose infinite values are none either: 1.#INF, -1.#IND00, or rounded 1.#QNB, 1.#QO. */
const missingNumber = /^[+-]?(nan|1[.,]#(inf|ind|[qs]?nan|[qs]nb|[iqs]o|[jrt])\d*(e[+-]\d+)?)$/i;

/** Does the field stand for a value that is not there? */
export function isMissingField(field: string): boolean {
  return field === "" || missingNumber.test(field);
}

function isComment(text: string): boolean {
  return /^\s*[#%]/.test(text);
}

function unquote(field: string): string {
  return field.replace(/^"(.*)"$/, "$1");
}

function parseLine(line: CsvLine): Line {
  const separator = ([";", "\t", ","] as const).find((each) => line.text.includes(each)) ?? " ";
  const fields = splitFields(line.text, separator);
  const areNumbers = fields.map(
    (field) => isMissingField(field) || !Number.isNaN(parseCsvNumber(field, separator)),
  );
  return { ...line, separator, fields, areNumbers };
}

/** Where the last lines, which are of one kind and hold numbers, begin; else after a first line that is not all numbers. */
function findFirstData(lines: readonly Line[]): number {
  const last = lines.at(-1);
  if (last === undefined) return 0;
  const kindOf = ({ separator, areNumbers }: Line): string => `${separator}${areNumbers.join()}`;
  let at = lines.length;
  while (at > 0 && kindOf(lines[at - 1]!) === kindOf(last)) at--;
  const isText = ({ areNumbers }: Line): boolean => areNumbers.includes(false);
  if (
    lines.length - at >= fewestAlike &&
    last.areNumbers.includes(true) &&
    lines.slice(0, at).every(isText)
  ) {
    return at;
  }
  return isText(lines[0]!) ? 1 : 0;
}

/** One column with commas in its numbers: each of its halves is whole, and some second one begins as no whole number does, or the name above knows of one column. */
function hasDecimalCommas(data: readonly Line[], above: readonly Line[]): boolean {
  const areHalves = data.every(
    ({ separator, fields: [whole = "", part = ""], fields: { length } }) =>
      separator === "," && length === 2 && /^[+-]?\d*$/.test(whole) && /^\d+(e[+-]?\d+)?$/i.test(part),
  );
  const name = above.at(-1);
  if (name !== undefined) return areHalves && !name.text.includes(",");
  return areHalves && data.some(({ fields }) => /^0\d/.test(fields[1]!));
}

/** What stands above the data. */
interface ColumnNames {
  readonly columns: readonly string[];
  /** Where a line below the names has them. */
  readonly units?: readonly string[];
}

/** The names among the lines above the data; null where there are none of so many columns. */
function chooseNames(
  above: readonly string[][],
  comments: readonly string[][],
  columns: number,
): ColumnNames | null {
  const fits = (fields: readonly string[]): boolean => fields.length === columns;
  const [last, before] = [above.at(-1), above.at(-2)];
  if (last === undefined) {
    // numpy.savetxt writes them as a comment.
    const comment = comments.at(-1);
    if (comment === undefined || !fits(comment)) return null;
    return comment.every((field) => Number.isNaN(Number(field))) ? { columns: comment } : null;
  }
  const areUnits = last.every((field) => unitName.test(field) || readAccelerationUnit(field) !== null);
  if (areUnits && before !== undefined && fits(before)) {
    return { columns: before, units: last.map((unit) => unit.replace(/^[[(](.*)[\])]$/, "$1")) };
  }
  return fits(last) ? { columns: last } : null;
}
