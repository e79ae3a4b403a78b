/**
 * The text of a configuration file as a tree that knows its places: where a key stands, what it says. Makes one complaint of
 * mistakes that a parser of YAML meets many times over.
 */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { ConfigFinding, KeyPath } from "../../contract/config/config-finding.ts";
import { describePadded, isPaddedNumber } from "../../contract/config/describe-issue.ts";
import { ConfigError, makeComplaint } from "./config-error.ts";

export interface ConfigText {
  readonly document: Document;
  /** Line and column, from 1, of the deepest value on `path` that the file has. */
  placeOf(path: KeyPath): Place;
  /** Of the key at the end of `path`. */
  placeOfKey(path: KeyPath): Place;
  /** What stands at `path`; undefined where nothing does, or where it is a mapping or list. */
  valueAt(path: KeyPath): unknown;
  /** As it is written, where a number is written otherwise than it is shown: 007, 1.10; undefined elsewhere. */
  writtenAt(path: KeyPath): string | undefined;
  /** Where numbers stand that two readers could take for two numbers. */
  findPaddedNumbers(): readonly ConfigFinding[];
  /** The number that was meant where a decimal comma split one: of `{ bpfo: 3,58 }` the key 58 gives `bpfo: 3.58`. */
  findDecimalComma(path: KeyPath): string | undefined;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** The parser's words for lines that do not stand below each other. */
const indentCodes: ReadonlySet<string> = new Set([
  "BLOCK_AS_IMPLICIT_KEY",
  "MULTILINE_IMPLICIT_KEY",
  "BAD_INDENT",
]);
/** Later errors follow from the first few. */
const maxYamlErrors = 10;

/** Parses; `path` is only named. @throws ConfigError for what is not YAML. */
export function parseConfigText(text: string, path: string): ConfigText {
  const lines = new LineCounter();
  refuseOtherEncoding(text, path);
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  // What a tag means (!secret, !include) another program may know; without it the text behind would be taken as it stands.
  const tags = document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED");
  if (tags.length > 0) throw describeTags(text, tags, { path, lines });
  // With no-break spaces before a key the text is good YAML, of keys that nobody can see the mistake of.
  if (document.errors.length > 0 || /^ *\u00a0/m.test(text))
    throw describeErrors(text, { path, document, lines });

  refuseAliases(document, { path, lines });

  const nodeAt = (at: KeyPath): Node | undefined => document.getIn(at, true) as Node | undefined;
  const findPlace = (node: unknown): Place | undefined => {
    const offset = (node as { readonly range?: readonly number[] } | undefined)?.range?.[0];
    if (offset === undefined) return undefined;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const placeOf = (at: KeyPath): Place => {
    for (let length = at.length; length >= 0; length--) {
      const place = findPlace(nodeAt(at.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  };
  return {
    document,
    placeOf,
    placeOfKey(at) {
      const map = nodeAt(at.slice(0, -1));
      const name = String(at.at(-1));
      const pair = isMap(map)
        ? map.items.find(({ key }) => isScalar(key) && String(key.value) === name)
        : undefined;
      return findPlace(pair?.key) ?? placeOf(at);
    },
    valueAt(at) {
      const node = nodeAt(at);
      return isScalar(node) ? node.value : undefined;
    },
    writtenAt(at) {
      const node = nodeAt(at);
      if (!isScalar(node) || typeof node.value !== "number") return undefined;
      return node.source === String(node.value) ? undefined : node.source;
    },
    findPaddedNumbers() {
      const found: ConfigFinding[] = [];
      visit(document, {
        Scalar(role, { source, value }, ancestors) {
          if (role === "key" || typeof value !== "number" || source === undefined) return;
          if (isPaddedNumber(source))
            found.push({ path: pathOf(role, ancestors), ...describePadded(source) });
        },
      });
      return found;
    },
    findDecimalComma(at) {
      const map = nodeAt(at.slice(0, -1));
      const name = String(at.at(-1));
      if (!isMap(map) || !/^\d+$/.test(name)) return undefined;
      const index = map.items.findIndex(({ key }) => isScalar(key) && String(key.value) === name);
      const before = map.items[index - 1];
      if (!isPair(before) || !isScalar(before.key) || !isScalar(before.value)) return undefined;
      const decimals = map.items[index]?.key;
      // As they are written: 0775 is the number 775.
      return typeof before.value.value === "number" && isScalar(decimals)
        ? `${String(before.key.value)}: ${before.value.source}.${decimals.source}`
        : undefined;
    },
  };
}

/** Keys and indices that lead to a value, by what the parser's walk says of it: its index, and the nodes above it. */
function pathOf(role: number | "value" | "key" | null, ancestors: readonly unknown[]): KeyPath {
  const path: (string | number)[] = [];
  for (const [index, node] of ancestors.entries()) {
    const below = ancestors[index + 1];
    if (isPair(node) && isScalar(node.key)) path.push(String(node.key.value));
    else if (isSeq(node)) path.push(below === undefined ? Number(role) : node.items.indexOf(below));
  }
  return path;
}

/** Editors of other systems save otherwise; a parser then sees one odd word, or nothing at all. */
function refuseOtherEncoding(text: string, path: string): void {
  // What a decoder did not know it has given as U+FFFD: a path with such a letter would be another path. In a comment it harms nobody.
  for (const [index, line] of text.split("\n").entries()) {
    const column = line.search(/[\0\ufffd]/);
    const comment = line.search(/(?:^|\s)#/);
    if (column !== -1 && (comment === -1 || column < comment))
      refuseEncodingAt({ file: path, line: index + 1, column: column + 1 });
  }
}

function refuseEncodingAt(place: {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}): never {
  const problem = "this is not text in UTF-8";
  throw new ConfigError(place.file, [
    makeComplaint(
      {
        path: [],
        problem,
        write: "save the file as UTF-8 (an editor may call UTF-16 Unicode, and Latin-1 ANSI)",
      },
      place,
    ),
  ]);
}

/** An alias whose anchor is not there, or comes after it. */
function refuseAliases(
  document: Document,
  { path, lines }: { readonly path: string; readonly lines: LineCounter },
): void {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const { line, col: column } = lines.linePos(alias.range?.[0] ?? 0);
      const problem = `*${alias.source} repeats what &${alias.source} names, and nothing above is named so`;
      const write = `write the value itself, or in quotes a text that begins with *`;
      throw new ConfigError(path, [
        makeComplaint({ path: [], problem, write }, { file: path, line, column }),
      ]);
    },
  });
}

function describeTags(
  text: string,
  tags: Document["warnings"],
  { path, lines }: { readonly path: string; readonly lines: LineCounter },
): ConfigError {
  const complaints = tags.slice(0, maxYamlErrors).map(({ pos }) => {
    const { line, col: column } = lines.linePos(pos[0]);
    const tag = /^\S{1,100}/.exec(text.slice(pos[0]))?.[0] ?? "";
    const problem = `no tag is known here, and ${tag} is one`;
    return makeComplaint(
      { path: [], problem, write: "write the value itself; a secret by the key that names its file" },
      { file: path, line, column },
    );
  });
  return new ConfigError(path, complaints);
}

function describeErrors(
  text: string,
  {
    path,
    document,
    lines,
  }: { readonly path: string; readonly document: Document; readonly lines: LineCounter },
): ConfigError {
  const linesText = text.split("\n");
  const listLines = (pattern: RegExp): readonly number[] =>
    linesText.map((line, index) => (pattern.test(line) ? index + 1 : 0)).filter((line) => line > 0);
  // What a page or a word processor was copied from puts such spaces at the beginning of lines.
  const tabbed = listLines(/^ *\t/);
  const hard = listLines(/^ *\u00a0/);
  const complain = (finding: ConfigFinding, line: number, column: number) =>
    makeComplaint(finding, { file: path, line, column });
  const [first] = tabbed.length > 0 ? tabbed : hard;
  // A tab is one mistake of the editor, and dozens of errors to a parser.
  if (first !== undefined) {
    const [count, what, each] =
      tabbed.length > 0 ? [tabbed.length, "a tab", "every tab"] : [hard.length, "a no-break space", "it"];
    const more = count === 1 ? "" : `, and so do ${count - 1} more lines`;
    const column = linesText[first - 1]!.search(/[\t\u00a0]/) + 1;
    const problem = `not valid YAML: the line is indented with ${what}${more}`;
    const write = `write ${tabbed.length > 0 ? "two spaces" : "a usual space"} for ${each}`;
    return new ConfigError(path, [complain({ path: [], problem, write }, first, column)]);
  }
  // One line that stands a step too far is several errors to a parser, in words of its own.
  const leading = document.errors.find(({ message }) => unclosed.test(message)) ?? document.errors[0];
  if (leading !== undefined) {
    const { line, col } = lines.linePos(leading.pos[0]);
    const layout = sayLayout(leading, linesText[line - 1] ?? "");
    if (layout !== null) return new ConfigError(path, [complain({ path: [], ...layout }, line, col)]);
  }
  const complaints = document.errors.slice(0, maxYamlErrors).map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const key = /^[^\s:]{1,100}/.exec(text.slice(error.pos[0]))?.[0] ?? "";
    return complain({ path: [], ...sayError(error, key) }, line, col);
  });
  return new ConfigError(path, complaints);
}

/** A bracket that is not closed, which is what all errors behind it come from. */
const unclosed = /^Flow .* end with a ([}\]])/;

/** How the lines stand, where that is what the parser stumbles over; null: it is something else. @param lineText where it does */
function sayLayout(
  { code, message }: Document["errors"][number],
  lineText: string,
): Pick<ConfigFinding, "problem" | "write"> | null {
  const end = unclosed.exec(message)?.[1];
  if (end !== undefined) {
    const problem = `not valid YAML: a ${end === "}" ? "{" : "["} in front of this place is not closed`;
    return { problem, write: `close it with ${end}` };
  }
  const [, key, value] =
    /^\s*(?:- )*([\w-]+: )([^"'{[|>&*\s#][^#"]*: [^#"]*?)\s*(?:#.*)?$/.exec(lineText) ?? [];
  if (code === "BLOCK_AS_IMPLICIT_KEY" && value !== undefined) {
    const problem = "not valid YAML: a colon with a space behind it stands in this value";
    return { problem, write: `write ${key}"${value}"` };
  }
  if (!indentCodes.has(code) && !/without - /.test(message)) return null;
  return {
    problem: "not valid YAML: from here on the lines are indented otherwise than those they belong to",
    write:
      "let all keys of a mapping, or of an entry behind its `- `, begin in one column, and have one space behind their colon",
  };
}

/** The parser's error in words of whoever writes a configuration. @param key the word that stands there */
function sayError(error: Document["errors"][number], key: string): Pick<ConfigFinding, "problem" | "write"> {
  if (error.code === "DUPLICATE_KEY") return { problem: `the key "${key}" stands twice` };
  if (error.code === "MULTIPLE_DOCS") {
    const problem = "a second document begins here, and a file is one configuration";
    return { problem, write: "leave out the line --- above, or what follows it" };
  }
  if (/call stack/.test(error.message)) return { problem: "nested more deeply than any configuration is" };
  return { problem: `not valid YAML: ${error.message}` };
}
