/** Rows of a machine's readings that rise in time, from a CSV or Parquet table: one column a channel, one row a window. */
import { parse as parseYaml } from "yaml";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { bundledConfigName } from "../../../training/bundle/bundled-files.ts";
import { readReadings, usualColumns } from "../tables/read-readings.ts";
import { refuseTable } from "../tables/table-cells.ts";

/** A table's readings, rising in time. */
export interface RowTable {
  readonly timeMs: Float64Array;
  /** Channel → its readings, NaN where there is none; channels that the table has no column for are not in it. */
  readonly readings: ReadonlyMap<string, Float64Array>;
}

/**
 * Reads the columns of `channels`: channel → other name that its column may have. Names go without case. Times are ISO 8601
 * (without a zone: UTC), or milliseconds since the epoch. Fails with DATA_MISSING, DATA_FORMAT.
 */
export async function readRowTable(
  path: string,
  channels: ReadonlyMap<string, string | undefined>,
): Promise<RowTable> {
  const { timeMs, readings } = await readReadings(path, {
    ...usualColumns,
    channels: new Map(
      [...channels].map(([name, other]) => [name, other === undefined ? [name] : [name, other]]),
    ),
  });
  const wrong = timeMs.findIndex((time, index) => !(time > (index === 0 ? -Infinity : timeMs[index - 1]!)));
  if (wrong >= 0) throw refuseTable(path, `row ${wrong + 1}: its time is none, or not after the one before`);
  return { timeMs, readings };
}

/** Names that a bundle's own configuration knows its channels' columns by (`columns`); none where it has no such list. */
export function listColumnNames({
  files,
}: Pick<Bundle, "files">): Readonly<Record<string, string | undefined>> {
  const bytes = files.get(bundledConfigName);
  if (bytes === undefined) return {};
  let columns: unknown;
  try {
    columns = (
      parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 16 }) as { columns?: unknown } | null
    )?.columns;
  } catch {
    return {};
  }
  if (typeof columns !== "object" || columns === null) return {};
  return Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
