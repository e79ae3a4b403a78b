/** Location, scale and slope that a few wild values do not move. */
import { medianInPlace, quantileInPlace } from "./select.ts";

/** Room for few values to be reordered in; no call comes between. */
const room = new Float64Array(4096);

function copy(values: ArrayLike<number>): Float64Array {
  const { length } = values;
  const copied = length <= room.length ? room : new Float64Array(length);
  for (let index = 0; index < length; index++) copied[index] = values[index]!;
  return copied;
}

/** Median; NaN for no values. Does not reorder `values`. */
export function computeMedian(values: ArrayLike<number>): number {
  return values.length === 0 ? Number.NaN : medianInPlace(copy(values), values.length);
}

/** The `probability`-quantile (as `quantileInPlace`); NaN for no values. Does not reorder `values`. */
export function computeQuantile(values: ArrayLike<number>, probability: number): number {
  return values.length === 0 ? Number.NaN : quantileInPlace(copy(values), values.length, probability);
}

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const normalConsistency = 1.4826;

/** Median, and as scale 1.4826 · median of the absolute distances from it (Hampel 1974); NaN for no values. */
export function computeRobustLocation(values: ArrayLike<number>): {
  readonly location: number;
  readonly scale: number;
} {
  const { length } = values;
  if (length === 0) return { location: Number.NaN, scale: Number.NaN };
  const distances = copy(values);
  const location = medianInPlace(distances, length);
  for (let index = 0; index < length; index++) distances[index] = Math.abs(distances[index]! - location);
  return { location, scale: normalConsistency * medianInPlace(distances, length) };
}

/** The scale of {@link computeRobustLocation} alone. */
export function computeScaledMad(values: ArrayLike<number>): number {
  return computeRobustLocation(values).scale;
}

/** Pairs that Theil and Sen's slope looks at, at most. */
const maxPairs = 20_000;

/**
 * Slope of y over x after Theil (1950) and Sen (1968): the median of the slopes of pairs whose x differ by at least
 * `minDistance`; 0 when there are fewer than eight such pairs. Of many points evenly chosen pairs are looked at.
 */
export function computeTheilSenSlope(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  minDistance: number,
): number {
  const { length } = x;
  if (!(computeRange(x) >= minDistance)) return 0;
  const slopes: number[] = [];
  const step = Math.max(1, Math.ceil((length * length) / 2 / maxPairs));
  /** Pairs from here to the next that is looked at. */
  let ahead = 0;
  for (let first = 0; first < length; first++) {
    let second = first + 1 + ahead;
    for (; second < length; second += step) {
      const distance = x[second]! - x[first]!;
      if (Math.abs(distance) >= minDistance) slopes.push((y[second]! - y[first]!) / distance);
    }
    ahead = second - length;
  }
  return slopes.length < 8 ? 0 : computeMedian(slopes);
}

/** How far the largest value lies above the smallest; what is not a number is passed over. */
function computeRange(values: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most - least;
}

/**
 * How much of a value a block of neighbours shares: the autocorrelation ρ of a first-order process whose block means
 * scatter as these do, from (1 + ρ) / (1 − ρ) = size · var(block means) / var(values) (batch means, Law & Carson
 * 1979). Slow wandering counts as well as the correlation of neighbours. 0 … `highest`.
 */
export function computeBatchAutocorrelation(blocks: readonly ArrayLike<number>[], highest: number): number {
  const means = blocks.map((block) => sum(block) / block.length);
  const all = blocks.flatMap((block) => Array.from(block));
  if (blocks.length < 4 || all.length === 0) return 0;
  const variance = computeVariance(all);
  if (!(variance > 0)) return 0;
  const size = all.length / blocks.length;
  const inflation = (size * computeVariance(means)) / variance;
  return Math.min(highest, Math.max(0, (inflation - 1) / (inflation + 1)));
}

function computeVariance(values: readonly number[]): number {
  const mean = sum(values) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index]!;
  return total;
}
