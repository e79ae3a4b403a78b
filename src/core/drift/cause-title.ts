/** The sentence that an operator reads first: who moved, how, and since when. Statistics have no place in it. */

import type { DriftVerdict, FeatureShift } from "../contract/drift-verdict.ts";
import { dayMs } from "../maths/durations.ts";
import { computeMedian } from "../maths/robust.ts";
import { describeSensor, formatDb, isTemperature, shiftOfDay, spell, wordShift } from "./describe-column.ts";
import { onsetOf, type Placement, type ReadVerdict } from "./place-drift.ts";
import type { PointSignature } from "./point-signature.ts";

/** Things that moved are named up to so many. */
const named = 3;

/** "since Tuesday", "since 3 March", for periods shorter than half a day "since 10:42"; all UTC. */
export function describeSince(
  sinceMs: number,
  { fromMs, toMs }: Pick<DriftVerdict, "fromMs" | "toMs">,
): string {
  const since = new Date(sinceMs);
  if (toMs - fromMs < dayMs / 2) return `since ${since.toISOString().slice(11, 16)}`;
  if (toMs - sinceMs < 7 * dayMs) return `since ${weekdays[since.getUTCDay()]}`;
  const isLongAgo = toMs - sinceMs > 300 * dayMs;
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
export function writeTitle(own: ReadVerdict, placement: Placement): string {
  const { verdict, signature } = own;
  const together = listMembers(own, placement);
  const since = describeSince(Math.min(...together.map(onsetOf)), verdict);
  const { turbine, component, site } = verdict;
  switch (placement.kind) {
    case "sensor":
      return `${turbine}'s ${sensorStory(component, signature)} ${since}`;
    case "turbine": {
      if (signature.pattern === "fault" && placement.company.length === 0) {
        return `${turbine}'s ${spell(component)} shows more of a fault's lines ${since}: ${listShifts(signature.shifts)}`;
      }
      const what = placement.company.length > 0 ? " has changed" : `'s ${spell(component)} sounds different`;
      return `${turbine}${what} ${since}: ${listShifts(joinStories(together))}`;
    }
    case "site":
      return `${count(placement.site.alike.length, "point")} of site ${site} moved alike ${since}: ${listShifts(joinStories(together))}`;
    case "fleet": {
      const { modelName, modelVersion } = verdict;
      return placement.isModel
        ? `All points of ${modelName} ${modelVersion} moved alike ${since}: ${listShifts(joinStories(together))}`
        : `Points of ${count(placement.sites.length, "site")} moved alike ${since}: ${listShifts(joinStories(together))}`;
    }
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

function storyOf({ signature, verdict }: ReadVerdict): readonly FeatureShift[] {
  return signature.shifts.length > 0 ? signature.shifts : verdict.shifts;
}

/** The points that one sentence speaks of, so that each of them says the same one: those of its turbine or its site that moved with it. */
function listMembers(own: ReadVerdict, { kind, company, site }: Placement): readonly ReadVerdict[] {
  if (kind === "turbine") return [own, ...company];
  return (kind === "site" || kind === "fleet") && site.alike.length > 0 ? site.alike : [own];
}

/** What most of the points did, the surest first: medians over those that did it. */
function joinStories(points: readonly ReadVerdict[]): readonly FeatureShift[] {
  const told = new Map<string, FeatureShift[]>();
  for (const shift of points.flatMap(storyOf)) {
    const key = `${shift.name}/${shift.aspect}/${Math.sign(shift.shift)}`;
    told.set(key, [...(told.get(key) ?? []), shift]);
  }
  const joined = [...told.values()]
    .filter((shifts) => shifts.length > points.length / 2)
    .map((shifts): FeatureShift => {
      const shift = computeMedian(shifts.map(shiftOfDay));
      return {
        ...shifts[0]!,
        shift,
        loads: [],
        deviations: computeMedian(shifts.map((each) => each.deviations)),
      };
    })
    .sort((a, b) => Math.abs(b.deviations) - Math.abs(a.deviations) || (a.name < b.name ? -1 : 1));
  return joined.length > 0 ? joined : storyOf(points[0]!);
}

/** The first of them, in words. */
export function listShifts(shifts: readonly FeatureShift[]): string {
  return shifts.slice(0, named).map(wordShift).join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
