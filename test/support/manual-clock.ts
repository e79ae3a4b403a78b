import type { Clock, Timers } from "../../src/core/platform/clock.ts";

/** A clock that stands still until it is turned; its timers fire in order while it is. */
export interface ManualClock extends Clock, Timers {
  /** Turns the clock forward and fires what falls due on the way. */
  advance(ms: number): void;
  /** Sets the calendar back or forth without any time passing. */
  jump(ms: number): void;
  readonly pendingTimers: number;
}

/** Starts at an arbitrary day in 2023. */
export function createManualClock(): ManualClock {
  let monotonic = 0;
  let offset = 1_700_000_000_000;
  let order = 0;
  const timers = new Map<number, { dueMs: number; callback: () => void }>();
  return {
    nowMs: () => offset + monotonic,
    monotonicMs: () => monotonic,
    after(delayMs, callback) {
      order += 1;
      const id = order;
      timers.set(id, { dueMs: monotonic + Math.max(0, delayMs), callback });
      return () => void timers.delete(id);
    },
    advance(ms) {
      const end = monotonic + ms;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.dueMs <= end);
        due.sort(([a, first], [b, second]) => first.dueMs - second.dueMs || a - b);
        const next = due[0];
        if (next === undefined) break;
        timers.delete(next[0]);
        monotonic = Math.max(monotonic, next[1].dueMs);
        next[1].callback();
      }
      monotonic = end;
    },
    jump(ms) {
      offset += ms;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
