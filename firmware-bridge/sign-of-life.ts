/** Lets a device show at even intervals that it lives, and for how long it has. */
import type { Timers } from "../src/core/platform/clock.ts";

/** What it needs. */
export interface SignOfLifeOptions {
  readonly timers: Timers;
  readonly everyMs: number;
  /** It is time for a sign. */
  show(uptimeMs: number): void;
}

/** Counts the uptime. */
export interface SignOfLife {
  start(): void;
  stop(): void;
}

/** Creates it, not started yet. */
export function createSignOfLife({ timers, everyMs, show }: SignOfLifeOptions): SignOfLife {
  let uptimeMs = 0;
  let cancel = (): void => {};

  function schedule(): void {
    cancel = timers.after(everyMs, () => {
      uptimeMs += everyMs;
      show(uptimeMs);
      schedule();
    });
  }

  return { start: schedule, stop: () => cancel() };
}
