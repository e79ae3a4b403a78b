/** Bounds how many hellos of one device are taken: a device that does nothing else must not keep a gateway busy. */
import type { Timers } from "../../src/core/platform/clock.ts";

interface HelloBoundOptions {
  readonly timers: Timers;
  /** Hellos taken in one period, which begins with the first of them, or where the one before had too many with its end. */
  readonly maxHellos: number;
  readonly periodMs: number;
  /**
   * There were too many in two periods in a row, for the first time since {@link HelloBound.restart}: in one alone come those that
   * waited while this process stood still.
   */
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
  #isExceeded = false;
  /** Was the period before this one? */
  #wasExceeded = false;
  #told = false;
  #cancel: (() => void) | null = null;

  constructor(options: HelloBoundOptions) {
    this.#options = options;
  }

  admits(): boolean {
    const { maxHellos, onExceeded } = this.#options;
    if (this.#cancel === null) this.#begin();
    if (this.#taken < maxHellos) {
      this.#taken++;
      return true;
    }
    this.#isExceeded = true;
    if (this.#wasExceeded && !this.#told) {
      this.#told = true;
      onExceeded();
    }
    return false;
  }

  restart(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#taken = 0;
    this.#isExceeded = false;
    this.#wasExceeded = false;
    this.#told = false;
  }

  #begin(): void {
    const { timers, periodMs } = this.#options;
    this.#cancel = timers.after(periodMs, () => this.#end());
  }

  #end(): void {
    this.#cancel = null;
    this.#taken = 0;
    this.#wasExceeded = this.#isExceeded;
    this.#isExceeded = false;
    if (this.#wasExceeded) this.#begin();
  }
}
