/** What is different between two bundles, in words and figures: for a person who has to say yes or no to an update. */
import { bundleFileNames } from "../contract/bundle/manifest.ts";
import type { Bundle } from "./bundle.ts";

interface BundleChange {
  /** Where: a path into the manifest or `evaluation.json`, or `file <name>`. List entries go by name, not by number. */
  readonly path: string;
  /** Value before, as JSON text; null if it was not there. */
  readonly before: string | null;
  /** Value after, as JSON text; null if it is not there any more. */
  readonly after: string | null;
  readonly sentence: string;
}

/** Leaves below this count are listed one by one; longer lists of numbers become one line. */
const longList = 8;
/** Tables of an evaluation, each of them one line: a person reads them in the report. */
const bulky = /^evaluation\.(slices|reliability\.\w+\.bins|decision\.points|heldOut\.recordings)\./;
/** Levels of an evaluation's values: several times those of the shipped ones. */
const deepestEvaluation = 64;
/** Digests say that something changed, which the other lines say better. */
const silent = /(^|\.)(sha256|formatVersion)$|Sha256$/;

/**
 * All differences from `before` to `after`: manifest first, then evaluation, then files. Empty if and only if their
 * digests are the same, since every file's digest is compared.
 */
export function compareBundles(before: Bundle, after: Bundle): readonly BundleChange[] {
  const changes = [
    ...compareLeaves(manifestLeaves(before), manifestLeaves(after)),
    ...compareLeaves(evaluationLeaves(before), evaluationLeaves(after)),
    ...compareFiles(before, after),
    ...compareDigestsOfLineage(before, after),
  ];
  if (changes.length > 0 || before.digest === after.digest) return changes;
  // Two entries of one name, for example: rare, and still not to be called the same.
  const sentence = "manifest.json: other content, in a way that has no words here";
  return [{ path: "manifest.json", before: before.digest, after: after.digest, sentence }];
}

type Leaves = ReadonlyMap<string, unknown>;

function manifestLeaves(bundle: Bundle): Leaves {
  const { files: _files, thresholds, calibration, ...manifest } = bundle.manifest;
  const leaves = new Map<string, unknown>();
  collect("", manifest, leaves);
  for (const [index, { failureMode }] of manifest.outputs.entries()) {
    collect(`thresholds.${failureMode}`, thresholds[index], leaves);
    collect(`calibration.${failureMode}`, calibration[index], leaves);
  }
  return leaves;
}

function evaluationLeaves(bundle: Bundle): Leaves {
  const leaves = new Map<string, unknown>();
  collect("evaluation", readEvaluation(bundle), leaves);
  return leaves;
}

/** `evaluation.json` as a value; a text of its own where the file is not JSON, or nested too deeply to be walked through. */
function readEvaluation(bundle: Bundle): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bundle.files.get(bundleFileNames.evaluation)));
    return isDeeper(value, deepestEvaluation) ? "nested more deeply than any evaluation is" : value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return "not JSON";
  }
}

/** Does it hold values in more than `levels` others? */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return level.length > 0;
}

function collect(path: string, value: unknown, leaves: Map<string, unknown>): void {
  const inner = (key: string): string => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(value)) {
    if (value.every((entry) => typeof entry !== "object" || entry === null)) leaves.set(path, value);
    else for (const [index, entry] of value.entries()) collect(inner(entryName(entry, index)), entry, leaves);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, entry] of Object.entries(value)) collect(inner(key), entry, leaves);
  } else {
    leaves.set(path, value);
  }
}

/** Entries of lists are known by what they call themselves, so that an inserted one does not shift all others. */
function entryName(entry: unknown, index: number): string {
  const record = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const name = record.name ?? record.failureMode ?? record.device ?? record.path;
  return typeof name === "string" ? name : String(index);
}

function compareLeaves(before: Leaves, after: Leaves): BundleChange[] {
  const all = [...new Set([...before.keys(), ...after.keys()])].filter((path) => !silent.test(path));
  const paths = all.filter((path) => !bulky.test(path));
  const changes = paths.flatMap((path) => {
    const [left, right] = [toText(before.get(path)), toText(after.get(path))];
    if (left === right) return [];
    return [{ path, before: left, after: right, sentence: sayLeaf(path, before.get(path), after.get(path)) }];
  });
  return [...changes, ...compareTables(all, before, after)];
}

/** One line a bulky table: how many of its values changed. */
function compareTables(paths: readonly string[], before: Leaves, after: Leaves): BundleChange[] {
  const tables = new Map<string, { total: number; changed: number }>();
  for (const path of paths) {
    const table = bulky.exec(path)?.[0].slice(0, -1);
    if (table === undefined) continue;
    const counts = tables.get(table) ?? { total: 0, changed: 0 };
    counts.total++;
    if (toText(before.get(path)) !== toText(after.get(path))) counts.changed++;
    tables.set(table, counts);
  }
  return [...tables].flatMap(([path, { total, changed }]) => {
    if (changed === 0) return [];
    const sentence = `${path}: ${changed} of ${total} values changed`;
    return [{ path, before: null, after: null, sentence }];
  });
}

function sayLeaf(path: string, before: unknown, after: unknown): string {
  if (before === undefined) return `${path}: new, ${shorten(after)}`;
  if (after === undefined) return `${path}: gone (was ${shorten(before)})`;
  if (Array.isArray(before) && Array.isArray(after)) return sayList(path, before, after);
  return `${path}: ${shorten(before)} → ${shorten(after)}${change(before, after, path)}`;
}

function sayList(path: string, before: readonly unknown[], after: readonly unknown[]): string {
  if (before.length !== after.length || before.length <= longList) {
    const gone = before.filter((entry) => !after.includes(entry));
    const added = after.filter((entry) => !before.includes(entry));
    const words = [
      gone.length > 0 ? `without ${shorten(gone)}` : "",
      added.length > 0 ? `with ${shorten(added)}` : "",
      gone.length + added.length === 0 ? "in another order" : "",
    ].filter((word) => word !== "");
    return `${path}: ${words.join(", ")}`;
  }
  const changed = before.filter((entry, index) => entry !== after[index]).length;
  return `${path}: ${changed} of ${before.length} values changed`;
}

function compareFiles(before: Bundle, after: Bundle): BundleChange[] {
  const left = new Map(before.manifest.files.map((file) => [file.path, file]));
  const right = new Map(after.manifest.files.map((file) => [file.path, file]));
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((name) => {
    const [old, now] = [left.get(name), right.get(name)];
    if (old?.sha256 === now?.sha256) return [];
    const describe = (file: typeof old): string | null =>
      file === undefined ? null : `${file.sizeBytes} bytes, SHA-256 ${file.sha256}`;
    const sentence =
      old === undefined
        ? `file ${name}: new, ${now?.sizeBytes} bytes`
        : now === undefined
          ? `file ${name}: gone`
          : `file ${name}: other content, ${old.sizeBytes} → ${now.sizeBytes} bytes${change(old.sizeBytes, now.sizeBytes, name)}`;
    return [{ path: `file ${name}`, before: describe(old), after: describe(now), sentence }];
  });
}

/** The digests that the list above leaves out, said in words. */
function compareDigestsOfLineage(before: Bundle, after: Bundle): BundleChange[] {
  const [old, now] = [before.manifest.lineage, after.manifest.lineage];
  const data = (lineage: typeof old): string =>
    lineage.data.map((one) => `${one.name} ${one.sha256}`).join(", ");
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["trainingCodeSha256", "trained by other code", old.trainingCodeSha256, now.trainingCodeSha256],
    ["configSha256", "trained with another configuration", old.configSha256, now.configSha256],
    ["data.sha256", "trained on other files", data(old), data(now)],
  ];
  return rows
    .filter(([, , left, right]) => left !== right)
    .map(([path, words, left, right]) => ({
      path: `lineage.${path}`,
      before: left,
      after: right,
      sentence: `lineage: ${words}`,
    }));
}

/** By how much a number changed: decibels by decibels, since no share of them means anything, and others in per cent. */
function change(before: unknown, after: unknown, path: string): string {
  if (typeof before !== "number" || typeof after !== "number") return "";
  if (/Db$/.test(path)) return ` (${sign(after - before)}${Math.abs(after - before).toFixed(2)} dB)`;
  if (before === 0) return "";
  const percent = (100 * (after - before)) / Math.abs(before);
  return ` (${sign(percent)}${Math.abs(percent).toFixed(1)} %)`;
}

function sign(value: number): string {
  return value >= 0 ? "+" : "−";
}

function toText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function shorten(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}
