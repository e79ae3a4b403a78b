/** A machine's readings with their times from a CSV or Parquet table: one column a channel, in the table's own order. */
import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { parseTime } from "../../../training/dataset/parse-time.ts";
import { createMomentReader } from "../../../training/dataset/scada/read-moments.ts";
import type { ScadaTableDataset } from "../../../training/dataset/scada/table-config.ts";
import { type ConvertUnit, isSameUnit, readHeaderUnit } from "../../../training/dataset/scada/units.ts";
import { parseCellNumber, parseText } from "../../../training/dataset/table-cell.ts";
import { openTableRows, refuseTable, type TableRows } from "../../../training/dataset/table-rows.ts";

/** What a table holds, row by row. */
export interface Readings {
  readonly rows: number;
  /** Epoch milliseconds; NaN where a row has no time. */
  readonly timeMs: Float64Array;
  /** Turbine of each row, "" where a cell is empty; null: the table has no such column. */
  readonly turbines: readonly string[] | null;
  /** Channel → its readings, NaN where there is none; channels that the table has no column for are not in it. */
  readonly readings: ReadonlyMap<string, Float64Array>;
}

/** Names that a table's columns may have, the first that is there counts; upper and lower case are the same. */
export interface ReadingColumns {
  readonly time: readonly string[];
  readonly turbine: readonly string[];
  readonly channels: ReadonlyMap<string, readonly ReadingColumn[]>;
  /** How the tables that the bundle was made from are written; a table with that column of times is read so. */
  readonly form?: TableForm | undefined;
}

/** How a table is laid out and says its times, where that is not the usual. */
export type TableForm = Pick<ScadaTableDataset, "layout" | "time" | "turbineColumn">;

/** A name that a channel's column may have, and how its values become the channel's. */
export interface ReadingColumn {
  readonly name: string;
  /** That the values are in; null: nobody knows. */
  readonly unit: string | null;
  /** Null: they are in the channel's unit. */
  readonly convert: ConvertUnit | null;
}

/** Names of the columns of times and of turbines where nobody says otherwise. */
export const usualColumns: Pick<ReadingColumns, "time" | "turbine"> = {
  time: ["time", "timestamp", "date"],
  turbine: ["turbine", "turbine_id"],
};

/**
 * Reads the table, every column in its channel's unit. Times are ISO 8601 (without a zone: UTC), or milliseconds since the epoch, or as
 * the bundle's own tables say them. Fails with DATA_MISSING, or DATA_FORMAT where no column holds times, no row has one, or a
 * column's name states another unit.
 */
export async function readReadings(path: string, columns: ReadingColumns): Promise<Readings> {
  const own = await openOwn(path, columns.form);
  const table = own ?? (await openTableRows(path));
  const form = own === null ? undefined : columns.form;
  const time = form === undefined ? columns.time : [form.time.column];
  const turbine = [form?.turbineColumn ?? [], columns.turbine].flat();
  const { channels } = columns;
  const plain = table.columns.map((name) => name.toLowerCase());
  const find = (names: readonly string[]): number => findColumn(plain, names);
  const timeColumn = find(time);
  if (timeColumn < 0) throw refuseTable(path, `has no column of times: none is called ${time.join(" or ")}`);
  const turbineColumn = find(turbine);
  const found = [...channels].flatMap(([name, columns]) => {
    const column = columns.find((each) => find([each.name]) >= 0);
    return column === undefined ? [] : [{ name, column, at: find([column.name]) }];
  });
  for (const { name, column, at } of found) refuseDenied(path, { name, column, header: table.columns[at]! });
  const { texts, numbers } = await readColumns(table, [timeColumn, ...found.map(({ at }) => at)], {
    named: turbineColumn < 0 ? [] : [turbineColumn],
    readTime: openTimes(form),
  });
  const timeMs = numbers[0]!;
  if (timeMs.length > 0 && timeMs.every(Number.isNaN)) {
    throw refuseTable(
      path,
      `has no time in its column ${table.columns[timeColumn]}: ${form?.time.form ?? "ISO 8601 or milliseconds"}`,
    );
  }
  return {
    rows: timeMs.length,
    timeMs,
    turbines: texts[0] ?? null,
    readings: new Map(
      found.map(({ name, column: { convert } }, index) => {
        const values = numbers[1 + index]!;
        return [name, convert === null ? values : values.map(convert)];
      }),
    ),
  };
}

/** Fails with DATA_FORMAT where the column's own name states another unit than it is taken for. */
function refuseDenied(
  path: string,
  {
    name,
    column,
    header,
  }: { readonly name: string; readonly column: ReadingColumn; readonly header: string },
): void {
  const stated = readHeaderUnit(header);
  if (stated === null || column.unit === null || isSameUnit(stated, column.unit)) return;
  throw refuseTable(
    path,
    `calls a column "${header}", which is taken for ${column.unit}: say its unit in a file of --columns ({${name}: {column: "${header}", unit: "${stated}"}})`,
  );
}

/** Place of the first of `names` that is among the `columns` (trimmed, in lower case); -1 where none is. */
export function findColumn(columns: readonly string[], names: readonly string[]): number {
  return names.map((name) => columns.indexOf(name.trim().toLowerCase())).find((at) => at >= 0) ?? -1;
}

/** The table as the bundle's own are laid out; null where it has no column that those have their times in. */
async function openOwn(path: string, form: TableForm | undefined): Promise<TableRows | null> {
  if (form === undefined) return null;
  try {
    const table = await openTableRows(path, form.layout);
    return table.columns.includes(form.time.column) ? table : null;
  } catch (error) {
    // In another layout; whether it can be read at all is seen without one.
    if (hasErrorCode(error, "DATA_FORMAT")) return null;
    throw error;
  }
}

/** Reads the next cell's time, epoch ms; NaN where it is none. Cells come in the table's order, with the turbine's name. */
function openTimes(form: TableForm | undefined): (cell: unknown, turbine: string) => number {
  if (form === undefined) return parseTime;
  const moments = createMomentReader(form.time);
  return (cell, turbine) => {
    const moment = moments.read(cell, turbine);
    return moment.kind === "time" ? moment.timeMs : Number.NaN;
  };
}

/** The first of the `numeric` columns as times, the others as numbers; the `named` ones, the turbine's first, as texts. */
async function readColumns(
  table: TableRows,
  numeric: readonly number[],
  { named, readTime }: { readonly named: readonly number[]; readonly readTime: ReturnType<typeof openTimes> },
): Promise<{ readonly numbers: Float64Array[]; readonly texts: string[][] }> {
  const numbers = numeric.map((): number[] => []);
  const texts = named.map((): string[] => []);
  await table.read([...numeric, ...named], (cells) => {
    const turbine = named.length === 0 ? "" : parseText(cells[numeric.length]);
    for (const [at, column] of numbers.entries()) {
      column.push(at === 0 ? readTime(cells[at], turbine) : parseCellNumber(cells[at], table.decimal));
    }
    for (const [at, column] of texts.entries()) column.push(parseText(cells[numeric.length + at]));
  });
  return { numbers: numbers.map((column) => Float64Array.from(column)), texts };
}
