/**
 * The sampling rate that a column of times in a file states, and where times are missing in it. Reads a bounded number
 * of rows; a column that is no steady clock (of equal steps, but for gaps) says nothing.
 */
import { extname } from "node:path";
import { hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { computeMedian } from "../../../core/maths/robust.ts";
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
  for (const name of columnNames) {
    try {
      const file = await openSampleFile(path, name);
      const unit = file.unit?.trim().toLowerCase() ?? /_(s|ms|us)$/.exec(name)?.[1];
      const secondsOfOne = unit === undefined ? 1 : secondsOf[unit.replace(/^sec(onds)?$/, "s")];
      if (secondsOfOne === undefined) return null;
      const { times, isAll } = await readTimes(file);
      return measureTimes(
        times.map((time) => time * secondsOfOne),
        { isAll, hasUnit: unit !== undefined },
      );
    } catch (error) {
      if (!hasErrorCode(error)) throw error;
      // A file without this column may have the next one.
      if (!hasErrorCode(error, "USAGE")) return null;
    }
  }
  return null;
}

async function readTimes(file: SampleFile): Promise<{ times: Float64Array; isAll: boolean }> {
  const times: number[] = [];
  for await (const piece of file.pieces()) {
    for (const time of piece) {
      if (times.length === mostRows) return { times: Float64Array.from(times), isAll: false };
      times.push(time);
    }
  }
  return { times: Float64Array.from(times), isAll: true };
}

function measureTimes(
  times: Float64Array,
  { isAll, hasUnit }: { readonly isAll: boolean; readonly hasUnit: boolean },
): StatedTimes | null {
  if (times.length < fewestRows) return null;
  const steps = Float64Array.from({ length: times.length - 1 }, (_, at) => times[at + 1]! - times[at]!);
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
