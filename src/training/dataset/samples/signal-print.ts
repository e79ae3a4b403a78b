/**
 * A fingerprint of a signal, the same whatever the file's format, scale, offset or polarity: a float WAV, a CSV of six digits and counts of one
 * signal are found to be one. Made in one pass and constant memory; says nothing of how alike other signals are.
 */

/** What is kept of a signal. */
export interface SignalPrint {
  readonly samples: number;
  /**
   * Projections of the signal, without its mean and in units of its rms, on fixed sequences of ±1, each about a normal variable
   * (random projections keep distances: Johnson & Lindenstrauss 1984); null: it is silent, and like every other silence.
   */
  readonly projections: readonly number[] | null;
}

const projectionCount = 8;
const patterns = 2 ** projectionCount;
/**
 * Root mean square difference below which two prints are of one signal: rounding to a hundredth of the rms is far below, another signal
 * of the same length comes so close by chance once in 10^14.
 */
const sameWithin = 0.02;

/** Takes a signal piece by piece. A missing value counts for nothing. */
interface PrintMaker {
  update(piece: Float64Array): void;
  finish(): SignalPrint;
}

export function createSignalPrint(): PrintMaker {
  // By the byte whose bits are the signs of a place: their sums and counts say all projections, at one addition a sample.
  const sums = new Float64Array(patterns);
  const counts = new Float64Array(patterns);
  let [samples, finite, state] = [0, 0, 0x9e3779b9];
  // Off by its first value, so that a large constant part costs no digits.
  let [first, squares] = [Number.NaN, 0];
  return {
    update: (piece) => {
      let [place, power] = [state, 0];
      for (let at = 0; at < piece.length; at++) {
        // xorshift32 (Marsaglia 2003): the same signs at the same place of every signal.
        place ^= place << 13;
        place ^= place >>> 17;
        place ^= place << 5;
        const raw = piece[at]!;
        if (!Number.isFinite(raw)) continue;
        if (finite++ === 0) first = raw;
        const value = raw - first;
        const pattern = place & (patterns - 1);
        power += value * value;
        sums[pattern]! += value;
        counts[pattern]! += 1;
      }
      state = place;
      squares += power;
      samples += piece.length;
    },
    finish: () => {
      const mean = sums.reduce((all, each) => all + each, 0) / finite;
      const rms = Math.sqrt(Math.max(0, squares / finite - mean * mean));
      if (!(rms > 1e-12 * Math.abs(first + mean)) || rms === 0) return { samples, projections: null };
      const unit = rms * Math.sqrt(finite);
      const projections = Array.from({ length: projectionCount }, (_, each) =>
        sums.reduce(
          (all, sum, pattern) => all + ((pattern >>> each) & 1 ? 1 : -1) * (sum - mean * counts[pattern]!),
          0,
        ),
      );
      return { samples, projections: projections.map((own) => own / unit) };
    },
  };
}

/** The pairs of `items` whose signals are one, each later one with the first of its like, in the order of `items`. */
export function findTwins<T>(
  items: readonly T[],
  printOf: (item: T) => SignalPrint,
): readonly { readonly first: T; readonly again: T }[] {
  const placed = items.flatMap((item, place) => {
    const { samples, projections } = printOf(item);
    return projections === null
      ? []
      : [{ item, place, samples, projections, key: Math.abs(projections[0]!) }];
  });
  placed.sort((a, b) => a.samples - b.samples || a.key - b.key);
  const firsts = new Map<number, number>();
  // The polarity may be another: by the size of the first projection twins are neighbours.
  const widest = sameWithin * Math.sqrt(projectionCount);
  for (const [at, one] of placed.entries()) {
    for (let next = at + 1; next < placed.length; next++) {
      const other = placed[next]!;
      if (other.samples !== one.samples || other.key - one.key > widest) break;
      if (!areSame(one.projections, other.projections)) continue;
      const [low, high] = one.place < other.place ? [one.place, other.place] : [other.place, one.place];
      firsts.set(high, Math.min(low, firsts.get(high) ?? low));
    }
  }
  return [...firsts]
    .sort(([a], [b]) => a - b)
    .map(([again, first]) => ({ first: items[first]!, again: items[again]! }));
}

function areSame(left: readonly number[], right: readonly number[]): boolean {
  const limit = projectionCount * sameWithin ** 2;
  return [1, -1].some(
    (sign) => left.reduce((sum, value, at) => sum + (value - sign * right[at]!) ** 2, 0) < limit,
  );
}
