/** Bounds how many hellos of one device are taken: a device that does nothing else must not keep a gateway busy. */
import type { Timers } from "../../src/core/platform/clock.ts";

interface HelloBoundOptions {
  readonly timers: Timers;
  /** Hellos taken in one period, which begins with the first of them. */
  readonly maxHellos: number;
  readonly periodMs: number;
  /** The first hello too many since {@link HelloBound.restart}. */
  onExceeded(): void;
}

interface HelloBound {
  /** May this hello be taken? */
  admits(): boolean;
  /** Another connection: counts from nothing. */
  restart(): void;
}

/** Creates a bound of which nothing is used. */
export function createHelloBound(options: HelloBoundOptions): HelloBound {
  let taken = 0;
  let told = false;
  let cancel = (): void => {};
  const renew = (): void => {
    taken = 0;
  };
  return {
    admits: () => {
      if (taken === 0) cancel = options.timers.after(options.periodMs, renew);
      if (taken < options.maxHellos) {
        taken++;
        return true;
      }
      if (!told) options.onExceeded();
      told = true;
      return false;
    },
    restart: () => {
      cancel();
      renew();
      told = false;
    },
  };
}
