/** Where a table's columns are that a configuration names, and in which units they say they are. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import type { TableRows } from "../table-rows.ts";
import type { ScadaTableDataset } from "./table-config.ts";
import { type ConvertUnit, convertUnit, dimensionOf, isSameUnit, readHeaderUnit } from "./units.ts";

/** What columns are found by. */
export interface ColumnSource {
  readonly dataset: ScadaTableDataset;
  readonly channels: readonly ChannelContract[];
}

/** Where the columns of a table are. */
interface TableColumns {
  readonly time: number;
  /** -1: the file is of one turbine. */
  readonly turbine: number;
  /** One a channel. */
  readonly channels: readonly number[];
}

/** Finds the columns that the configuration names. Fails with DATA_FORMAT, naming the nearest that is there. */
export function findTableColumns(
  path: string,
  table: TableRows,
  { dataset, channels }: ColumnSource,
): TableColumns {
  const find = (name: string, what: string): number => {
    const at = table.columns.indexOf(name.trim());
    if (at >= 0) return at;
    throw new AuroraError(
      "DATA_FORMAT",
      `${path} has no column "${name}" for ${what}${suggestWord(name, table.columns)}`,
      {
        op: "read SCADA table",
        subject: path,
        hint: `mend dataset.columns, or dataset.layout if these are no names: its columns are ${table.columns.slice(0, 40).join(", ")}`,
      },
    );
  };
  return {
    time: find(dataset.time.column, "the time"),
    turbine: dataset.turbineColumn === undefined ? -1 : find(dataset.turbineColumn, "the turbine"),
    channels: channels.map(({ name }) => find(columnNameOf(dataset, name), `the channel ${name}`)),
  };
}

/** Name of a channel's column. */
export function columnNameOf({ columns }: ScadaTableDataset, channel: string): string {
  const column = Object.hasOwn(columns, channel) ? columns[channel]! : channel;
  return typeof column === "string" ? column : column.column;
}

/** A column whose own name states another unit than the configuration. */
export interface DeniedUnit {
  readonly column: string;
  readonly channel: string;
  /** As the configuration has it, and as the name does. */
  readonly declared: string;
  readonly stated: string;
}

/** Columns whose names state another unit than they are said to be in. */
export function listDeniedUnits(table: TableRows, { dataset, channels }: ColumnSource): DeniedUnit[] {
  return channels.flatMap(({ name, unit }) => {
    const column = columnNameOf(dataset, name);
    const named = Object.hasOwn(dataset.columns, name) ? dataset.columns[name]! : name;
    const declared = typeof named === "string" ? unit : named.unit;
    const stated = table.columns.includes(column.trim()) ? readHeaderUnit(column) : null;
    return stated === null || isSameUnit(stated, declared)
      ? []
      : [{ column, channel: name, declared, stated }];
  });
}

/** What is wrong with it, and the cure. */
export function describeDenied({ column, channel, declared, stated }: DeniedUnit): {
  readonly problem: string;
  readonly cure: string;
} {
  const mapped = dimensionOf(stated) === dimensionOf(declared);
  return {
    problem: `the column's name "${column}" says ${stated}, and the configuration takes it for ${declared}`,
    cure: mapped
      ? `write dataset.columns.${channel}: {column: "${column}", unit: ${stated}}; where the name lies, rename the column`
      : `dataset.columns.${channel} names a column of something else`,
  };
}

export function refuseDenied(path: string, denied: DeniedUnit): AuroraError {
  const { problem, cure } = describeDenied(denied);
  return new AuroraError("DATA_FORMAT", `${path}: ${problem}`, {
    op: "read SCADA table",
    subject: path,
    hint: cure,
  });
}

/** How a channel's column becomes its unit; null: it is in it. */
export function conversionOf(
  { columns }: ScadaTableDataset,
  { name, unit }: ChannelContract,
): ConvertUnit | null {
  const column = columns[name];
  if (column === undefined || typeof column === "string") return null;
  const conversion = convertUnit(column.unit, unit);
  if (!conversion.ok) throw new RangeError(conversion.problem);
  return conversion.convert;
}
