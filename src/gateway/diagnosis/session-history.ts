/**
 * Restarts of a device, and returns of sessions that another had taken the place of: a device draws a new number at
 * every boot, so an old one that comes back is another device.
 */
import { hourMs, minuteMs } from "../../core/maths/durations.ts";

interface SessionHistory {
  /** A device introduced itself under this session number. */
  note(sessionId: number, monotonicMs: number): void;
  /** The device says how long it has been running, ms: less than before is a restart under the same number. */
  noteUptime(uptimeMs: number, monotonicMs: number): void;
  /** Restarts within so long before `monotonicMs`; no more than an hour is remembered. */
  restarts(withinMs: number, monotonicMs: number): number;
  /** Times that an earlier session came back in the last two minutes. */
  returns(monotonicMs: number): number;
}

const rememberedSessions = 16;
const rememberedTimes = 1024;
const returnsWithinMs = 2 * minuteMs;
/** Uptimes are rounded, and a message may be late. */
const uptimeSlackMs = 2_000;

/** Creates the history of a device that was never heard of. */
export function createSessionHistory(): SessionHistory {
  const known: number[] = [];
  let restartTimes: number[] = [];
  let returnTimes: number[] = [];
  let lastUptimeMs = 0;

  const keep = (times: readonly number[], atMs: number): number[] =>
    [...times.filter((time) => atMs - time < hourMs), atMs].slice(-rememberedTimes);

  return {
    note: (sessionId, atMs) => {
      const place = known.lastIndexOf(sessionId);
      if (place >= 0 && place === known.length - 1) return;
      if (place >= 0) {
        returnTimes = keep(returnTimes, atMs);
        known.splice(place, 1);
      } else if (known.length > 0) restartTimes = keep(restartTimes, atMs);
      known.push(sessionId);
      if (known.length > rememberedSessions) known.shift();
      lastUptimeMs = 0;
    },
    noteUptime: (uptimeMs, atMs) => {
      if (uptimeMs < lastUptimeMs - uptimeSlackMs) restartTimes = keep(restartTimes, atMs);
      lastUptimeMs = uptimeMs;
    },
    restarts: (withinMs, atMs) => restartTimes.filter((time) => atMs - time <= withinMs).length,
    returns: (atMs) => returnTimes.filter((time) => atMs - time < returnsWithinMs).length,
  };
}
