/** What is odd about the times of recordings, or of a table's rows, that are played all the same; in words, for stderr. */

import { dayMs } from "../../../core/maths/durations.ts";
import { computeMedian } from "../../../core/maths/robust.ts";
import { namesZone, parseTime } from "../../../training/dataset/parse-time.ts";

/** A recording or a row. */
interface TimedRecording {
  readonly file: string;
  readonly timeMs: number;
  /** As a description wrote it; null: the time came from elsewhere. */
  readonly statedTime: string | null;
}

/** A day for clocks that run ahead. */
const toleratedMs = dayMs;
const yearMs = 365.25 * dayMs;
/** A pause that is worth a word, and by how many times it is longer than others. */
const oddGapMs = yearMs;
const oddGaps = 50;

/** None, where nothing is odd. `nowMs` is now. */
export function listTimeDoubts(
  recordings: readonly TimedRecording[],
  nowMs: number,
  what: "recording" | "row" = "recording",
): readonly string[] {
  return [doubtFuture(recordings, nowMs, what), doubtGap(recordings), doubtZones(recordings)].filter(
    (doubt) => doubt !== null,
  );
}

/** ISO 8601, UTC, of an epoch time in ms; whole seconds are shown as such. */
export function formatInstant(timeMs: number): string {
  return new Date(Math.round(timeMs)).toISOString().replace(".000Z", "Z");
}

function doubtFuture(recordings: readonly TimedRecording[], nowMs: number, what: string): string | null {
  const ahead = recordings.filter(({ timeMs }) => timeMs > nowMs + toleratedMs);
  const [first] = ahead;
  if (first === undefined) return null;
  const many = ahead.length === 1 ? `1 ${what} begins` : `${ahead.length} ${what}s begin`;
  return `${many} in the future, the first ${formatInstant(first.timeMs)} (${first.file}): time passes until then as a machine's would`;
}

/** A clock that was reset begins years ago: what it stamped is played first, and what the machine is held against. */
function doubtGap(recordings: readonly TimedRecording[]): string | null {
  const inOrder = [...recordings].sort((one, other) => one.timeMs - other.timeMs);
  const gaps = inOrder.slice(1).map(({ timeMs }, index) => timeMs - inOrder[index]!.timeMs);
  const longest = gaps.reduce((most, gap) => Math.max(most, gap), 0);
  if (longest < oddGapMs || longest < oddGaps * computeMedian(gaps)) return null;
  const at = gaps.indexOf(longest);
  const [before, after] = [inOrder[at]!, inOrder[at + 1]!];
  const years = (longest / yearMs).toFixed(1);
  return `${years} years lie between ${formatInstant(before.timeMs)} (${before.file}) and ${formatInstant(after.timeMs)} (${after.file}): if a clock was reset, leave out what it stamped then, since what comes first is learnt as healthy`;
}

/** Among times with a zone one without is off by hours as soon as it is not of UTC. */
function doubtZones(recordings: readonly TimedRecording[]): string | null {
  const stated = recordings.flatMap(({ file, timeMs, statedTime }) =>
    // A time that came from elsewhere is none of the description's.
    statedTime === null || parseTime(statedTime) !== timeMs ? [] : [{ file, statedTime }],
  );
  const bare = stated.filter(({ statedTime }) => !namesZone(statedTime));
  const [first] = bare;
  if (first === undefined || bare.length === stated.length) return null;
  return `${bare.length} of ${stated.length} times name no zone and are taken for UTC, the first "${first.statedTime}" (${first.file})`;
}
