/**
 * The sampling rate that a column of times in a file states, and where times are missing in it. Reads a bounded number
 * of rows; a column that is no steady clock (of equal steps, but for gaps) says nothing.
 */
import { extname } from "node:path";
import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { joinParts } from "../../../core/maths/join-parts.ts";
import { computeMedian } from "../../../core/maths/robust.ts";
import { openParquetTable } from "../../../training/dataset/parquet-columns.ts";
import { openDataFile } from "../../../training/dataset/read-data-file.ts";
import { openSampleFile } from "../../../training/dataset/samples/sample-file.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";

/** What a column of times says. */
export interface StatedTimes {
  readonly rateHz: number;
  /** The longest: between which times, in seconds since the first row; null: none is missing. */
  readonly gap: { readonly fromS: number; readonly lengthS: number } | null;
  /** There are more gaps. */
  readonly gaps: number;
  /** The file has more rows than were looked at: these. Null: it was read to its end. */
  readonly lookedAt: number | null;
}

const tableEndings: ReadonlySet<string> = new Set([".csv", ".tsv", ".txt", ".parquet"]);
/** As people call it; a unit in brackets may follow. */
const columnNames = ["time", "t", "timestamp", "seconds", "sec", "time_s", "time_ms", "time_us", "zeit"];
/** A name that stands for itself in a text. */
const namePatterns = columnNames.map((name) => new RegExp(`(?<!\\w)${name}(?!\\w)`, "i"));
/** Of a text so much is looked at for names: as many lines as its reader takes, in so many bytes at most. */
const headLines = 200;
const headBytes = 64 * 1024;
const secondsOf: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
const mostRows = 2 ** 20;
const fewestRows = 100;
/** A step is one of the clock's within this share of the median; a longer one is a gap. */
const evenShare = 0.5;
/** What a column without a unit, which is taken for seconds, may say. */
const plausibleHz = { min: 100, max: 1e6 };

/** Null where no column of times is there, or it is no steady clock; what is wrong with the file its reader says. */
export async function readStatedTimes(path: string): Promise<StatedTimes | null> {
  if (!tableEndings.has(extname(path).toLowerCase())) return null;
  for (const name of await listPossibleNames(path)) {
    try {
      const file = await openSampleFile(path, name);
      const unit = file.unit?.trim().toLowerCase() ?? /_(s|ms|us)$/.exec(name)?.[1];
      const secondsOfOne = unit === undefined ? 1 : secondsOf[unit.replace(/^sec(onds)?$/, "s")];
      if (secondsOfOne === undefined) return null;
      const read = await readRisingTimes(file);
      if (read === null) return null;
      return measureTimes(
        read.times.map((time) => time * secondsOfOne),
        { isAll: read.isAll, hasUnit: unit !== undefined },
      );
    } catch (error) {
      if (!hasErrorCode(error)) throw error;
      // A file without this column may have the next one.
      if (!hasErrorCode(error, "USAGE")) return null;
    }
  }
  return null;
}

/**
 * The names that a column of the file may be found by: the first, which finds the only column of a text without names, and
 * those that its head speaks of. All of them, where the head cannot be read, or there is more of it.
 */
async function listPossibleNames(path: string): Promise<readonly string[]> {
  const head = await readHead(path).catch(() => null);
  if (head === null) return columnNames;
  return columnNames.filter((_, index) => index === 0 || namePatterns[index]!.test(head));
}

/** The text in which the columns are named; null where there is more of it. Fails with DATA_MISSING, DATA_FORMAT. */
async function readHead(path: string): Promise<string | null> {
  if (extname(path).toLowerCase() === ".parquet") {
    return (await openParquetTable(path)).columns.map(({ name }) => name).join("\n");
  }
  const handle = await openDataFile(path, "read head");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const lines = buffer
      .toString("utf8", 0, bytesRead)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return bytesRead < headBytes || lines.length > headLines ? lines.slice(0, headLines).join("\n") : null;
  } finally {
    await handle.close();
  }
}

interface RisingTimes {
  readonly times: Float64Array;
  /** There are no more rows. */
  readonly isAll: boolean;
}

/** Null where the times do not rise throughout: that is no clock, and nothing more of the file need be read. */
async function readRisingTimes(file: SampleFile): Promise<RisingTimes | null> {
  const parts: Float64Array[] = [];
  let rows = 0;
  for await (const piece of file.pieces()) {
    const part = piece.slice(0, mostRows - rows);
    if (!rises(part, parts.at(-1)?.at(-1))) return null;
    parts.push(part);
    rows += part.length;
    if (part.length < piece.length) return { times: joinParts(parts, Float64Array), isAll: false };
  }
  return { times: joinParts(parts, Float64Array), isAll: true };
}

function rises(times: Float64Array, before: number | undefined): boolean {
  if (before !== undefined && times.length > 0 && !(times[0]! > before)) return false;
  for (let row = 1; row < times.length; row++) if (!(times[row]! > times[row - 1]!)) return false;
  return true;
}

function measureTimes(
  times: Float64Array,
  { isAll, hasUnit }: { readonly isAll: boolean; readonly hasUnit: boolean },
): StatedTimes | null {
  if (times.length < fewestRows) return null;
  const steps = new Float64Array(times.length - 1);
  for (let at = 0; at < steps.length; at++) steps[at] = times[at + 1]! - times[at]!;
  const usual = computeMedian(steps);
  if (!(usual > 0)) return null;
  let [sum, even, gaps] = [0, 0, 0];
  let longest = -1;
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!;
    // Written with too few digits, or no clock.
    if (!(step >= usual * evenShare)) return null;
    if (step <= usual * (1 + evenShare)) {
      sum += step;
      even++;
      continue;
    }
    gaps++;
    if (longest < 0 || step > steps[longest]!) longest = at;
  }
  // Every second step another one: the steps are rounded away.
  if (gaps > steps.length / fewestRows) return null;
  const rateHz = Number((even / sum).toPrecision(6));
  if (!hasUnit && (rateHz < plausibleHz.min || rateHz > plausibleHz.max)) return null;
  return {
    rateHz,
    gap: longest < 0 ? null : { fromS: times[longest]! - times[0]!, lengthS: steps[longest]! - usual },
    gaps,
    lookedAt: isAll ? null : times.length,
  };
}
