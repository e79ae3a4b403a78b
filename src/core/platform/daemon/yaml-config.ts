/**
 * Reads one YAML configuration file, overrides it by environment variables, and validates it. Every complaint names the
 * line and column, what is wrong and, where a key looks mistyped, which one was probably meant.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { type Document, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { AuroraError } from "../../contract/aurora-error.ts";
import {
  type ConfigJsonSchema,
  type EnvironmentOverride,
  findEnvironmentOverrides,
} from "./config-environment.ts";

/** Configuration files larger than this are refused. */
export const maxConfigBytes: number = 1024 * 1024;

/** Later errors follow from the first few. */
const maxYamlErrors = 10;

/** What to read and how to validate it. */
interface YamlConfigOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Loads and validates a configuration.
 * @throws AuroraError CONFIG_INVALID with one line per complaint: `file:line:column: key: what is wrong`.
 */
export function loadYamlConfig<T>(options: YamlConfigOptions<T>): T {
  return parseYamlConfig(readBounded(options.path), options);
}

/** As {@link loadYamlConfig}, of a text that was read already; `options.path` is only named in complaints. */
export function parseYamlConfig<T>(text: string, options: YamlConfigOptions<T>): T {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  if (document.errors.length > 0) {
    throw invalid(
      options.path,
      document.errors.slice(0, maxYamlErrors).map((error) => {
        const at = lines.linePos(error.pos[0]);
        return `${options.path}:${at.line}:${at.col}: not valid YAML: ${error.message}`;
      }),
    );
  }
  const jsonSchema = z.toJSONSchema(options.schema, { io: "input" }) as ConfigJsonSchema;
  const { overrides, unknown } = findEnvironmentOverrides(jsonSchema, options.environment);
  if (unknown.length > 0) {
    throw invalid(
      options.path,
      unknown.map((variable) => `environment: ${variable} names no configuration key`),
    );
  }
  if (overrides.length > 0 && document.contents === null) document.contents = document.createNode({});
  for (const override of overrides) setOverride(document, override, options.path);
  if (document.contents === null) throw invalid(options.path, [`${options.path}:1:1: the file is empty`]);
  const parsed = options.schema.safeParse(toValue(document, options.path));
  if (parsed.success) return parsed.data;
  const variableOf = new Map(overrides.map((override) => [override.path.join("."), override.variable]));
  const position = (path: KeyPath): string => {
    const offset = findOffset(document, path);
    const at = offset === undefined ? { line: 1, col: 1 } : lines.linePos(offset);
    return `${options.path}:${at.line}:${at.col}`;
  };
  throw invalid(
    options.path,
    parsed.error.issues.flatMap((issue) => {
      const path = issue.path.filter((part) => typeof part !== "symbol");
      const variable = variableOf.get(path.join("."));
      const where = variable === undefined ? position(path) : `environment ${variable}`;
      const key = path.length > 0 ? `${formatPath(path)}: ` : "";
      if (issue.code !== "unrecognized_keys") return [`${where}: ${key}${describeIssue(issue)}`];
      return issue.keys.map((name) => {
        return `${position([...path, name])}: ${key}unknown key "${name}"${suggestion(jsonSchema, path, name)}`;
      });
    }),
  );
}

/** zod's words, but for a key that is not there: it calls that a wrong type. */
function describeIssue(issue: z.core.$ZodIssue): string {
  return issue.message.endsWith("received undefined") ? "this key is missing" : issue.message;
}

function setOverride(document: Document, { path, value, variable }: EnvironmentOverride, file: string): void {
  try {
    document.setIn([...path], document.createNode(value));
  } catch {
    const within = path.slice(0, -1);
    const what = within.length === 0 ? "the file" : formatPath(within);
    throw invalid(file, [`${file}: environment ${variable}: ${what} is not a mapping of keys`]);
  }
}

function readBounded(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const buffer = Buffer.alloc(maxConfigBytes + 1);
      let length = 0;
      for (;;) {
        const read = readSync(file, buffer, length, buffer.length - length, null);
        length += read;
        if (read === 0 || length === buffer.length) break;
      }
      if (length > maxConfigBytes) throw invalid(path, [`${path}: larger than ${maxConfigBytes} bytes`]);
      return buffer.toString("utf8", 0, length);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw new AuroraError("CONFIG_INVALID", `cannot read ${path}: ${(cause as Error).message}`, {
      op: "read configuration",
      subject: path,
      hint: "Check the path and that this user may read the file.",
      cause,
    });
  }
}

function toValue(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(path, [`${path}: ${(cause as Error).message}`]);
  }
}

function invalid(path: string, complaints: readonly string[]): AuroraError {
  return new AuroraError("CONFIG_INVALID", complaints.join("\n"), {
    op: "read configuration",
    subject: path,
    hint: "`aurora config schema` prints every key with its meaning.",
  });
}

type KeyPath = readonly (string | number)[];

/** Where the deepest node on `path` begins that the file has; undefined: it has none. */
function findOffset(document: Document, path: KeyPath): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
    const offset = node?.range?.[0];
    if (offset !== undefined) return offset;
  }
  return undefined;
}

function formatPath(path: KeyPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

function suggestion(schema: ConfigJsonSchema, path: KeyPath, name: string): string {
  let at: ConfigJsonSchema | undefined = schema;
  for (const part of path) at = typeof part === "number" ? at?.items : at?.properties?.[part];
  const best = Object.keys(at?.properties ?? {})
    .map((key) => ({ key, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance)[0];
  return best !== undefined && best.distance <= 3 ? `; did you mean "${best.key}"?` : "";
}

/** Levenshtein distance. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const substitution = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, substitution));
    }
    row = next;
  }
  return row[other.length]!;
}
