/** Which turbine a table is of: as `--turbine ID=FILE[,FILE…]` says, where `*` in FILE stands for anything; else as the file is called. */
import { basename, extname } from "node:path";
import { InvalidArgumentError } from "commander";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { matchesPattern } from "../samples/choose-channel.ts";

/** One turbine and patterns of its files. */
export interface NamedTurbine {
  readonly id: string;
  readonly patterns: readonly string[];
}

/** Turbine of a file; `isGiven`: an option says so, and not only the file's name. */
export interface FileTurbine {
  readonly id: string;
  readonly isGiven: boolean;
}

/** Parses one or more `ID=FILE[,FILE…]`. */
export function parseTurbine(text: string, before: readonly NamedTurbine[] = []): readonly NamedTurbine[] {
  const [id = "", ...rest] = text.split("=");
  const patterns = rest
    .join("=")
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "");
  if (id.trim() === "" || patterns.length === 0)
    throw new InvalidArgumentError("Write ID=FILE[,FILE…], such as T01='T01_*'.");
  return [...before, { id: id.trim(), patterns }];
}

/** One a file, in order. Fails with USAGE where a pattern fits no file, or a file would be of two turbines. */
export function nameTurbines(files: readonly string[], named: readonly NamedTurbine[]): FileTurbine[] {
  const fits = (file: string, pattern: string): boolean =>
    matchesPattern(file, pattern) || matchesPattern(basename(file), pattern);
  const refuse = (message: string, hint: string): AuroraError =>
    new AuroraError("USAGE", message, { op: "name turbines", subject: "--turbine", hint });
  for (const { id, patterns } of named) {
    const idle = patterns.find((pattern) => !files.some((file) => fits(file, pattern)));
    if (idle !== undefined) {
      const shown = files.slice(0, 5).map((file) => basename(file));
      throw refuse(
        `--turbine ${id}=${idle} fits none of the files`,
        `the files of --input are ${shown.join(", ")}${files.length > shown.length ? ", …" : ""}; quote a pattern with *`,
      );
    }
  }
  return files.map((file) => {
    const ids = new Set(
      named.filter(({ patterns }) => patterns.some((pattern) => fits(file, pattern))).map(({ id }) => id),
    );
    if (ids.size > 1) {
      throw refuse(
        `${file} would be of the turbines ${[...ids].join(" and ")}`,
        "give each file to one turbine, or the table a column turbine",
      );
    }
    const [id] = ids;
    return { id: id ?? basename(file, extname(file)), isGiven: id !== undefined };
  });
}
