/**
 * Environment variables over a configuration: every key is also `AURORA_<PATH>`, its parts in upper snake case and
 * joined by two underscores (`mqtt.passwordFile` is `AURORA_MQTT__PASSWORD_FILE`, `turbines[0].id` is
 * `AURORA_TURBINES__0__ID`). A variable that names no key is an error: a typing mistake must not go unseen.
 */
import { parse } from "yaml";
import { isPaddedNumber } from "../../contract/config/describe-issue.ts";

/** The part of a JSON schema that is needed to find a key. */
export interface ConfigJsonSchema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, ConfigJsonSchema>>;
  readonly items?: ConfigJsonSchema;
  /** Of what may also be null: a mapping, or nothing. */
  readonly anyOf?: readonly ConfigJsonSchema[];
}

export interface EnvironmentOverride {
  readonly variable: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

interface EnvironmentOverrides {
  readonly overrides: readonly EnvironmentOverride[];
  /** Variables that name no key, and the one that was probably meant, which is there. */
  readonly unknown: readonly { readonly variable: string; readonly meant: string | null }[];
}

/** `passwordFile` → `PASSWORD_FILE`. */
function environmentName(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}

/**
 * Finds the overrides in `environment`; `schema` is asked for only where there is a variable to find a key for. Variables with the prefix but without a double underscore
 * that name no key at the top (`AURORA_DATA`) are other settings, of a container's platform among them, and left alone.
 */
export function findEnvironmentOverrides(
  schema: () => ConfigJsonSchema,
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentOverrides {
  const overrides: EnvironmentOverride[] = [];
  const unknown: EnvironmentOverrides["unknown"][number][] = [];
  for (const [variable, text] of Object.entries(environment).sort()) {
    if (!variable.startsWith("AURORA_") || text === undefined) continue;
    const parts = variable.slice("AURORA_".length).split("__");
    const found = resolvePath(schema(), parts);
    if (found !== undefined)
      overrides.push({ variable, path: found.path, value: readValue(text, found.schema) });
    else if (parts.length > 1) unknown.push({ variable, meant: findMeant(schema(), parts) });
  }
  return { overrides, unknown };
}

interface FoundKey {
  readonly path: readonly (string | number)[];
  readonly schema: ConfigJsonSchema | undefined;
}

/** The variable whose words are written together: `HTTPPORT` for `HTTP_PORT`. */
function findMeant(schema: ConfigJsonSchema, parts: readonly string[]): string | null {
  const together = (text: string): string => text.replaceAll("_", "").toUpperCase();
  const found = resolvePath(schema, parts, (key, part) => together(key) === together(part));
  if (found === undefined) return null;
  return `AURORA_${found.path.map((part) => environmentName(`${part}`)).join("__")}`;
}

const isNamed = (key: string, part: string): boolean => environmentName(key) === part;

function resolvePath(
  schema: ConfigJsonSchema,
  parts: readonly string[],
  isKey: (key: string, part: string) => boolean = isNamed,
): FoundKey | undefined {
  const path: (string | number)[] = [];
  let at: ConfigJsonSchema | undefined = schema;
  for (const part of parts) {
    at = at?.anyOf?.find(({ properties, items }) => properties !== undefined || items !== undefined) ?? at;
    if (at?.properties !== undefined) {
      const key: string | undefined = Object.keys(at.properties).find((name) => isKey(name, part));
      if (key === undefined) return undefined;
      path.push(key);
      at = at.properties[key];
    } else if (at?.items !== undefined && /^\d{1,4}$/.test(part)) {
      path.push(Number(part));
      at = at.items;
    } else {
      return undefined;
    }
  }
  return { path, schema: at };
}

/** Where only a text belongs, it is one as it stands, but for quotes around it: 007 is an id, and no `#` begins a comment. */
function readValue(text: string, schema: ConfigJsonSchema | undefined): unknown {
  if (isPaddedNumber(text)) return text;
  const types = [schema, ...(schema?.anyOf ?? [])].flatMap((each) => each?.type ?? []);
  const takesText = types.includes("string") && types.every((type) => type === "string" || type === "null");
  const isPlain = !/^\s*(["'].*|~|null|Null|NULL)?\s*$/s.test(text);
  return takesText && isPlain ? text.trim() : parseScalar(text);
}

/** A value as YAML would read it (`12`, `true`, `null`, `[a, b]`); text where it is not YAML (a syntax error, an alias). */
function parseScalar(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}
