/**
 * Options of the scripts: one table a script, of which arguments are read and `--help` is made. What is wrong is refused in a
 * line with exit code 2, because a suite that runs nothing finds nothing wrong.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** As Node's parser takes it, the form of its value, and what it means. */
export type ScriptOption = NonNullable<ParseArgsConfig["options"]>[string] & {
  readonly value?: string;
  readonly means: string;
  /** Throws where the value is none that is taken. */
  readonly check?: (option: string, text: string) => unknown;
};

export type ScriptOptions = Readonly<Record<string, ScriptOption>>;

interface Script<T extends ScriptOptions> {
  /** As one types it. */
  readonly command: string;
  /** One sentence. */
  readonly does: string;
  /** Arguments without a name, and what they mean; after a last one that ends in `...` there may be more. */
  readonly words?: Readonly<Record<string, string>>;
  readonly options: T;
}

/** What Node's parser makes of such a table. */
type Parsed<T extends ScriptOptions> = ReturnType<
  typeof parseArgs<{ readonly options: T; readonly allowPositionals: true; readonly tokens: true }>
>;

const help = { help: { type: "boolean", means: "prints this" } } as const satisfies ScriptOptions;

/** Of a suite that ends with one line of JSON: {@link createSay} tells how far it is. */
export const jsonOption: { readonly type: "boolean"; readonly default: false; readonly means: string } = {
  type: "boolean",
  default: false,
  means: "one line of JSON; how far it is goes to the other stream",
};

/** Says a line: on stderr where stdout is for JSON. */
export function createSay({ json }: { readonly json: boolean }): (text: string) => void {
  return (text) => void (json ? process.stderr : process.stdout).write(`${text}\n`);
}

/** The arguments of this process. Prints the help and ends with 0 where it is asked for, and with 2 where one is wrong. */
export function readOptions<const T extends ScriptOptions>(script: Script<T>): Parsed<T> {
  const args = process.argv.slice(2);
  const words = Object.keys(script.words ?? {});
  const most = words.at(-1)?.endsWith("...") ? Number.POSITIVE_INFINITY : words.length;
  const read = refuseWrong(() => parseOptions(args, script.options, most));
  if ("help" in read.values && read.values.help === true) {
    process.stdout.write(`${renderHelp(script)}\n`);
    process.exit(0);
  }
  return read;
}

/** What `read` gives; where it throws, what is wrong is said in a line, and the process ends with 2. */
export function refuseWrong<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message} (--help says what there is)\n`);
    process.exit(2);
  }
}

/** Reads options, `--help` among them, and `mostWords` arguments without a name. Throws one sentence of what is wrong. */
export function parseOptions<const T extends ScriptOptions>(
  args: readonly string[],
  options: T,
  mostWords = 0,
): Parsed<T> {
  const config = { args: [...args], options: { ...help, ...options }, allowPositionals: true, tokens: true };
  const read = parseWords(config);
  const { positionals } = read;
  if (positionals.length > mostWords) throw new Error(`nobody reads "${positionals[mostWords]}"`);
  for (const [name, { check }] of Object.entries<ScriptOption>(options)) {
    const value = read.values[name];
    if (typeof value === "string") check?.(name, value);
  }
  return read as Parsed<T>;
}

function parseWords(config: ParseArgsConfig): ReturnType<typeof parseArgs> {
  try {
    return parseArgs(config);
  } catch (error) {
    // The rest of what Node says is how a word is written that begins with a dash.
    throw new Error((error as Error).message.split(/[.\n] ?/)[0]);
  }
}

function renderHelp({ command, does, words = {}, options }: Script<ScriptOptions>): string {
  const named = Object.keys(words).map((word) => `[${word}]`);
  const separator = command.startsWith("npm ") ? ["--"] : [];
  return [
    [command, ...separator, ...named, "[OPTIONS]"].join(" "),
    does,
    "",
    ...renderTable(Object.entries(words)),
    ...renderOptions(options),
  ].join("\n");
}

/** A line an option, `--help` the first. */
export function renderOptions(options: ScriptOptions): string[] {
  return renderTable(
    Object.entries<ScriptOption>({ ...help, ...options }).map(([name, { value, means }]) => [
      value === undefined ? `--${name}` : `--${name} ${value}`,
      means,
    ]),
  );
}

/** Names and what they mean in two columns. */
export function renderTable(rows: readonly (readonly [string, string])[]): string[] {
  return rows.map(([name, meaning]) => `  ${name.padEnd(20)} ${meaning}`);
}

/** An option as it is typed; arguments without a name are named in capitals. */
function say(option: string): string {
  return option === option.toUpperCase() ? option : `--${option}`;
}

/** Reads a whole number. Throws where it is none or less than `least`. */
export function readWholeNumber(option: string, text: string, least = 1): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(number) || number < least)
    throw new Error(`${say(option)} is a whole number from ${least} on, not "${text}"`);
  return number;
}

/** Reads a number above 0. Throws where it is none. */
export function readPositiveNumber(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < Number.POSITIVE_INFINITY))
    throw new Error(`${say(option)} is a number above 0, not "${text}"`);
  return number;
}

/** Reads numbers from 0 on with commas between them. Throws where one is none. */
export function readNumberList(option: string, text: string): readonly number[] {
  const numbers = text.split(",").map(Number);
  if (
    text.split(",").some((part) => part.trim() === "") ||
    numbers.some((number) => !(number >= 0 && number < Number.POSITIVE_INFINITY))
  )
    throw new Error(`${say(option)} is numbers from 0 on with commas between them, not "${text}"`);
  return numbers;
}

/** Reads names of parts with commas between them; all where none are asked for. Throws where one is not there. */
export function readPartNames(text: string | undefined, known: readonly string[]): readonly string[] {
  const asked = text?.split(",") ?? known;
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no part "${unknown}", there are ${known.join(", ")}`);
  return asked;
}

/** Reads one of some words. Throws where it is none of them. */
export function readOneOf<const T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new Error(`${say(option)} is one of ${known.join(", ")}, not "${text}"`);
  return found;
}
