/**
 * Reads one YAML configuration file, overrides it by environment variables, and validates it. Every complaint names the
 * line and column, the key, what it says, what is wrong and, where that is known, what to write instead.
 */
import { closeSync, readSync } from "node:fs";
import type { Document } from "yaml";
import { z } from "zod";
import { AuroraError } from "../../contract/aurora-error.ts";
import {
  type ConfigFinding,
  formatKeyPath,
  type KeyPath,
  suggestWord,
} from "../../contract/config/config-finding.ts";
import { type ConfigKind, recogniseConfig } from "../../contract/config/config-kind.ts";
import { describeIssue } from "../../contract/config/describe-issue.ts";
import { openRegularFileSync } from "../files/regular-file.ts";
import {
  type ConfigJsonSchema,
  type EnvironmentOverride,
  findEnvironmentOverrides,
} from "./config-environment.ts";
import { ConfigError, makeComplaint } from "./config-error.ts";
import { type ConfigText, parseConfigText } from "./config-text.ts";

/** Configuration files larger than this are refused. */
export const maxConfigBytes: number = 1024 * 1024;

/** What to read and how to validate it. */
interface YamlConfigOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What it must be for; undefined: for nothing that a command line names. */
  readonly kind?: ConfigKind;
  /** Puts in what the file leaves out, before it is validated. */
  readonly complete?: (value: unknown) => unknown;
}

/** A configuration that fits its schema, and a way to complain of what else is wrong with it. */
export interface ReadConfig<T> {
  readonly config: T;
  /** The error for these findings, each at its place in the file. */
  refuse(findings: readonly ConfigFinding[]): ConfigError;
}

/** The configuration of a text that was read already; `options.path` is only named in complaints. @throws as {@link readYamlConfig} */
export function parseYamlConfig<T>(text: string, options: YamlConfigOptions<T>): T {
  return readYamlConfig(options, text).config;
}

/**
 * Loads and validates a configuration; of `text`, where that is what the file will hold.
 * @throws ConfigError with one line per complaint: `file:line:column: key: what is wrong`; AuroraError CONFIG_INVALID for a
 * file that cannot be read.
 */
export function readYamlConfig<T>(
  options: YamlConfigOptions<T>,
  text: string = readBounded(options.path),
): ReadConfig<T> {
  const { path: file, schema, environment } = options;
  const source = parseConfigText(text, file);
  const { document } = source;
  const wholeFile = (problem: string, write?: string): ConfigError =>
    refuse([{ path: [], problem, ...(write === undefined ? {} : { write }) }]);
  let overrides: readonly EnvironmentOverride[] = [];
  const refuse = (findings: readonly ConfigFinding[]): ConfigError =>
    new ConfigError(
      file,
      findings
        .map((finding) => complain(finding, { file, source, overrides }))
        .sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
    );

  // Made only where it is needed: it takes longer than all the rest of a start's reading.
  let made: ConfigJsonSchema | undefined;
  const jsonSchema = (): ConfigJsonSchema => {
    made ??= z.toJSONSchema(schema, { io: "input" }) as ConfigJsonSchema;
    return made;
  };
  const found = findEnvironmentOverrides(jsonSchema, environment);
  if (found.unknown.length > 0) {
    throw new ConfigError(
      file,
      found.unknown.map(({ variable, meant }) => {
        const question = meant === null ? "" : `; did you mean ${meant}?`;
        return makeComplaint(
          { path: [], problem: `${variable} names no configuration key${question}` },
          { file, variable },
        );
      }),
    );
  }
  refuseOtherKind(document, { kind: options.kind, file, wholeFile });
  overrides = found.overrides;
  if (overrides.length > 0 && document.contents === null) document.contents = document.createNode({});
  for (const override of overrides) setOverride(document, override, file);
  if (document.contents === null) throw wholeFile("the file is empty");
  const { complete = (whole: unknown) => whole } = options;
  const value = complete(toValue(document, wholeFile));
  const parsed = schema.safeParse(value);
  const issues = parsed.error?.issues ?? [];
  const mistyped = new Set(
    issues.filter(({ code }) => code === "invalid_type").map(({ path }) => path.join("\n")),
  );
  const findings = issues.flatMap((issue) => {
    // A text where a list belongs is not too long for one.
    if (/^too_/.test(issue.code) && mistyped.has(issue.path.join("\n"))) return [];
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code !== "unrecognized_keys") {
      const [value, written] = [source.valueAt(path), source.writtenAt(path)];
      const meant =
        issue.code === "invalid_type" && issue.expected === "array"
          ? putInList(written ?? value, schemaAt(jsonSchema(), path))
          : undefined;
      const write = meant === undefined ? {} : { write: `write ${meant}` };
      return [{ path, ...describeIssue(issue, value, written), ...write }];
    }
    return issue.keys.map((name) => unknownKey([...path, name], { source, jsonSchema: jsonSchema() }));
  });
  const told = new Set(findings.map(({ path }) => formatKeyPath(path)));
  const padded = source.findPaddedNumbers().filter(({ path }) => !told.has(formatKeyPath(path)));
  if (parsed.success && padded.length === 0) return { config: parsed.data, refuse };
  throw refuse([...findings, ...padded]);
}

function complain(
  finding: ConfigFinding,
  {
    file,
    source,
    overrides,
  }: {
    readonly file: string;
    readonly source: ConfigText;
    readonly overrides: readonly EnvironmentOverride[];
  },
): ReturnType<typeof makeComplaint> {
  const value = source.writtenAt(finding.path) ?? source.valueAt(finding.path) ?? finding.value;
  // What a variable says stands in no line, nor does what is in it.
  const override = overrides
    .filter(({ path }) => path.every((part, index) => part === finding.path[index]))
    .sort((one, other) => other.path.length - one.path.length)[0];
  if (override !== undefined) return makeComplaint(finding, { file, variable: override.variable, value });
  if (finding.isKey) return makeComplaint(finding, { file, ...source.placeOfKey(finding.path) });
  return makeComplaint(finding, { file, ...source.placeOf(finding.path), value });
}

/** Of a file for another thing every key would be unknown: that is one mistake. */
function refuseOtherKind(
  document: Document,
  {
    kind,
    file,
    wholeFile,
  }: {
    readonly kind: ConfigKind | undefined;
    readonly file: string;
    readonly wholeFile: (problem: string, write?: string) => ConfigError;
  },
): void {
  if (kind === undefined) return;
  const contents = toValue(document, wholeFile);
  if (typeof contents !== "object" || contents === null) return;
  const recognised = recogniseConfig(Object.keys(contents));
  if (recognised === null || recognised === kind) return;
  const training = "a training configuration";
  const is = recognised === "train" ? training : `a ${recognised}'s configuration`;
  const isNot = kind === "train" ? training : `a ${kind}'s`;
  const run = recognised === "train" ? "train" : `${recognised} --config`;
  throw wholeFile(
    `this is ${is}, not ${isNot}`,
    `check it with \`aurora config validate ${file} ${recognised}\`, run it with \`aurora ${run} ${file}\``,
  );
}

/** What a JSON schema says of the value at `path`. */
function schemaAt(whole: ConfigJsonSchema, path: KeyPath): ConfigJsonSchema | undefined {
  let at: ConfigJsonSchema | undefined = whole;
  for (const part of path) {
    at = at?.anyOf?.find(({ properties, items }) => properties !== undefined || items !== undefined) ?? at;
    at = typeof part === "number" ? at?.items : at?.properties?.[part];
  }
  return at;
}

/** The value as the only one of the list that belongs there; undefined: it is none that could be in it. */
function putInList(value: unknown, list: ConfigJsonSchema | undefined): string | undefined {
  const type = list?.items?.type;
  const isNumber = type === "number" && Number.isFinite(Number(value)) && value !== "";
  const isText = type === "string" && typeof value === "string" && /^[\w./@+-]+$/.test(value);
  return isNumber || isText ? `[${String(value)}]` : undefined;
}

function unknownKey(
  path: KeyPath,
  { source, jsonSchema }: { readonly source: ConfigText; readonly jsonSchema: ConfigJsonSchema },
): ConfigFinding {
  const name = String(path.at(-1));
  const meant = source.findDecimalComma(path);
  if (meant !== undefined) {
    return { path, problem: "unknown key: a decimal comma?", write: `write ${meant}`, isKey: true };
  }
  const at = schemaAt(jsonSchema, path.slice(0, -1));
  const known = Object.keys(at?.properties ?? {});
  return { path, problem: `unknown key "${name}"${suggestWord(name, known)}`, isKey: true };
}

function setOverride(document: Document, { path, value, variable }: EnvironmentOverride, file: string): void {
  try {
    document.setIn([...path], document.createNode(value));
  } catch {
    const within = path.slice(0, -1);
    const what = within.length === 0 ? "the file" : formatKeyPath(within);
    const finding = { path: [], problem: `${what} is not a mapping of keys` };
    throw new ConfigError(file, [makeComplaint(finding, { file, variable })]);
  }
}

function readBounded(path: string): string {
  try {
    const file = openRegularFileSync(path);
    try {
      const buffer = Buffer.alloc(maxConfigBytes + 1);
      let length = 0;
      for (;;) {
        const read = readSync(file, buffer, length, buffer.length - length, null);
        length += read;
        if (read === 0 || length === buffer.length) break;
      }
      if (length > maxConfigBytes) {
        const finding = { path: [], problem: `larger than ${maxConfigBytes} bytes` };
        throw new ConfigError(path, [makeComplaint(finding, { file: path })]);
      }
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

/** The values of the document, or the error of one that cannot be had: an alias bomb. */
function toValue(document: Document, wholeFile: (problem: string) => ConfigError): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // The only error that is left: aliases of aliases of aliases.
    if (!(cause instanceof ReferenceError)) throw cause;
    throw wholeFile("its aliases (*name) repeat more than a machine can hold; write the values themselves");
  }
}
