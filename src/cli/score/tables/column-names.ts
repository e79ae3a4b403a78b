/**
 * What a table's columns are called, and in which units they are: as the channels of the bundle, as the data that it was made
 * from, or as a file of `--columns` says (YAML or JSON: `power: "Active power"` or `power: {column: P, unit: MW}`, and `time`
 * and `turbine` for those two).
 */
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { type Fields, fieldsOf } from "../../../core/contract/fields.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { bundledConfigName } from "../../../training/bundle/bundled-files.ts";
import { decodeText } from "../../../training/dataset/read-text.ts";
import { scadaTableSchema } from "../../../training/dataset/scada/table-config.ts";
import { convertUnit } from "../../../training/dataset/scada/units.ts";
import { type ReadingColumn, type ReadingColumns, type TableForm, usualColumns } from "./read-readings.ts";

const maxFileBytes = 1024 * 1024;
const name = z.string().min(1).max(256);
/** A column, and its unit where it is not its channel's. */
type KnownColumn = string | { readonly column: string; readonly unit: string };
const columnSchema: z.ZodType<KnownColumn> = z.union([name, z.strictObject({ column: name, unit: name })]);
const namesSchema = z.record(name, columnSchema);
type KnownColumns = Readonly<Record<string, KnownColumn | undefined>>;

/**
 * Names for the channels called `names`; `known` are those of the bundle's own data, `channels` say units. Reads `path` where
 * one is given. Fails with DATA_MISSING, CONFIG_INVALID.
 */
export async function nameColumns(
  names: readonly string[],
  { known, channels, form }: NamesOfBundle,
  path: string | undefined,
): Promise<ReadingColumns> {
  const given = path === undefined ? {} : await readNames(path, names);
  const called = (column: KnownColumn | undefined): readonly string[] =>
    column === undefined ? [] : [typeof column === "string" ? column : column.column];
  return {
    // Whoever names the column of times speaks of tables that are written in another way.
    form: given.time === undefined ? form : undefined,
    time: [...called(given.time), ...usualColumns.time],
    turbine: [...called(given.turbine), ...usualColumns.turbine],
    channels: new Map(
      names.map((channel) => {
        const unit = channels.find((each) => each.name === channel)?.unit ?? null;
        // A name that the data shares with the channel may stand for another unit.
        const other = known[channel];
        const isShared = called(other)[0]?.toLowerCase() === channel.toLowerCase();
        const columns = [given[channel], isShared ? other : channel, other].flatMap((column) =>
          column === undefined ? [] : [describeColumn(column, unit, path ?? bundledConfigName)],
        );
        return [channel, columns] as const;
      }),
    ),
  };
}

/** What a bundle says of the tables that it was made from, and of its channels. */
interface NamesOfBundle {
  readonly known: KnownColumns;
  readonly channels: readonly UnitOfChannel[];
  readonly form?: TableForm | undefined;
}

/** What is asked of a channel here. */
interface UnitOfChannel {
  readonly name: string;
  readonly unit: string;
}

/** Fails with CONFIG_INVALID where the column's unit cannot become the channel's. */
function describeColumn(column: KnownColumn, unit: string | null, where: string): ReadingColumn {
  if (typeof column === "string" || unit === null)
    return { name: typeof column === "string" ? column : column.column, unit, convert: null };
  const conversion = convertUnit(column.unit, unit);
  if (conversion.ok) return { name: column.column, unit: column.unit, convert: conversion.convert };
  throw new AuroraError("CONFIG_INVALID", `${where}: the column "${column.column}": ${conversion.problem}`, {
    op: "read columns",
    subject: where,
    hint: "state the unit that the column is in: {column: …, unit: …}",
  });
}

/**
 * Names that a bundle's own configuration knows its channels' columns by (`dataset.columns`; `columns` where it was made
 * before data sets named them), each with its unit where that is another than the channel's; none where it has no such list.
 */
export function listColumnNames(bundle: Pick<Bundle, "files">): KnownColumns {
  const config = readConfig(bundle);
  const columns = fieldsOf(config.dataset).columns ?? config.columns;
  return Object.fromEntries(
    Object.entries(fieldsOf(columns)).flatMap(([channel, column]) => {
      const parsed = columnSchema.safeParse(column);
      return parsed.success ? [[channel, parsed.data] as const] : [];
    }),
  );
}

/** How the tables that a bundle was made from are written, where that is not the usual; undefined: it is, or nobody knows. */
export function findTableForm(bundle: Pick<Bundle, "files">): TableForm | undefined {
  const parsed = scadaTableSchema.safeParse(readConfig(bundle).dataset);
  if (!parsed.success) return undefined;
  const { layout, time, turbineColumn } = parsed.data;
  const isUsual = layout === undefined && (time.form ?? "iso") === "iso" && time.zone === "UTC";
  return isUsual ? undefined : { layout, time, turbineColumn };
}

/** The configuration that travels in a bundle; one that is no YAML is the evaluation's concern, and says nothing here. */
function readConfig({ files }: Pick<Bundle, "files">): Fields {
  const bytes = files.get(bundledConfigName);
  try {
    return fieldsOf(
      bytes === undefined ? null : parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 16 }),
    );
  } catch {
    return {};
  }
}

async function readNames(path: string, channels: readonly string[]): Promise<KnownColumns> {
  const bytes = await readFileBounded(path, maxFileBytes, { op: "read columns" });
  const refuse = (message: string, cause?: unknown): AuroraError =>
    new AuroraError("CONFIG_INVALID", `${path} ${message}`, {
      op: "read columns",
      subject: path,
      hint: `it names columns as YAML or JSON, such as {time: "Date", power: "Active power", wind: {column: "v", unit: "km/h"}}; channels are ${channels.join(", ")}`,
      cause,
    });
  let document: unknown;
  try {
    document = parseYaml(decodeText(bytes), { maxAliasCount: 0 });
  } catch (cause) {
    throw refuse("is neither YAML nor JSON", cause);
  }
  const parsed = namesSchema.safeParse(document);
  if (!parsed.success || typeof parsed.data.time === "object" || typeof parsed.data.turbine === "object")
    throw refuse("does not name a column for each of its keys");
  const unknown = Object.keys(parsed.data).filter(
    (key) => key !== "time" && key !== "turbine" && !channels.includes(key),
  );
  if (unknown.length > 0)
    throw refuse(`speaks of ${unknown.join(", ")}, which the bundle has no channel for`);
  return parsed.data;
}
