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
  return new Sessions();
}

const noTimes: readonly number[] = [];

class Sessions implements SessionHistory {
  /** The newest last; of most devices there are one or two. */
  #known: readonly number[] = noTimes;
  #restarts: readonly number[] = noTimes;
  #returns: readonly number[] = noTimes;
  #lastUptimeMs = 0;

  note(sessionId: number, atMs: number): void {
    const known = this.#known;
    if (known.at(-1) === sessionId) return;
    if (known.includes(sessionId)) this.#returns = keepTime(this.#returns, atMs);
    else if (known.length > 0) this.#restarts = keepTime(this.#restarts, atMs);
    this.#known = known
      .filter((each) => each !== sessionId)
      .concat(sessionId)
      .slice(-rememberedSessions);
    this.#lastUptimeMs = 0;
  }

  noteUptime(uptimeMs: number, atMs: number): void {
    if (uptimeMs < this.#lastUptimeMs - uptimeSlackMs) this.#restarts = keepTime(this.#restarts, atMs);
    this.#lastUptimeMs = uptimeMs;
  }

  restarts(withinMs: number, atMs: number): number {
    return this.#restarts.filter((time) => atMs - time <= withinMs).length;
  }

  returns(atMs: number): number {
    return this.#returns.filter((time) => atMs - time < returnsWithinMs).length;
  }
}

function keepTime(times: readonly number[], atMs: number): readonly number[] {
  return [...times.filter((time) => atMs - time < hourMs), atMs].slice(-rememberedTimes);
}
