/**
 * The sampling rate that a column of times in a file states, where times are missing in it, and where they go back; and when it
 * begins. Reads a bounded number of rows; a column that is no clock says nothing, nor of a rate one whose steps are not equal
 * but for gaps.
 */
import { extname } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { joinParts } from "../../../core/maths/join-parts.ts";
import { computeMedian } from "../../../core/maths/robust.ts";
import { isPlausibleTime, parseTime } from "../parse-time.ts";
import { type CsvSeparator, parseCsvNumber } from "./csv-layout.ts";
import { openCsvSamples } from "./csv-samples.ts";
import { openSampleFile } from "./sample-file.ts";
import type { SampleFile } from "./samples.ts";
import { listTimeNames, secondsOfUnit } from "./time-names.ts";

/** What a column of times says. */
export type TimeColumn = SteadyTimes | TimesGoBack | UnusableTimes;

/** Of a clock. */
export interface SteadyTimes {
  readonly kind: "steady";
  readonly rateHz: number;
  /** Its name has the unit, or its times are moments; else they are taken for seconds. */
  readonly hasUnit: boolean;
  /** The longest: between which times, in seconds since the first row; null: none is missing. */
  readonly gap: { readonly fromS: number; readonly lengthS: number } | null;
  /** There are more gaps. */
  readonly gaps: number;
  /** The file has more rows than were looked at: these. Null: it was read to its end. */
  readonly lookedAt: number | null;
}

/** Rows are out of order, or several recordings follow each other. */
export interface TimesGoBack {
  readonly kind: "back";
  /** The first row that lies before the one above it; the file's first row of numbers is 1. */
  readonly row: number;
  /** The times of these two rows, seconds. */
  readonly fromS: number;
  readonly toS: number;
}

/** Of a named column that is no steady clock, or whose unit is not known. */
interface UnusableTimes {
  readonly kind: "unusable";
  /** As a clause. */
  readonly reason: string;
}

const tableEndings: ReadonlySet<string> = new Set([".csv", ".tsv", ".txt", ".parquet"]);
const mostRows = 2 ** 20;
const fewestRows = 100;
/** A step is one of the clock's within this share of the median; a longer one is a gap. */
const evenShare = 0.5;
/** What a column without a unit, which is taken for seconds, may say. */
const plausibleHz = { min: 1000, max: 1e6 };
/** A column whose rows go back more often is no column of times, nor is one that is no steady clock for so many before. */
const mostBackShare = 0.1;
const fewestBefore = 16;
/** So many steps of two, evenly spread, are of times with too few digits. */
const fewestRounded = 8;

/** Null where no column of times is there, or one without a name is no steady clock; what is wrong with the file its reader says. */
export async function readTimeColumn(path: string): Promise<TimeColumn | null> {
  return await withTimes(path, async ({ file, isNamed, hasUnit, secondsOfOne }) => {
    const read = await readRisingTimes(file);
    if (typeof read === "string") return read;
    if (read.kind === "rising") {
      const times = read.times.map((time) => time * secondsOfOne);
      return measureTimes(times, { isAll: read.isAll, hasUnit: hasUnit(), fewest: fewestRows });
    }
    const before = read.before.map((time) => time * secondsOfOne);
    const wasClock = measureTimes(before, { isAll: false, hasUnit: hasUnit(), fewest: fewestBefore });
    if (!isNamed || typeof wasClock === "string") return doesNotRise;
    return { kind: "back", row: before.length + 1, fromS: before.at(-1)!, toS: read.to * secondsOfOne };
  });
}

/** When the first row of a column of times is, epoch ms, if it says which moment that is; NaN: it does not, or there is none. */
export async function readBeginOfTimes(path: string): Promise<number> {
  const beginMs = await withTimes(path, async ({ file, isNamed, secondsOfOne }) => {
    if (!isNamed) return null;
    for await (const [first] of file.pieces()) return Math.round(first! * secondsOfOne * 1e6) / 1e3;
    return null;
  });
  return typeof beginMs === "number" && isPlausibleTime(beginMs) ? beginMs : Number.NaN;
}

/** A column of times. */
interface OpenedTimes {
  readonly file: SampleFile;
  /** Does the file's head speak of it? */
  readonly isNamed: boolean;
  /** Is known once it was read: moments in ISO 8601 need none in the name. */
  hasUnit(): boolean;
  readonly secondsOfOne: number;
}

/** What `read` makes of the first column of times that is one, or says against the first with a name; null where there is none. */
async function withTimes<T extends number | TimeColumn>(
  path: string,
  read: (times: OpenedTimes) => Promise<T | string | null>,
): Promise<T | UnusableTimes | null> {
  const ending = extname(path).toLowerCase();
  if (!tableEndings.has(ending)) return null;
  let unusable: UnusableTimes | null = null;
  for (const { name, isNamed, namedUnit } of await listTimeNames(path)) {
    const refuse = (what: string): void => {
      if (isNamed) unusable ??= { kind: "unusable", reason: `its column of times "${name}" ${what}` };
    };
    let isIso = false;
    const parse = (field: string, separator: CsvSeparator): number => {
      const value = parseCsvNumber(field, separator);
      if (!Number.isNaN(value) || !field.includes(":")) return value;
      isIso = true;
      return parseMoment(field);
    };
    try {
      const file = await (ending === ".parquet"
        ? openSampleFile(path, name)
        : openCsvSamples(path, name, parse));
      const unit = file.unit?.trim().toLowerCase() ?? namedUnit;
      const secondsOfOne = unit === undefined ? 1 : secondsOfUnit[unit];
      if (secondsOfOne === undefined) {
        refuse(`is in ${unit}, and only s, ms, us and ns are read`);
        continue;
      }
      const told = await read({ file, isNamed, hasUnit: () => isIso || unit !== undefined, secondsOfOne });
      if (typeof told !== "string") return told;
      refuse(told);
    } catch (error) {
      if (!(error instanceof AuroraError)) throw error;
      // A file without this column may have the next one.
      if (error.code !== "USAGE") refuse(`cannot be read: ${error.message}`);
    }
  }
  return unusable;
}

const fractionOfSecond = /(?<=:\d\d)[.,](\d+)/;

/** A moment in ISO 8601 as seconds since 1970, with all its digits: `Date.parse` has but milliseconds. */
function parseMoment(field: string): number {
  const [text = "", digits = "0"] = fractionOfSecond.exec(field) ?? [];
  return parseTime(field.replace(text, "")) / 1000 + Number(`0.${digits}`);
}

/** Where a column of times goes back. */
export function describeBackStep({ row, fromS, toS }: TimesGoBack): string {
  return `its column of times goes back at row ${row}, from ${fromS.toFixed(3)} to ${toS.toFixed(3)} s`;
}

type ReadTimes =
  /** `isAll`: there are no more rows. */
  | { readonly kind: "rising"; readonly times: Float64Array; readonly isAll: boolean }
  /** `before`: the rows up to the first that goes back, `to`. */
  | { readonly kind: "back"; readonly before: Float64Array; readonly to: number };

const doesNotRise = "does not rise as a clock does";

/** What is wrong, where the times do not rise as a clock's do: nothing more of the file need be read then. */
async function readRisingTimes(file: SampleFile): Promise<ReadTimes | string> {
  const parts: Float64Array[] = [];
  let rows = 0;
  for await (const piece of file.pieces()) {
    const part = piece.slice(0, mostRows - rows);
    const last = parts.at(-1)?.at(-1) ?? Number.NEGATIVE_INFINITY;
    const { stays, backs, first } = countBackSteps(part, last);
    if (backs > mostBackShare * Math.max(fewestRows, rows + part.length)) return doesNotRise;
    if (backs > 0) {
      const before = joinParts([...parts, part.subarray(0, first)], Float64Array);
      return { kind: "back", before, to: part[first]! };
    }
    if (stays > 0) return "repeats a time or lacks one: too few digits, perhaps";
    parts.push(part);
    rows += part.length;
    if (part.length < piece.length)
      return { kind: "rising", times: joinParts(parts, Float64Array), isAll: false };
  }
  return { kind: "rising", times: joinParts(parts, Float64Array), isAll: true };
}

/** How many times are no later than the one before them, or are missing, how many are earlier, and the first that is. */
function countBackSteps(
  times: Float64Array,
  before: number,
): { readonly stays: number; readonly backs: number; readonly first: number } {
  let [stays, backs, first] = [0, 0, -1];
  for (let row = 0; row < times.length; row++) {
    const last = row === 0 ? before : times[row - 1]!;
    if (times[row]! > last) continue;
    if (!(times[row]! < last)) {
      stays++;
      continue;
    }
    if (backs++ === 0) first = row;
  }
  return { stays, backs, first };
}

function measureTimes(
  times: Float64Array,
  { isAll, hasUnit, fewest }: { readonly isAll: boolean; readonly hasUnit: boolean; readonly fewest: number },
): SteadyTimes | string {
  if (times.length < fewest) return `has fewer than ${fewest} rows`;
  const steps = new Float64Array(times.length - 1);
  for (let at = 0; at < steps.length; at++) steps[at] = times[at + 1]! - times[at]!;
  const usual = computeMedian(steps);
  const isUneven = "has uneven steps: too few digits, or no clock's";
  if (!(usual > 0)) return isUneven;
  let [sum, even, gaps] = [0, 0, 0];
  let longest = -1;
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!;
    if (!(step >= usual * evenShare)) return isUneven;
    if (step <= usual * (1 + evenShare)) {
      sum += step;
      even++;
      continue;
    }
    gaps++;
    if (longest < 0 || step > steps[longest]!) longest = at;
  }
  // Every second step another one: the steps are rounded away.
  if (gaps > steps.length / fewestRows) return isUneven;
  const isRounded = gaps >= fewestRounded && areRounded(steps, usual);
  const perSecond = isRounded ? steps.length / (times.at(-1)! - times[0]!) : even / sum;
  const rateHz = Number(perSecond.toPrecision(6));
  if (!hasUnit && (rateHz < plausibleHz.min || rateHz > plausibleHz.max))
    return `gives ${rateHz} Hz if it is in seconds: say its unit in its name, as in "time [ms]"`;
  return {
    kind: "steady",
    rateHz,
    hasUnit,
    gap:
      longest < 0 || isRounded
        ? null
        : { fromS: times[longest]! - times[0]!, lengthS: steps[longest]! - usual },
    gaps: isRounded ? 0 : gaps,
    lookedAt: isAll ? null : times.length,
  };
}

/** Is every longer step one of two, as far from the one before it as all others: what a clock does that is written with too few digits? */
function areRounded(steps: Float64Array, usual: number): boolean {
  const long = Array.from(steps.keys()).filter((at) => steps[at]! > usual * (1 + evenShare));
  const apart = long.slice(1).map((at, index) => at - long[index]!);
  const mean = (long.at(-1)! - long[0]!) / apart.length;
  return (
    long.every((at) => steps[at]! < usual * (2 + evenShare)) &&
    apart.every((each) => Math.abs(each - mean) <= 1 + mean / 10)
  );
}
