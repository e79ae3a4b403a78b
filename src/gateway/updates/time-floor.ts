/**
 * The earliest that now can be, learnt from signed metadata alone. A clock set back cannot make expired metadata
 * look fresh; a clock set forward only delays updates until it is right again, since nothing is learnt from it.
 */

/** Remembers one signed moment, and how long ago it was heard of. */
export interface TimeFloor {
  /** Learns that it is at least `issuedMs` (epoch), said by a file that is good until `expiresMs`. */
  learn(issuedMs: number, expiresMs: number): void;
  /** Forgets everything: the key that said it is not trusted any more. */
  reset(): void;
  /** The earliest that now can be, epoch ms; −Infinity if nothing is known. */
  earliestMs(): number;
}

/** Creates an empty floor. `monotonicMs` never goes back: time that passed since is added to what was learnt. */
export function createTimeFloor(monotonicMs: () => number): TimeFloor {
  let issuedMs = Number.NEGATIVE_INFINITY;
  let heardMonotonicMs = 0;
  const earliestMs = (): number => issuedMs + Math.max(0, monotonicMs() - heardMonotonicMs);
  return {
    learn(moment, expiresMs) {
      // A file that ends before it was made says nothing; a floor that is higher already stays.
      if (!Number.isFinite(moment) || !(moment < expiresMs) || moment <= earliestMs()) return;
      issuedMs = moment;
      heardMonotonicMs = monotonicMs();
    },
    reset() {
      issuedMs = Number.NEGATIVE_INFINITY;
    },
    earliestMs,
  };
}
