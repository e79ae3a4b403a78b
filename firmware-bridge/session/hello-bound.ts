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

export interface HelloBound {
  /** May this hello be taken? */
  admits(): boolean;
  /** Another connection: counts from nothing. */
  restart(): void;
}

/** Creates a bound of which nothing is used. */
export function createHelloBound(options: HelloBoundOptions): HelloBound {
  return new Bound(options);
}

class Bound implements HelloBound {
  readonly #options: HelloBoundOptions;
  #taken = 0;
  #told = false;
  #cancel: (() => void) | null = null;

  constructor(options: HelloBoundOptions) {
    this.#options = options;
  }

  admits(): boolean {
    const { timers, periodMs, maxHellos, onExceeded } = this.#options;
    if (this.#taken === 0) this.#cancel = timers.after(periodMs, () => this.#renew());
    if (this.#taken < maxHellos) {
      this.#taken++;
      return true;
    }
    if (!this.#told) onExceeded();
    this.#told = true;
    return false;
  }

  restart(): void {
    this.#cancel?.();
    this.#renew();
    this.#told = false;
  }

  #renew(): void {
    this.#cancel = null;
    this.#taken = 0;
  }
}
