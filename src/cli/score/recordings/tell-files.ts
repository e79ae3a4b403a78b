/** What a command says of files that went wrong, and the exit code that they come to. */
import { printable } from "../../terminal/printable.ts";
import type { FileError } from "./file-summary.ts";

interface ToldFile {
  readonly file: string;
  readonly error?: FileError;
}

/** Says a file's error on stderr, if it has one; returns whether it has. */
export function complainOfFile({ file, error }: ToldFile): boolean {
  if (error === undefined) return false;
  const where = error.message.includes(file) ? "" : `${file}: `;
  process.stderr.write(`error: ${printable(`${where}${error.message}`)}\nhint: ${printable(error.hint)}\n`);
  return true;
}

/** 0 where all is well, 2 where every file was described wrongly, 1 where any has an error or says nothing. */
export function exitCodeOf<T extends ToldFile>(
  files: readonly T[],
  saysNothing: (file: T) => boolean,
): number {
  if (!files.some((file) => file.error !== undefined || saysNothing(file))) return 0;
  return files.every(({ error }) => error?.code === "USAGE") ? 2 : 1;
}
