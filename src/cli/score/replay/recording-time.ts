/**
 * When a recording began, by its file's name: `2004.02.12.10.32.39`, `20040212_103239.csv`, `acc_2004-02-12T10-32-39Z.npy`.
 * Year, month and day in this order, then the time of day, with any separators or none, in UTC or, `2004-02-12T12-32-39+0200`,
 * so far ahead of it. Guesses nothing else: a name that counts (`acc_00001`) has no time, and what follows a hyphen
 * may be such a number as well.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { hourMs, minuteMs } from "../../../core/maths/durations.ts";
import { isPlausibleTime } from "../../../training/dataset/parse-time.ts";

/** Of no place the clocks are further ahead. */
const farthestAheadMs = 14 * hourMs;

const timeInName =
  /(?<!\d)(\d{4})([-._]?)(\d\d)\2(\d\d)[-._ T]?(\d\d)([-._:h]?)(\d\d)(?:\6(\d\d)(?:[.,](\d{1,9}))?(?!\d)|(?![-._:]?\d))(?:_?\+(\d\d)(?:[-:]?(\d\d))?(?=$|_|\.\D))?/g;

/** Epoch ms of the first time in a file's name (without its folder); NaN where there is none. */
export function findTimeInName(name: string): number {
  for (const match of name.matchAll(timeInName)) {
    const [, year, , month, day, hour, , minute, second = "00", fraction = ""] = match;
    const [aheadHours = "0", aheadMinutes = "0"] = match.slice(10);
    const millisecond = fraction.slice(0, 3).padEnd(3, "0");
    const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`;
    const timeMs = Date.parse(text);
    // The 30th of February would become the 1st of March.
    if (!isPlausibleTime(timeMs) || new Date(timeMs).toISOString() !== text) continue;
    const aheadMs = Number(aheadHours) * hourMs + Number(aheadMinutes) * minuteMs;
    return aheadMs <= farthestAheadMs ? timeMs - aheadMs : timeMs;
  }
  return Number.NaN;
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
