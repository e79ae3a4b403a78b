/**
 * The text of a file, which may be larger than memory, however it is written: in the encoding that its byte order mark says, else
 * in UTF-8, with lines that end with LF, with CR and LF in either order, or with CR alone. Refuses a workbook that is named as a text.
 */
import { createReadStream } from "node:fs";
import { TextDecoder } from "node:util";
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** Encodings that text may be said to be in; UTF-16 of the other byte order has its mark. */
export type TextEncoding = "utf-8" | "windows-1252" | "utf-16le";

/** Bytes that are taken at once; of more, the pieces outlive the collector's young ones, which takes longer than all the rest. */
const pieceBytes = 64 * 1024;

const marks: readonly (readonly [encoding: string, ...bytes: number[]])[] = [
  ["utf-16le", 0xff, 0xfe],
  ["utf-16be", 0xfe, 0xff],
];
/** A zip, as .xlsx and .ods are, and the older .xls. */
const workbooks: readonly (readonly number[])[] = [
  [0x50, 0x4b, 3, 4],
  [0xd0, 0xcf, 0x11, 0xe0],
];

/** Ends of lines other than LF, and CR and LF: two CR and LF, as of programs that write each LF as CR and LF; LF and CR, as of some loggers; CR alone. */
const otherEnds = /\r\r\n(?:\r(?!\n))?|\n\r(?!\n)|\r(?!\n)/g;

/** Pieces of the text, without a byte order mark; each line ends with LF, or with CR and LF. Fails with DATA_FORMAT, and as streams do. */
export async function* readText(path: string, encoding?: TextEncoding): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  /** LF that was given, behind which a CR is no end. */
  let given = "";
  /** What the next piece may make part of a line's end. */
  let held = "";
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) {
    const bytes = chunk as Uint8Array;
    if (decoder === null) refuseWorkbook(path, bytes);
    decoder ??= new TextDecoder(encoding ?? findMark(bytes) ?? "utf-8");
    const text = given + held + decoder.decode(bytes, { stream: true });
    held = text.endsWith("\r\r") ? "\r\r" : text.endsWith("\r") ? "\r" : "";
    const whole = text.slice(0, text.length - held.length);
    yield endWithLf(whole).slice(given.length);
    given = whole.endsWith("\n") ? "\n" : "";
  }
  const rest = endWithLf(given + held + (decoder?.decode() ?? "")).slice(given.length);
  if (rest !== "") yield rest;
}

/**
 * The text of a small file that was read whole, as {@link readText} gives it. Throws a TypeError on bytes of another encoding
 * where they are `fatal`; else they are characters that stand for none.
 */
export function decodeText(bytes: Uint8Array, options: { readonly fatal?: boolean } = {}): string {
  return endWithLf(new TextDecoder(findMark(bytes) ?? "utf-8", options).decode(bytes));
}

function endWithLf(text: string): string {
  // Most texts have no CR: they need not be looked through for each LF.
  return text.includes("\r") ? text.replace(otherEnds, "\n") : text;
}

/** The encoding that a byte order mark says; undefined: there is none, or it is that of UTF-8. */
export function findMark(head: Uint8Array): string | undefined {
  return marks.find(([, ...bytes]) => beginsWith(head, bytes))?.[0];
}

function beginsWith(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, at) => head[at] === byte);
}

function refuseWorkbook(path: string, head: Uint8Array): void {
  if (!workbooks.some((bytes) => beginsWith(head, bytes))) return;
  throw new AuroraError(
    "DATA_FORMAT",
    `${path} is no text, but a workbook (.xlsx, .xls) or another packed file`,
    {
      op: "read text",
      subject: path,
      hint: "its name does not make it one: open it, and save the sheet as CSV; a .zip unpack first",
    },
  );
}
