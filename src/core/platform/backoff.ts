/** How long to wait before trying again: grows exponentially and is jittered, so that a fleet does not come back in step. */

export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly firstMs: number;
  /** Upper bound of any wait. */
  readonly maxMs: number;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

export interface Backoff {
  /** The next wait: between half of the current bound and the bound, which then doubles. */
  nextMs(): number;
  /** After a success: starts from the first again. */
  reset(): void;
}

/** Creates the sequence ("equal jitter": half fixed, half random, so that no wait is ever near zero); default 1 s to a minute. */
export function createBackoff(options: BackoffOptions = { firstMs: 1000, maxMs: 60_000 }): Backoff {
  return new JitteredBackoff(options);
}

class JitteredBackoff implements Backoff {
  readonly #options: BackoffOptions;
  #boundMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#boundMs = options.firstMs;
  }

  nextMs(): number {
    const { maxMs, random = Math.random } = this.#options;
    const waitMs = this.#boundMs / 2 + (this.#boundMs / 2) * random();
    this.#boundMs = Math.min(maxMs, this.#boundMs * 2);
    return waitMs;
  }

  reset(): void {
    this.#boundMs = this.#options.firstMs;
  }
}
