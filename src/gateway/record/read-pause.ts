/** A disk that fails to read is asked again after a while: each look at a file that seems damaged reads all of it. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { readOp } from "../../core/platform/sqlite/renew-file.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/**
 * Runs `work`; where `refuseUnreadable` has just thrown in it, it throws the same error again, for twice as long each time, up to a
 * minute.
 */
export function createReadPause(
  monotonicMs: () => number = systemClock.monotonicMs,
): <T>(work: () => T) => T {
  let failure: { readonly error: unknown; readonly untilMs: number } | null = null;
  let pauseMs = firstPauseMs;
  return (work) => {
    if (failure !== null && monotonicMs() < failure.untilMs) throw failure.error;
    try {
      const done = work();
      failure = null;
      pauseMs = firstPauseMs;
      return done;
    } catch (error) {
      if (error instanceof AuroraError && error.op === readOp) {
        failure = { error, untilMs: monotonicMs() + pauseMs };
        pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      }
      throw error;
    }
  };
}
