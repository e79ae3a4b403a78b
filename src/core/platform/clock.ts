/** Time and timers as arguments: code that needs them takes these interfaces, so that a test can turn the clock. */
import { performance } from "node:perf_hooks";

/** Two clocks: the calendar's, which may jump, and one that only ever goes forward. */
export interface Clock {
  /** Milliseconds since the epoch, UTC; may jump either way when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since some fixed moment of this process; never goes back. Not an epoch. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls `callback` once after `delayMs` (≥ 0); the returned function cancels it and may be called any time. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** Timers of the event loop; a pending one keeps the process alive: its owner cancels it when it closes. */
export const systemTimers: Timers = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};
