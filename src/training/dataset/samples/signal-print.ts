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
/**
 * Root mean square difference below which two prints are of one signal: rounding to a hundredth of the rms is far below, another signal
 * of the same length comes so close by chance once in 10^14.
 */
const sameWithin = 0.02;

/** Takes a signal piece by piece. A missing value counts for nothing. */
export interface PrintMaker {
  update(piece: Float64Array): void;
  finish(): SignalPrint;
}

export function createSignalPrint(): PrintMaker {
  const sums = new Float64Array(projectionCount);
  /** Of the signs alone, for the mean to be taken off at the end. */
  const signs = new Float64Array(projectionCount);
  let [samples, finite, state] = [0, 0, 0x9e3779b9];
  // Off by its first value, so that a large constant part costs no digits.
  let [first, sum, squares] = [Number.NaN, 0, 0];
  return {
    update: (piece) => {
      for (let at = 0; at < piece.length; at++) {
        // xorshift32 (Marsaglia 2003): the same signs at the same place of every signal.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const raw = piece[at]!;
        if (!Number.isFinite(raw)) continue;
        if (finite++ === 0) first = raw;
        const value = raw - first;
        sum += value;
        squares += value * value;
        for (let each = 0; each < projectionCount; each++) {
          const sign = (state >>> each) & 1 ? 1 : -1;
          sums[each]! += sign * value;
          signs[each]! += sign;
        }
      }
      samples += piece.length;
    },
    finish: () => {
      const mean = sum / finite;
      const rms = Math.sqrt(Math.max(0, squares / finite - mean * mean));
      if (!(rms > 1e-12 * Math.abs(first + mean)) || rms === 0) return { samples, projections: null };
      const unit = rms * Math.sqrt(finite);
      return { samples, projections: Array.from(sums, (own, each) => (own - mean * signs[each]!) / unit) };
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
