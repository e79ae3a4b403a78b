/** Timers whose time passes only when somebody says so: hours of a link in seconds, the same every time. */
import type { Timers } from "../../src/core/platform/clock.ts";

/** Timers with a hand on the clock. */
export interface VirtualTime extends Timers {
  readonly nowMs: number;
  /** Lets time pass; callbacks run in order, also those that others schedule meanwhile. */
  advance(ms: number): void;
}

interface Entry {
  readonly dueMs: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Creates a clock at 0. */
export function createVirtualTime(): VirtualTime {
  let nowMs = 0;
  /** Soonest last. */
  const queue: Entry[] = [];

  /** Where an entry stands that is due before everything in front of it; of equals, the first set is the first due. */
  function findPlace(dueMs: number): number {
    let from = 0;
    let to = queue.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (queue[middle]!.dueMs > dueMs) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    after: (delayMs, callback) => {
      const entry = { dueMs: nowMs + Math.max(0, delayMs), callback, cancelled: false };
      queue.splice(findPlace(entry.dueMs), 0, entry);
      return () => {
        entry.cancelled = true;
      };
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let next = queue.at(-1); next !== undefined && next.dueMs <= untilMs; next = queue.at(-1)) {
        queue.pop();
        if (next.cancelled) continue;
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = untilMs;
    },
  };
}
