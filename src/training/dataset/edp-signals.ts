/**
 * Reads the ten-minute SCADA of EDP's wind farm 1 (Parquet, one file a turbine and period) by columns. Says of every
 * row whether the turbine was in normal operation; drops, repairs and fills in nothing.
 *
 * The train files hold normal operation only, and their last day stands in the test files again: rows from
 * {@link edpTestStartMs} on are left out of the train period. Times are local, though labelled UTC.
 */
import { join } from "node:path";
import { parquetMetadata, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { edpLogbookFiles, edpTurbines } from "./edp-logbook.ts";
import { computeFingerprint, readDataFile } from "./read-data-file.ts";

/** Begin of the test half-year. */
export const edpTestStartMs: number = Date.parse("2017-06-01T00:00:00Z");
/** Nothing is decided any more from here on: the last day of the logbook begins. */
export const edpTestEndMs: number = Date.parse("2017-12-31T00:00:00Z");
/** Begin of the signals. */
export const edpTrainStartMs: number = Date.parse("2016-01-01T00:00:00Z");

/** Which files. `train` was filtered to normal operation by who packed it, `test` was not. */
export type EdpPeriod = "train" | "test";

/** Rows of one turbine in order of time. */
export interface EdpSignals {
  readonly turbine: string;
  readonly rows: number;
  /** Begin of each ten-minute interval, strictly rising. */
  readonly timestampMs: Float64Array;
  /** [rows] a column, in physical units, in the order of the columns that were asked for. */
  readonly columns: readonly Float64Array[];
}

/** What was read, and from which bytes. */
export interface EdpTable {
  readonly turbines: readonly EdpSignals[];
  /** SHA-256 over the files that were read. */
  readonly fingerprint: string;
}

/** Name of a turbine's file relative to the data folder. */
function edpSignalFile(turbine: string, period: EdpPeriod): string {
  return `edp/${turbine}_${period}.parquet`;
}

/**
 * Reads `columns` of every turbine. Fails with DATA_MISSING, or with DATA_FORMAT for a file that is no Parquet, lacks
 * a column, holds a value that is no finite number, or whose time does not rise.
 */
export async function readEdpSignals(
  dataDir: string,
  period: EdpPeriod,
  columns: readonly string[],
): Promise<EdpTable> {
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const name of edpLogbookFiles) files.push({ name, bytes: await readDataFile(join(dataDir, name)) });
  const turbines: EdpSignals[] = [];
  for (const turbine of edpTurbines) {
    const name = edpSignalFile(turbine, period);
    const bytes = await readDataFile(join(dataDir, name));
    files.push({ name, bytes });
    const signals = await parseEdpSignals({ turbine, name, bytes }, columns);
    turbines.push(period === "train" ? cutAt(signals, edpTestStartMs) : signals);
  }
  return { turbines, fingerprint: computeFingerprint(files) };
}

async function parseEdpSignals(
  {
    turbine,
    name: subject,
    bytes,
  }: { readonly turbine: string; readonly name: string; readonly bytes: Uint8Array },
  columns: readonly string[],
): Promise<EdpSignals> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const wanted = [timeColumn, ...columns];
  const read = new Map<string, Float64Array>();
  try {
    const metadata = parquetMetadata(file);
    const rows = Number(metadata.num_rows);
    const present = new Set(metadata.schema.map((element) => element.name));
    const lacking = wanted.filter((name) => !present.has(name));
    if (lacking.length > 0) throw refuse(subject, `lacks the columns ${lacking.join(", ")}`);
    for (const name of wanted) read.set(name, new Float64Array(rows).fill(Number.NaN));
    await parquetRead({
      file,
      compressors,
      columns: wanted,
      metadata,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const out = read.get(columnName)!;
        for (let index = 0; index < columnData.length; index++) {
          out[rowStart + index] = toNumber(columnData[index]);
        }
      },
    });
  } catch (cause) {
    if (cause instanceof AuroraError) throw cause;
    throw refuse(subject, "is no Parquet table that can be read", cause);
  }
  const timestampMs = read.get(timeColumn)!;
  for (let row = 1; row < timestampMs.length; row++) {
    if (!(timestampMs[row]! > timestampMs[row - 1]!))
      throw refuse(subject, `time does not rise at row ${row}`);
  }
  for (const [name, values] of read) {
    const row = values.findIndex((value) => !Number.isFinite(value));
    if (row >= 0) throw refuse(subject, `holds no number in ${name} at row ${row}`);
  }
  return { turbine, rows: timestampMs.length, timestampMs, columns: columns.map((name) => read.get(name)!) };
}

const timeColumn = "Timestamp";

function toNumber(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
}

function cutAt(signals: EdpSignals, endMs: number): EdpSignals {
  const found = signals.timestampMs.findIndex((time) => time >= endMs);
  const rows = found < 0 ? signals.rows : found;
  return {
    turbine: signals.turbine,
    rows,
    timestampMs: signals.timestampMs.subarray(0, rows),
    columns: signals.columns.map((column) => column.subarray(0, rows)),
  };
}

function refuse(subject: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("DATA_FORMAT", `${subject} ${message}`, {
    op: "read SCADA table",
    subject,
    hint: "use the files of the data set unchanged",
    ...(cause === undefined ? {} : { cause }),
  });
}
