/**
 * Measures for how long the event loop was held at most, ms: by the clock on the wall or by the work of this process,
 * whichever is less, since others work on the same machine.
 */
export interface LoopWatch {
  /** Begins anew. */
  restart(): void;
  /** Ends; returns the longest time. */
  stop(): number;
}

/** Begins to measure. */
export function watchEventLoop(): LoopWatch {
  let lastMs = performance.now();
  let lastUsage = process.cpuUsage();
  let longestMs = 0;
  let running = true;
  const tick = (): void => {
    const { user, system } = process.cpuUsage(lastUsage);
    longestMs = Math.max(longestMs, Math.min(performance.now() - lastMs, (user + system) / 1_000));
    mark();
    if (running) setImmediate(tick);
  };
  const mark = (): void => {
    lastMs = performance.now();
    lastUsage = process.cpuUsage();
  };
  setImmediate(tick);
  return {
    restart: () => {
      mark();
      longestMs = 0;
    },
    stop: () => {
      tick();
      running = false;
      return longestMs;
    },
  };
}
