/** Timers whose time passes only when a test says so. */
import type { Timers } from "../../src/core/platform/clock.ts";

/** {@link Timers} with a hand on the clock. */
export interface ManualTimers extends Timers {
  /** Lets time pass; callbacks run in order, also those that others schedule meanwhile. */
  advance(ms: number): void;
  readonly nowMs: number;
  /** Callbacks that still wait. */
  readonly waiting: number;
}

/** Creates timers at time 0. */
export function createManualTimers(): ManualTimers {
  let nowMs = 0;
  let queue: { dueMs: number; callback: () => void }[] = [];
  return {
    after: (delayMs, callback) => {
      const entry = { dueMs: nowMs + delayMs, callback };
      queue.push(entry);
      return () => {
        queue = queue.filter((other) => other !== entry);
      };
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = queue.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined) break;
        queue = queue.filter((other) => other !== next);
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = untilMs;
    },
    get nowMs() {
      return nowMs;
    },
    get waiting() {
      return queue.length;
    },
  };
}
