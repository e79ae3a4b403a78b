/** What the checks of a farm's tables look at, and where a row of a series came from. */
import { join } from "node:path";
import type { TurbineSeries } from "../growing-rows.ts";
import type { ScadaSource, ScannedTables } from "../read-series.ts";

export interface ScannedFarm extends ScannedTables {
  readonly dataDir: string;
  readonly source: ScadaSource;
}

/** File and line (or row) of a row. */
export function placeOfRow(
  { dataDir, source, files }: ScannedFarm,
  { columns }: TurbineSeries,
  row: number,
): { readonly file: string; readonly place: string } {
  const name = files[columns[source.channels.length]![row]!]!;
  const word = name.toLowerCase().endsWith(".parquet") ? "row" : "line";
  return { file: join(dataDir, name), place: `${word} ${columns[source.channels.length + 1]![row]!}` };
}

/** A moment as one reads it. */
export function sayTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}
