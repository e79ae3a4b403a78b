/**
 * The published schema of a training configuration: every key of every kind of data with its meaning, its range, and what it is where
 * it is left out. Made of the validators themselves.
 */
import { z } from "zod";
import { fieldsOf, isFields } from "../core/contract/fields.ts";
import type { UsualConfig } from "./complete-config.ts";
import type { AnyRecipe } from "./recipes/recipe.ts";
import { type KeyWords, wordsOfCommon } from "./schema/words-of-common.ts";
import { wordsOfRecordings } from "./schema/words-of-recordings.ts";
import { wordsOfTables } from "./schema/words-of-tables.ts";

/** A schema of JSON, as far as it is walked here. */
interface Node {
  readonly type?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
}

/** One that walks the keys of a schema. */
type Visit = (node: Node, path: string, usual: unknown) => void;

/** By the shipped configuration of the same kind of data. */
const wordsOf: Readonly<Record<string, KeyWords>> = {
  "models/bearing-vibration/train.yaml": { ...wordsOfCommon, ...wordsOfRecordings },
  "models/turbine-scada/train.yaml": { ...wordsOfCommon, ...wordsOfTables },
};

/** The document: one schema for each recipe. `usual`: what files may leave out. */
export function describeTrainingConfig(recipes: readonly AnyRecipe[], usual: readonly UsualConfig[]): object {
  const schemas = recipes.map((recipe) => describeRecipe(recipe, usual));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "aurora training configuration",
    description:
      "The least is a name and a data set: every other key is that of the shipped configuration of the same kind of data.",
    anyOf: schemas.map(({ $schema: _same, ...schema }) => schema),
  };
}

function describeRecipe(recipe: AnyRecipe, configs: readonly UsualConfig[]): Node & { $schema?: string } {
  const usual = configs.find(({ kind }) => kind === recipe.kind);
  const words = wordsOf[usual?.file ?? ""] ?? wordsOfCommon;
  const schema = z.toJSONSchema(recipe.fileSchema, { io: "input" }) as Node;
  // One that goes on from a bundle inherits all else from that.
  const isTuned = schema.properties?.from !== undefined;
  const fields = isTuned ? undefined : usual?.fields;
  const describe: Visit = (node, path, value) => describeKey(node, { path, value, words });
  walk(schema, "", { usual: fields, visit: describe });
  if (isTuned) {
    schema.description = "Goes on from a signed bundle: what is left out is as in that bundle.";
  } else if (usual !== undefined) {
    markUsual(schema, usual);
  }
  return schema;
}

/** Of what may be left out: it is not required, and what it is then. */
function markUsual(schema: Node, { fields, file }: UsualConfig): void {
  const given = new Set([...Object.keys(fields), "title"]);
  schema.required = (schema.required ?? []).filter((key) => !given.has(key));
  for (const [key, node] of Object.entries(schema.properties ?? {})) {
    const isLarge = given.has(key) && node.default === undefined && key !== "title";
    if (isLarge) node.description = `${node.description ?? ""}. Left out: as in ${file}`;
  }
}

function describeKey(
  node: Node,
  { path, value, words }: { readonly path: string; readonly value: unknown; readonly words: KeyWords },
): void {
  const own = findWords(path, words);
  if (node.description === undefined && own !== undefined) node.description = own;
  if (value !== undefined && !isFields(value) && !isLong(value)) node.default = value;
  // Bounds of the number's type say nothing.
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
}

const shortList = 8;

function isLong(value: unknown): boolean {
  return (
    Array.isArray(value) && (value.length > shortList || value.some((entry) => typeof entry === "object"))
  );
}

/** The words of the longest end of the path that has any. */
function findWords(path: string, words: KeyWords): string | undefined {
  const parts = path.split(".");
  for (let from = 0; from < parts.length; from++) {
    const found = words[parts.slice(from).join(".")];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every key, with its path and what it usually is; a key of several forms once for each. */
function walk(node: Node, path: string, how: { readonly usual: unknown; readonly visit: Visit }): void {
  const { usual, visit } = how;
  for (const [key, below] of Object.entries(node.properties ?? {})) {
    const at = path === "" ? key : `${path}.${key}`;
    const value = fieldsOf(usual)[key];
    visit(below, at, value);
    walk(below, at, { usual: value, visit });
  }
  const nothing = { usual: undefined, visit };
  if (node.items !== undefined) walk(node.items, `${path}[]`, nothing);
  if (typeof node.additionalProperties === "object") walk(node.additionalProperties, `${path}.*`, nothing);
  for (const form of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])])
    walk(form, path, how);
}
