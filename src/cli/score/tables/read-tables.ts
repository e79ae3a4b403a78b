/** Reads the tables of a farm one after the other, and says of each what keeps it from being scored. */

import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { findOrMake } from "../../../core/maths/find-or-make.ts";
import { isPlausibleTime } from "../../../training/dataset/parse-time.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";
import { describeFileError } from "../files/file-report.ts";
import { type ReadingColumns, type Readings, readReadings } from "./read-readings.ts";
import type { FileTurbine } from "./table-options.ts";

/** Tables that can be scored, and errors of the others by their place among the files. */
export interface FarmTables {
  readonly tables: readonly TurbineTable[];
  readonly errors: ReadonlyMap<number, ErrorReport>;
  /** Channels without any number, by the file's place. */
  readonly silent: ReadonlyMap<number, readonly string[]>;
}

/** Rows of all files together that are held in memory: 228 years of ten minutes. */
const maxFarmRows = 12_000_000;
/** As many as a gateway has at most. */
const maxTurbines = 1024;

/** Files of a farm. */
export interface FarmFiles {
  readonly files: readonly string[];
  /** One a file. */
  readonly turbines: readonly FileTurbine[];
  readonly columns: ReadingColumns;
  /** Told before each. */
  readonly progress: (done: number, path: string) => void;
}

/** Reads all files; what is wrong with one is its error. */
export async function readTables({ files, turbines, columns, progress }: FarmFiles): Promise<FarmTables> {
  const tables: TurbineTable[] = [];
  const errors = new Map<number, ErrorReport>();
  const silent = new Map<number, readonly string[]>();
  const ids = new Set<string>();
  /** Turbine that only a file's name speaks of → that file. */
  const named = new Map<string, string>();
  let rows = 0;
  for (const [file, path] of files.entries()) {
    progress(file, path);
    try {
      const readings = await readReadings(path, columns);
      const table = { file, turbine: turbines[file]!.id, readings };
      rows += readings.rows;
      if (rows > maxFarmRows) {
        throw refuse(
          path,
          `would bring the rows of all files above ${maxFarmRows}`,
          "score fewer files at once",
        );
      }
      checkColumns(path, readings, columns);
      checkRows(path, table, turbines[file]!);
      if (readings.turbines === null && !turbines[file]!.isGiven) {
        const other = named.get(table.turbine);
        if (other !== undefined) throw refuseNamesake(path, table.turbine, other);
        named.set(table.turbine, path);
      }
      for (let row = 0; row < readings.rows; row++) ids.add(turbineOfRow(table, row) ?? table.turbine);
      if (ids.size > maxTurbines) {
        throw refuse(
          path,
          `would bring the turbines above ${maxTurbines}`,
          "a column called turbine or turbine_id names the turbine of each row",
        );
      }
      silent.set(
        file,
        [...readings.readings].flatMap(([name, values]) => (values.some(Number.isFinite) ? [] : [name])),
      );
      tables.push(table);
    } catch (error) {
      errors.set(file, describeFileError(error));
    }
  }
  return { tables, errors, silent };
}

function checkColumns(path: string, { readings }: Readings, { channels }: ReadingColumns): void {
  const lacking = [...channels].filter(([name]) => !readings.has(name));
  if (lacking.length > 0) {
    throw refuse(
      path,
      `has no column for ${lacking.map(([name]) => name).join(", ")}`,
      `a row without one is never scored; columns go by ${lacking[0]![1].map(({ name }) => name).join(" or ")} and so on, or as a file of --columns says`,
    );
  }
}

function checkRows(path: string, table: TurbineTable, { isGiven }: FileTurbine): void {
  const { readings } = table;
  if (isGiven && readings.turbines !== null) {
    throw new AuroraError("USAGE", `${path} has a column of turbines, and --turbine names one for it`, {
      op: "read table",
      subject: path,
      hint: "leave --turbine out for this file, or the column",
    });
  }
  if (readings.rows === 0)
    throw refuse(path, "has no rows", "expected one row a window below a line of names");
  if (hasUsableRow(table)) return;
  const timeMs = readings.timeMs.find(Number.isFinite) ?? Number.NaN;
  throw refuse(
    path,
    "has no row with a turbine and a time from 1990 to 2099",
    `its first time is ${describeTime(timeMs)}; times are ISO 8601 or milliseconds since 1970, neither seconds nor microseconds`,
  );
}

/** T01/2017.csv and T06/2017.csv are hardly of one turbine. */
function refuseNamesake(path: string, turbine: string, other: string): AuroraError {
  return new AuroraError("USAGE", `${path} would be of the turbine ${turbine}, as ${other} is`, {
    op: "read table",
    subject: path,
    hint: "say with --turbine ID=FILE[,FILE…] whose each file is, such as T01='*/T01/*'",
  });
}

function hasUsableRow(table: TurbineTable): boolean {
  for (let row = 0; row < table.readings.rows; row++) {
    if (turbineOfRow(table, row) !== null) return true;
  }
  return false;
}

function describeTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs}` : date.toISOString();
}

function refuse(path: string, message: string, hint: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${message}`, { op: "read table", subject: path, hint });
}

/** A table and whose it is. */
export interface TurbineTable {
  /** Place of the file among all. */
  readonly file: number;
  /** Of rows whose table has no column of turbines. */
  readonly turbine: string;
  readonly readings: Readings;
}

/** Rows of one turbine; times rise or stay. */
export interface JoinedRows {
  readonly turbine: string;
  readonly rows: number;
  readonly timeMs: Float64Array;
  /** Place of each row's file, and its row there, from 1. */
  readonly file: Int32Array;
  readonly row: Int32Array;
  /** [rows] a channel, in the order that was asked for; NaN = no reading. */
  readonly values: readonly Float64Array[];
}

/** Turbine of a row; null: the row cannot be used, as it has no time that may be believed or no turbine. */
export function turbineOfRow({ turbine, readings }: TurbineTable, row: number): string | null {
  const timeMs = readings.timeMs[row]!;
  if (!isPlausibleTime(timeMs)) return null;
  const id = readings.turbines === null ? turbine : readings.turbines[row]!;
  return id === "" ? null : id;
}

/** One entry a turbine, in the order in which the tables first name them. */
export function joinTurbines(tables: readonly TurbineTable[], channels: readonly string[]): JoinedRows[] {
  const places = new Map<string, { readonly tables: number[]; readonly rows: number[] }>();
  for (const [index, table] of tables.entries()) {
    for (let row = 0; row < table.readings.rows; row++) {
      const id = turbineOfRow(table, row);
      if (id === null) continue;
      const own = findOrMake(places, id, () => ({ tables: [], rows: [] }));
      own.tables.push(index);
      own.rows.push(row);
    }
  }
  return [...places].map(([turbine, { tables: owners, rows }]) => {
    const timeAt = (place: number): number => tables[owners[place]!]!.readings.timeMs[rows[place]!]!;
    // Stable: rows of the same time stay in the order of files and rows.
    const order = Uint32Array.from(rows, (_, place) => place).sort((a, b) => timeAt(a) - timeAt(b));
    const valuesOf = (channel: string): Float64Array => {
      const columns = tables.map(({ readings }) => readings.readings.get(channel));
      return Float64Array.from(order, (place) => columns[owners[place]!]?.[rows[place]!] ?? Number.NaN);
    };
    return {
      turbine,
      rows: rows.length,
      timeMs: Float64Array.from(order, timeAt),
      file: Int32Array.from(order, (place) => tables[owners[place]!]!.file),
      row: Int32Array.from(order, (place) => rows[place]! + 1),
      values: channels.map(valuesOf),
    };
  });
}
