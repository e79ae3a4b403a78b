/**
 * When a recording began, by its file's name: `2004.02.12.10.32.39`, `20040212_103239.csv`, `acc_2004-02-12T10-32-39Z.npy`.
 * Year, month and day in this order, then the time of day, with any separators or none, in UTC or, `2004-02-12T12-32-39+0200`,
 * so far ahead of it. What may mean something else is taken for part of the time where it is one in all names: `-0500` may be a
 * number, `AM` a word. Guesses nothing else: a name that counts (`acc_00001`) has no time.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { hourMs, minuteMs } from "../../../core/maths/durations.ts";
import { isPlausibleTime } from "../../../training/dataset/parse-time.ts";

/** Of no place with machines the clocks are further ahead, or behind. */
const farthestAheadMs = 14 * hourMs;
const farthestBehindMs = 10 * hourMs;
/** Clocks of one place are apart by so much over a year. */
const daylightSavingMs = hourMs;
/** Every place's clocks are apart from UTC by a multiple of it. */
const zoneStepMs = 15 * minuteMs;

const timeInName =
  /(?<!\d)(?<year>\d{4})(?<s>[-._]?)(?<month>\d\d)\k<s>(?<day>\d\d)(?<mark>[-._ T]?)(?<hour>\d\d)(?<c>[-._:h]?)(?<minute>\d\d)(?:(?:\k<c>|(?<=h\d\d)m)(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?s?(?!\d)|(?![-._:]?\d|(?<=h\d\d)m\d))(?:[-._\s]?(?<half>[AP])M(?![A-Za-z0-9]))?(?:_?(?:\+(?<ahead>\d\d(?:[-:]?\d\d)?)|-(?<behind>\d\d[-:]?[0-5]\d))(?=$|_|\.\D))?/gi;

/** The first time in a name. */
interface NamedTime {
  /** Epoch ms of what stands there, as if its hours were of the whole day, and its zone UTC, or one ahead of it. */
  readonly timeMs: number;
  /** Of the day that `AM` or `PM` behind it may mean. */
  readonly half: "am" | "pm" | null;
  /** From 0. */
  readonly hour: number;
  /** How far behind UTC it would be by what stands after a hyphen behind it, as ISO 8601 writes it, with a T before the hour; null: nothing does. */
  readonly behindMs: number | null;
}

/** Epoch ms of the first time in a file's name (without its folder); NaN where there is none. `names` are those of all files. */
export function readTimesInNames(names: readonly string[]): (name: string) => number {
  const times = names.map(parseNamedTime).filter((time) => time !== null);
  const hasHalves = times.every(({ half, hour }) => half === null || (hour >= 1 && hour <= 12));
  const zones = times.flatMap(({ behindMs }) => behindMs ?? []);
  const [least, most] = [Math.min, Math.max].map((pick) => zones.reduce((a, b) => pick(a, b), zones[0] ?? 0));
  const areBehind =
    zones.length === times.length && zones.every(isZoneBehind) && most! - least! <= daylightSavingMs;
  return (name) => {
    const time = parseNamedTime(name);
    if (time === null) return Number.NaN;
    const { timeMs, half, hour, behindMs } = time;
    const halfMs = hasHalves && half !== null ? (hour % 12) + (half === "pm" ? 12 : 0) - hour : 0;
    return timeMs + halfMs * hourMs + (areBehind ? behindMs! : 0);
  };
}

function isZoneBehind(behindMs: number): boolean {
  return behindMs <= farthestBehindMs && behindMs % zoneStepMs === 0;
}

function parseNamedTime(name: string): NamedTime | null {
  for (const { groups = {} } of name.matchAll(timeInName)) {
    const {
      year,
      month,
      day,
      hour,
      minute,
      second = "00",
      fraction = "",
      mark,
      half,
      ahead = "",
      behind,
    } = groups;
    const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
    const timeMs = Date.parse(text);
    // The 30th of February would become the 1st of March.
    if (!isPlausibleTime(timeMs) || new Date(timeMs).toISOString() !== text) continue;
    const aheadMs = parseZone(ahead);
    return {
      timeMs: aheadMs <= farthestAheadMs ? timeMs - aheadMs : timeMs,
      half: half === undefined ? null : half.toLowerCase() === "a" ? "am" : "pm",
      hour: Number(hour),
      behindMs: behind === undefined || mark?.toUpperCase() !== "T" ? null : parseZone(behind),
    };
  }
  return null;
}

/** `05`, `0530`, `05-30` and `05:30`. */
function parseZone(digits: string): number {
  return Number(digits.slice(0, 2)) * hourMs + Number(digits.slice(2).replace(/\D/, "")) * minuteMs;
}

const naturally = new Intl.Collator("en", { numeric: true });

/** Order of names in which `acc_2` comes before `acc_10`. */
export function compareNames(a: string, b: string): number {
  return naturally.compare(a, b);
}

/** Why nothing says when `file` was recorded: it is not there, or has no time. */
export function describeUntimed(file: string): AuroraError {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    return new AuroraError("DATA_MISSING", `there is no file ${file}`, {
      op: "plan replay",
      subject: file,
      hint: "name files; a folder's are FOLDER/*",
    });
  }
  const [odd] = basename(file).match(timeInName) ?? [];
  const named =
    odd === undefined ? "" : `: ${odd} in its name is no time of a clock that was set (1990 to 2099)`;
  return new AuroraError("USAGE", `nothing says when ${file} was recorded${named}`, {
    op: "plan replay",
    subject: file,
    hint: `list it in --manifest with its time; or put {"time": "2004-02-12T10:32:39Z"} into a .json beside it; or call it by its time (2004-02-12T10-32-39.csv); or, where files follow one another evenly, give --from TIME --every SECONDS`,
  });
}
