/** What is odd about the times of recordings that are played all the same; in words, for stderr. */
import { namesZone, parseTime } from "../../../training/dataset/parse-time.ts";
import type { PlannedRecording } from "./plan-replay.ts";
import { formatMoment } from "./recording-time.ts";

type TimedRecording = Pick<PlannedRecording, "file" | "timeMs" | "statedTime">;

/** A day for clocks that run ahead. */
const toleratedMs = 86_400_000;

/** None, where nothing is odd. `nowMs` is now. */
export function listTimeDoubts(recordings: readonly TimedRecording[], nowMs: number): readonly string[] {
  return [doubtFuture(recordings, nowMs), doubtZones(recordings)].filter((doubt) => doubt !== null);
}

function doubtFuture(recordings: readonly TimedRecording[], nowMs: number): string | null {
  const ahead = recordings.filter(({ timeMs }) => timeMs > nowMs + toleratedMs);
  const [first] = ahead;
  if (first === undefined) return null;
  const many = ahead.length === 1 ? "1 recording begins" : `${ahead.length} recordings begin`;
  return `${many} in the future, the first ${formatMoment(first.timeMs)} (${first.file}): time passes until then as a machine's would`;
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
