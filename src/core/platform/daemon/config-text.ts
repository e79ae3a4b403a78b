/**
 * The text of a configuration file as a tree that knows its places: where a key stands, what it says. Makes one complaint of
 * mistakes that a parser of YAML meets many times over.
 */
import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { ConfigFinding, KeyPath } from "../../contract/config/config-finding.ts";
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
  /** The number that was meant where a decimal comma split one: of `{ bpfo: 3,58 }` the key 58 gives `bpfo: 3.58`. */
  findDecimalComma(path: KeyPath): string | undefined;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Later errors follow from the first few. */
const maxYamlErrors = 10;

/** Parses; `path` is only named. @throws ConfigError for what is not YAML. */
export function parseConfigText(text: string, path: string): ConfigText {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  // What a tag means (!secret, !include) another program may know; without it the text behind would be taken as it stands.
  const tags = document.warnings.filter(({ code }) => code === "TAG_RESOLVE_FAILED");
  if (tags.length > 0) throw describeTags(text, tags, { path, lines });
  if (document.errors.length > 0) throw describeErrors(text, { path, document, lines });

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
  const tabbed = text
    .split("\n")
    .map((line, index) => (/^ *\t/.test(line) ? index + 1 : 0))
    .filter((line) => line > 0);
  const complain = (finding: ConfigFinding, line: number, column: number) =>
    makeComplaint(finding, { file: path, line, column });
  const [first] = tabbed;
  // A tab is one mistake of the editor, and dozens of errors to a parser.
  if (first !== undefined) {
    const more = tabbed.length === 1 ? "" : `, and so do ${tabbed.length - 1} more lines`;
    const column = text.split("\n")[first - 1]!.indexOf("\t") + 1;
    const problem = `not valid YAML: the line is indented with a tab${more}`;
    return new ConfigError(path, [
      complain({ path: [], problem, write: "write two spaces for every tab" }, first, column),
    ]);
  }
  const complaints = document.errors.slice(0, maxYamlErrors).map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const key = /^[^\s:]{1,100}/.exec(text.slice(error.pos[0]))?.[0] ?? "";
    const problem =
      error.code === "DUPLICATE_KEY" ? `the key "${key}" stands twice` : `not valid YAML: ${error.message}`;
    return complain({ path: [], problem }, line, col);
  });
  return new ConfigError(path, complaints);
}
