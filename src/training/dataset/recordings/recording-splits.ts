/**
 * Divides recordings for a protocol: which machines, and which side of shared bearings, are the test of each split. Stated in
 * the manifest, or in a file of the data set that the manifest names. Never splits a machine, and never by windows.
 *
 *   splits:
 *     leave-t3-out: [{name: t3, machines: [t3, t4], shared: rig}]
 *     published: {file: splits.json, list: splits, name: "run-{run}", machines: groups, shared: side}   # a list in JSON
 *     folds: [{name: fold-1, file: fold1.csv, entries: id}]      # a column of ids: their machines are the test
 */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { fieldsOf, isFields } from "../../../core/contract/fields.ts";
import { csvColumn, parseCsv } from "../csv.ts";
import { readDataText } from "../read-data-file.ts";
import { checkPath, refuseEntry } from "./manifest-entry.ts";
import type { RecordedEntry } from "./recording-set.ts";

/** Machines of the test, and the shared bearing that is on its side; null: there is none. */
export interface RecordingSplit {
  readonly name: string;
  readonly machines: readonly string[];
  readonly shared: string | null;
}

/** As a manifest states splits. */
export type ManifestSplits =
  | { readonly kind: "list"; readonly splits: readonly StatedSplit[] }
  | {
      readonly kind: "json";
      readonly file: string;
      readonly list: string;
      readonly name: string;
      readonly machines: string;
      readonly shared: string | null;
    };

type StatedSplit = RecordingSplit | { readonly name: string; readonly file: string; readonly column: string };

const maxSplits = 1000;
const maxSplitBytes = 1 << 24;

/** Reads the key `splits` of a manifest. Fails with CONFIG_INVALID. */
export function parseSplits(value: unknown, path: string): Readonly<Record<string, ManifestSplits>> {
  if (value === undefined || value === null) return {};
  if (!isFields(value))
    throw refuseEntry(path, "splits is not of the form {PROTOCOL: [{name: …, machines: […]}]}");
  return Object.fromEntries(
    Object.entries(value).map(([protocol, stated]) => {
      const where = `${path}, splits ${protocol}`;
      if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(protocol))
        throw refuseEntry(where, "is not a name of a-z, 0-9 and -");
      if (Array.isArray(stated)) {
        if (stated.length === 0 || stated.length > maxSplits)
          throw refuseEntry(where, `has not 1 to ${maxSplits} splits`);
        return [protocol, { kind: "list", splits: stated.map((each: unknown) => parseStated(each, where)) }];
      }
      if (!isFields(stated)) throw refuseEntry(where, "is neither a list of splits nor names a file");
      const text = (key: string): string => parseText(stated[key], key, where);
      const shared = stated.shared === undefined ? null : text("shared");
      const names = { list: text("list"), name: text("name"), machines: text("machines"), shared };
      return [protocol, { kind: "json", file: checkPath(text("file"), where), ...names }];
    }),
  );
}

function parseStated(value: unknown, where: string): StatedSplit {
  if (!isFields(value))
    throw refuseEntry(where, "has a split that is not of the form {name: …, machines: […]}");
  const name = parseText(value.name, "name", where);
  if (value.file !== undefined) {
    return {
      name,
      file: checkPath(parseText(value.file, "file", where), where),
      column: parseText(value.entries, "entries", where),
    };
  }
  const { machines, shared } = value;
  if (!areNames(machines)) throw refuseEntry(where, `split ${name} names no machines`);
  return { name, machines, shared: shared === undefined ? null : parseText(shared, "shared", where) };
}

/** The splits of a protocol, over the `entries` of a set below `root`. Fails with DATA_MISSING, DATA_FORMAT. */
export async function readSplits(
  stated: ManifestSplits,
  entries: readonly RecordedEntry[],
  root: string,
): Promise<readonly RecordingSplit[]> {
  const splits =
    stated.kind === "json"
      ? await readJsonSplits(stated, root)
      : await Promise.all(
          stated.splits.map((split) => ("file" in split ? readColumn(split, entries, root) : split)),
        );
  const machines = new Set(entries.map(({ machine }) => machine));
  for (const { name, machines: test } of splits) {
    const unknown = test.find((machine) => !machines.has(machine));
    if (unknown !== undefined)
      throw refuseData(root, `split ${name} names the machine "${unknown}", which has no recording`);
  }
  return splits;
}

async function readJsonSplits(
  stated: Extract<ManifestSplits, { kind: "json" }>,
  root: string,
): Promise<readonly RecordingSplit[]> {
  const path = join(root, stated.file);
  let document: unknown;
  try {
    document = JSON.parse(await readDataText(path, maxSplitBytes));
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw refuseData(path, "is no JSON");
  }
  const list = fieldsOf(document)[stated.list];
  if (!Array.isArray(list) || list.length === 0 || list.length > maxSplits) {
    throw refuseData(path, `has no list "${stated.list}" of 1 to ${maxSplits} splits`);
  }
  return list.map((each: unknown, index): RecordingSplit => {
    const fields = fieldsOf(each);
    const machines = fields[stated.machines];
    const shared = stated.shared === null ? null : fields[stated.shared];
    if (!areNames(machines))
      throw refuseData(path, `split ${index + 1} has no list "${stated.machines}" of names`);
    if (shared !== null && typeof shared !== "string")
      throw refuseData(path, `split ${index + 1} has no text "${stated.shared}"`);
    const name = stated.name.replaceAll(/\{(\w+)\}/g, (_, key: string) => String(fields[key]));
    return { name, machines, shared };
  });
}

async function readColumn(
  { name, file, column }: Extract<StatedSplit, { column: string }>,
  entries: readonly RecordedEntry[],
  root: string,
): Promise<RecordingSplit> {
  const path = join(root, file);
  const table = parseCsv(await readDataText(path, maxSplitBytes), path);
  const at = csvColumn(table, column, path);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const test = table.rows.map((row) => {
    const entry = byId.get(row[at]!);
    if (entry === undefined)
      throw refuseData(path, `names the recording "${row[at]}", which the manifest does not`);
    return entry;
  });
  const shared = [...new Set(test.flatMap((entry) => entry.shared ?? []))];
  if (shared.length > 1) throw refuseData(path, `has both sides of shared bearings: ${shared.join(" and ")}`);
  return {
    name,
    machines: [...new Set(test.map(({ machine }) => machine))].sort(),
    shared: shared[0] ?? null,
  };
}

/**
 * Divides `entries`: those of the split's machines are its test, the others its training; of a shared bearing the split's own
 * is heard in the test alone, any other one in training alone, and what would put one on both sides is left out.
 */
export function divideBySplit<Entry extends Pick<RecordedEntry, "machine" | "shared">>(
  entries: readonly Entry[],
  { machines, shared }: Pick<RecordingSplit, "machines" | "shared">,
): { readonly train: readonly Entry[]; readonly test: readonly Entry[] } {
  const held = new Set(machines);
  const isOfTest = (entry: Entry): boolean => entry.shared === shared;
  return {
    train: entries.filter((entry) => !held.has(entry.machine) && (entry.shared === null || !isOfTest(entry))),
    test: entries.filter((entry) => held.has(entry.machine) && (entry.shared === null || isOfTest(entry))),
  };
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string");
}

function refuseData(subject: string, detail: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${subject}: ${detail}`, {
    op: "read splits",
    subject,
    hint: "splits and recordings must be of one version of the data set",
  });
}

function parseText(value: unknown, key: string, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= 256) return value;
  throw refuseEntry(where, `${key} is not a text of 1 to 256 characters`);
}
