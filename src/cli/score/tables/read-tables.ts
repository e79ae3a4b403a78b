/** Reads the tables of a farm one after the other, and says of each what keeps it from being scored. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { describeFileError, type FileError } from "../recordings/file-summary.ts";
import { type TurbineTable, turbineOfRow } from "./join-turbines.ts";
import type { FileTurbine } from "./name-turbines.ts";
import { type ReadingColumns, readReadings } from "./read-readings.ts";

/** Tables that can be scored, and errors of the others by their place among the files. */
export interface FarmTables {
  readonly tables: readonly TurbineTable[];
  readonly errors: ReadonlyMap<number, FileError>;
  /** Channels without any number, by the file's place. */
  readonly silent: ReadonlyMap<number, readonly string[]>;
}

/** Rows of all files together that are held in memory: 228 years of ten minutes. */
export const maxFarmRows = 12_000_000;
/** As many as a gateway has at most. */
export const maxTurbines = 1024;

/** Reads all `files`; `progress` is told before each. */
export async function readTables(
  files: readonly string[],
  turbines: readonly FileTurbine[],
  columns: ReadingColumns,
  progress: (done: number, path: string) => void,
): Promise<FarmTables> {
  const tables: TurbineTable[] = [];
  const errors = new Map<number, FileError>();
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
      checkTable(path, table, turbines[file]!, columns);
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

function checkTable(
  path: string,
  table: TurbineTable,
  { isGiven }: FileTurbine,
  { channels }: ReadingColumns,
): void {
  const { readings } = table;
  const lacking = [...channels].filter(([name]) => !readings.readings.has(name));
  if (lacking.length > 0) {
    throw refuse(
      path,
      `has no column for ${lacking.map(([name]) => name).join(", ")}`,
      `a row without one is never judged; columns go by ${lacking[0]![1].join(" or ")} and so on, or as a file of --columns says`,
    );
  }
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
