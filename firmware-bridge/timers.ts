/** Delayed calls, so that tests decide when time passes. */

/** Runs callbacks later. */
export interface Timers {
  /** Calls `callback` once after `delayMs`; the returned function cancels it (harmless when it has run). */
  after(delayMs: number, callback: () => void): () => void;
}

/** The timers of the running process. */
export const systemTimers: Timers = {
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
