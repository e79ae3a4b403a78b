/** Where a table's columns are that a configuration names, and in which units they say they are. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import type { TableRows } from "../table-rows.ts";
import type { ColumnInUnit, ScadaTableDataset } from "./table-config.ts";
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
    channels: channels.map((channel) =>
      find(columnInUnitOf(dataset, channel).column, `the channel ${channel.name}`),
    ),
  };
}

/** A channel's column, and the unit that it is said to be in. */
export function columnInUnitOf(
  { columns }: ScadaTableDataset,
  { name, unit }: Pick<ChannelContract, "name" | "unit">,
): ColumnInUnit {
  const named = Object.hasOwn(columns, name) ? columns[name]! : name;
  return typeof named === "string" ? { column: named, unit } : named;
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
  return channels.flatMap((channel) => {
    const { column, unit: declared } = columnInUnitOf(dataset, channel);
    const stated = table.columns.includes(column.trim()) ? readHeaderUnit(column) : null;
    return stated === null || isSameUnit(stated, declared)
      ? []
      : [{ column, channel: channel.name, declared, stated }];
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
export function conversionOf(dataset: ScadaTableDataset, channel: ChannelContract): ConvertUnit | null {
  const conversion = convertUnit(columnInUnitOf(dataset, channel).unit, channel.unit);
  if (!conversion.ok) throw new RangeError(conversion.problem);
  return conversion.convert;
}
