/**
 * Reads comma-separated tables (RFC 4180): quoted fields, doubled quotes, CRLF or LF, an optional byte order mark.
 * Refuses ragged rows, repeated column names and unfinished quotes; every value stays a string.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** A table with named columns. */
interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Line at which each row begins, from 1. */
  readonly lines: readonly number[];
}

const maxColumns = 4096;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * Parses `text`; `subject` names it in errors. An empty last line is no row. Some tools write semicolons or tabs for
 * commas: `separator` says so. Fails with DATA_FORMAT, naming the line.
 */
export function parseCsv(text: string, subject: string, separator: "," | ";" | "\t" = ","): CsvTable {
  const refuse = (line: number, message: string): never => {
    throw new AuroraError("DATA_FORMAT", `${subject}, line ${line}: ${message}`, {
      op: "parse csv",
      subject,
      hint: "expected comma-separated values with one header line",
    });
  };
  const separates = separator.charCodeAt(0);
  const records: { readonly line: number; readonly fields: string[] }[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const fields: string[] = [];
    const startLine = line;
    for (;;) {
      if (fields.length === maxColumns) refuse(line, `more than ${maxColumns} columns`);
      if (text[at] === '"') {
        let value = "";
        for (;;) {
          const close = text.indexOf('"', at + 1);
          if (close < 0) refuse(startLine, "a quote is not closed");
          value += text.slice(at + 1, close);
          at = close + 1;
          if (text[at] !== '"') break;
          value += '"';
        }
        line += value.split("\n").length - 1;
        fields.push(value);
      } else {
        let end = at;
        for (; end < text.length; end++) {
          const code = text.charCodeAt(end);
          if (code === separates || code === lineFeed || code === carriageReturn) break;
        }
        fields.push(text.slice(at, end));
        at = end;
      }
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === "\r") at++;
    if (at < text.length && text[at] !== "\n")
      refuse(line, "text follows a closing quote or carriage return");
    at++;
    line++;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: startLine, fields });
  }
  const header = records.shift() ?? refuse(1, "the table is empty");
  if (new Set(header.fields).size !== header.fields.length) refuse(header.line, "a column name stands twice");
  for (const record of records) {
    if (record.fields.length !== header.fields.length) {
      refuse(record.line, `${record.fields.length} fields, expected ${header.fields.length}`);
    }
  }
  return {
    columns: header.fields,
    rows: records.map((record) => record.fields),
    lines: records.map((record) => record.line),
  };
}

/** Index of a column. Fails with DATA_FORMAT when the table lacks it. */
export function csvColumn(table: CsvTable, name: string, subject: string): number {
  const index = table.columns.indexOf(name);
  if (index < 0) {
    throw new AuroraError("DATA_FORMAT", `${subject} has no column "${name}"`, {
      op: "read column",
      subject,
      hint: `its columns are ${table.columns.slice(0, 20).join(", ")}`,
    });
  }
  return index;
}
