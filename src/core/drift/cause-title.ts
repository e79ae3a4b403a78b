/** The sentence that an operator reads first: who moved, how, and since when. Statistics have no place in it. */

import type { DriftVerdict, FeatureShift } from "../contract/drift-verdict.ts";
import { renderIsoTime } from "../contract/iso-time.ts";
import { dayMs } from "../maths/durations.ts";
import { describeSensor, formatDb, isTemperature, spell, wordShift } from "./describe-column.ts";
import { storyOf } from "./join-stories.ts";
import type { Placement } from "./place-drift.ts";
import type { PointSignature } from "./point-signature.ts";
import type { ReadVerdict } from "./read-verdicts.ts";

/** Things that moved are named up to so many. */
const named = 3;

/**
 * "since Tuesday" within a week, else "since 3 March"; of a period shorter than half a day, told within 24 hours, "since 10:42". All UTC.
 * @param toldMs when people are told of the period; default: at its end
 */
export function describeSince(
  sinceMs: number,
  { fromMs, toMs }: Pick<DriftVerdict, "fromMs" | "toMs">,
  toldMs: number = toMs,
): string {
  const since = new Date(sinceMs);
  if (toMs - fromMs < dayMs / 2 && toldMs - sinceMs < dayMs)
    return `since ${renderIsoTime(sinceMs).slice(11, 16)}`;
  if (toldMs - sinceMs < 7 * dayMs) return `since ${weekdays[since.getUTCDay()]}`;
  const isLongAgo = toldMs - sinceMs > 300 * dayMs;
  return `since ${since.getUTCDate()} ${months[since.getUTCMonth()]}${isLongAgo ? ` ${since.getUTCFullYear()}` : ""}`;
}

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** One sentence: who moved, how, since when. */
export function writeTitle(own: ReadVerdict, placement: Placement, toldMs?: number): string {
  const { kind, company, sites, isModel, story } = placement;
  const { verdict, signature } = own;
  const since = describeSince(story.sinceMs, verdict, toldMs);
  const moved = `moved alike ${since}: ${listShifts(story.shifts)}`;
  const { turbine, component, site, modelName, modelVersion } = verdict;
  switch (kind) {
    case "sensor":
      return `${turbine}'s ${sensorStory(component, signature)} ${since}`;
    case "turbine": {
      if (signature.pattern === "fault" && company.length === 0) {
        return `${turbine}'s ${spell(component)} shows more of a fault's lines ${since}: ${listShifts(signature.shifts)}`;
      }
      const what = company.length > 0 ? " has changed" : `'s ${spell(component)} sounds different`;
      return `${turbine}${what} ${since}: ${listShifts(story.shifts)}`;
    }
    case "site":
      return `${count(story.points, "point")} of site ${site} ${moved}`;
    case "fleet":
      return isModel
        ? `All points of ${modelName} ${modelVersion} ${moved}`
        : `Points of ${count(sites.length, "site")} ${moved}`;
    case "unknown":
      return `${turbine}'s ${spell(component)} is not as before ${since}, for no plain reason: ${listShifts(storyOf(own))}`;
  }
}

/** What one sensor did, without the turbine and the time. */
function sensorStory(component: string, signature: PointSignature): string {
  const sensor = describeSensor(component);
  const { levelDb, isAtAllLoads, pattern, shifts } = signature;
  switch (pattern) {
    case "gain":
      return `${sensor} is ${formatDb(levelDb)} ${levelDb > 0 ? "louder" : "quieter"}${isAtAllLoads === true ? " at all loads" : ""}`;
    case "noise":
    case "loud":
      return `${sensor} is noisier`;
    case "broken":
      return shifts.some(({ aspect }) => aspect === "stuck")
        ? `${sensor} is stuck at one value`
        : `${sensor} often gives no usable value`;
    default: {
      const [first] = shifts;
      return first !== undefined && isTemperature(first.name)
        ? `${wordShift(first)}, this value alone,`
        : `${sensor} reads differently`;
    }
  }
}

/** The first of them, in words. */
export function listShifts(shifts: readonly FeatureShift[]): string {
  return shifts.slice(0, named).map(wordShift).join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
