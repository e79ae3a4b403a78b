/** Rows of a machine's readings with their times, from a CSV or Parquet table: one column a channel, one row a window. */
import { extname } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parse as parseYaml } from "yaml";
import type { Bundle } from "../../bundle/bundle.ts";
import { AuroraError } from "../../contract/aurora-error.ts";
import { parseCsv } from "../../dataset/csv.ts";
import { readFileBounded } from "../../platform/bounded-read.ts";
import { bundledConfigName } from "../../training/common-config.ts";

/** A table's readings, rising in time. */
export interface RowTable {
  readonly timeMs: Float64Array;
  /** Channel → its readings, NaN where there is none; channels that the table has no column for are not in it. */
  readonly readings: ReadonlyMap<string, Float64Array>;
}

const maxFileBytes = 256 * 1024 * 1024;
const textKinds: ReadonlySet<string> = new Set([".csv", ".txt"]);
const timeNames: ReadonlySet<string> = new Set(["time", "timestamp", "date"]);

/**
 * Reads the columns of `channels`: channel → other name that its column may have. Names go without case. Times are ISO 8601
 * (without a zone: UTC), or milliseconds since the epoch. Fails with DATA_MISSING, DATA_FORMAT.
 */
export async function readRowTable(
  path: string,
  channels: ReadonlyMap<string, string | undefined>,
): Promise<RowTable> {
  const kind = extname(path).toLowerCase();
  const isParquet = kind === ".parquet";
  if (!isParquet && !textKinds.has(kind)) throw refuse(path, "is no table: neither .csv nor .parquet");
  const bytes = await readFileBounded(path, maxFileBytes, { op: "read rows" });
  const { columns, rows } = isParquet ? await readParquet(bytes, path) : readCsv(bytes, path);
  const plain = columns.map((name) => name.trim().toLowerCase());
  const timeColumn = plain.findIndex((name) => timeNames.has(name));
  if (timeColumn < 0)
    throw refuse(path, `has no column of times: none is called ${[...timeNames].join(" or ")}`);
  const timeMs = Float64Array.from(rows, (row) => toTime(row[timeColumn]));
  const wrong = timeMs.findIndex((time, index) => !(time > (index === 0 ? -Infinity : timeMs[index - 1]!)));
  if (wrong >= 0) throw refuse(path, `row ${wrong + 1}: its time is none, or not after the one before`);
  const readings = new Map<string, Float64Array>();
  for (const [channel, other] of channels) {
    const column = [channel, other]
      .map((name) => plain.indexOf(name?.toLowerCase() ?? ""))
      .find((at) => at >= 0);
    if (column === undefined) continue;
    readings.set(
      channel,
      Float64Array.from(rows, (row) => toNumber(row[column])),
    );
  }
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

interface Cells {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

function readCsv(bytes: Uint8Array, path: string): Cells {
  const text = new TextDecoder().decode(bytes);
  const head = text.slice(0, Math.max(0, text.indexOf("\n")));
  return parseCsv(text, path, head.includes(";") && !head.includes(",") ? ";" : ",");
}

async function readParquet(bytes: Uint8Array, path: string): Promise<Cells> {
  try {
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({ file, compressors });
    const columns = Object.keys(rows[0] ?? {});
    return { columns, rows: rows.map((row) => columns.map((name) => row[name])) };
  } catch (cause) {
    throw refuse(path, "is no Parquet table that can be read", cause);
  }
}

function toTime(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value !== "string") return toNumber(value);
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text);
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return Date.parse(hasZone ? text : `${text.replace(" ", "T")}Z`);
}

function toNumber(value: unknown): number {
  if (typeof value === "string") return value.trim() === "" ? Number.NaN : Number(value);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
}

function refuse(path: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} ${message}`, {
    op: "read rows",
    subject: path,
    hint: "expected a table with a column of times and a column for each channel, such as time,power,wind-speed",
    ...(cause === undefined ? {} : { cause }),
  });
}
