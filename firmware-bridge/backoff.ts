/** How long to wait before the next attempt: exponential, bounded, and jittered so that a fleet does not march in step. */

/** Limits of the waits. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Uniform numbers in [0, 1). */
export interface UniformSource {
  uniform(): number;
}

/** A growing wait. */
export interface Backoff {
  /** The next wait: uniform between half of the present step and the whole of it; the step then doubles. */
  nextMs(): number;
  /** Starts again from the first step, after a success. */
  reset(): void;
}

/** Creates a backoff at its first step. */
export function createBackoff(limits: BackoffLimits, random: UniformSource): Backoff {
  let stepMs = limits.firstMs;
  return {
    nextMs: () => {
      const waitMs = stepMs * (0.5 + 0.5 * random.uniform());
      stepMs = Math.min(stepMs * 2, limits.maxMs);
      return waitMs;
    },
    reset: () => {
      stepMs = limits.firstMs;
    },
  };
}
