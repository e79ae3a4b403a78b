/**
 * Joins tables into the rows of each turbine, in order of time as a gateway would have got them. Of rows of the same time
 * all stay, in the order of the files: which of them count, the data contract decides (the first). Fills in nothing.
 */
import type { Readings } from "./read-readings.ts";

/** A table and whose it is. */
export interface TurbineTable {
  /** Place of the file among all. */
  readonly file: number;
  /** Of rows whose table has no column of turbines. */
  readonly turbine: string;
  readonly readings: Readings;
}

/** Rows of one turbine; times rise or stay. */
export interface TurbineRows {
  readonly turbine: string;
  readonly rows: number;
  readonly timeMs: Float64Array;
  /** Place of each row's file, and its row there, from 1. */
  readonly file: Int32Array;
  readonly row: Int32Array;
  /** [rows] a channel, in the order that was asked for; NaN = no reading. */
  readonly values: readonly Float64Array[];
}

/** Nobody measured before, and nobody will after: what says so is damaged, or counts something else than milliseconds. */
const plausibleMs = { from: Date.UTC(1990, 0, 1), to: Date.UTC(2100, 0, 1) };

/** Turbine of a row; null: the row cannot be used, as it has no time that may be believed or no turbine. */
export function turbineOfRow({ turbine, readings }: TurbineTable, row: number): string | null {
  const timeMs = readings.timeMs[row]!;
  if (!(timeMs >= plausibleMs.from && timeMs < plausibleMs.to)) return null;
  const id = readings.turbines === null ? turbine : readings.turbines[row]!;
  return id === "" ? null : id;
}

/** One entry a turbine, in the order in which the tables first name them. */
export function joinTurbines(tables: readonly TurbineTable[], channels: readonly string[]): TurbineRows[] {
  const places = new Map<string, { readonly tables: number[]; readonly rows: number[] }>();
  for (const [index, table] of tables.entries()) {
    for (let row = 0; row < table.readings.rows; row++) {
      const id = turbineOfRow(table, row);
      if (id === null) continue;
      let own = places.get(id);
      if (own === undefined) {
        own = { tables: [], rows: [] };
        places.set(id, own);
      }
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
