/**
 * Fixed bins of one feature, cut at the quantiles of the reference, and the distance between two days' counts in them.
 * Bin i holds the values in [edge i−1, edge i); the first and the last bin are open. Bins never widen, so that counts of
 * different days can be added.
 */

/**
 * Interior edges (strictly increasing float32 values, at most `bins − 1`) that cut `values` into about equal shares.
 * A value that repeats so often that two quantiles fall on it gets a bin of its own: a constant feature has the three
 * bins below, equal and above, and a change of the constant is seen. Non-finite values are ignored.
 * @param bins 3 to 64
 */
export function fitBinEdges(values: ArrayLike<number>, bins: number): number[] {
  const sorted = Float32Array.from(Array.from(values).filter(Number.isFinite)).sort();
  const edges: number[] = [];
  if (sorted.length === 0) return edges;
  let held = Number.NEGATIVE_INFINITY;
  let closed = false;
  for (let k = 1; k < bins; k++) {
    const value = sorted[Math.min(sorted.length - 1, Math.floor((k * sorted.length) / bins))]!;
    if (value > held) {
      edges.push(value);
      held = value;
      closed = false;
    } else if (!closed) {
      held = nextFloat32(value);
      edges.push(held);
      closed = true;
    }
  }
  return edges;
}

/** Index of the bin of a finite `value`, 0 to `to − from`; the edges are `edges[from … to − 1]`. */
// biome-ignore lint/complexity/useMaxParams: once a value of every window
export function findBin(edges: ArrayLike<number>, from: number, to: number, value: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value >= edges[middle]!) low = middle + 1;
    else high = middle;
  }
  return low - from;
}

/** The next larger float32 (IEEE 754 `nextUp`). */
function nextFloat32(value: number): number {
  const float = new Float32Array([value === 0 ? 0 : value]);
  const bits = new Int32Array(float.buffer);
  bits[0] = float[0]! >= 0 ? bits[0]! + 1 : bits[0]! - 1;
  return float[0]!;
}

/**
 * Shares of counts in which no bin is empty: an empty one counts half a value, so that logarithms stay finite and one
 * stray value in a bin never seen before does not outweigh everything else. The shares sum to 1 or slightly more.
 */
export function computeShares(counts: ArrayLike<number>): number[] {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index]!;
  const divisor = total === 0 ? 1 : total;
  return Array.from(counts, (count) => Math.max(count, 0.5) / divisor);
}

/** Population stability index Σ (q − p)·ln(q / p), the symmetric Kullback–Leibler divergence (Jeffreys, 1946). */
export function computePsi(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < p.length; index++) {
    const a = p[index]!;
    const b = q[index]!;
    sum += a === b ? 0 : (b - a) * Math.log(b / a);
  }
  return sum;
}
