/** One column of a Parquet file as samples. */
import { openParquetTable, readParquetColumn } from "../../../training/dataset/parquet-columns.ts";
import { chooseChannel } from "./choose-channel.ts";
import type { SampleFile } from "./samples.ts";

/** Opens the file. Fails with DATA_MISSING, DATA_FORMAT, or USAGE where it does not say which column is meant. */
export async function openParquetSamples(path: string, channel: string | null): Promise<SampleFile> {
  const table = await openParquetTable(path);
  const names = table.columns.map(({ name }) => name);
  const column = table.columns[chooseChannel(path, names, channel)]!;
  return { path, isCounts: column.isInt16, pieces: () => readParquetColumn(table, column.name) };
}
