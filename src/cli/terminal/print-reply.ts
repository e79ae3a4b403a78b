import { printable } from "../../core/platform/printable.ts";

/** What a command has to say on stdout: one line of JSON where that is asked for (`--json`), words otherwise. */
export function printReply(json: boolean | undefined, value: unknown, render: () => string): void {
  if (json === true) printJson(value);
  else printWords(render());
}

/** One line. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** As JSON that a person can read. */
export function printIndented(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Words without colours, of which some may come from a file or the wire. */
export function printWords(text: string): void {
  process.stdout.write(printable(text));
}

/** Are words in colours understood there, and wanted (https://no-color.org)? */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.NO_COLOR === undefined;
}
