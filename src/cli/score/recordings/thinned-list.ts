/** A list of a stream that never outgrows its bound: when it is full, every second entry goes, and from then on every second one that comes. */

/** Entries evenly spread over all that was added. */
export interface ThinnedList<T> {
  readonly entries: readonly T[];
  /** Adds what `make` gives, if this one is kept. */
  add(make: () => T): void;
}

/** Creates a list of at most `bound` (even, ≥ 2) entries. */
export function createThinnedList<T>(bound: number): ThinnedList<T> {
  let entries: T[] = [];
  let stride = 1;
  let seen = 0;
  return {
    get entries(): readonly T[] {
      return entries;
    },
    add: (make) => {
      if (seen++ % stride !== 0) return;
      if (entries.length === bound) {
        entries = entries.filter((_, index) => index % 2 === 0);
        stride *= 2;
        // This one's turn under the new stride?
        if ((seen - 1) % stride !== 0) return;
      }
      entries.push(make());
    },
  };
}
